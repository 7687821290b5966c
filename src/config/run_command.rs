//! The commands that errors suggest.

use std::path::Path;

use chrono::NaiveDate;

use super::{Enrichment, Overrides};
use crate::storage::redacted;

impl Enrichment {
    /// The command line that publishes this enrichment as it was given, for errors.
    pub(crate) fn run_command(&self) -> String {
        self.run_command_with("")
    }

    /// The command line that publishes this enrichment as it was given, with one more option.
    pub(crate) fn run_command_with(&self, option: &str) -> String {
        let output = self.output.given.iter().map(|folder| format!("--output {}", word(folder)));
        let options = output.chain(self.run_options.iter().cloned()).chain([option.to_owned()]);
        let options = options.filter(|option| !option.is_empty()).map(|option| format!(" {option}"));
        format!("engagement run {}{}", word(&self.file), options.collect::<String>())
    }

    /// The command line that drops a retained as-of date.
    pub(crate) fn drop_command(&self, as_of: NaiveDate) -> String {
        let output = self.output.given.iter().map(|folder| format!(" --output {}", word(folder)));
        format!("engagement history {}{} --drop {as_of}", word(&self.file), output.collect::<String>())
    }
}

impl Overrides {
    /// The options of `engagement run` with which these values are given, without `--output` and `--publish-anyway`.
    pub(crate) fn run_options(&self) -> Vec<String> {
        let value = |option: &str, value: &str| format!("{option} {}", word(Path::new(value)));
        let flags = [
            (self.allow_future, "--allow-future"),
            (self.publish_changed, "--publish-changed"),
            (self.replace, "--replace"),
        ];
        let as_of = self.as_of.iter().map(|date| value("--as-of", date));
        let days = self.window_days.iter().map(|days| format!("--window-days {days}"));
        let levels = self.levels.iter().map(|levels| value("--levels", &levels.join(",")));
        let flags = flags.iter().filter(|(is_given, _)| *is_given).map(|(_, flag)| (*flag).to_owned());
        as_of.chain(days).chain(levels).chain(flags).collect()
    }
}

/// A path as a word of a command line: in quotes if the shell would change it, and without secrets.
fn word(path: &Path) -> String {
    let text = redacted(&path.display().to_string());
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+:=@%,".contains(c);
    match text.is_empty() || !text.chars().all(is_plain) {
        true => format!("'{}'", text.replace('\'', "'\\''")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_command_line() {
        for (path, expected) in [
            ("/data/us.toml", "/data/us.toml"),
            ("s3://bucket/out/", "s3://bucket/out/"),
            ("my data/us.toml", "'my data/us.toml'"),
            ("it's", "'it'\\''s'"),
            ("$HOME", "'$HOME'"),
            ("", "''"),
        ] {
            assert_eq!(word(Path::new(path)), expected);
        }
    }
}
