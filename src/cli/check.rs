//! `engagement check`: reports what a run would refuse, and runs nothing.

use clap::Args;

use super::limits::{Limits, within};
use super::session::{RunArgs, Target};
use super::text::{columns, pad, visible};
use super::{expectations, out};
use crate::error::Result;
use crate::error::numbers::{count, grouped};
use crate::pipeline::{self, CheckReport};

/// Check the enrichment file and its inputs, and run nothing.
///
/// Prints each input with its number of files and rows, each group of the mailbox list with the number
/// of addresses to which it resolves, and the total number of mailboxes. JSON files are read to their end,
/// of Parquet files only the footers: a damaged page behind a good footer is found by a run. Of `[expect]`, what
/// is expected of contacts is checked; if it is missed, the exit code is 3.
#[derive(Args)]
#[command(after_help = "\
Example:
  engagement check enrichment.toml && engagement run enrichment.toml")]
pub struct Check {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    run: RunArgs,
}

impl Check {
    pub async fn run(self) -> Result<()> {
        let enrichment = self.target.open_for_run(self.run, false)?;
        let ctx = self.target.resources.session()?;
        let limits = Limits::of_run(&self.target.resources);
        let report = within(limits, pipeline::check_on(&ctx, &enrichment)).await?;
        let title = format!("{}, as of {}", visible(&enrichment.name), enrichment.as_of);
        out::print(&format!("{title}\n\n{}", summary(&report)))?;
        report.check(&enrichment).inspect_err(expectations::print_judged)
    }
}

fn summary(report: &CheckReport) -> String {
    let mut text = "Inputs\n".to_owned();
    let files = report.inputs.iter().map(|i| grouped(i.files).len()).max().unwrap_or_default();
    let rows = report.inputs.iter().map(|i| grouped(i.rows).len()).max().unwrap_or_default();
    for input in &report.inputs {
        let (one_file, one_row) = (input.files == 1, input.rows == 1);
        let line = format!(
            "  {:10}{:20}{:>files$} {}  {:>rows$} {}",
            input.section,
            input.shape,
            grouped(input.files),
            if one_file { "file " } else { "files" },
            grouped(input.rows),
            if one_row { "row" } else { "rows" },
        );
        text += &format!("{}\n", line.trim_end());
    }
    text += "\nMailboxes\n";
    let groups: Vec<(String, usize)> = report.groups.iter().map(|(g, n)| (visible(g), *n)).collect();
    let width = groups.iter().map(|(g, _)| columns(g)).max().unwrap_or_default();
    for (group, addresses) in groups {
        text += &format!("  {}  {}\n", pad(&group, width, false), count(addresses, "address"));
    }
    text += &format!("  {} in total\n", grouped(report.mailboxes));
    if !report.expectations.is_empty() {
        text += "\nExpectations that need no run\n";
        text += &expectations::lines(&report.expectations);
    }
    if let Some(domains) = &report.domains {
        text += &format!("\nDomains\n  {domains}\n");
    }
    for note in &report.notes {
        text += &format!("\nNote: {}\n", visible(note));
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::pipeline::InputReport;

    use super::*;

    #[test]
    fn the_summary_as_printed() {
        let input = |section: &str, files, rows| InputReport {
            section: section.into(),
            shape: "canonical".into(),
            files,
            rows,
        };
        let report = CheckReport {
            inputs: vec![input("contacts", 1, 1), input("mail", 12, 5120)],
            groups: vec![("us-sales@contoso.com".into(), 5), ("one@contoso.com".into(), 1)],
            mailboxes: 12,
            expectations: vec![],
            domains: Some("3 accounts have one".into()),
            notes: vec!["no [meetings]".into()],
        };
        let expected = "\
Inputs
  contacts  canonical            1 file       1 row
  mail      canonical           12 files  5,120 rows

Mailboxes
  us-sales@contoso.com  5 addresses
  one@contoso.com       1 address
  12 in total

Domains
  3 accounts have one

Note: no [meetings]
";
        assert_eq!(summary(&report), expected);
    }
}
