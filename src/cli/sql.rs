//! `engagement sql`: statements from the command line, from standard input, or in a shell.

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::time::Instant;

use clap::Args;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::prelude::DataFrame;
use datafusion_engagement::error::{Error, Result};
use datafusion_engagement::statements::{Statements, split, yields_rows};
use futures::StreamExt;

use super::format::{Format, Layout};
use super::out::{self, tell, tell_person, written};
use super::signals::unless_ended;
use super::{Session, Target, shell, text};

/// Query what the last run has published, in SQL.
///
/// Tables: Office, Office_UserTable, Office_Overview, Office_Dispositions, Office_ScoreExplained,
/// CustomerCard, CustomerCard_History, and a view Segment_<Name> for each segment. Names work in
/// any case and without quotes.
///
/// Without -c it is a shell, or reads statements from standard input if that is no terminal. The
/// shell shows at most 1,000 rows of a table and says how many more there are; -c and standard
/// input print all. Results go to standard output, everything else to standard error; a reader
/// that leaves early (head) is no error.
#[derive(Args)]
#[command(after_help = "\
Examples:
  engagement sql enrichment.toml
  engagement sql enrichment.toml -c \"select customerid, engagementscore from office
      where aggregationlevel = 'year' order by engagementscore desc limit 10\"
  engagement sql enrichment.toml -c 'select * from office' --format parquet > office.parquet
  engagement sql enrichment.toml --live -c 'show tables'
  engagement sql enrichment.toml --format csv < report.sql

Statements that reach files (COPY, CREATE EXTERNAL TABLE, INSERT, a path as a table) are refused
without --allow-files, and so are \\i and \\o in scripts. CREATE VIEW and SET (all but the dialect)
are always possible and end with the session.")]
pub struct Sql {
    #[command(flatten)]
    target: Target,
    /// One or several statements, separated by semicolons, instead of a shell.
    #[arg(short, long, value_name = "QUERY", allow_hyphen_values = true)]
    command: Option<String>,
    /// How results are written; parquet holds one result.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Plan the views over the inputs, as a run does, instead of reading what was published: data
    /// about individuals included.
    #[arg(long)]
    live: bool,
    /// With --live: the last day that counts, YYYY-MM-DD.
    #[arg(long, value_name = "DATE", requires = "live")]
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
        let statements = self.command.as_deref().map(split).transpose()?;
        if let (Some(statements), Format::Parquet) = (&statements, self.format) {
            let results = statements.iter().filter(|s| yields_rows(s)).count();
            if results != 1 {
                return Err(Error::query(format!(
                    "a Parquet file holds one result; these statements give {results}"
                )));
            }
        }
        let enrichment = self.target.open(self.as_of)?;
        let ctx = self.target.bounds.session()?;
        let mut session = if self.live {
            tell(format!(
                "live: reads the inputs of {}, data about individuals included; nothing is published",
                text::visible(&enrichment.name)
            ));
            Session::live(ctx, enrichment).await?
        } else {
            Session::published(ctx, enrichment).await?
        };
        if self.allow_files {
            session.statements = session.statements.allow_files();
        }
        match statements {
            Some(statements) => {
                let mut answers = Answers::new(self.format, Layout::default(), Box::new(out::stdout()));
                unless_ended(async {
                    for statement in statements {
                        answers.answer(&mut session.statements, statement).await?.tell();
                    }
                    Ok(())
                })
                .await
            }
            None => shell::run(session, self.format, self.allow_files).await,
        }
    }
}

/// What a statement did.
pub struct Answer {
    /// How many rows it gave; `None` where it gives none by its nature.
    rows: Option<usize>,
    began: Instant,
}

impl Answer {
    /// Tells a person how many rows there were.
    fn tell(&self) {
        if let Some(rows) = self.rows {
            tell_person(format!("({})", text::count(rows, "row")));
        }
    }

    /// The same, with the time it took.
    pub fn tell_with_time(&self, time: bool) {
        self.tell();
        if time {
            tell_person(format!("Time: {:.3} s", self.began.elapsed().as_secs_f64()));
        }
    }
}

/// Where the results of statements go, one after the other.
pub struct Answers {
    /// How they are written.
    pub format: Format,
    /// How tables are laid out.
    pub layout: Layout,
    out: Box<dyn Write + Send>,
    /// Whether that is a terminal.
    terminal: bool,
    /// How many results it has.
    results: usize,
}

impl Answers {
    /// Answers to standard output.
    pub fn new(format: Format, layout: Layout, out: Box<dyn Write + Send>) -> Self {
        Self { format, layout, out, terminal: out::is_terminal(), results: 0 }
    }

    /// Sends what follows to a file, or back to standard output.
    pub fn redirect(&mut self, file: Option<File>) -> Result<()> {
        written(self.out.flush())?;
        self.terminal = file.is_none() && out::is_terminal();
        self.out = match file {
            Some(file) => Box::new(BufWriter::new(file)),
            None => Box::new(out::stdout()),
        };
        self.results = 0;
        Ok(())
    }

    /// Prints a text among the answers.
    pub fn print(&mut self, text: &str) -> Result<()> {
        written(self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()))
    }

    /// Runs one statement and writes its result.
    pub async fn answer(&mut self, session: &mut Statements, statement: &str) -> Result<Answer> {
        if self.format == Format::Parquet && yields_rows(statement) {
            if self.terminal {
                return Err(binary_to_terminal());
            }
            if self.results > 0 {
                return Err(Error::query("a Parquet file holds one result, and has it"));
            }
        }
        let began = Instant::now();
        let frame = session.plan(statement).await?;
        if frame.schema().fields().is_empty() {
            frame.collect().await.map_err(|e| session.explain(e))?;
            return Ok(Answer { rows: None, began });
        }
        // Whoever reads them sees where one ends.
        if self.results > 0 && matches!(self.format, Format::Table | Format::Csv) && !self.terminal {
            self.print("\n")?;
        }
        self.results += 1;
        let rows = stream(session, frame, self.format, self.layout, &mut self.out).await?;
        Ok(Answer { rows: Some(rows), began })
    }
}

/// Writes a result as it comes; gives the number of rows.
pub async fn stream(
    session: &Statements,
    frame: DataFrame,
    format: Format,
    layout: Layout,
    out: &mut (dyn Write + Send),
) -> Result<usize> {
    let mut batches = in_background(frame.execute_stream().await.map_err(|e| session.explain(e))?);
    let mut sink = format.sink(&batches.schema(), layout, out)?;
    let mut rows = 0;
    while let Some(batch) = batches.next().await {
        let batch = batch.map_err(|e| session.explain(e))?;
        rows += batch.num_rows();
        sink.write(&batch)?;
    }
    sink.finish()?;
    written(out.flush())?;
    Ok(rows)
}

/// The stream, computed by a task of its own, so that it can be left at any moment.
fn in_background(mut batches: SendableRecordBatchStream) -> SendableRecordBatchStream {
    let mut builder = RecordBatchReceiverStream::builder(batches.schema(), 2);
    let sender = builder.tx();
    builder.spawn(async move {
        while let Some(batch) = batches.next().await {
            if sender.send(batch).await.is_err() {
                break;
            }
        }
        Ok(())
    });
    builder.build()
}

/// Refusal to fill a terminal with a binary file.
pub fn binary_to_terminal() -> Error {
    Error::query("a Parquet file is nothing for a terminal; send it to a file with > or to a pipe")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::sample;

    /// What was written, to be looked at.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    async fn answered(format: Format, script: &str) -> (Result<()>, Vec<u8>) {
        let mut session = Statements::new(sample::published().await).await.unwrap();
        let out = Written::default();
        let mut answers = Answers::new(format, Layout::default(), Box::new(out.clone()));
        answers.terminal = false;
        for statement in split(script).unwrap() {
            if let Err(error) = answers.answer(&mut session, statement).await {
                return (Err(error), out.0.lock().unwrap().clone());
            }
        }
        (Ok(()), out.0.lock().unwrap().clone())
    }

    #[tokio::test]
    async fn several_statements_see_one_another() {
        let script = "create view top as select customerid, name from CUSTOMERCARD where emails > 50;
                      set datafusion.execution.batch_size = 2;
                      select * from TOP; select count(*) as n from office";
        let (outcome, text) = answered(Format::Csv, script).await;
        outcome.unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), "CustomerId,Name\na1,Acme Ltd\n\nn\n13\n");
    }

    #[tokio::test]
    async fn what_came_before_an_error_is_written() {
        let (outcome, text) = answered(Format::Csv, "select 1 as a; select b").await;
        assert_eq!(outcome.unwrap_err().exit_code(), 2);
        assert_eq!(text, b"a\n1\n");
    }

    #[tokio::test]
    async fn a_parquet_file_holds_one_result() {
        let (outcome, _) = answered(Format::Parquet, "create view v as select 1 as a; select * from v").await;
        outcome.unwrap();
        let (outcome, _) = answered(Format::Parquet, "select 1 as a; select 2 as b").await;
        assert_eq!(outcome.unwrap_err().to_string(), "a Parquet file holds one result, and has it");
    }
}
