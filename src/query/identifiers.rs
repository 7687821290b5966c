//! Names in any case: `select engagementscore from office` finds `EngagementScore` in `Office`.
//!
//! The engine lower-cases every unquoted name, while published tables are spelled in CamelCase.
//! [`Names::quote`] therefore replaces known names by their canonical spelling in quotes, before a
//! statement is planned. It changes no other byte: white space, comments, literals, quoted names and
//! function names stay as they are.
//!
//! If a word is both a keyword and a name (`month`, `value`, `to`), the parser decides. Each known word is
//! marked, and the marked statement is parsed. A word is an identifier if its mark is in an identifier of
//! the syntax tree. The syntax tree also shows to which table a word belongs, so `email` of one table and
//! `Email` of another can occur in one statement. If the position does not decide, the spelling as typed
//! does.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};

use datafusion::prelude::SessionContext;

use crate::error::Result;

/// The tables of a session with their columns, in canonical spelling.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// By lower-cased name; several if their names differ only in case.
    pub(crate) tables: BTreeMap<String, Vec<Table>>,
    /// Lower-cased names of all columns.
    pub(crate) columns: HashSet<String>,
    pub(crate) recursion_limit: usize,
}

/// A table or view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its canonical spelling.
    pub name: String,
    /// Its columns in canonical spelling, in the order of the table.
    pub columns: Vec<String>,
}

impl Names {
    /// The names of all tables and views that are registered with a session.
    ///
    /// # Errors
    /// A catalog cannot return one of its tables.
    pub async fn load(ctx: &SessionContext) -> Result<Self> {
        let recursion_limit = ctx.state().config_options().sql_parser.recursion_limit.get();
        let mut names = Self { recursion_limit, ..Self::default() };
        for catalog in ctx.catalog_names() {
            let Some(catalog) = ctx.catalog(&catalog) else { continue };
            for schema in catalog.schema_names() {
                let Some(provider) = catalog.schema(&schema) else { continue };
                if schema == "information_schema" {
                    continue;
                }
                for table in provider.table_names() {
                    let Some(found) = provider.table(&table).await? else { continue };
                    let columns = found.schema().fields().iter().map(|f| f.name().clone()).collect();
                    names.insert(Table { name: table, columns });
                }
            }
        }
        Ok(names)
    }

    /// All tables, in the order of their lower-cased names.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.values().flatten()
    }

    /// The table of this name in any case. If there are several: the one of exactly this spelling, else the
    /// first.
    pub fn table(&self, name: &str) -> Option<&Table> {
        let same = self.tables.get(&name.to_lowercase())?;
        same.iter().find(|t| t.name == name).or(same.first())
    }

    pub(crate) fn insert(&mut self, table: Table) {
        self.columns.extend(table.columns.iter().map(|c| c.to_lowercase()));
        self.tables.entry(table.name.to_lowercase()).or_default().push(table);
    }
}
