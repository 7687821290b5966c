//! Messages about columns and tables that do not exist: the nearest name that does, or what to write instead.

use std::collections::HashSet;
use std::ops::ControlFlow;

use datafusion::common::Column;
use datafusion::sql::parser::{CopyToSource, DFParser, Statement as DfStatement};
use datafusion::sql::sqlparser::ast::{ObjectName, TableFactor, Visit, Visitor};
use datafusion::sql::sqlparser::tokenizer::{Token, Word};

use super::identifiers::{Names, Table};
use super::syntax::Lexed;
use crate::error::suggest::nearest;

/// Maximum number of columns that are listed if a column is not found.
const LISTED: usize = 8;

/// The endings by which a name is recognized as the name of a file.
const FILES: [&str; 8] = [".parquet", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".arrow", ".avro"];

/// The message for a column that does not exist. `valid` are the columns that the engine lists.
pub(super) fn column(wanted: &Column, valid: &[Column], names: &Names, statement: &str) -> String {
    let sources = sources(statement, names);
    match &wanted.relation {
        Some(relation) => qualified(relation.table(), &wanted.name, valid, &sources),
        None => unqualified(&wanted.name, valid, &sources, statement),
    }
}

/// A table in a FROM clause: the name that qualifies its columns, and the table if it is a known one.
type Source<'a> = (String, Option<&'a Table>);

fn columns_of<'a>(sources: &[Source<'a>]) -> Vec<&'a str> {
    sources.iter().filter_map(|(_, table)| *table).flat_map(|t| &t.columns).map(String::as_str).collect()
}

fn unqualified(wanted: &str, valid: &[Column], sources: &[Source<'_>], statement: &str) -> String {
    let mut known: Vec<&str> = valid.iter().map(|c| c.name.as_str()).collect();
    if known.is_empty() {
        known = columns_of(sources);
        if known.contains(&wanted) {
            return format!("column {wanted} cannot be used here, only values can");
        }
    }
    match (nearest(wanted, known.iter().copied()), is_in_double_quotes(wanted, statement)) {
        (Some(near), false) => format!("no column named {wanted}; did you mean {near}?"),
        (Some(near), true) => {
            format!("no column named {wanted}; did you mean {near}, or the text '{wanted}' in single quotes?")
        }
        (None, true) => format!(
            "no column named {wanted}; double quotes enclose a name, a text is in single quotes: '{wanted}'"
        ),
        (None, false) => format!("no column named {wanted}{}", listed(&known)),
    }
}

/// A column whose table is given: suggestions are columns of this table, and the tables that have the
/// column.
fn qualified(table: &str, wanted: &str, valid: &[Column], sources: &[Source<'_>]) -> String {
    let named: Vec<&Source<'_>> = sources.iter().filter(|s| s.0.eq_ignore_ascii_case(table)).collect();
    let of_table = |c: &&Column| c.relation.as_ref().is_some_and(|r| r.table() == table);
    let mut own: Vec<&str> = valid.iter().filter(of_table).map(|c| c.name.as_str()).collect();
    if own.is_empty() {
        own = named.iter().filter_map(|s| s.1).flat_map(|t| &t.columns).map(String::as_str).collect();
    }
    if own.is_empty() && named.is_empty() {
        return match nearest(table, sources.iter().map(|s| s.0.as_str())) {
            Some(near) => format!("no table named {table} in FROM; did you mean {near}?"),
            None => format!("no table named {table} in FROM"),
        };
    }
    let elsewhere = sources.iter().find_map(|(qualifier, other)| {
        let name = other.iter().flat_map(|t| &t.columns).find(|c| c.eq_ignore_ascii_case(wanted))?;
        Some(format!("{qualifier}.{name}"))
    });
    let near = || nearest(wanted, own.iter().copied()).map(|near| format!("{table}.{near}"));
    match elsewhere.or_else(near) {
        Some(meant) => format!("no column named {table}.{wanted}; did you mean {meant}?"),
        None => format!("no column named {table}.{wanted}{}", listed(&own)),
    }
}

fn listed(known: &[&str]) -> String {
    if known.is_empty() {
        return String::new();
    }
    // A column of the result can have the name of a column of a table.
    let mut seen = HashSet::new();
    let known: Vec<&str> = known.iter().copied().filter(|name| seen.insert(*name)).collect();
    let more = if known.len() > LISTED { ", ..." } else { "" };
    format!("; there are {}{more}", known[..known.len().min(LISTED)].join(", "))
}

fn is_in_double_quotes(name: &str, statement: &str) -> bool {
    Lexed::new(statement).is_ok_and(|lexed| {
        lexed.tokens.iter().any(|t| match &t.token {
            Token::Word(Word { value, quote_style: Some('"'), .. }) => value == name,
            _ => false,
        })
    })
}

/// The tables in all FROM clauses of a statement, in their order.
fn sources<'a>(statement: &str, names: &'a Names) -> Vec<Source<'a>> {
    struct Sources<'a> {
        names: &'a Names,
        found: Vec<Source<'a>>,
    }
    impl Sources<'_> {
        fn add(&mut self, name: Option<&ObjectName>, alias: Option<&str>) {
            let last = |name: &ObjectName| Some(name.0.last()?.as_ident()?.value.clone());
            let typed = name.and_then(last);
            let table = typed.as_ref().and_then(|name| self.names.table(name));
            let qualifier = alias.map(str::to_owned).or_else(|| table.map(|t| t.name.clone()));
            if let Some(qualifier) = qualifier.or(typed) {
                self.found.push((qualifier, table));
            }
        }
    }
    impl Visitor for Sources<'_> {
        type Break = ();

        fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
            let (name, alias) = match factor {
                TableFactor::Table { name, alias, .. } => (Some(name), alias),
                TableFactor::Derived { alias, .. } | TableFactor::UNNEST { alias, .. } => (None, alias),
                _ => (None, &None),
            };
            self.add(name, alias.as_ref().map(|a| a.name.value.as_str()));
            ControlFlow::Continue(())
        }
    }
    let mut sources = Sources { names, found: vec![] };
    let parsed = DFParser::parse_sql(statement).unwrap_or_default();
    let mut waiting: Vec<&DfStatement> = parsed.iter().collect();
    while let Some(statement) = waiting.pop() {
        let _ = match statement {
            DfStatement::Statement(statement) => statement.visit(&mut sources),
            DfStatement::CopyTo(copy) => match &copy.source {
                CopyToSource::Query(query) => query.visit(&mut sources),
                CopyToSource::Relation(name) => {
                    sources.add(Some(name), None);
                    ControlFlow::Continue(())
                }
            },
            DfStatement::Explain(explain) => {
                waiting.push(&explain.statement);
                ControlFlow::Continue(())
            }
            DfStatement::CreateExternalTable(_) | DfStatement::Reset(_) => ControlFlow::Continue(()),
        };
    }
    sources.found
}

/// How the message for a table that does not exist begins.
pub(super) const NO_TABLE: &str = "no table named ";

/// The message for a table that does not exist. `files` is whether statements may reach files.
pub(super) fn table(missing: &str, names: &Names, files: bool) -> String {
    // Without permission to reach files, a path as a table name is a table that does not exist.
    let path = missing.strip_prefix("datafusion.public.").unwrap_or(missing);
    if !files && (path.contains('/') || FILES.iter().any(|end| path.ends_with(end))) {
        return format!("{NO_TABLE}{path}; files are read only with --allow-files");
    }
    let path = path.strip_prefix("datafusion.").unwrap_or(path);
    if let Some((schema, last)) = path.rsplit_once('.')
        && let Some(table) = names.table(last)
    {
        return format!("{NO_TABLE}{path}; write {} without {schema}", table.name);
    }
    match nearest(path, names.tables().map(|t| t.name.as_str())) {
        Some(near) => format!("{NO_TABLE}{path}; did you mean {near}?"),
        None => format!("{NO_TABLE}{path}"),
    }
}
