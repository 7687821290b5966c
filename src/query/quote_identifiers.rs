//! Puts the known names of a statement into quotes, in their canonical spelling.

use datafusion::error::DataFusionError;
use datafusion::sql::parser::{DFParserBuilder, Statement as DfStatement};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Word};

use super::identifier_roles::{self as roles, Candidate};
use super::identifiers::Names;
use super::syntax::{Lexed, syntax_error};
use crate::error::Result;

impl Names {
    /// Replaces the known names in a text of one or more statements by their canonical spelling in quotes.
    ///
    /// # Errors
    /// The text is not SQL.
    pub fn quote(&self, sql: &str) -> Result<String> {
        let lexed = Lexed::new(sql)?;
        let mut quoted = String::with_capacity(sql.len() + 32);
        let mut copied = 0;
        for statement in lexed.statements() {
            let tokens = &lexed.tokens[statement.clone()];
            for (token, name) in self.quote_statement(tokens)? {
                let at = lexed.offset(statement.start + token);
                let Token::Word(word) = &tokens[token].token else { continue };
                // The offset of an optimizer hint is not that of its text.
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

    /// The tokens of one statement that must be quoted: the index and the canonical spelling of each.
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
                // Either the statement is wrong: then the error is about the text as typed. Or its
                // grammar requires the exact text of a word: then no word in it is a name.
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

    fn parse(&self, tokens: Vec<TokenWithSpan>) -> Result<DfStatement, DataFusionError> {
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
        // These statements contain names of settings, not of tables or columns.
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
            // Before a parenthesis, a word is a function, except for the table of INSERT INTO.
            if next == Some(&Token::LParen) && (nth == 0 || keyword(nth - 1) != Keyword::INTO) {
                continue;
            }
            let qualifies = next == Some(&Token::Period);
            candidates.push(Candidate { token, word: value.clone(), qualifies });
        }
        candidates
    }
}

/// The keywords that follow SHOW in statements that name a table.
const SHOWS_A_TABLE: [Keyword; 4] = [Keyword::COLUMNS, Keyword::CREATE, Keyword::FULL, Keyword::EXTENDED];

/// Spells the columns of `PARTITIONED BY` of COPY as the engine looks for them. It takes these texts as they
/// are, with their quotes and in their case.
pub(crate) fn unquote_partitions(statement: &mut DfStatement) {
    match statement {
        DfStatement::Explain(explain) => unquote_partitions(&mut explain.statement),
        DfStatement::CopyTo(copy) => copy.partitioned_by.iter_mut().for_each(|c| *c = unquoted(c)),
        _ => {}
    }
}

/// The name that an identifier has.
fn unquoted(identifier: &str) -> String {
    for quote in ['"', '`'] {
        if let Some(inner) = identifier.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner.replace(&format!("{quote}{quote}"), &quote.to_string());
        }
    }
    identifier.to_lowercase()
}
