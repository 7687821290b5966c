//! What one file is: an input of an enrichment, a list of addresses, or something else.

use std::io::Read;

use datafusion::arrow::datatypes::Schema;
use datafusion::prelude::SessionContext;

use super::recognize::{Recognized, export_of, recognize};
use crate::config::Format;
use crate::error::Result;
use crate::functions::address::normalize::normalize;
use crate::inputs::file_kind::FileKind;
use crate::inputs::parquet::Footer;
use crate::inputs::{csv, graph, parquet};
use crate::storage::{InputFile, is_beside};

/// What a file is.
pub(crate) enum Kind {
    Input(Recognized),
    /// Text with one address per line.
    Addresses,
    /// A table that a run has published.
    Published,
    /// Something that an enrichment does not read: what to say about it, without its name; blank for what usually lies
    /// beside data.
    Other(String),
}

/// The formats whose files have this name, in lower case; `None` for no such format. JSON files are exports.
pub(crate) fn format_of(name: &str) -> Option<Format> {
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(&format!(".{ending}")));
    match name {
        _ if name.ends_with(".parquet") => Some(Format::Canonical),
        _ if ends(csv::ENDINGS) => Some(Format::Csv),
        _ if ends(graph::ENDINGS) => Some(Format::GraphDataConnect),
        _ => None,
    }
}

/// Looks at a file. `place` is its path below the folder that is looked at.
pub(crate) async fn look(ctx: &SessionContext, file: &InputFile, place: &str) -> Kind {
    let name = place.rsplit('/').next().unwrap_or(place).to_lowercase();
    if is_beside(&name, file.size().unwrap_or_default()) {
        return Kind::Other(String::new());
    }
    let looked = match format_of(&name) {
        Some(Format::Canonical) => parquet_file(ctx, file, place).await,
        Some(Format::Csv) => csv::columns(file).map(|columns| of_columns(&columns, Format::Csv, place)),
        Some(Format::GraphDataConnect) => graph::names_in(file).map(|names| json(&names, place)),
        _ if is_list_of_addresses(file) => Ok(Kind::Addresses),
        _ => Ok(Kind::Other(other(file, &name))),
    };
    looked.unwrap_or_else(|e| Kind::Other(without(&e.to_string(), file)))
}

async fn parquet_file(ctx: &SessionContext, file: &InputFile, place: &str) -> Result<Kind> {
    let look = |_: usize, footer: &Footer, _: &str| Ok((footer.schema.clone(), footer.is_published()));
    let mut footers = parquet::footers(ctx, "", Format::Canonical, std::slice::from_ref(file), look).await?;
    Ok(match footers.pop() {
        Some(((_, true), _)) => Kind::Published,
        Some(((columns, false), _)) => of_columns(&columns, Format::Canonical, place),
        None => Kind::Other(String::new()),
    })
}

fn of_columns(columns: &Schema, format: Format, place: &str) -> Kind {
    if let Some(recognized) = recognize(columns, format, place) {
        return Kind::Input(recognized);
    }
    let names: Vec<_> = columns.fields().iter().map(|field| field.name().as_str()).collect();
    // Copies of messages and meetings have lists, which CSV has not.
    let copies = recognize(columns, Format::Delta, place).filter(|_| format == Format::Csv);
    Kind::Other(match copies {
        Some(copies) => {
            format!("seems to be {}, which is not read from CSV; convert it to Parquet", copies.section)
        }
        None => unknown(&names),
    })
}

fn json(names: &[String], place: &str) -> Kind {
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    match export_of(&names, place) {
        Some(section) => Kind::Input(Recognized {
            section,
            format: Format::GraphDataConnect,
            columns: vec![],
            domain: None,
            attributes: vec![],
            others: vec![],
        }),
        None => Kind::Other(format!(
            "{}; JSON is read in the shape of Microsoft Graph, other tables as Parquet or CSV",
            unknown(&names)
        )),
    }
}

/// How many names of columns are shown.
const SHOWN: usize = 12;

fn unknown(names: &[&str]) -> String {
    // A name with an address is a value of a file without a header.
    let shown: Vec<_> = names.iter().copied().filter(|name| !name.contains('@')).take(SHOWN).collect();
    let more = if names.len() > shown.len() { ", ..." } else { "" };
    format!("is not recognized by its columns: {}{more}", shown.join(", "))
}

/// The endings of text files that can be tables.
const OF_TABLES: [&str; 4] = [".txt", ".tsv", ".tab", ".dat"];

fn other(file: &InputFile, name: &str) -> String {
    match FileKind::of_file(file) {
        Some(kind) if kind.is_parquet() => "is a Parquet file; give it the ending .parquet".to_owned(),
        Some(kind) if kind.is_csv() && OF_TABLES.iter().any(|ending| name.ends_with(ending)) => {
            "is text; if it is a table, give it the ending .csv".to_owned()
        }
        Some(kind) if kind.is_text() => String::new(),
        Some(kind) => format!("is {}; {}", kind.name, kind.remedy("contacts", Format::Canonical)),
        None => "is of an unknown format".to_owned(),
    }
}

/// The text of an error without the name of the file at its beginning.
fn without(error: &str, file: &InputFile) -> String {
    let text = error.strip_prefix("[] ").unwrap_or(error);
    let text = text.strip_prefix(&file.to_string()).unwrap_or(text);
    text.trim_start_matches([':', ' ']).to_owned()
}

/// How many bytes of a text file are looked at.
const START: u64 = 1 << 20;

/// Whether a file is text in which each line is an address, a comment or blank, and some line is an address.
fn is_list_of_addresses(file: &InputFile) -> bool {
    let mut text = String::new();
    let read = file.open().and_then(|bytes| bytes.take(START).read_to_string(&mut text));
    let mut lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).peekable();
    read.is_ok() && lines.peek().is_some() && lines.all(|line| normalize(line).is_some())
}
