//! `engagement sql`: runs statements from the command line, from standard input, or in a shell.

use std::io::IsTerminal;

use clap::Args;

use super::format::{Format, Layout};
use super::limits::{Limits, TimeoutArgs, within};
use super::out::{self, note};
use super::results::{Answers, binary_to_terminal};
use super::session::{Session, Target, date};
use super::signals::unless_ended;
use super::{shell, text};
use crate::config::text_file::MARK;
use crate::error::{Error, Result};
use crate::query::statements::{split, yields_rows};

/// Query the published tables of the last run in SQL.
///
/// Tables: Office, Office_Accounts (or Account), Office_UserTable, Office_Overview, Office_Dispositions,
/// Office_Segments, Office_ScoreExplained, Office_History, CustomerCard, CustomerCard_History, and a view
/// Segment_NAME for each segment. With several as-of dates: Office_AllDates and likewise for the others, Office_Changes, and
/// office_changes('2026-09-30', '2026-10-31').
/// Names work in any case and without quotes.
///
/// Without -c it starts a shell or, if standard input is not a terminal, reads statements from
/// standard input. The shell prints at most 1,000 rows of a table and the number of further rows; -c
/// and standard input print all rows. Results go to standard output, everything else to standard
/// error. A reader that stops early, such as head, is not an error.
#[derive(Args)]
#[command(after_help = "\
Examples:
  engagement sql enrichment.toml
  engagement sql enrichment.toml -c \"select customerid, engagementscore from office
      where aggregationlevel = 'year' order by engagementscore desc limit 10\"
  engagement sql enrichment.toml -c 'select * from office' --format parquet > office.parquet
  engagement sql enrichment.toml --as-of 2026-09-30 -c 'select * from customercard'
  engagement sql enrichment.toml --live -c 'show tables'
  engagement sql enrichment.toml --format csv < report.sql

Statements that reach files (COPY, CREATE EXTERNAL TABLE, INSERT, a path as a table) are refused
without --allow-files, and so are \\i and \\o in scripts. CREATE VIEW and SET of some settings are always
permitted; their effect ends with the session.")]
pub struct Sql {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    timeout: TimeoutArgs,
    /// Run these statements, separated by semicolons, instead of a shell.
    #[arg(short, long, value_name = "QUERY", allow_hyphen_values = true)]
    command: Option<String>,
    /// The format of results; a Parquet file contains one result.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Print floating-point numbers of tables with all their digits, not rounded. The other formats always
    /// have all digits.
    #[arg(long)]
    exact: bool,
    /// Compute the views from the inputs, as a run does, instead of reading the published tables. This
    /// shows data about individuals.
    #[arg(long)]
    live: bool,
    /// Answer from the tables of this retained as-of date, YYYY-MM-DD, instead of the newest one; with --live,
    /// compute the views as of this date, which is the last day that counts.
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// Permit statements that read and write files.
    #[arg(long)]
    allow_files: bool,
}

impl Sql {
    pub async fn run(self) -> Result<()> {
        let shell = self.command.is_none() && std::io::stdin().is_terminal();
        if self.format == Format::Parquet && out::is_terminal() && !shell {
            return Err(binary_to_terminal());
        }
        let statements =
            self.command.as_deref().map(|text| split(text.trim_start_matches(MARK))).transpose()?;
        if let (Some(statements), Format::Parquet) = (&statements, self.format) {
            let results = statements.iter().filter(|s| yields_rows(s)).count();
            if results != 1 {
                return Err(Error::query(format!(
                    "a Parquet file holds one result; these statements give {results}"
                )));
            }
        }
        // Only inputs are read as of a date; of published tables there are those of some dates.
        let (of_inputs, of_tables) = if self.live { (self.as_of, None) } else { (None, self.as_of) };
        let of_tables = of_tables.map(|text| date("--as-of", &text)).transpose()?;
        let enrichment = self.target.open(of_inputs)?;
        let ctx = self.target.resources.session()?;
        let limits = Limits::of_statement(&self.target.resources, &self.timeout);
        let mut session = if self.live {
            note(format!(
                "live: queries read the inputs of {}, including data about individuals; nothing is published",
                text::visible(&enrichment.name)
            ));
            within(limits, Session::live(ctx, enrichment)).await?
        } else {
            within(limits, Session::published(ctx, enrichment, of_tables)).await?
        };
        if self.allow_files {
            session.statements = session.statements.allow_files();
        }
        match statements {
            Some(statements) => {
                let layout = Layout { exact: self.exact, ..Layout::default() };
                let answers = Answers::new(self.format, layout, Box::new(out::stdout()));
                let mut answers = answers.of_session(&session);
                unless_ended(async {
                    for statement in statements {
                        let answer = answers.answer(&mut session.statements, statement);
                        within(limits, answer).await?.print_notes();
                    }
                    Ok(())
                })
                .await
            }
            None => shell::run(session, self.format, self.exact, self.allow_files, limits).await,
        }
    }
}
