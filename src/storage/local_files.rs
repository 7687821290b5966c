//! Local files, read into pooled buffers.
//!
//! DataFusion reads the needed columns of a row group at once, about ten megabytes. With a new buffer for
//! each read, `object_store` clears the buffer and the kernel maps its pages one by one, although the
//! bytes are then overwritten. This takes more than a tenth of the time of reading.

use std::collections::VecDeque;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fmt, io};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tokio::sync::Semaphore;

/// The smallest range, in bytes, that is read into a pooled buffer.
const LARGE: u64 = 1 << 16;
/// The limit, in bytes, of all free buffers that are held for later reads.
const MOST: usize = 64 << 20;

/// How many files are open at the same time only to look at their size and time.
const LOOKS_AT_ONCE: usize = 64;

/// The `LocalFileSystem` of `object_store`, except that large ranges are read into pooled buffers, and that few files are
/// open at the same time.
#[derive(Debug)]
pub(crate) struct PooledLocalFileSystem {
    files: LocalFileSystem,
    buffers: Arc<Buffers>,
    looks: Semaphore,
}

impl Default for PooledLocalFileSystem {
    fn default() -> Self {
        let looks = Semaphore::new(LOOKS_AT_ONCE);
        Self { files: LocalFileSystem::default(), buffers: Arc::default(), looks }
    }
}

impl fmt::Display for PooledLocalFileSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.files.fmt(f)
    }
}

/// A pool of buffers for ranges of files.
#[derive(Debug, Default)]
struct Buffers(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    /// The buffers that are not in use. Those that were returned last are at the end.
    free: VecDeque<Vec<u8>>,
    /// How many buffers are in use. When the last of them is returned, all are released: reading may be
    /// over, and there is no later event at which they could be released.
    pooled: usize,
}

/// A buffer in use. Its first `length` bytes contain the range. On drop it returns to the pool.
struct PooledBuffer {
    buffer: Vec<u8>,
    length: usize,
    of: Arc<Buffers>,
}

impl Buffers {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A buffer of at least `length` bytes, whose content is arbitrary: the smallest free buffer that is
    /// large enough and not more than twice as large, otherwise a new one.
    fn acquire(self: &Arc<Self>, length: usize) -> PooledBuffer {
        let mut held = self.held();
        let fits = |buffer: &Vec<u8>| (length..=2 * length).contains(&buffer.len());
        let best = (0..held.free.len()).filter(|i| fits(&held.free[*i])).min_by_key(|i| held.free[*i].len());
        let free = best.and_then(|i| held.free.remove(i));
        drop(held);
        // An eighth more than needed, because the next row group may need a little more.
        let buffer = free.unwrap_or_else(|| vec![0; length + length / 8]);
        self.held().pooled += 1;
        PooledBuffer { buffer, length, of: Arc::clone(self) }
    }
}

impl AsRef<[u8]> for PooledBuffer {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

impl Drop for PooledBuffer {
    fn drop(&mut self) {
        let mut held = self.of.held();
        held.pooled -= 1;
        held.free.push_back(std::mem::take(&mut self.buffer));
        let most = if held.pooled == 0 { 0 } else { MOST };
        while held.free.iter().map(Vec::len).sum::<usize>() > most {
            held.free.pop_front();
        }
    }
}

/// Reads ranges of a file.
///
/// # Errors
/// The file cannot be read, or a range ends after the end of the file.
fn read(path: PathBuf, ranges: &[Range<u64>], buffers: &Arc<Buffers>) -> io::Result<Vec<Bytes>> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let read = |range: &Range<u64>| {
        let length = range.end.checked_sub(range.start).filter(|_| range.end <= size);
        let length = length.ok_or(io::ErrorKind::UnexpectedEof)?;
        if length < LARGE {
            let mut bytes = vec![0; length as usize];
            file.read_exact_at(&mut bytes, range.start)?;
            return Ok(bytes.into());
        }
        let mut pooled = buffers.acquire(length as usize);
        file.read_exact_at(&mut pooled.buffer[..length as usize], range.start)?;
        Ok(Bytes::from_owner(pooled))
    };
    ranges.iter().map(read).collect()
}

#[async_trait]
impl ObjectStore for PooledLocalFileSystem {
    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let (local, wanted) = (self.files.path_to_filesystem(path)?, ranges.to_vec());
        let buffers = Arc::clone(&self.buffers);
        match tokio::task::spawn_blocking(move || read(local, &wanted, &buffers)).await {
            Ok(Ok(bytes)) => Ok(bytes),
            // `object_store` tries again, so that errors are the same as those of `LocalFileSystem`.
            _ => self.files.get_ranges(path, ranges).await,
        }
    }

    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.files.put_opts(path, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.files.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        // To look at a file, `object_store` opens it, and a `ListingTable` looks at all its files at once.
        let _permit = if options.head { self.looks.acquire().await.ok() } else { None };
        self.files.get_opts(path, options).await
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.files.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.files.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.files.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.files.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.files.copy_opts(from, to, options).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: u64 = LARGE + 7;

    /// A file of three equally long parts: bytes 0, bytes 1, and bytes 2.
    fn file() -> (tempfile::TempDir, Path) {
        let folder = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = (0..3).flat_map(|third| vec![third; LENGTH as usize]).collect();
        std::fs::write(folder.path().join("file"), bytes).unwrap();
        let path = Path::from_absolute_path(folder.path().join("file")).unwrap();
        (folder, path)
    }

    #[tokio::test]
    async fn ranges_are_what_the_library_reads() {
        let ((_folder, path), store) = (file(), PooledLocalFileSystem::default());
        let ranges = [0..LENGTH, 5..9, 7..7, LENGTH - 1..3 * LENGTH];
        // Buffers are reused while another one is in use.
        let first = store.get_ranges(&path, &ranges[..1]).await.unwrap();
        for _ in 0..3 {
            let read = store.get_ranges(&path, &ranges).await.unwrap();
            assert_eq!(read, LocalFileSystem::new().get_ranges(&path, &ranges).await.unwrap());
        }
        assert!(!store.buffers.held().free.is_empty());
        assert!(first[0].iter().all(|byte| *byte == 0));
        drop(first);
        assert!(store.buffers.held().free.is_empty(), "when nothing is read any more, nothing is held");
    }

    #[test]
    fn no_more_is_held_than_will_be_needed() {
        let buffers = Arc::new(Buffers::default());
        let held = buffers.acquire(1);
        for length in [MOST / 2, MOST / 8, MOST / 4, MOST / 16] {
            drop(buffers.acquire(length));
        }
        let lengths = |free: &VecDeque<Vec<u8>>| free.iter().map(Vec::len).collect::<Vec<_>>();
        let with_room = |length| length + length / 8;
        assert_eq!(lengths(&buffers.held().free), [MOST / 8, MOST / 4, MOST / 16].map(with_room));
        // The buffer that fits best is taken, and none that is far too large.
        assert_eq!(buffers.acquire(MOST / 8).buffer.len(), with_room(MOST / 8));
        assert_eq!(buffers.acquire(MOST / 32).buffer.len(), with_room(MOST / 32));
        drop(held);
        assert!(buffers.held().free.is_empty());
    }

    #[tokio::test]
    async fn errors_are_those_of_the_library() {
        let ((_folder, path), store) = (file(), PooledLocalFileSystem::default());
        for (path, ranges) in [
            (path.clone(), vec![0..LENGTH, LENGTH..4 * LENGTH]),
            (path.clone(), vec![0..5, 3 * LENGTH..3 * LENGTH + 1]),
            (Path::from("nowhere/at/all"), vec![0..LENGTH, 0..5]),
        ] {
            let pooled = store.get_ranges(&path, &ranges).await.map_err(|e| e.to_string());
            let library = LocalFileSystem::new().get_ranges(&path, &ranges).await.map_err(|e| e.to_string());
            assert_eq!(pooled, library);
        }
        assert_eq!(store.buffers.held().pooled, 0);
    }
}
