//! Blocking reads of an object in a store, for code that is not asynchronous, such as the JSON reader.

use std::collections::VecDeque;
use std::io::{self, Read};

use bytes::Bytes;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::reader::{ChunkReader, Length};
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

/// Reads an object and blocks the thread meanwhile. To be used on threads that may block, such as those
/// of `spawn_blocking`.
#[derive(Debug, Clone)]
pub(crate) struct BlockingReader {
    object: Object,
    runtime: Handle,
}

impl BlockingReader {
    /// Creates a reader that sends its requests in the current Tokio runtime.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub(crate) fn new(object: &Object) -> Self {
        Self { object: object.clone(), runtime: Handle::current() }
    }

    /// Reads the bytes from the offset `start` to the end.
    fn from(&self, start: u64) -> Reader {
        Reader { of: self.clone(), next: start, ahead: VecDeque::new(), chunk: Bytes::new() }
    }

    /// Reads all bytes of the object.
    pub(crate) fn reader(&self) -> impl Read + Send + 'static {
        self.from(0)
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

struct Reader {
    of: BlockingReader,
    /// The offset at which the next request begins.
    next: u64,
    ahead: VecDeque<JoinHandle<object_store::Result<Bytes>>>,
    chunk: Bytes,
}

impl Read for Reader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            while self.ahead.len() < AHEAD && self.next < self.of.object.size {
                let end = self.of.object.size.min(self.next + CHUNK);
                self.ahead.push_back(self.of.fetch(self.next, end));
                self.next = end;
            }
            let Some(first) = self.ahead.pop_front() else { return Ok(0) };
            self.chunk = self.of.wait(first)?;
        }
        let length = into.len().min(self.chunk.len());
        into[..length].copy_from_slice(&self.chunk.split_to(length));
        Ok(length)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.ahead.iter().for_each(JoinHandle::abort);
    }
}

impl Length for BlockingReader {
    fn len(&self) -> u64 {
        self.object.size
    }
}

impl ChunkReader for BlockingReader {
    type T = Box<dyn Read>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(Box::new(self.from(start)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let fetched = self.fetch(start, start + length as u64);
        self.wait(fetched).map_err(|e| ParquetError::External(Box::new(e)))
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
