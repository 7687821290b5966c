//! Splits a text into tokens and statements.

use std::ops::Range;

use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::{
    Location, Token, TokenWithSpan, Tokenizer, TokenizerError, Whitespace,
};

use crate::error::{Error, Result, one_line};

/// The tokens of a text, with their positions in it.
pub(crate) struct Lexed {
    pub(crate) tokens: Vec<TokenWithSpan>,
    /// The byte at which each token begins.
    offsets: Vec<usize>,
}

impl Lexed {
    pub(crate) fn new(sql: &str) -> Result<Self> {
        let tokens =
            Tokenizer::new(&GenericDialect {}, sql).tokenize_with_location().map_err(tokenizer_error)?;
        refuse_other_line_ends(&tokens)?;
        let offsets = offsets(sql, &tokens);
        refuse_other_numbers(sql, &tokens, &offsets)?;
        Ok(Self { tokens, offsets })
    }

    /// The byte at which a token begins.
    pub(crate) fn offset(&self, token: usize) -> usize {
        self.offsets[token]
    }

    /// The statements as ranges of tokens, without their semicolons.
    pub(crate) fn statements(&self) -> impl Iterator<Item = Range<usize>> {
        let mut start = 0;
        let ends = self.ends().chain([self.tokens.len()]).collect::<Vec<_>>();
        ends.into_iter().map(move |end| std::mem::replace(&mut start, end + 1)..end)
    }

    fn ends(&self) -> impl Iterator<Item = usize> {
        (0..self.tokens.len()).filter(|&i| self.tokens[i].token == Token::SemiColon)
    }
}

/// A line comment ends only at a line feed. With other line ends, as some editors write them, it would hide the
/// statements behind it.
fn refuse_other_line_ends(tokens: &[TokenWithSpan]) -> Result<()> {
    let is_end = |c: char| ['\r', '\u{85}', '\u{2028}', '\u{2029}'].contains(&c);
    let is_split = |token: &TokenWithSpan| match &token.token {
        Token::Whitespace(Whitespace::SingleLineComment { comment, .. }) => {
            comment.trim_end_matches(['\r', '\n']).contains(is_end)
        }
        _ => false,
    };
    match tokens.iter().find(|token| is_split(token)) {
        Some(token) => Err(Error::query(format!(
            "line {}: the comment contains a line end that is not LF or CR LF; save the text with such line ends",
            token.span.start.line
        ))),
        None => Ok(()),
    }
}

/// The parser reads `1_000` as the number 1 with the name `_000`, and `0x1F` as bytes.
fn refuse_other_numbers(sql: &str, tokens: &[TokenWithSpan], offsets: &[usize]) -> Result<()> {
    for (i, token) in tokens.iter().enumerate() {
        let next = tokens.get(i + 1).map(|next| &next.token);
        let written = match (&token.token, next) {
            (Token::Number(digits, _), Some(Token::Word(word)))
                if word.quote_style.is_none() && word.keyword == Keyword::NoKeyword =>
            {
                format!("{digits}{}", word.value)
            }
            // The other notation of bytes, x'1F', is not meant as a number.
            (Token::HexStringLiteral(digits), _)
                if offsets.get(i).is_some_and(|at| sql[*at..].starts_with('0')) =>
            {
                format!("0x{digits}")
            }
            _ => continue,
        };
        return Err(Error::query(format!(
            "{written} is not a number; write it in decimal digits without _, a name with AS and a space, and a name \
             that begins with a digit in double quotes"
        )));
    }
    Ok(())
}

/// The byte at which each token begins. The tokenizer only gives lines and columns, which are counted in
/// characters from 1.
fn offsets(sql: &str, tokens: &[TokenWithSpan]) -> Vec<usize> {
    let mut at = Location { line: 1, column: 1 };
    let mut chars = sql.char_indices().peekable();
    let mut offsets = Vec::with_capacity(tokens.len());
    for token in tokens {
        while at < token.span.start
            && let Some((_, c)) = chars.next()
        {
            at = if c == '\n' {
                Location { line: at.line + 1, column: 1 }
            } else {
                Location { line: at.line, column: at.column + 1 }
            };
        }
        offsets.push(chars.peek().map_or(sql.len(), |&(i, _)| i));
    }
    offsets
}

/// The statements of a text, each without its semicolon. Statements that are empty or contain only
/// comments are left out.
///
/// ```
/// use datafusion_engagement::query::statements::split;
/// assert_eq!(split("select ';' -- a;b\n; ; select 2")?, ["select ';' -- a;b", "select 2"]);
/// # Ok::<(), datafusion_engagement::error::Error>(())
/// ```
///
/// # Errors
/// The text is not SQL: it contains, for example, a literal without its end.
pub fn split(script: &str) -> Result<Vec<&str>> {
    let lexed = Lexed::new(script)?;
    let end = |token: usize| lexed.offsets.get(token).copied().unwrap_or(script.len());
    Ok(lexed
        .statements()
        .filter(|range| lexed.tokens[range.clone()].iter().any(|t| !matches!(t.token, Token::Whitespace(_))))
        .map(|range| script[lexed.offsets[range.start]..end(range.end)].trim())
        .collect())
}

/// Whether a text can be run as it is: it is blank, or its last statement has its semicolon. A text that
/// no continuation can correct is also complete, so that its error is shown.
pub fn is_complete(script: &str) -> bool {
    let mut tokens = vec![];
    match Tokenizer::new(&GenericDialect {}, script).tokenize_with_location_into_buf(&mut tokens) {
        Ok(()) => {
            let last = tokens.iter().rev().find(|t| !matches!(t.token, Token::Whitespace(_)));
            last.is_none_or(|t| t.token == Token::SemiColon)
        }
        Err(error) => !["Unterminated", "EOF", "close delimiter"].iter().any(|w| error.message.contains(w)),
    }
}

/// Whether statements of this kind return rows. Those that only change the session do not.
pub fn yields_rows(statement: &str) -> bool {
    let mut tokens = vec![];
    // A text that is not SQL fails when it is planned.
    let _ = Tokenizer::new(&GenericDialect {}, statement).tokenize_with_location_into_buf(&mut tokens);
    let first = tokens.iter().find_map(|t| match &t.token {
        Token::Word(word) => Some(word.keyword),
        _ => None,
    });
    !matches!(
        first,
        Some(
            Keyword::CREATE
                | Keyword::DROP
                | Keyword::SET
                | Keyword::RESET
                | Keyword::PREPARE
                | Keyword::DEALLOCATE
        )
    )
}

/// The error of a statement that cannot be parsed.
pub(crate) fn syntax_error(error: &DataFusionError) -> Error {
    match error.find_root() {
        DataFusionError::SQL(inner, _) => Error::query(one_line(&parser_message(inner))),
        other => Error::query(one_line(&other.message())),
    }
}

/// The error of a text that cannot be split into tokens.
fn tokenizer_error(error: TokenizerError) -> Error {
    Error::query(one_line(&error.to_string()))
}

pub(crate) fn parser_message(error: &ParserError) -> String {
    match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => {
            let found = text.split_once("found: ").and_then(|(_, found)| found.chars().next());
            match found {
                Some('‘' | '’' | '‚' | '“' | '”' | '„') => {
                    format!("{text}; a text is in straight quotes: 'text'")
                }
                Some('[') => format!("{text}; a name is in double quotes: \"Name\""),
                _ => text.clone(),
            }
        }
        ParserError::RecursionLimitExceeded => {
            "the statement is nested too deeply; put parts of it into WITH queries or views".to_owned()
        }
    }
}
