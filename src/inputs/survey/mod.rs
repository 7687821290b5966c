//! Looks at the files in a folder, and recognizes which inputs of an enrichment they can be.

mod file;
mod recognize;
mod units;

use std::path::Path;

use datafusion::prelude::SessionContext;

#[cfg(test)]
pub(crate) use self::recognize::Recognized;
pub(crate) use self::units::Found;
use self::units::Look;
use crate::error::{Error, Result};

/// What was found in a folder.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// At most one for each section.
    pub(crate) found: Vec<Found>,
    /// The text file that contains addresses only, one per line.
    pub(crate) mailboxes: Option<String>,
    /// What is not used, and why: one line each, which begins with the path.
    pub(crate) others: Vec<String>,
}

impl Survey {
    pub(crate) fn of(&self, section: &str) -> Option<&Found> {
        self.found.iter().find(|found| found.is.section == section)
    }
}

/// Looks at all files in a folder on this machine, at any depth: the names and types of columns, and no values but
/// those of text files.
///
/// # Errors
/// The folder cannot be read.
pub(crate) async fn survey(ctx: &SessionContext, folder: &Path) -> Result<Survey> {
    let cannot = |e: std::io::Error| Error::input(format!("{}: cannot be read: {e}", folder.display()));
    let folder = std::fs::canonicalize(folder).map_err(cannot)?;
    if !folder.is_dir() {
        return Err(Error::input(format!(
            "{}: is not a folder; give the folder of the files",
            folder.display()
        )));
    }
    let Look { mut units, texts, mut others, .. } = units::look(ctx, &folder, "").await?;
    // What lies deeper is more often a copy.
    units.sort_by_key(|unit| unit.path.trim_end_matches('/').matches('/').count());
    let mut survey = Survey::default();
    for unit in units {
        match survey.of(unit.is.section) {
            None => survey.found.push(unit),
            Some(first) => others
                .push(format!("{}: can be {}, too, but {} is taken", unit.path, unit.is.section, first.path)),
        }
    }
    let mut texts = texts.into_iter();
    survey.mailboxes = texts.next();
    others.extend(texts.map(|text| format!("{text}: is a list of addresses, too, but another one is taken")));
    survey.others = others;
    Ok(survey)
}
