//! A proxy to a server that fails where a test wants it to.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// What happens to a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// There is no response.
    Stall,
    /// The response is 503.
    Busy,
    /// The response is cut off after this many bytes.
    Cut(usize),
    /// The connection is closed, and no further connection is served.
    Die,
}

/// Forwards connections until a request arrives that has to fail.
pub struct Proxy {
    pub port: u16,
    faults: Arc<Faults>,
}

/// No request begins with this text.
const NONE: &str = "no request";

struct Faults {
    /// The start of the requests that have to fail.
    request: String,
    fault: Fault,
    left: AtomicUsize,
    dead: Mutex<bool>,
    /// How many bytes the server has sent.
    sent: AtomicUsize,
}

impl Proxy {
    /// The first `times` requests that begin with `request` fail.
    pub fn new(to: u16, request: &str, fault: Fault, times: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let left = AtomicUsize::new(times);
        let (request, dead, sent) = (request.to_owned(), Mutex::new(false), AtomicUsize::new(0));
        let faults = Arc::new(Faults { request, fault, left, dead, sent });
        let of_proxy = Arc::clone(&faults);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let faults = Arc::clone(&faults);
                if !*faults.dead.lock().unwrap() {
                    thread::spawn(move || faults.serve(client, to));
                }
            }
        });
        Self { port, faults: of_proxy }
    }

    /// No request fails; counts the bytes that the server sends.
    pub fn counting(to: u16) -> Self {
        Self::new(to, NONE, Fault::Die, 0)
    }

    /// How many bytes the server has sent.
    pub fn sent(&self) -> usize {
        self.faults.sent.load(Ordering::SeqCst)
    }

    /// How many faults have not happened.
    pub fn left(&self) -> usize {
        self.faults.left.load(Ordering::SeqCst)
    }
}

impl Faults {
    /// Serves one connection. This client sends each request head in one piece.
    fn serve(self: &Arc<Self>, mut client: TcpStream, to: u16) -> std::io::Result<()> {
        let mut server = TcpStream::connect(("127.0.0.1", to))?;
        let most = Arc::new(AtomicUsize::new(usize::MAX));
        let answers = thread::spawn({
            let (mut from, mut to, most) = (server.try_clone()?, client.try_clone()?, Arc::clone(&most));
            let faults = Arc::clone(self);
            move || {
                let mut bytes = vec![0; 1 << 16];
                while let Ok(count @ 1..) = from.read(&mut bytes) {
                    faults.sent.fetch_add(count, Ordering::SeqCst);
                    let most = most.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |most| {
                        Some(if most == usize::MAX { most } else { most.saturating_sub(count) })
                    });
                    let most = most.unwrap_or_default();
                    if to.write_all(&bytes[..count.min(most)]).is_err() || most <= count {
                        break;
                    }
                }
                let _ = (to.shutdown(Shutdown::Both), from.shutdown(Shutdown::Both));
            }
        });
        let mut bytes = vec![0; 1 << 16];
        while let Ok(count @ 1..) = client.read(&mut bytes) {
            let fails = bytes[..count].starts_with(self.request.as_bytes())
                && self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
            match self.fault {
                _ if !fails => {}
                Fault::Stall => {
                    // Waits until the client gives up.
                    while let Ok(1..) = client.read(&mut bytes) {}
                    break;
                }
                Fault::Busy => {
                    let answer = "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                    client.write_all(answer.as_bytes())?;
                    break;
                }
                Fault::Cut(after) => most.store(after, Ordering::SeqCst),
                Fault::Die => {
                    *self.dead.lock().unwrap() = true;
                    break;
                }
            }
            server.write_all(&bytes[..count])?;
        }
        let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
        let _ = answers.join();
        Ok(())
    }
}
