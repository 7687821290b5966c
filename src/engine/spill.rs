//! Spill files, as anonymous (unlinked) temporary files.
//!
//! An anonymous file has no directory entry. The operating system frees it when the process ends for any
//! reason, `kill -9` included. So a run never leaves a file behind, and no run has to distinguish the files
//! of dead runs from those of live ones. On a file system that cannot create anonymous files, a file has a
//! name for an instant, before anything is written to it.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use datafusion::common::runtime::SpawnedTask;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SpillFile, SpillWriter, TempFileFactory};
use futures::{Stream, stream};

use crate::error::temporary::may_pass;
use crate::error::{Error, MEMORY_KNOBS};
use crate::storage::NewFolders;

/// Bytes per read.
const CHUNK: usize = 256 << 10;

/// The folder on whose file system the spill files are created.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Of a folder that the user has chosen: those that were created for it. They are deleted with the last
    /// spill file.
    created: Option<Arc<NewFolders>>,
}

impl Folder {
    /// A folder that the user has chosen. It is created if it is missing.
    ///
    /// # Errors
    /// The folder cannot be created or written to.
    pub(crate) fn given(path: PathBuf) -> Result<Self> {
        let mut folder = Self { path, created: None };
        let created = NewFolders::create(&folder.path, || tempfile::tempfile_in(&folder.path));
        let (created, _) = created.map_err(|e| folder.unusable(&e))?;
        folder.created = Some(Arc::new(created));
        Ok(folder)
    }

    /// The system's folder for temporary files. It is not checked before the first spill file is created.
    pub(crate) fn of_the_system() -> Self {
        Self { path: std::env::temp_dir(), created: None }
    }

    /// Creates an anonymous file. A concurrent run that had created the chosen folder deletes it when it
    /// ends; then the folder is created again.
    fn file(&self) -> io::Result<File> {
        match tempfile::tempfile_in(&self.path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound && self.created.is_some() => {
                let again = NewFolders::create(&self.path, || tempfile::tempfile_in(&self.path));
                again.map(|(_created, file)| file)
            }
            file => file,
        }
    }

    /// The error for a folder that cannot be used. It is temporary if there is no space now, and not if there is no
    /// permission.
    fn unusable(&self, cause: &io::Error) -> DataFusionError {
        let folder = self.path.display();
        let what = format!("{folder}: cannot be used for spilling: {cause}; {MEMORY_KNOBS}");
        Error::resources(what).with_temporary(may_pass(cause)).into()
    }
}

impl TempFileFactory for Folder {
    fn create_temp_file(&self, _description: &str) -> Result<Arc<dyn SpillFile>> {
        let file = Arc::new(self.file().map_err(|e| self.unusable(&e))?);
        Ok(Arc::new(Nameless { folder: self.clone(), file, written: Arc::default() }))
    }
}

/// An anonymous spill file.
#[derive(Debug, Clone)]
struct Nameless {
    folder: Folder,
    file: Arc<File>,
    written: Arc<AtomicU64>,
}

impl SpillFile for Nameless {
    fn size(&self) -> Option<u64> {
        Some(self.written.load(Ordering::Relaxed))
    }

    fn read_stream(&self) -> Result<Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>> {
        let chunks = stream::try_unfold((self.clone(), 0), |(this, from): (Self, u64)| async move {
            // Reads block, so they run on a thread where blocking is allowed.
            let read = SpawnedTask::spawn_blocking(move || -> Result<_> {
                let mut chunk = vec![0; CHUNK];
                let length = this.file.read_at(&mut chunk, from).map_err(|e| this.folder.unusable(&e))?;
                chunk.truncate(length);
                Ok((chunk, this))
            });
            let (chunk, this) = read.await.map_err(|e| DataFusionError::ExecutionJoin(Box::new(e)))??;
            let next = from + chunk.len() as u64;
            Ok::<_, DataFusionError>((!chunk.is_empty()).then(|| (Bytes::from(chunk), (this, next))))
        });
        Ok(Box::pin(chunks))
    }

    fn open_writer(&self) -> Result<Box<dyn SpillWriter>> {
        Ok(Box::new(self.clone()))
    }
}

impl Write for Nameless {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Wrapped in the I/O error, so that the conversion to `crate::error::Error` finds it among the
        // sources.
        let written =
            self.file.as_ref().write(bytes).map_err(|e| io::Error::other(self.folder.unusable(&e)))?;
        self.written.fetch_add(written as u64, Ordering::Relaxed);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl SpillWriter for Nameless {
    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;

    use super::*;
    use crate::error::ErrorKind;

    fn entries(folder: &std::path::Path) -> usize {
        std::fs::read_dir(folder).unwrap().count()
    }

    #[tokio::test]
    async fn what_is_written_is_read_and_stands_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let spill = Folder::given(folder.path().join("made/for/it")).unwrap();
        let file = spill.create_temp_file("a test").unwrap();
        let mut writer = file.open_writer().unwrap();
        let bytes: Vec<u8> = (0..CHUNK * 2 + 7).map(|i| (i % 251) as u8).collect();
        let (first, last) = bytes.split_at(CHUNK + 3);
        writer.write_all(first).unwrap();
        // A file can be read before it is complete, and a second reader starts at the beginning.
        let mut reader = file.read_stream().unwrap();
        let begun = reader.try_next().await.unwrap().unwrap();
        writer.write_all(last).unwrap();
        writer.finish().unwrap();
        let rest: Vec<Bytes> = reader.try_collect().await.unwrap();
        assert!([&[begun], &rest[..]].concat().concat() == bytes);
        let again: Vec<Bytes> = file.read_stream().unwrap().try_collect().await.unwrap();
        assert!(again.concat() == bytes);
        assert_eq!((file.size(), file.path()), (Some(bytes.len() as u64), None));
        assert_eq!(entries(&folder.path().join("made/for/it")), 0);
        // A concurrent run deletes the folder; the next file creates it again.
        std::fs::remove_dir(folder.path().join("made/for/it")).unwrap();
        spill.create_temp_file("a test").unwrap();
        drop((spill, writer, file));
        assert_eq!(entries(folder.path()), 0);
    }

    #[test]
    fn a_folder_that_was_created_is_deleted_after_the_last_file() {
        let folder = tempfile::tempdir().unwrap();
        let spill = Folder::given(folder.path().join("made/for/it")).unwrap();
        let file = spill.create_temp_file("a test").unwrap();
        drop(spill);
        assert_eq!(entries(&folder.path().join("made")), 1);
        drop(file);
        assert_eq!(entries(folder.path()), 0);
    }

    #[test]
    fn a_folder_that_cannot_be_used_says_so_at_once() {
        let error = crate::error::Error::from(Folder::given("/proc/nowhere".into()).unwrap_err());
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Resources, 1));
        let text = error.to_string();
        assert!(text.starts_with("/proc/nowhere: cannot be used for spilling: "), "{text}");
        assert!(text.ends_with("give --spill-dir a folder with more free space"), "{text}");
    }

    /// The error of a writer survives the errors that DataFusion wraps around it.
    #[test]
    fn a_full_disk_is_told_through_the_engine() {
        let full = Nameless {
            folder: Folder { path: "/spill".into(), created: None },
            file: Arc::new(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap()),
            written: Arc::default(),
        };
        let failed = full.clone().write(b"x").unwrap_err();
        let wrapped = datafusion::arrow::error::ArrowError::from(failed);
        let error = crate::error::Error::from(DataFusionError::from(wrapped).context("spilling"));
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Resources, 75));
        let text = error.to_string();
        assert!(text.starts_with("/spill: ") && text.contains("No space left on device"), "{text}");
    }
}
