//! Blocking reads of an object in a store, for code that is not asynchronous, such as the JSON reader.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::ops::Range;

use bytes::Bytes;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::bucket::Object;
use super::options::StorageOptions;
use super::{Address, connect, errors};

/// How many bytes one request reads. Each request has its own retries, so a connection that breaks costs
/// only the repetition of one request, however large the file is.
const CHUNK: u64 = 4 << 20;

/// How many requests are sent before their bytes are needed.
const AHEAD: usize = 2;

/// Reads a part of an object and blocks the thread meanwhile. To be used on threads that may block,
/// such as those of `spawn_blocking`.
pub(crate) struct BlockingReader {
    object: Object,
    runtime: Handle,
    /// The bytes that are not requested yet.
    rest: Range<u64>,
    ahead: VecDeque<JoinHandle<object_store::Result<Bytes>>>,
    chunk: Bytes,
}

impl BlockingReader {
    /// Creates a reader that sends its requests in the current Tokio runtime.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub(crate) fn new(object: &Object, part: Range<u64>) -> Self {
        let runtime = Handle::current();
        Self { object: object.clone(), runtime, rest: part, ahead: VecDeque::new(), chunk: Bytes::new() }
    }

    fn fetch(&self, start: u64, end: u64) -> JoinHandle<object_store::Result<Bytes>> {
        let object = self.object.clone();
        self.runtime.spawn(async move { object.bucket.store.get_range(&object.path, start..end).await })
    }

    fn wait(&self, fetched: JoinHandle<object_store::Result<Bytes>>) -> io::Result<Bytes> {
        let bytes = self.runtime.block_on(fetched).map_err(io::Error::other)?;
        bytes.map_err(|e| io::Error::other(self.object.bucket.describe(&self.object.path, &e)))
    }
}

impl Read for BlockingReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            while self.ahead.len() < AHEAD && !self.rest.is_empty() {
                let end = self.rest.end.min(self.rest.start + CHUNK);
                self.ahead.push_back(self.fetch(self.rest.start, end));
                self.rest.start = end;
            }
            let Some(first) = self.ahead.pop_front() else { return Ok(0) };
            self.chunk = self.wait(first)?;
        }
        let length = into.len().min(self.chunk.len());
        into[..length].copy_from_slice(&self.chunk.split_to(length));
        Ok(length)
    }
}

impl Drop for BlockingReader {
    fn drop(&mut self) {
        self.ahead.iter().for_each(JoinHandle::abort);
    }
}

/// Reads the first `most + 1` bytes of an object: one more than is allowed, so that the caller detects an
/// object that is too large. This is for text files of the enrichment, which are read before there is a
/// session. It runs on a thread of its own, because the caller may be inside a Tokio runtime, where it must
/// not block.
///
/// # Errors
/// One line that names the URL and the likely cause.
pub(crate) fn small(address: &Address, storage: &StorageOptions, most: u64) -> Result<Vec<u8>, String> {
    let read = || -> Result<Vec<u8>, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| e.to_string())?;
        let path =
            Path::parse(&address.path).map_err(|e| format!("this is not a path in an object store: {e}"))?;
        let store = connect::connect(address, storage)?;
        let bytes = runtime.block_on(async {
            let size = store.head(&path).await?.size;
            if size == 0 { Ok(Bytes::new()) } else { store.get_range(&path, 0..size.min(most + 1)).await }
        });
        bytes.map(Into::into).map_err(|e| errors::describe(&address.shown, path.as_ref(), &e))
    };
    std::thread::scope(|scope| scope.spawn(read).join())
        .unwrap_or_else(|_| Err("reading it failed".to_owned()))
}
