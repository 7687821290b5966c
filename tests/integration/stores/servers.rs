//! The servers that the tests use: Azurite, Microsoft's emulator of Azure storage, and moto, a server with
//! the S3 API. Both are installed once into a folder outside the checkout (by npm and Python 3) and started
//! once for all tests; they end when the tests end.

use std::collections::HashMap;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::thread::sleep;
use std::time::Duration;

use crate::installed::{installed, python as venv, run};

const AZURITE: &str = "azurite@3.35.0";
const MOTO: &str = "moto[server,s3]==5.2.5";

/// The account of Azurite and its key, which are public.
pub const ACCOUNT: &str = "devstoreaccount1";
pub const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// The container and the bucket of the tests.
pub const LAKE: &str = "lake";

/// A started server.
pub struct Server {
    pub port: u16,
    /// S3: id and secret of the users.
    pub users: HashMap<String, [String; 2]>,
    /// Ends when its standard input closes, which happens however the tests end.
    _process: Mutex<Child>,
}

pub fn azurite() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let program = installed("azurite", AZURITE, |folder| {
            fs::create_dir_all(folder).unwrap();
            fs::write(folder.join("package.json"), "{}").unwrap();
            run(Command::new("npm")
                .args(["install", "--no-audit", "--no-fund", AZURITE])
                .current_dir(folder));
        });
        let port = free_port();
        let process = start(Command::new(program.join("node_modules/.bin/azurite-blob")).args([
            "--inMemoryPersistence",
            "--silent",
            "--skipApiVersionCheck",
            "--blobPort",
            &port.to_string(),
        ]));
        wait_for(port);
        prepare(&["container", &format!("http://127.0.0.1:{port}/{ACCOUNT}"), KEY, LAKE]);
        Server { port, users: HashMap::new(), _process: Mutex::new(process) }
    })
}

pub fn s3() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let port = free_port();
        let process = start(Command::new(python().join("bin/moto_server")).args([
            "-H",
            "127.0.0.1",
            "-p",
            &port.to_string(),
        ]));
        wait_for(port);
        let users = prepare(&["bucket", &format!("http://127.0.0.1:{port}"), LAKE]);
        Server { port, users: serde_json::from_str(&users).unwrap(), _process: Mutex::new(process) }
    })
}

fn python() -> PathBuf {
    venv("moto", MOTO)
}

fn prepare(arguments: &[&str]) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/stores/prepare.py");
    run(Command::new(python().join("bin/python")).arg(script).args(arguments))
}

/// Starts a server that ends when this process ends.
fn start(command: &mut Command) -> Child {
    let script = r#""$@" > /dev/null 2>&1 & server=$!; read -r _; kill $server"#;
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).arg(command.get_program()).args(command.get_args());
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn wait_for(port: u16) {
    for _ in 0..600 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return;
        }
        sleep(Duration::from_millis(100));
    }
    panic!("the server on port {port} does not start");
}
