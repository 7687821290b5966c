//! Writes the results of statements in the format that the user has chosen.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::time::{Duration, Instant};

use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::prelude::DataFrame;
use futures::StreamExt;

use super::format::{Format, Layout};
use super::missing_levels;
use super::mixed_levels;
use super::out::{self, note, note_on_terminal, written};
use super::pager;
use super::session::Session;
use super::whole_quotients;
use crate::config::Level;
use crate::error::numbers::count;
use crate::error::{Error, Result};
use crate::query::statements::{Statements, yields_rows};

/// The outcome of a statement.
pub struct Answer {
    /// The number of rows, and what their reader should know; `None` for a statement that has no columns, such as SET.
    result: Option<Outcome>,
    took: Duration,
}

impl Answer {
    /// Prints what the reader of the result should know and, if standard error is a terminal, the number of rows.
    pub(crate) fn print_notes(&self) {
        if let Some(Outcome { rows, remarks }) = &self.result {
            remarks.iter().for_each(note);
            note_on_terminal(format!("({})", count(*rows, "row")));
        }
    }

    /// Prints how long the statement took, if standard error is a terminal.
    pub fn print_time(&self) {
        note_on_terminal(format!("Time: {:.3} s", self.took.as_secs_f64()));
    }
}

/// What was written of a result.
pub struct Outcome {
    /// The number of rows.
    pub rows: usize,
    /// What the reader should know about it.
    pub remarks: Vec<String>,
}

/// Runs statements and writes their results, one after the other.
pub struct Answers {
    /// The format of results.
    pub format: Format,
    /// The layout of tables.
    pub layout: Layout,
    out: Box<dyn Write + Send>,
    /// Whether `out` is a terminal.
    terminal: bool,
    /// Whether a person reads the terminal. Tables are then held until they are complete, and laid out for it.
    person: bool,
    /// What is held.
    held: Vec<u8>,
    /// How many results `out` contains.
    results: usize,
    /// The levels of the published Office; `None` for a session over the inputs, whose views have conditions and divisions of
    /// their own.
    levels: Option<Vec<Level>>,
}

/// What to do about lines that are cut.
const CUT: &str =
    "lines are cut at the width of the terminal; \\x shows each value on a line, other formats show all";

impl Answers {
    /// Writes results to `out`, which must be standard output.
    pub fn new(format: Format, layout: Layout, out: Box<dyn Write + Send>) -> Self {
        let terminal = out::is_terminal();
        Self { format, layout, out, terminal, person: false, held: vec![], results: 0, levels: None }
    }

    /// Lays tables out for a person at a terminal, to whom they have to be shown: [`Answers::show`].
    pub fn for_person(self) -> Self {
        Self { person: true, ..self }
    }

    /// Says what is probably not meant in statements of a session over published tables.
    pub fn of_session(self, session: &Session) -> Self {
        Self { levels: (!session.is_live).then(|| session.levels.clone()), ..self }
    }

    /// Sends the following results to a file, or to standard output again.
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

    /// Writes a text between the results, for a person in the pager if it is `paged` and does not fit on the terminal.
    pub fn print(&mut self, text: &str, paged: bool) -> Result<()> {
        if self.person && self.terminal && paged {
            return pager::show(text);
        }
        written(self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()))
    }

    /// Shows what is held, in the pager if it is `paged` and does not fit on the terminal. This also flushes what is
    /// written.
    pub fn show(&mut self, paged: bool) -> Result<()> {
        written(self.out.flush())?;
        let held = std::mem::take(&mut self.held);
        if held.is_empty() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&held);
        if paged { pager::show(&text) } else { out::print(&text) }
    }

    /// Runs one statement and writes its result.
    ///
    /// # Errors
    /// The statement fails, the result cannot be written, or it would be a second result in a Parquet file.
    pub async fn answer(&mut self, session: &mut Statements, statement: &str) -> Result<Answer> {
        if self.format == Format::Parquet && yields_rows(statement) {
            if self.terminal {
                return Err(binary_to_terminal());
            }
            if self.results > 0 {
                return Err(Error::query("a Parquet file holds one result, and one is already written"));
            }
        }
        let began = Instant::now();
        let frame = session.plan(statement).await?;
        if frame.schema().fields().is_empty() {
            frame.collect().await.map_err(|e| session.explain(e))?;
            return Ok(Answer { result: None, took: began.elapsed() });
        }
        // A blank line shows where one result ends.
        if self.results > 0 && matches!(self.format, Format::Table | Format::Csv) && !self.terminal {
            written(self.out.write_all(b"\n"))?;
        }
        self.results += 1;
        let is_held = self.person && self.terminal && self.format == Format::Table;
        let (layout, out): (Layout, &mut (dyn Write + Send)) = if is_held {
            let width = Some(out::width());
            (Layout { width, hint: Some(CUT), ..self.layout }, &mut self.held)
        } else {
            (self.layout, &mut self.out)
        };
        let plan = frame.logical_plan();
        let mut habits: Vec<_> = missing_levels::no_levels(plan)?.into_iter().collect();
        if let Some(levels) = &self.levels {
            habits.extend(mixed_levels::added(plan, levels)?);
            habits.extend(whole_quotients::remark(plan)?);
        }
        let mut outcome = stream(session, frame, self.format, layout, out).await?;
        outcome.remarks.extend(habits.into_iter().map(|remark| format!("note: {remark}")));
        Ok(Answer { result: Some(outcome), took: began.elapsed() })
    }
}

/// Writes a result while it is computed.
pub async fn stream(
    session: &Statements,
    frame: DataFrame,
    format: Format,
    layout: Layout,
    out: &mut (dyn Write + Send),
) -> Result<Outcome> {
    let mut batches = in_background(session.stream(frame).await?);
    let mut sink = format.sink(&batches.schema(), layout, out)?;
    let mut rows = 0;
    while let Some(batch) = batches.next().await {
        let batch = batch.map_err(|e| session.explain(e))?;
        rows += batch.num_rows();
        sink.write(&batch)?;
    }
    let remarks = sink.finish()?;
    written(out.flush())?;
    Ok(Outcome { rows, remarks })
}

/// Computes the stream in a task of its own, so that the caller can stop waiting for it at any moment.
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

/// The error that refuses to write a binary file to a terminal.
pub fn binary_to_terminal() -> Error {
    Error::query("Parquet is binary and is not written to a terminal; send it to a file with > or to a pipe")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::query::statements::split;
    use crate::query::testing;

    /// A writer whose content the test can read.
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
        let mut session = Statements::new(testing::published().await).await.unwrap();
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
        assert_eq!(
            outcome.unwrap_err().to_string(),
            "a Parquet file holds one result, and one is already written"
        );
    }

    /// A result for a person is held until it is shown, whatever ends it.
    #[tokio::test]
    async fn tables_for_a_person_are_held() {
        let mut session = Statements::new(testing::published().await).await.unwrap();
        let out = Written::default();
        let mut answers = Answers::new(Format::Table, Layout::default(), Box::new(out.clone())).for_person();
        answers.terminal = true;
        answers.answer(&mut session, "select 1 as a").await.unwrap();
        assert_eq!(String::from_utf8_lossy(&answers.held), " a\n---\n 1\n");
        answers.format = Format::Csv;
        answers.answer(&mut session, "select 2 as b").await.unwrap();
        assert_eq!(String::from_utf8_lossy(&out.0.lock().unwrap()), "b\n2\n");
    }
}
