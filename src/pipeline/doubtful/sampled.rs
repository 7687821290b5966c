//! One look at rows of mail or meetings, which serves the notes about values that are not used and about
//! doubtful ones.

use datafusion::prelude::SessionContext;

use super::columns::{conditions, looks, of_copies};
use super::words::Found;
use crate::config::Enrichment;
use crate::error::Result;
use crate::inputs::InputSource;
use crate::pipeline::sampled_rows::{self, Looked};
use crate::pipeline::unused_columns::{Copies, FoundUnused};

/// What the rows contain.
pub(crate) struct Sampled {
    /// What was looked at; `None` if nothing was.
    pub(crate) looked: Option<Looked>,
    /// The number of used rows with a value that is not used.
    pub(crate) with_unused: i64,
    /// The files with used rows of which none has recipients.
    pub(crate) without_recipients: Vec<String>,
    /// The columns with such values.
    pub(crate) unused: Vec<FoundUnused>,
    /// The columns in which values may be doubtful.
    pub(crate) doubtful: Vec<Found>,
}

impl Sampled {
    /// Looks at rows of a source with copies.
    ///
    /// # Errors
    /// A file that is damaged or cannot be read.
    pub(crate) async fn look(
        ctx: &SessionContext,
        enrichment: &Enrichment,
        source: &InputSource,
        copies: &Copies,
    ) -> Result<Self> {
        let columns = of_copies(copies);
        let (looks, counts) = (looks(&columns), conditions(&columns));
        let query = |rows: usize| copies.query(rows, &looks, &counts);
        let mut unused: Vec<_> = copies.columns.iter().map(FoundUnused::nothing).collect();
        let mut doubtful: Vec<_> = columns.into_iter().map(Found::nothing).collect();
        let (mut with_unused, mut without_recipients, mut files) = (0, vec![], 0);
        let add = |file: Option<&str>, numbers: &[i64]| {
            let [rows, is_without, rest @ ..] = numbers else { return };
            let mut rest = rest;
            with_unused += rows;
            files += 1;
            without_recipients.extend(file.filter(|_| *is_without > 0).map(str::to_owned));
            for one in &mut unused {
                rest = one.add(rest, file);
            }
            for one in &mut doubtful {
                rest = one.add(rest, file);
            }
        };
        let looked = sampled_rows::look(ctx, enrichment, source, copies.staged, query, add).await?;
        unused.retain(|one| one.rows > 0);
        // If it is all files, there is a note about the column.
        without_recipients.truncate(if without_recipients.len() == files { 0 } else { files });
        Ok(Self { looked, with_unused, without_recipients, unused, doubtful })
    }
}
