//! A table for people: aligned columns, or one line per value.

use std::io::{self, Write};

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type, Schema};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};

use super::Sink;
use crate::cli::out::{is_terminal, width, written};
use crate::cli::rounded::{decimals, rounded};
use crate::cli::text::{columns, cut, pad, visible};
use crate::error::Result;
use crate::error::numbers::count;

/// Number of first rows that decide the widths of columns. Wider cells in later rows are written in full,
/// without alignment. So the memory does not grow with the number of rows.
const MEASURED: usize = 1000;

/// What is on a line of a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Direction {
    /// A row.
    #[default]
    Rows,
    /// A value.
    Values,
    /// A row if the whole table fits into the width of the layout, else a value.
    Fitting,
}

/// How a table is laid out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Layout {
    /// Maximum number of rows that are printed. A remark contains the number of further rows.
    pub rows: Option<usize>,
    /// What is on a line.
    pub direction: Direction,
    /// Floating-point numbers with all their digits.
    pub exact: bool,
    /// The width of the terminal in columns. Lines with rows are cut to it; `None`: they are never cut.
    pub width: Option<usize>,
    /// What to do about lines that are cut, for a remark.
    pub hint: Option<&'static str>,
}

impl Layout {
    /// The layout of a list with descriptions: on a terminal, each entry is cut to one line.
    pub fn listing() -> Self {
        Self { width: is_terminal().then(width), ..Self::default() }
    }
}

/// A cell: its text with all digits, and the number if it is a float that can be rounded.
struct Cell {
    text: String,
    float: Option<f64>,
}

impl Cell {
    /// The text that is shown in a column with so many decimals.
    fn shown(&self, decimals: usize) -> String {
        self.float.and_then(|float| rounded(float, decimals)).unwrap_or_else(|| self.text.clone())
    }
}

/// How a column is laid out.
struct Measures {
    width: usize,
    /// The number of decimals of floats.
    decimals: usize,
    /// The largest number of decimals in the first rows. Floats with fewer have blanks in their place, so
    /// that the decimal points are below each other.
    longest: usize,
}

impl Measures {
    fn of(name: &str, cells: &[&Cell]) -> Self {
        let decimals = decimals(cells.iter().filter_map(|cell| cell.float));
        let floats = cells.iter().filter(|cell| cell.float.is_some());
        let longest = floats.map(|cell| fraction(&cell.shown(decimals))).max().unwrap_or_default();
        let unmeasured = Self { width: 0, decimals, longest };
        let widths = cells.iter().map(|cell| columns(&unmeasured.text(cell)));
        Self { width: widths.chain([columns(name)]).max().unwrap_or_default(), ..unmeasured }
    }

    /// The text of a cell in this column, before it is padded to the width.
    fn text(&self, cell: &Cell) -> String {
        let shown = cell.shown(self.decimals);
        let missing = if shown.contains('.') { self.longest.saturating_sub(fraction(&shown)) } else { 0 };
        match cell.float {
            Some(_) => shown + &" ".repeat(missing),
            None => shown,
        }
    }
}

/// The number of characters after the decimal point.
fn fraction(text: &str) -> usize {
    text.rsplit_once('.').map_or(0, |(_, decimals)| decimals.len())
}

pub struct Table<'a> {
    names: Vec<String>,
    /// Whether a column is aligned to the right.
    right: Vec<bool>,
    layout: Layout,
    /// The first rows, until the columns are measured.
    first: Vec<Vec<Cell>>,
    measures: Option<Vec<Measures>>,
    /// Whether values are on lines of their own.
    vertical: bool,
    is_cut: bool,
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
            measures: None,
            vertical: layout.direction == Direction::Values,
            is_cut: false,
            shown: 0,
            hidden: 0,
            out,
        }
    }

    fn row(&mut self, row: Vec<Cell>) -> io::Result<()> {
        self.shown += 1;
        if self.vertical {
            return self.record(&row, self.shown);
        }
        if self.measures.is_some() {
            return self.cells(&row);
        }
        self.first.push(row);
        if self.first.len() == MEASURED { self.begin() } else { Ok(()) }
    }

    /// Measures the columns, then writes the header and the first rows.
    fn begin(&mut self) -> io::Result<()> {
        let rows = std::mem::take(&mut self.first);
        let measures: Vec<Measures> = (0..self.names.len())
            .map(|i| Measures::of(&self.names[i], &rows.iter().map(|row| &row[i]).collect::<Vec<_>>()))
            .collect();
        let rule = measures.iter().map(|m| "-".repeat(m.width + 2)).collect::<Vec<_>>().join("+");
        // Every line ends at the last cell of its row, one column before the rule.
        let fits = self.layout.width.is_none_or(|width| rule.len().saturating_sub(1) <= width);
        if self.layout.direction == Direction::Fitting && !fits {
            self.vertical = true;
            return rows.iter().zip(1..).try_for_each(|(row, number)| self.record(row, number));
        }
        self.measures = Some(measures);
        self.line(&self.names.clone())?;
        let rule = rule.get(..self.layout.width.unwrap_or(rule.len()).min(rule.len())).unwrap_or(&rule);
        writeln!(self.out, "{rule}")?;
        rows.iter().try_for_each(|row| self.cells(row))
    }

    fn cells(&mut self, row: &[Cell]) -> io::Result<()> {
        let measures = self.measures.as_deref().unwrap_or_default();
        let texts: Vec<String> = row.iter().zip(measures).map(|(cell, m)| m.text(cell)).collect();
        self.line(&texts)
    }

    fn line(&mut self, texts: &[String]) -> io::Result<()> {
        let measures = self.measures.as_deref().unwrap_or_default();
        let texts =
            texts.iter().zip(measures).zip(&self.right).map(|((text, m), &right)| pad(text, m.width, right));
        let line = format!(" {}", texts.collect::<Vec<_>>().join(" | "));
        let line = line.trim_end();
        match self.layout.width {
            Some(width) if columns(line) > width => {
                self.is_cut = true;
                writeln!(self.out, "{}", cut(line, width))
            }
            _ => writeln!(self.out, "{line}"),
        }
    }

    fn record(&mut self, row: &[Cell], number: usize) -> io::Result<()> {
        let width = self.names.iter().map(|n| columns(n)).max().unwrap_or_default();
        let title = format!("-[ {number} ]");
        writeln!(self.out, "{title}{}", "-".repeat((width + 2).saturating_sub(title.len())))?;
        for (name, cell) in self.names.iter().zip(row) {
            let text = cell.shown(decimals(cell.float));
            writeln!(self.out, "{} | {text}", pad(name, width, false))?;
        }
        Ok(())
    }
}

impl Sink for Table<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let room = self.layout.rows.map_or(batch.num_rows(), |rows| rows - self.shown).min(batch.num_rows());
        self.hidden += batch.num_rows() - room;
        for row in written(cells(&batch.slice(0, room), self.layout.exact))? {
            written(self.row(row))?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<String>> {
        if self.measures.is_none() && !self.vertical {
            written(self.begin())?;
        }
        let hidden = (self.hidden > 0).then(|| {
            format!("... {} not shown; other formats and -c show all", count(self.hidden, "more row"))
        });
        let cut = self.layout.hint.filter(|_| self.is_cut).map(str::to_owned);
        Ok(hidden.into_iter().chain(cut).collect())
    }
}

fn is_number(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_number(values),
        other => other.is_numeric(),
    }
}

fn cells(batch: &RecordBatch, exact: bool) -> Result<Vec<Vec<Cell>>, ArrowError> {
    let options = FormatOptions::default().with_null("NULL").with_display_error(false);
    let texts: Vec<ArrayFormatter<'_>> =
        batch.columns().iter().map(|c| ArrayFormatter::try_new(c, &options)).collect::<Result<_, _>>()?;
    let floats: Vec<Option<Float64Array>> =
        batch.columns().iter().map(|c| if exact { Ok(None) } else { floats(c) }).collect::<Result<_, _>>()?;
    let cell = |column: usize, row| {
        let text = visible(&texts[column].value(row).try_to_string()?);
        let floats = floats[column].as_ref().filter(|floats| floats.is_valid(row));
        Ok(Cell { text, float: floats.map(|floats| floats.value(row)) })
    };
    (0..batch.num_rows()).map(|row| (0..texts.len()).map(|column| cell(column, row)).collect()).collect()
}

/// The numbers of a column of floats; `None` for a column of another type.
fn floats(column: &ArrayRef) -> Result<Option<Float64Array>, ArrowError> {
    if !column.data_type().is_floating() {
        return Ok(None);
    }
    Ok(Some(cast(column, &DataType::Float64)?.as_primitive::<Float64Type>().clone()))
}
