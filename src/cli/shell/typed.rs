//! Puts lines together to statements and commands.

use crate::config::text_file::MARK;
use crate::query::statements::is_complete;

/// What the shell runs at once.
#[derive(Debug, PartialEq, Eq)]
pub enum Input {
    /// A backslash command: one line.
    Command(String),
    /// Statements, of which the last one is complete.
    Statements(String),
}

/// Lines that are not a complete statement yet.
#[derive(Debug, Default)]
pub struct Typed(String);

impl Typed {
    /// Adds a line without its line end. Returns what is complete with it. A command can be in the middle of a
    /// statement, and then leaves it as it is; in the middle of a text or comment, a line is not a command. A byte order
    /// mark between statements is skipped: it is there if scripts were put together from several files.
    pub fn add(&mut self, line: &str) -> Option<Input> {
        let is_first = self.is_blank();
        let line = if is_first { line.trim_start_matches(MARK) } else { line };
        let looks_like_one = line.trim_start().starts_with('\\') || is_first && is_farewell(line);
        if looks_like_one && (is_first || is_complete(&format!("{};", self.0))) {
            return Some(Input::Command(line.trim().to_owned()));
        }
        // No other line completes a statement or a comment, so the text is not read again for it.
        let may_end = is_first || [";", "*/"].iter().any(|end| line.contains(end));
        self.0.push_str(line);
        self.0.push('\n');
        (may_end && is_complete(&self.0)).then(|| Input::Statements(self.take()))
    }

    /// What there is of a statement.
    pub fn text(&self) -> &str {
        &self.0
    }

    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// What there is of a statement, which is then forgotten.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.0)
    }
}

/// The words that leave the shell.
pub const FAREWELLS: [&str; 2] = ["exit", "quit"];

fn is_farewell(line: &str) -> bool {
    FAREWELLS.contains(&line.trim().trim_end_matches(';').trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is complete, line by line, and what remains.
    fn read(text: &str) -> (Vec<Input>, String) {
        let mut typed = Typed::default();
        let inputs = text.lines().filter_map(|line| typed.add(line)).collect();
        (inputs, typed.take())
    }

    fn command(text: &str) -> Input {
        Input::Command(text.to_owned())
    }

    fn statements(text: &str) -> Input {
        Input::Statements(text.to_owned())
    }

    #[test]
    fn statements_span_lines_and_end_with_semicolons() {
        assert_eq!(read("select 1;"), (vec![statements("select 1;\n")], String::new()));
        assert_eq!(
            read("select\n 1; select 2;"),
            (vec![statements("select\n 1; select 2;\n")], String::new())
        );
        assert_eq!(read("select 1"), (vec![], "select 1\n".to_owned()));
        assert_eq!(read("select ';\n';"), (vec![statements("select ';\n';\n")], String::new()));
        let comment = (vec![statements("/* a;\nb */ select 1;\n")], String::new());
        assert_eq!(read("/* a;\nb */ select 1;"), comment);
        assert_eq!(read("\u{feff}select 1;"), (vec![statements("select 1;\n")], String::new()));
    }

    #[test]
    fn commands_are_told_from_statements() {
        for line in ["\\q", "\\d office;", "exit", "quit;"] {
            assert_eq!(read(line), (vec![command(line)], String::new()), "{line}");
        }
        for line in ["exit_code", "quit now", "select '\n\\q"] {
            assert!(read(line).0.is_empty(), "{line}");
        }
        // Blank lines and comments are nothing to run, and are forgotten.
        assert_eq!(read("-- \\q"), (vec![statements("-- \\q\n")], String::new()));
    }

    #[test]
    fn a_command_leaves_the_statement_around_it() {
        let (inputs, rest) = read("select\n  \\x\n1");
        assert_eq!((inputs, rest.as_str()), (vec![command("\\x")], "select\n1\n"));
        let (inputs, rest) = read("select '\n\\x\n' as a, /* \n\\x\n*/ 1\nexit\n");
        assert_eq!((inputs, rest.as_str()), (vec![], "select '\n\\x\n' as a, /* \n\\x\n*/ 1\nexit\n"));
    }
}
