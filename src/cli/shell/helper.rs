//! Completes names.

use std::collections::BTreeSet;

use rustyline::completion::{Completer, Pair};
use rustyline::{Context, Helper, Highlighter, Hinter, Validator};

use super::command::Argument;
use super::commands;
use crate::query::statements::Statements;

/// The words of SQL that are completed.
const WORDS: [&str; 44] = [
    "and",
    "as",
    "asc",
    "between",
    "by",
    "case",
    "cast",
    "create",
    "describe",
    "desc",
    "distinct",
    "drop",
    "else",
    "end",
    "except",
    "exists",
    "explain",
    "from",
    "full",
    "group",
    "having",
    "in",
    "inner",
    "interval",
    "is",
    "join",
    "left",
    "like",
    "limit",
    "not",
    "null",
    "offset",
    "on",
    "or",
    "order",
    "over",
    "partition",
    "select",
    "show",
    "then",
    "union",
    "using",
    "when",
    "where",
];

/// Gives the editor completions while a person types.
#[derive(Default, Helper, Highlighter, Hinter, Validator)]
pub struct ShellHelper {
    tables: BTreeSet<String>,
    columns: BTreeSet<String>,
    functions: BTreeSet<String>,
}

impl ShellHelper {
    /// Updates the names of tables, columns and functions.
    pub fn learn(&mut self, session: &Statements) {
        let state = session.context().state();
        self.tables = session.names().tables().map(|t| t.name.clone()).collect();
        self.columns = session.names().tables().flat_map(|t| t.columns.clone()).collect();
        self.functions = [
            state.scalar_functions().keys().collect::<Vec<_>>(),
            state.aggregate_functions().keys().collect(),
            state.window_functions().keys().collect(),
        ]
        .concat()
        .into_iter()
        .cloned()
        .collect();
    }

    /// The byte at which the word at the cursor begins, and its possible completions.
    fn candidates(&self, line: &str, pos: usize) -> (usize, Vec<String>) {
        let before = &line[..pos];
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let start = before.trim_end_matches(is_part).len();
        let word = before[start..].to_lowercase();
        let fits = |name: &&String| name.to_lowercase().starts_with(&word);
        if before.trim_start().starts_with('\\') {
            let start = before.find('\\').unwrap_or_default();
            let typed = &before[start..];
            let Some((name, _)) = typed.split_once(char::is_whitespace) else {
                let names = commands::all().flat_map(|command| command.names);
                return (start, names.filter(|n| n.starts_with(typed)).map(|n| (*n).to_owned()).collect());
            };
            let command = commands::all().find(|command| command.names.contains(&name));
            let names = match command.map_or(Argument::Other, |command| command.argument) {
                Argument::Table => self.tables.iter().filter(fits).cloned().collect(),
                Argument::Function => self.functions.iter().filter(fits).cloned().collect(),
                Argument::OneOf(words) => {
                    words.iter().filter(|w| w.starts_with(&word)).map(|w| (*w).to_owned()).collect()
                }
                Argument::Other => return (pos, vec![]),
            };
            return (pos - word.len(), names);
        }
        // Only a column can follow a period.
        if before[..start].ends_with('.') {
            return (start, self.columns.iter().filter(fits).cloned().collect());
        }
        if word.is_empty() {
            return (start, vec![]);
        }
        let upper = before[start..].chars().all(|c| !c.is_lowercase());
        let words = WORDS.iter().filter(|w| w.starts_with(&word));
        let words = words.map(|w| if upper { w.to_uppercase() } else { (*w).to_owned() });
        let functions = self.functions.iter().filter(fits).map(|f| format!("{f}("));
        let names = self.tables.iter().chain(&self.columns).filter(fits).cloned();
        let mut all: Vec<String> = names.chain(words).chain(functions).collect();
        let mut seen = BTreeSet::new();
        all.retain(|name| seen.insert(name.clone()));
        (start, all)
    }
}

impl Completer for ShellHelper {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, names) = self.candidates(line, pos);
        Ok((start, names.into_iter().map(|name| Pair { display: name.clone(), replacement: name }).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn helper() -> ShellHelper {
        let set = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        ShellHelper {
            tables: set(&["Office", "Office_Overview", "CustomerCard"]),
            columns: set(&["CustomerId", "EngagementScore", "Emails"]),
            functions: set(&["date_trunc", "normalize_address"]),
        }
    }

    fn complete(line: &str) -> (usize, Vec<String>) {
        helper().candidates(line, line.len())
    }

    #[test]
    fn words_are_completed_in_any_case() {
        assert_eq!(complete("select eng"), (7, vec!["EngagementScore".into()]));
        assert_eq!(complete("select * from OFF").1, ["Office", "Office_Overview", "OFFSET"]);
        assert_eq!(complete("select CUST").1, ["CustomerCard", "CustomerId"]);
        assert_eq!(complete("select norm").1, ["normalize_address("]);
        assert_eq!(complete("sel").1, ["select"]);
        assert_eq!(complete("SEL").1, ["SELECT"]);
        assert_eq!(complete("select o.e"), (9, vec!["Emails".into(), "EngagementScore".into()]));
        assert_eq!(complete("select 'größe', em"), (18, vec!["Emails".into()]));
        assert_eq!(complete("select "), (7, vec![]));
    }

    #[tokio::test]
    async fn attributes_of_accounts_are_completed() {
        let session = Statements::new(crate::query::testing::published().await).await.unwrap();
        let mut helper = ShellHelper::default();
        helper.learn(&session);
        assert_eq!(helper.candidates("select a.indu", 13).1, ["Industry"]);
        assert_eq!(helper.candidates("select * from office_acc", 24).1, ["Office_Accounts"]);
    }

    #[test]
    fn commands_are_completed() {
        assert_eq!(complete("\\t"), (0, vec!["\\timing".into()]));
        assert_eq!(complete("\\d of"), (3, vec!["Office".into(), "Office_Overview".into()]));
        assert_eq!(complete("\\df da"), (4, vec!["date_trunc".into()]));
        assert_eq!(complete("\\format n"), (8, vec!["ndjson".into()]));
        assert_eq!(complete("\\x a"), (3, vec!["auto".into()]));
        assert_eq!(complete("\\i fi"), (5, vec![]));
    }
}
