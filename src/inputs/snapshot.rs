//! Detects input files that change while a run reads them.
//!
//! DataFusion treats a file that was deleted as a file without rows, and a run reads some inputs twice. A
//! change in between would give a result that no state of the inputs explains.

use futures::{StreamExt, TryStreamExt};

use super::source::InputSource;
use crate::config::Format;
use crate::error::{Error, Result};
use crate::storage::InputFile;

/// How many objects are requested at the same time.
const AT_ONCE: usize = 16;

/// What is wrong with a file that the log of a Delta table names and that does not exist.
pub(crate) const NEVER_THERE: &str = "the log of the Delta table names this file, but it was never there or was \
                                      vacuumed; restore it, or write the table again";

/// Checks that no file has changed since it was found, which is before its schema was read, and that the files in the
/// logs of Delta tables exist.
///
/// # Errors
/// The first file that was changed or deleted, does not exist, or cannot be checked.
pub(crate) async fn check_unchanged(sources: &[InputSource]) -> Result<()> {
    let files = sources.iter().flat_map(|source| source.files.iter().map(move |file| (source, file)));
    let unchanged = futures::stream::iter(files).map(|(source, file)| async move {
        let section = source.section;
        let now = file.now().await.map_err(|e| {
            let why = match file {
                InputFile::Local(_) => e.to_string(),
                InputFile::Object(object) => object.bucket.describe(&object.path, &e),
            };
            Error::input(format!("[{section}] {file}: {why}")).with_source(e)
        })?;
        if now.is_some() && now == file.found() {
            return Ok(());
        }
        // The size of an object is that in the log, so it is not known whether the object ever existed.
        let was_there = file.found().is_some() && matches!(file, InputFile::Local(_));
        if now.is_none() && source.format == Format::Delta && !was_there {
            return Err(Error::input(format!("[{section}] {file}: {NEVER_THERE}")));
        }
        let how = if now.is_some() { "has changed" } else { "has disappeared" };
        let hint = "run again when no other program writes to the inputs";
        let what = format!("[{section}] {file}: {how} while it was read; {hint}");
        Err(Error::input(what).with_temporary(true))
    });
    unchanged.buffered(AT_ONCE).try_collect().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn source(file: &InputFile) -> InputSource {
        InputSource::of("contacts", Format::Canonical, vec![file.clone()])
    }

    /// The comparison is with the state at the moment at which the file was found, however much later the source is
    /// complete.
    #[tokio::test]
    async fn a_file_is_compared_with_what_was_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("contacts.parquet");
        std::fs::write(&path, "first").unwrap();
        let found = InputFile::local(path.clone());
        assert!(check_unchanged(&[source(&found)]).await.is_ok());
        std::fs::write(folder.path().join("new"), "another one").unwrap();
        std::fs::rename(folder.path().join("new"), &path).unwrap();
        let error = check_unchanged(&[source(&found)]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input);
        let text = error.to_string();
        let says = format!("[contacts] {}: has changed while it was read; run again", path.display());
        assert!(text.starts_with(&says), "{text}");
        std::fs::remove_file(&path).unwrap();
        let text = check_unchanged(&[source(&found)]).await.unwrap_err().to_string();
        assert!(text.contains("has disappeared while it was read"), "{text}");
    }
}
