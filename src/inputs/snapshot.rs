//! Detects input files that change while a run reads them.
//!
//! DataFusion treats a file that was deleted as a file without rows, and a run reads some inputs twice. A
//! change in between would give a result that no state of the inputs explains.

use std::time::SystemTime;

use futures::{StreamExt, TryStreamExt};

use super::source::InputSource;
use crate::config::Format;
use crate::error::{Error, Result};
use crate::storage::{InputFile, Object};

/// How many objects are requested at the same time.
const AT_ONCE: usize = 16;

/// What is wrong with a file that the log of a Delta table names and that does not exist.
pub(crate) const NEVER_THERE: &str = "the log of the Delta table names this file, but it was never there or was \
                                      vacuumed; restore it, or write the table again";

/// The state of the input files at the beginning of a run.
pub(crate) struct Snapshot(Vec<Before>);

/// An input file at the beginning of a run.
struct Before {
    section: &'static str,
    file: InputFile,
    /// Whether the file was found in the log of a Delta table, and not in a listing of files that exist.
    is_from_log: bool,
    /// `None` if the file was not accessible.
    state: Option<State>,
}

/// The state of a file: its size in bytes and, on this machine, the time of the last change. Other content
/// with the same state is not detected.
type State = (u64, Option<SystemTime>);

impl Snapshot {
    /// Takes a snapshot of the files of these sources.
    pub(crate) fn of(sources: &[InputSource]) -> Self {
        let files = sources.iter().flat_map(|source| source.files.iter().map(move |file| (source, file)));
        let before = files.map(|(source, file)| Before {
            section: source.section,
            file: file.clone(),
            is_from_log: source.format == Format::Delta,
            state: found(file),
        });
        Self(before.collect())
    }

    /// Checks that no file has changed, and that the files in the logs of Delta tables exist.
    ///
    /// # Errors
    /// The first file that was changed or deleted, does not exist, or cannot be checked.
    pub(crate) async fn check(&self) -> Result<()> {
        let unchanged = futures::stream::iter(&self.0).map(|before| async move {
            let Before { section, file, is_from_log, state: before } = before;
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
            // The size of an object is that in the log, so it is not known whether the object ever existed.
            let was_there = before.is_some() && matches!(file, InputFile::Local(_));
            if now.is_none() && *is_from_log && !was_there {
                return Err(Error::input(format!("[{section}] {file}: {NEVER_THERE}")));
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
