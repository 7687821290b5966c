//! Detects input files that change while a run reads them.
//!
//! DataFusion treats a file that was deleted as a file without rows, and a run reads some inputs twice. A
//! change in between would give a result that no state of the inputs explains.

use std::time::SystemTime;

use futures::{StreamExt, TryStreamExt};

use super::source::InputSource;
use crate::error::{Error, Result};
use crate::storage::{InputFile, Object};

/// How many objects are requested at the same time.
const AT_ONCE: usize = 16;

/// The state of the input files at the beginning of a run.
pub(crate) struct Snapshot(Vec<(&'static str, InputFile, Option<State>)>);

/// The state of a file: its size in bytes and, on this machine, the time of the last change. Other content
/// with the same state is not detected.
type State = (u64, Option<SystemTime>);

impl Snapshot {
    /// Takes a snapshot of the files of these sources.
    pub(crate) fn of(sources: &[InputSource]) -> Self {
        let files = sources.iter().flat_map(|s| s.files.iter().map(|f| (s.section, f.clone())));
        Self(files.map(|(section, file)| (section, file.clone(), found(&file))).collect())
    }

    /// Checks that no file has changed.
    ///
    /// # Errors
    /// The first file that was changed or deleted, or that cannot be checked.
    pub(crate) async fn check(&self) -> Result<()> {
        let unchanged = futures::stream::iter(&self.0).map(|(section, file, before)| async move {
            let now = match file {
                InputFile::Local(_) => found(file),
                InputFile::Object(object) => match Object::at(&object.bucket, &object.path).await {
                    Ok(object) => object.map(|o| (o.size, None)),
                    Err(e) => {
                        let cannot =
                            format!("[{section}] {file}: {}", object.bucket.describe(&object.path, &e));
                        return Err(Error::input(cannot));
                    }
                },
            };
            if now.is_some() && now == *before {
                return Ok(());
            }
            let how = if now.is_some() { "has changed" } else { "has disappeared" };
            let hint = "run again when no other program writes to the inputs";
            Err(Error::input(format!("[{section}] {file}: {how} while it was read; {hint}")))
        });
        unchanged.buffered(AT_ONCE).try_collect().await
    }
}

/// The state of a file now, or of an object when it was found; `None` if the file is not accessible.
fn found(file: &InputFile) -> Option<State> {
    match file {
        InputFile::Local(path) => std::fs::metadata(path).ok().map(|meta| (meta.len(), meta.modified().ok())),
        InputFile::Object(object) => Some((object.size, None)),
    }
}
