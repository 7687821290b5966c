//! Names in any case: `select engagementscore from office` finds `EngagementScore` in `Office`.
//!
//! The engine lower-cases every unquoted name, while published tables are spelled in CamelCase.
//! [`Names::quote`] therefore puts known names into quotes in their canonical spelling before a
//! statement is planned, and leaves every other byte alone: white space, comments, literals,
//! quoted names, function names.
//!
//! A word that is both a keyword and a name (`month`, `value`, `to`) is judged by the parser: each
//! known word is marked, the marked statement is parsed, and a mark that comes back as an
//! identifier was one. The same parse tells which table a word belongs to, so `email` of one table
//! and `Email` of another can stand in one statement. Where the position does not tell, the
//! spelling as typed decides.

use std::collections::{BTreeMap, HashSet};

use datafusion::prelude::SessionContext;
use datafusion::sql::parser::DFParserBuilder;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Word};

use crate::error::Result;
use crate::statements::{Lexed, syntax_error};

mod roles;

/// The tables of a session with their columns, in canonical spelling.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// By lower-cased name; several where spellings differ in case alone.
    tables: BTreeMap<String, Vec<Table>>,
    /// Lower-cased names of all columns.
    columns: HashSet<String>,
    recursion_limit: usize,
}

/// A table or view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its canonical spelling.
    pub name: String,
    /// Its columns in canonical spelling, in their order.
    pub columns: Vec<String>,
}

/// A word of a statement that is the name of some table or column.
struct Candidate {
    /// Where it stands among the tokens.
    token: usize,
    word: String,
    /// A period follows: the word qualifies another.
    qualifies: bool,
}

impl Names {
    /// The names of all tables and views that are registered with a session.
    ///
    /// # Errors
    /// Where a catalog cannot give one of its tables.
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

    /// All tables, by name.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.values().flatten()
    }

    /// The table of that name, in any case; the exact spelling first.
    pub fn table(&self, name: &str) -> Option<&Table> {
        let same = self.tables.get(&name.to_lowercase())?;
        same.iter().find(|t| t.name == name).or(same.first())
    }

    /// The statements with their known names quoted in canonical spelling.
    ///
    /// # Errors
    /// Text that is no SQL.
    pub fn quote(&self, sql: &str) -> Result<String> {
        let lexed = Lexed::new(sql)?;
        let mut quoted = String::with_capacity(sql.len() + 32);
        let mut copied = 0;
        for statement in lexed.statements() {
            let tokens = &lexed.tokens[statement.clone()];
            for (token, name) in self.quote_statement(tokens)? {
                let at = lexed.offset(statement.start + token);
                let Token::Word(word) = &tokens[token].token else { continue };
                // Optimizer hints are tokens whose place is not where they stand.
                if !sql[at..].starts_with(&word.value) || at < copied {
                    continue;
                }
                quoted.push_str(&sql[copied..at]);
                quoted.push_str(&format!("\"{}\"", name.replace('"', "\"\"")));
                copied = at + word.value.len();
            }
        }
        quoted.push_str(&sql[copied..]);
        Ok(quoted)
    }

    /// The tokens of one statement that must be quoted, each with its canonical spelling.
    fn quote_statement(&self, tokens: &[TokenWithSpan]) -> Result<Vec<(usize, String)>> {
        let candidates = self.candidates(tokens);
        if candidates.is_empty() {
            return Ok(vec![]);
        }
        let mut marked = tokens.to_vec();
        for (mark, candidate) in candidates.iter().enumerate() {
            if let Token::Word(word) = &mut marked[candidate.token].token {
                word.value = roles::mark(mark, &candidate.word);
            }
        }
        let statement = match self.parse(marked) {
            Ok(statement) => statement,
            Err(_) => {
                // Either the statement is wrong, and then the message is about the text as typed,
                // or its grammar asks for the text of a word, and then nothing in it is a name.
                self.parse(tokens.to_vec()).map_err(|e| syntax_error(&e))?;
                return Ok(vec![]);
            }
        };
        let spellings = roles::spellings(self, &statement, &candidates);
        Ok(candidates
            .iter()
            .zip(spellings)
            .filter_map(|(candidate, name)| Some((candidate, name?)))
            .filter(|(candidate, name)| *name != candidate.word.to_ascii_lowercase())
            .map(|(candidate, name)| (candidate.token, name))
            .collect())
    }

    fn parse(
        &self,
        tokens: Vec<TokenWithSpan>,
    ) -> Result<datafusion::sql::parser::Statement, datafusion::error::DataFusionError> {
        DFParserBuilder::new(tokens)
            .with_dialect(&GenericDialect {})
            .with_recursion_limit(self.recursion_limit.max(1))
            .build()?
            .parse_statement()
    }

    fn candidates(&self, tokens: &[TokenWithSpan]) -> Vec<Candidate> {
        let significant: Vec<usize> =
            (0..tokens.len()).filter(|&i| !matches!(tokens[i].token, Token::Whitespace(_))).collect();
        let keyword = |nth: usize| match significant.get(nth).map(|&i| &tokens[i].token) {
            Some(Token::Word(Word { keyword, quote_style: None, .. })) => *keyword,
            _ => Keyword::NoKeyword,
        };
        // The names of settings are not ours.
        match keyword(0) {
            Keyword::SET | Keyword::RESET => return vec![],
            Keyword::SHOW if !SHOWS_A_TABLE.contains(&keyword(1)) => return vec![],
            _ => {}
        }
        let mut candidates = vec![];
        for (nth, &token) in significant.iter().enumerate() {
            let Token::Word(Word { value, quote_style: None, .. }) = &tokens[token].token else { continue };
            let lower = value.to_lowercase();
            if !self.tables.contains_key(&lower) && !self.columns.contains(&lower) {
                continue;
            }
            let next = significant.get(nth + 1).map(|&i| &tokens[i].token);
            // A function, unless rows are inserted into it.
            if next == Some(&Token::LParen) && (nth == 0 || keyword(nth - 1) != Keyword::INTO) {
                continue;
            }
            let qualifies = next == Some(&Token::Period);
            candidates.push(Candidate { token, word: value.clone(), qualifies });
        }
        candidates
    }

    fn insert(&mut self, table: Table) {
        self.columns.extend(table.columns.iter().map(|c| c.to_lowercase()));
        self.tables.entry(table.name.to_lowercase()).or_default().push(table);
    }
}

/// What may follow SHOW where a table is named.
const SHOWS_A_TABLE: [Keyword; 4] = [Keyword::COLUMNS, Keyword::CREATE, Keyword::FULL, Keyword::EXTENDED];

#[cfg(test)]
mod tests;
