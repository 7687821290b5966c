//! A folder on a server with the bundled data, and the command with the credentials for it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Once};

use datafusion_engagement::publish::TABLES;
use futures::stream::{self, StreamExt, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt};

use super::servers::{self, ACCOUNT, KEY, LAKE};
use crate::support::{block_on, copy_segments, data, inputs};

/// A folder of the container or bucket.
#[derive(Clone)]
pub struct Lake {
    pub folder: String,
    /// Its URL, with a slash at the end.
    pub url: String,
    /// The port at which the command reaches the server.
    pub port: u16,
    /// How long the command waits for a response.
    pub timeout_seconds: u32,
    pub user: String,
    pub secret: String,
    pub store: Arc<dyn ObjectStore>,
}

/// Long enough for any machine.
const PATIENT: u32 = 60;

impl Lake {
    pub fn azure(folder: &str) -> Self {
        let port = servers::azurite().port;
        let store = MicrosoftAzureBuilder::new()
            .with_account(ACCOUNT)
            .with_access_key(KEY)
            .with_container_name(LAKE)
            .with_endpoint(format!("http://127.0.0.1:{port}/{ACCOUNT}"))
            .with_allow_http(true);
        let url = format!("abfss://{LAKE}@{ACCOUNT}.dfs.core.windows.net/{folder}/");
        let store = Arc::new(store.build().unwrap());
        let (folder, timeout_seconds, user) = (folder.to_owned(), PATIENT, String::new());
        Self { folder, url, port, timeout_seconds, user, secret: KEY.into(), store }.filled()
    }

    pub fn s3(folder: &str) -> Self {
        let server = servers::s3();
        let [user, secret] = server.users["writer"].clone();
        let store = AmazonS3Builder::new()
            .with_bucket_name(LAKE)
            .with_endpoint(format!("http://127.0.0.1:{}", server.port))
            .with_access_key_id(&user)
            .with_secret_access_key(&secret)
            .with_allow_http(true);
        let url = format!("s3://{LAKE}/{folder}/");
        let store = Arc::new(store.build().unwrap());
        let (folder, timeout_seconds) = (folder.to_owned(), PATIENT);
        Self { folder, url, port: server.port, timeout_seconds, user, secret, store }.filled()
    }

    /// The same folder with the credentials of a user with read permission only.
    pub fn as_reader(&self) -> Self {
        let [user, secret] = servers::s3().users["reader"].clone();
        Self { user, secret, ..self.clone() }
    }

    /// Uploads the bundled data.
    fn filled(self) -> Self {
        for file in inputs() {
            self.put(file.strip_prefix(data()).unwrap().to_str().unwrap(), fs::read(&file).unwrap());
        }
        self
    }

    pub fn put(&self, name: &str, bytes: Vec<u8>) {
        let path = ObjectPath::parse(format!("{}/{name}", self.folder)).unwrap();
        block_on(self.store.put(&path, bytes.into())).unwrap();
    }

    /// Uploads many objects with irrelevant content.
    pub fn put_all(&self, names: &[String]) {
        let put = |name: &String| {
            let path = format!("{}/{name}", self.folder).into();
            async move { self.store.put(&path, "x".into()).await }
        };
        block_on(stream::iter(names).map(put).buffer_unordered(16).try_collect::<Vec<_>>()).unwrap();
    }

    pub fn has(&self, name: &str) -> bool {
        let path = format!("{}/{name}", self.folder).into();
        block_on(self.store.head(&path)).is_ok()
    }

    pub fn get(&self, name: &str) -> Vec<u8> {
        let path = format!("{}/{name}", self.folder).into();
        block_on(async { self.store.get(&path).await?.bytes().await }).unwrap().to_vec()
    }

    /// The bytes of every published file, by its plain name.
    pub fn published(&self, out: &str) -> BTreeMap<String, Vec<u8>> {
        TABLES.iter().map(|t| (t.file("Office"), self.get(&format!("{out}/{}", t.file("Office"))))).collect()
    }

    /// The bundled enrichment file with all paths in this folder.
    pub fn enrichment(&self, mail: &str, out: &str) -> PathBuf {
        let text = fs::read_to_string(data().join("enrichment.toml")).unwrap();
        self.write(&text.replace("path = \"mail/\"", &format!("path = \"{mail}\"")), out)
    }

    /// An enrichment file with this text and all paths in this folder.
    pub fn write(&self, text: &str, out: &str) -> PathBuf {
        let text = text.replace("path = \"out/\"", &format!("path = \"{out}\""));
        let text = text.replace("path = \"", &format!("path = \"{}", self.url));
        let text = text.replace("file = \"", &format!("file = \"{}", self.url));
        let server = match self.url.starts_with("s3") {
            true => format!("[storage.s3]\nendpoint = \"http://127.0.0.1:{}\"", self.port),
            false => format!(
                "[storage.azure]\naccount = \"{ACCOUNT}\"\nendpoint = \"http://127.0.0.1:{}/{ACCOUNT}\"",
                self.port
            ),
        };
        let seconds = self.timeout_seconds;
        let settings = format!(
            "[storage]\nallow_http = true\ntimeout_seconds = {seconds}\nretries = 3\nretry_seconds = {}",
            10 * seconds
        );
        self.raw(&format!("{text}\n{settings}\n{server}\n"))
    }

    /// An enrichment file with exactly this text.
    pub fn raw(&self, text: &str) -> PathBuf {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stores");
        static SEGMENTS: Once = Once::new();
        SEGMENTS.call_once(|| copy_segments(&folder));
        let file = folder.join(format!("{}.toml", COUNT.fetch_add(1, Ordering::Relaxed)));
        fs::write(&file, text).unwrap();
        file
    }

    /// The command with these credentials and no others.
    pub fn command(&self, name: &str, file: &Path, more: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_engagement"));
        let others = std::env::vars_os().map(|(key, _)| key).filter(|key| {
            let key = key.to_string_lossy();
            ["AWS_", "AZURE_", "GOOGLE_", "http", "HTTP", "NO_PROXY", "no_proxy"]
                .iter()
                .any(|p| key.starts_with(p))
        });
        others.for_each(|key| _ = command.env_remove(key));
        match self.url.starts_with("s3") {
            true => command.env("AWS_ACCESS_KEY_ID", &self.user).env("AWS_SECRET_ACCESS_KEY", &self.secret),
            false => command.env("AZURE_STORAGE_ACCOUNT_KEY", &self.secret),
        };
        command.arg(name).arg(file).args(more).output().unwrap()
    }
}
