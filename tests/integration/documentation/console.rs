//! Console blocks: commands, and what they print.
//!
//! A line that begins with `$ ` is a command. Lines after it that begin with `> ` continue the command. All
//! other lines are the output of the command before: standard output and standard error, compared line by line
//! without white space at the end of lines. A line `...` stands for any number of lines.

use super::page::{Block, Page};
use super::workspace::Workspace;

/// A command with its expected output.
pub struct Command {
    line: usize,
    text: String,
    expected: Vec<String>,
}

/// The commands of a block.
///
/// # Errors
/// The block does not begin with a command.
pub fn commands(block: &Block) -> Result<Vec<Command>, String> {
    let (mut commands, mut is_continued) = (Vec::<Command>::new(), false);
    for (line, text) in (block.line..).zip(block.text.lines()) {
        let continuation = text.strip_prefix("> ").or((text == ">").then_some(""));
        if let Some(text) = text.strip_prefix("$ ") {
            commands.push(Command { line, text: text.to_owned(), expected: vec![] });
            is_continued = true;
        } else if let (true, Some(text), Some(command)) = (is_continued, continuation, commands.last_mut()) {
            command.text += "\n";
            command.text += text;
        } else {
            let command = commands.last_mut().ok_or("a console block begins with a line `$ COMMAND`")?;
            command.expected.push(text.trim_end().to_owned());
            is_continued = false;
        }
    }
    Ok(commands)
}

impl Command {
    /// Whether at least one line of its output is compared.
    pub fn shows_output(&self) -> bool {
        self.expected.iter().any(|line| line != "...")
    }

    /// Runs the command. What is wrong with its output or its exit code, if anything is: a command that fails
    /// shows its error.
    pub fn failure(&self, page: &Page, workspace: &Workspace) -> Option<String> {
        let ended = workspace.bash(&self.text);
        let actual: Vec<&str> = ended.output.lines().map(str::trim_end).collect();
        let expected: Vec<&str> = self.expected.iter().map(String::as_str).collect();
        let shows_error = expected.iter().any(|line| line.starts_with("error: "));
        let mut wrong = vec![];
        if !matches(&expected, &actual) {
            wrong.push(format!("(- expected, + actual)\n{}", listing(&expected, &actual)));
        }
        if !ended.succeeded && !shows_error {
            wrong.push("the command fails, and its output shows no error".to_owned());
        }
        let command = format!("{}: $ {}", page.place(self.line), self.text.replace('\n', "\n> "));
        (!wrong.is_empty()).then(|| format!("{command}\n{}", wrong.join("\n")))
    }
}

/// Whether lines are the expected ones, where `...` stands for any number of lines.
pub fn matches(expected: &[&str], actual: &[&str]) -> bool {
    match expected.split_first() {
        None => actual.is_empty(),
        Some((&"...", rest)) => (0..=actual.len()).any(|skipped| matches(rest, &actual[skipped..])),
        Some((first, rest)) => {
            actual.split_first().is_some_and(|(a, more)| a == first && matches(rest, more))
        }
    }
}

/// Both texts as one listing, with what they have in common at the beginning and at the end.
pub fn listing(expected: &[&str], actual: &[&str]) -> String {
    let same = |(a, b): &(&&str, &&str)| a == b;
    let first = expected.iter().zip(actual).take_while(same).count();
    let (left, right) = (&expected[first..], &actual[first..]);
    let last = left.iter().rev().zip(right.iter().rev()).take_while(same).count();
    let mark = |mark: &str, lines: &[&str]| lines.iter().map(|l| format!("{mark} {l}\n")).collect::<String>();
    mark(" ", &expected[..first])
        + &mark("-", &left[..left.len() - last])
        + &mark("+", &right[..right.len() - last])
        + &mark(" ", &left[left.len() - last..])
}

#[test]
fn commands_of_a_block() {
    let text = "$ cat <<END\n> a\n>\n> END\na\n\n> b  \n$ true\n$ c\n...\n";
    let block = Block { language: "console".into(), line: 7, text: text.into() };
    let commands = commands(&block).unwrap();
    let found: Vec<_> =
        commands.iter().map(|c| (c.line, c.text.as_str(), c.expected.join("|"), c.shows_output())).collect();
    let expected = [
        (7, "cat <<END\na\n\nEND", "a||> b".to_owned(), true),
        (14, "true", String::new(), false),
        (15, "c", "...".to_owned(), false),
    ];
    assert_eq!(found, expected);
    assert!(super::console::commands(&Block { text: "a\n".into(), ..block }).is_err());
}

#[test]
fn outputs_that_match() {
    assert!(matches(&["a", "...", "c"], &["a", "c"]));
    assert!(matches(&["...", "c", "..."], &["a", "c", "c"]));
    assert!(!matches(&["a", "..."], &["b"]));
    assert!(!matches(&["a"], &["a", ""]));
    assert!(!matches(&[], &["a"]));
    assert_eq!(listing(&["a", "b", "d"], &["a", "c", "c", "d"]), "  a\n- b\n+ c\n+ c\n  d\n");
}
