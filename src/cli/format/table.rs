//! A table for people: aligned columns, or one line per value.

use std::io::{self, Write};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};

use super::Sink;
use crate::cli::out::{is_terminal, note, width, written};
use crate::cli::text::{columns, count, cut, pad, visible};
use crate::error::Result;

/// Number of first rows that decide the widths of columns. Wider cells in later rows are written in full,
/// without alignment. So the memory does not grow with the number of rows.
const MEASURED: usize = 1000;

/// How a table is laid out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Layout {
    /// Maximum number of rows that are printed. A note contains the number of further rows.
    pub rows: Option<usize>,
    /// One line per value.
    pub vertical: bool,
    /// Maximum width of a line in columns of the terminal; longer lines are cut. For lists whose full text
    /// is available in another format.
    pub cut: Option<usize>,
}

impl Layout {
    /// The layout of a list with descriptions: on a terminal, each entry is cut to one line.
    pub fn listing() -> Self {
        Self { cut: is_terminal().then(width), ..Self::default() }
    }
}

pub struct Table<'a> {
    names: Vec<String>,
    /// Whether a column is aligned to the right.
    right: Vec<bool>,
    layout: Layout,
    /// The first rows, until the widths are known.
    first: Vec<Vec<String>>,
    widths: Option<Vec<usize>>,
    shown: usize,
    hidden: usize,
    out: &'a mut (dyn Write + Send),
}

impl<'a> Table<'a> {
    pub fn new(schema: &Schema, layout: Layout, out: &'a mut (dyn Write + Send)) -> Self {
        let fields = schema.fields();
        Self {
            names: fields.iter().map(|f| visible(f.name())).collect(),
            right: fields.iter().map(|f| is_number(f.data_type())).collect(),
            layout,
            first: vec![],
            widths: None,
            shown: 0,
            hidden: 0,
            out,
        }
    }

    fn row(&mut self, row: Vec<String>) -> io::Result<()> {
        self.shown += 1;
        if self.layout.vertical {
            return self.record(&row);
        }
        if self.widths.is_some() {
            return self.line(&row);
        }
        self.first.push(row);
        if self.first.len() == MEASURED { self.begin() } else { Ok(()) }
    }

    /// Decides the widths, then writes the header and the first rows.
    fn begin(&mut self) -> io::Result<()> {
        let rows = std::mem::take(&mut self.first);
        let widest = |i: usize| {
            let cells = rows.iter().map(|row| columns(&row[i]));
            cells.chain([columns(&self.names[i])]).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..self.names.len()).map(widest).collect();
        let rule = widths.iter().map(|w| "-".repeat(w + 2)).collect::<Vec<_>>().join("+");
        self.widths = Some(widths);
        self.line(&self.names.clone())?;
        let rule = rule.get(..self.layout.cut.unwrap_or(rule.len()).min(rule.len())).unwrap_or(&rule);
        writeln!(self.out, "{rule}")?;
        rows.iter().try_for_each(|row| self.line(row))
    }

    fn line(&mut self, cells: &[String]) -> io::Result<()> {
        let widths = self.widths.as_deref().unwrap_or_default();
        let cells = cells.iter().zip(widths).zip(&self.right).map(|((c, &w), &right)| pad(c, w, right));
        let line = format!(" {}", cells.collect::<Vec<_>>().join(" | "));
        let line = line.trim_end();
        match self.layout.cut {
            Some(width) => writeln!(self.out, "{}", cut(line, width)),
            None => writeln!(self.out, "{line}"),
        }
    }

    fn record(&mut self, row: &[String]) -> io::Result<()> {
        let width = self.names.iter().map(|n| columns(n)).max().unwrap_or_default();
        let title = format!("-[ {} ]", self.shown);
        writeln!(self.out, "{title}{}", "-".repeat((width + 2).saturating_sub(title.len())))?;
        for (name, cell) in self.names.iter().zip(row) {
            writeln!(self.out, "{} | {cell}", pad(name, width, false))?;
        }
        Ok(())
    }
}

impl Sink for Table<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let room = self.layout.rows.map_or(batch.num_rows(), |rows| rows - self.shown).min(batch.num_rows());
        self.hidden += batch.num_rows() - room;
        for row in written(cells(&batch.slice(0, room)))? {
            written(self.row(row))?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        if self.widths.is_none() && !self.layout.vertical {
            written(self.begin())?;
        }
        if self.hidden > 0 {
            written(self.out.flush())?;
            note(format!("... {} not shown; other formats and -c show all", count(self.hidden, "more row")));
        }
        Ok(())
    }
}

fn is_number(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_number(values),
        other => other.is_numeric(),
    }
}

fn cells(batch: &RecordBatch) -> Result<Vec<Vec<String>>, ArrowError> {
    let options = FormatOptions::default().with_null("NULL").with_display_error(false);
    let columns: Vec<ArrayFormatter<'_>> =
        batch.columns().iter().map(|c| ArrayFormatter::try_new(c, &options)).collect::<Result<_, _>>()?;
    let cell = |column: &ArrayFormatter<'_>, row| Ok(visible(&column.value(row).try_to_string()?));
    (0..batch.num_rows()).map(|row| columns.iter().map(|c| cell(c, row)).collect()).collect()
}
