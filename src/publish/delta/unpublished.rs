//! What a run is about to commit about months, if numbers about few people are suppressed. A commit is there for ever, also
//! if the run is killed before the manifest has its record. So the months are written before the first commit, and
//! deleted when the manifest has them:
//!
//! ```text
//! out/.engagement/Office/unpublished-run-0123456789abcdef.json
//! ```

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStoreExt};

use super::existing;
use super::manifest::home;
use crate::config::Enrichment;
use crate::error::{Error, Result};
use crate::publish::OutputLocation;
use crate::storage::delta_errors;
use crate::storage::delta_folder::Folder;
use crate::views::PublishedMonth;

const PREFIX: &str = "unpublished-";

fn cannot(out: &Folder, what: &str, e: &StoreError) -> Error {
    Error::output(format!("[output] {}: {what}: {}", out.name, delta_errors::describe(e)))
}

/// Writes the months of a run.
///
/// # Errors
/// The output cannot be written.
pub(crate) async fn announce(out: &Folder, office: &str, run: &str, months: &[PublishedMonth]) -> Result<()> {
    // Strings and dates always serialize, so this never is the default.
    let text = serde_json::to_vec(months).unwrap_or_default();
    let path = format!("{}/{PREFIX}{run}.json", home(office));
    let put = out.store.put(&out.file(&path), text.into()).await;
    put.map_err(|e| cannot(out, "cannot be written to", &e))?;
    out.sync(&path).map_err(|e| {
        Error::output(format!("[output] {}: cannot be written to: {e}", out.name)).with_source(e)
    })
}

/// Deletes what runs have announced: the manifest has it.
///
/// # Errors
/// The output cannot be read or written.
pub(crate) async fn clear(out: &Folder, office: &str) -> Result<()> {
    for path in announced(out, office).await? {
        match out.store.delete(&path).await {
            Ok(()) | Err(StoreError::NotFound { .. }) => {}
            Err(e) => return Err(cannot(out, "cannot be written to", &e)),
        }
    }
    Ok(())
}

/// The months that runs have announced and, so far as the manifest tells, not published.
///
/// # Errors
/// The output cannot be read.
pub(crate) async fn announced_months(
    location: &OutputLocation,
    enrichment: &Enrichment,
) -> Result<Vec<PublishedMonth>> {
    let Some(out) = existing::open(location)? else { return Ok(vec![]) };
    let mut all = vec![];
    for path in announced(&out, &enrichment.output.table).await? {
        let read = async { out.store.get(&path).await?.bytes().await }.await;
        let bytes = match read {
            // The run that has written it has published meanwhile.
            Err(StoreError::NotFound { .. }) => continue,
            read => read.map_err(|e| cannot(&out, "cannot be read", &e))?,
        };
        // A run that was killed while it wrote this has not committed anything.
        all.extend(serde_json::from_slice::<Vec<PublishedMonth>>(&bytes).unwrap_or_default());
    }
    Ok(all)
}

async fn announced(out: &Folder, office: &str) -> Result<Vec<Path>> {
    let home = out.file(&home(office));
    let listed: Result<Vec<_>, StoreError> = out.store.list(Some(&home)).try_collect().await;
    let listed = match listed {
        Err(StoreError::NotFound { .. }) => vec![],
        listed => listed.map_err(|e| cannot(out, "cannot be read", &e))?,
    };
    let is_announced = |path: &Path| path.filename().is_some_and(|name| name.starts_with(PREFIX));
    Ok(listed.into_iter().map(|object| object.location).filter(is_announced).collect())
}
