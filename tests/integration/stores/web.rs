//! A web server that serves files and byte ranges, and cannot list a folder.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;

/// Serves the files of a folder; returns the port.
pub fn serve(folder: PathBuf) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let folder = folder.clone();
            thread::spawn(move || while answer(&client, &folder).is_some_and(|answered| answered) {});
        }
    });
    port
}

/// Answers one request; `None` if the client has closed the connection.
fn answer(mut client: &TcpStream, folder: &Path) -> Option<bool> {
    let lines = BufReader::new(client).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let head: Vec<String> = lines.collect();
    let mut words = head.first()?.split(' ');
    let (method, path) = (words.next()?, words.next()?);
    let range = head
        .iter()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("range: bytes=").map(String::from));
    let Some(bytes) = std::fs::read(folder.join(path.trim_start_matches('/'))).ok() else {
        return client.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").ok().map(|()| true);
    };
    let (mut body, mut more, size) = (&bytes[..], String::new(), bytes.len());
    let mut status = "200 OK";
    if let Some((from, to)) = range.as_ref().and_then(|range| range.split_once('-')) {
        let from: usize = from.parse().ok()?;
        let to = to.parse().map_or(size - 1, |to: usize| to.min(size - 1));
        (body, status) = (&bytes[from..=to], "206 Partial Content");
        more = format!("Content-Range: bytes {from}-{to}/{size}\r\n");
    }
    let date = "Last-Modified: Mon, 02 Nov 2026 10:00:00 GMT\r\n";
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{date}{more}\r\n", body.len());
    client.write_all(head.as_bytes()).ok()?;
    if method != "HEAD" {
        client.write_all(body).ok()?;
    }
    Some(true)
}
