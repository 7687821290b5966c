//! The notes about values that are used as they are written, and that probably mean something else: a text such as NULL
//! as an identifier, an identifier that strangers share, an address with an invisible character, identifiers that differ
//! in case only, an entry of the mailbox list that nothing knows. Nothing is changed, and nothing is lost without a word.
//!
//! The values of users, groups, contacts and accounts are all looked at, those of mail and meetings in rows from the first
//! file to the last.
//!
//! Notes contain numbers, and of values only an entry of the mailbox list.

mod alike;
mod columns;
mod entries;
mod profile;
mod sampled;
mod shared;
mod spellings;
mod values;
mod words;

use datafusion::prelude::SessionContext;

pub(crate) use self::sampled::Sampled;
pub(crate) use self::values::{of_all_rows, of_sampled_rows};
use crate::config::Enrichment;
use crate::error::Result;

/// The notes of a check or a run about the mailbox list, contacts and accounts. The views of staging must be registered.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) async fn notes(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Vec<String>> {
    let mut notes = entries::notes(ctx, enrichment).await?;
    notes.extend(profile::notes(ctx, enrichment).await?);
    Ok(notes)
}
