//! Inputs have to stay as they are while a run reads them.
//!
//! The engine takes a file that has vanished for one without rows, and reads some inputs twice: what
//! changes in between would give a result that no state of the inputs explains.

use std::time::SystemTime;

use futures::{StreamExt, TryStreamExt};

use super::Source;
use super::files::InputFile;
use crate::error::{Error, Result};
use crate::store::Object;

/// How many objects are asked for at once.
const AT_ONCE: usize = 16;

/// The inputs as they were when a run began.
pub(super) struct Snapshot(Vec<(&'static str, InputFile, Option<State>)>);

/// How a file was found: its size and, on this machine, when it was last written to.
type State = (u64, Option<SystemTime>);

impl Snapshot {
    /// Of the files as they are now.
    pub(super) fn of(sources: &[Source]) -> Self {
        let files = sources.iter().flat_map(|s| s.files.iter().map(|f| (s.section, f.clone())));
        Self(files.map(|(section, file)| (section, file.clone(), found(&file))).collect())
    }

    /// Checks that all of them are as they were.
    ///
    /// # Errors
    /// Names the first that is not.
    pub(super) async fn check(&self) -> Result<()> {
        let unchanged = futures::stream::iter(&self.0).map(|(section, file, before)| async move {
            let now = match file {
                InputFile::Local(_) => found(file),
                InputFile::Object(object) => match Object::at(&object.bucket, &object.path).await {
                    Ok(object) => object.map(|o| (o.size, None)),
                    Err(e) => {
                        let cannot = format!("[{section}] {file}: {}", object.bucket.tell(&object.path, &e));
                        return Err(Error::input(cannot));
                    }
                },
            };
            if now.is_some() && now == *before {
                return Ok(());
            }
            let how = if now.is_some() { "has changed" } else { "has gone" };
            let hint = "run again when nobody writes to the inputs";
            Err(Error::input(format!("[{section}] {file}: {how} while it was read; {hint}")))
        });
        unchanged.buffered(AT_ONCE).try_collect().await
    }
}

/// How a file is found now, or an object was found.
fn found(file: &InputFile) -> Option<State> {
    match file {
        InputFile::Local(path) => std::fs::metadata(path).ok().map(|meta| (meta.len(), meta.modified().ok())),
        InputFile::Object(object) => Some((object.size, None)),
    }
}
