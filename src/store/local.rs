//! Files of this machine, read into buffers that are used again.
//!
//! The engine reads the needed columns of a row group at once, some ten megabytes. A fresh buffer for each
//! is cleared by the library and given to the process page by page by the kernel, for bytes that are then
//! overwritten: more than a tenth of the time of reading.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// Less is read into a buffer of its own.
const LARGE: u64 = 1 << 16;
/// So many bytes are kept for what will be read next.
const MOST: usize = 64 << 20;

/// The library's store of local files, but for the reading of large ranges.
#[derive(Debug, Default)]
pub(crate) struct Local {
    files: LocalFileSystem,
    buffers: Arc<Buffers>,
}

impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.files.fmt(f)
    }
}

/// Buffers for ranges of files.
#[derive(Debug, Default)]
struct Buffers(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    /// Those that came back last stand last.
    free: VecDeque<Vec<u8>>,
    /// How many are in use. When the last of them comes back, all are let go: reading may be over, and
    /// nobody else would do it.
    lent: usize,
}

/// A buffer in use, of which the beginning has been read.
struct Lent {
    buffer: Vec<u8>,
    length: usize,
    of: Arc<Buffers>,
}

impl Buffers {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A buffer for so many bytes; what is in it means nothing.
    fn lend(self: &Arc<Self>, length: usize) -> Lent {
        let mut held = self.held();
        let fits = |buffer: &Vec<u8>| (length..=2 * length).contains(&buffer.len());
        let best = (0..held.free.len()).filter(|i| fits(&held.free[*i])).min_by_key(|i| held.free[*i].len());
        let free = best.and_then(|i| held.free.remove(i));
        drop(held);
        // Some room, because the next row group will need a little more or less.
        let buffer = free.unwrap_or_else(|| vec![0; length + length / 8]);
        self.held().lent += 1;
        Lent { buffer, length, of: Arc::clone(self) }
    }
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut held = self.of.held();
        held.lent -= 1;
        held.free.push_back(std::mem::take(&mut self.buffer));
        let most = if held.lent == 0 { 0 } else { MOST };
        while held.free.iter().map(Vec::len).sum::<usize>() > most {
            held.free.pop_front();
        }
    }
}

/// Reads ranges of a file; fewer bytes than there should be are an error.
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
        let mut lent = buffers.lend(length as usize);
        file.read_exact_at(&mut lent.buffer[..length as usize], range.start)?;
        Ok(Bytes::from_owner(lent))
    };
    ranges.iter().map(read).collect()
}

#[async_trait]
impl ObjectStore for Local {
    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let (local, wanted) = (self.files.path_to_filesystem(path)?, ranges.to_vec());
        let buffers = Arc::clone(&self.buffers);
        match tokio::task::spawn_blocking(move || read(local, &wanted, &buffers)).await {
            Ok(Ok(bytes)) => Ok(bytes),
            // The library says what is wrong.
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

    /// A file of three different thirds.
    fn file() -> (tempfile::TempDir, Path) {
        let folder = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = (0..3).flat_map(|third| vec![third; LENGTH as usize]).collect();
        std::fs::write(folder.path().join("file"), bytes).unwrap();
        let path = Path::from_absolute_path(folder.path().join("file")).unwrap();
        (folder, path)
    }

    #[tokio::test]
    async fn ranges_are_what_the_library_reads() {
        let ((_folder, path), store) = (file(), Local::default());
        let ranges = [0..LENGTH, 5..9, 7..7, LENGTH - 1..3 * LENGTH];
        // Buffers are used again while others are held.
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
    fn no_more_is_kept_than_will_be_needed() {
        let buffers = Arc::new(Buffers::default());
        let held = buffers.lend(1);
        for length in [MOST / 2, MOST / 8, MOST / 4, MOST / 16] {
            drop(buffers.lend(length));
        }
        let lengths = |free: &VecDeque<Vec<u8>>| free.iter().map(Vec::len).collect::<Vec<_>>();
        let with_room = |length| length + length / 8;
        assert_eq!(lengths(&buffers.held().free), [MOST / 8, MOST / 4, MOST / 16].map(with_room));
        // The one that fits best; none that is far too large.
        assert_eq!(buffers.lend(MOST / 8).buffer.len(), with_room(MOST / 8));
        assert_eq!(buffers.lend(MOST / 32).buffer.len(), with_room(MOST / 32));
        drop(held);
        assert!(buffers.held().free.is_empty());
    }

    #[tokio::test]
    async fn errors_are_those_of_the_library() {
        let ((_folder, path), store) = (file(), Local::default());
        for (path, ranges) in [
            (path.clone(), vec![0..LENGTH, LENGTH..4 * LENGTH]),
            (path.clone(), vec![0..5, 3 * LENGTH..3 * LENGTH + 1]),
            (Path::from("nowhere/at/all"), vec![0..LENGTH, 0..5]),
        ] {
            let ours = store.get_ranges(&path, &ranges).await.map_err(|e| e.to_string());
            let theirs = LocalFileSystem::new().get_ranges(&path, &ranges).await.map_err(|e| e.to_string());
            assert_eq!(ours, theirs);
        }
        assert_eq!(store.buffers.held().lent, 0);
    }
}
