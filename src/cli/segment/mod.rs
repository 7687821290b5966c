//! `engagement segment`: lists the segments, or the members of one.

mod changes;
mod listing;
mod members;
mod remarks;
#[cfg(test)]
mod tests;

use clap::Args;

use self::changes::ChangesArgs;
use self::listing::list;
use self::members::members;
use super::format::{Format, Layout};
use super::limits::{Limits, TimeoutArgs, within};
use super::out::{self, note};
use super::results::binary_to_terminal;
use super::session::{Session, Target};
use super::text::visible;
use crate::config::Enrichment;
use crate::error::Result;
use crate::query::segments;

/// List the segments with their size, or the members of one.
///
/// A segment is a query over the published tables that yields CustomerId. To add a segment, write it
/// to segments/NAME.sql beside the enrichment file; the first -- comment is the description. In SQL a
/// segment is the view Segment_NAME. With --changes, lists who entered and who left it since the as-of date before.
#[derive(Args)]
#[command(after_help = "\
Examples:
  engagement segment enrichment.toml
  engagement segment enrichment.toml stale
  engagement segment enrichment.toml stale --changes --from 2026-07-31
  engagement segment enrichment.toml one_sided --format csv | cut -d, -f1")]
pub struct SegmentCommand {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    timeout: TimeoutArgs,
    /// The segment whose members are listed, highest score first. Its name can be written in any case,
    /// with or without Segment_.
    name: Option<String>,
    #[command(flatten)]
    changes: ChangesArgs,
    /// The format of the list.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Print the scores of a table with all their digits, not rounded. The other formats always have all
    /// digits.
    #[arg(long)]
    exact: bool,
}

impl SegmentCommand {
    pub async fn run(self) -> Result<()> {
        if self.format == Format::Parquet && out::is_terminal() {
            return Err(binary_to_terminal());
        }
        let enrichment = self.target.open(None)?;
        let limits = Limits::of_statement(&self.target.resources, &self.timeout);
        let layout = Layout { exact: self.exact, ..Layout::default() };
        let answer = async {
            if let (Some(name), true) = (&self.name, self.changes.changes) {
                return changes::print(&self.target, enrichment, name, &self.changes, self.format, layout)
                    .await;
            }
            let session = Session::published(self.target.resources.session()?, enrichment, None).await?;
            if let Some(unread) = unread(&session.enrichment)? {
                note(unread);
            }
            match &self.name {
                None => list(&session, self.format).await,
                Some(name) => members(&session, session.segment(name)?, self.format, layout).await,
            }
        };
        within(limits, answer).await
    }
}

/// How many names of files a note contains.
const NAMED: usize = 3;

/// The note about files in the folder of the segments that are not read.
fn unread(enrichment: &Enrichment) -> Result<Option<String>> {
    let files = segments::unread(enrichment)?;
    let mut names: Vec<_> = files.iter().take(NAMED).map(|file| file.display().to_string()).collect();
    names.extend((files.len() > NAMED).then(|| format!("{} more", files.len() - NAMED)));
    Ok((!files.is_empty()).then(|| {
        format!("note: not read as segments: {}; the files segments/NAME.sql are", visible(&names.join(", ")))
    }))
}
