//! The section `[output]`: folder, table name, format, history, and what is published in addition.

use super::section::TomlSection;
use super::source_text::{listed, quote};
use super::{OutputConfig, OutputFormat, Overrides, delta};
use crate::error::{Error, Result};
use crate::storage::Location;

/// The default output folder.
pub(crate) const FOLDER: &str = "out/";

/// The default table name.
const TABLE: &str = "Office";

/// The longest table name in characters; with the longest suffix it must still be a valid file name.
const LONGEST_NAME: usize = 100;

/// The section `[output]`. The folder of the command line replaces that of the file.
pub(crate) fn read(file: &TomlSection<'_>, overrides: &Overrides) -> Result<OutputConfig> {
    let mut output = OutputConfig {
        path: FOLDER.to_owned(),
        table: TABLE.to_owned(),
        format: OutputFormat::Parquet,
        history: false,
        score_explained: false,
        given: overrides.output.clone(),
        replace: overrides.replace,
    };
    if let Some(section) = file.section("output")? {
        if let Some(path) = section.text("path")? {
            output.path = path.text.to_owned();
        }
        if let Some(table) = section.text("table")? {
            if !is_name(table.text) {
                let what = format!(
                    "{} must be a name of at most {LONGEST_NAME} letters, digits and _ that does not \
                     begin with a digit, not {}",
                    section.label("table"),
                    quote(table.text)
                );
                return Err(section.source.error_at(table.offset, what));
            }
            output.table = table.text.to_owned();
        }
        output.format = format(&section)?;
        output.history = history(&section, output.format)?;
        output.score_explained = section.truth("score_explained")?.unwrap_or_default();
    }
    if let Some(folder) = &overrides.output {
        output.path = absolute(folder)?;
    }
    Ok(output)
}

fn format(section: &TomlSection<'_>) -> Result<OutputFormat> {
    let Some(word) = section.text("format")? else { return Ok(OutputFormat::Parquet) };
    match OutputFormat::ALL.into_iter().find(|format| format.as_str() == word.text) {
        Some(OutputFormat::Delta) => delta::is_built_in(section, word).map(|()| OutputFormat::Delta),
        Some(format) => Ok(format),
        None => {
            let allowed = listed(&OutputFormat::ALL.map(OutputFormat::as_str), "or");
            let what = format!("{} must be {allowed}, not {}", section.label("format"), quote(word.text));
            Err(section.source.error_at(word.offset, what))
        }
    }
}

/// Delta tables always retain every as-of date, so `history = false` is an error for them, not ignored.
fn history(section: &TomlSection<'_>, format: OutputFormat) -> Result<bool> {
    match (format, section.truth("history")?) {
        (OutputFormat::Delta, Some(false)) => Err(section.error_on(
            "history",
            "= false: Delta tables retain every as-of date; leave it out, or delete the dates that \
             you do not want",
        )),
        (OutputFormat::Delta, _) => Ok(true),
        (OutputFormat::Parquet, history) => Ok(history.unwrap_or_default()),
    }
}

/// Whether a name needs no quotes, neither in SQL nor as a file name.
fn is_name(text: &str) -> bool {
    let rest_is_word = |rest: &str| rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && rest_is_word(text)
        && text.len() <= LONGEST_NAME
}

/// The absolute path of a folder of the command line, which is relative to the working directory and not to
/// the enrichment file. A URL is returned unchanged.
fn absolute(folder: &std::path::Path) -> Result<String> {
    let wrong = |what: &str| Error::query(format!("--output {}: {what}", quote(&folder.to_string_lossy())));
    let text = folder.to_str().ok_or_else(|| wrong("the name is not UTF-8 text"))?;
    if text.trim().is_empty() {
        return Err(wrong("the name of a folder is needed"));
    }
    if text.contains("://") {
        return Ok(text.to_owned());
    }
    Location::parse(text).map_err(|e| wrong(&e))?;
    let path = std::path::absolute(folder).map_err(|e| wrong(&e.to_string()).with_source(e))?;
    path.into_os_string()
        .into_string()
        .map_err(|_| wrong("the name of the working directory is not UTF-8 text"))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::config::testing::{VALID, open, open_with, refusal, with};
    use crate::error::ErrorKind;

    fn output(path: &str, table: &str) -> OutputConfig {
        OutputConfig {
            path: path.to_owned(),
            table: table.to_owned(),
            format: OutputFormat::Parquet,
            history: false,
            score_explained: false,
            given: None,
            replace: false,
        }
    }

    #[test]
    fn given_and_default() {
        assert_eq!(open(VALID).unwrap().output, output("out/", "Office"));
        assert_eq!(open(&with("", "[output]\npath = 'x'")).unwrap().output, output("x", "Office"));
        assert_eq!(open(&with("", "[output]\ntable = '_eu_2'")).unwrap().output, output("out/", "_eu_2"));
        assert!(open(&with("", "[output]\nhistory = true")).unwrap().output.history);
        assert!(open(&with("", "[output]\nscore_explained = true")).unwrap().output.score_explained);
        assert_eq!(
            refusal(&with("", "[output]\nscore_explained = 1")),
            "sales.toml:13: [output] score_explained must be true or false, not 1"
        );
        assert_eq!(
            refusal(&with("", "[output]\nformat = 'orc'")),
            r#"sales.toml:13: [output] format must be parquet or delta, not "orc""#
        );
    }

    #[cfg(feature = "delta")]
    #[test]
    fn delta_tables_have_a_history() {
        let delta = |more: &str| with("", &format!("[output]\nformat = 'delta'\n{more}"));
        assert!(open(&delta("history = true")).unwrap().output.history);
        assert_eq!(
            refusal(&delta("history = false")),
            "sales.toml:14: [output] history = false: Delta tables retain every as-of date; leave it out, or \
             delete the dates that you do not want"
        );
    }

    #[test]
    fn names() {
        let too_long = "x".repeat(101);
        for name in ["2x", "a-b", "a.b", "a b", "a/b", "..", "Büro", "a\\u0000", &too_long] {
            let toml = with("", &format!("[output]\ntable = \"{name}\""));
            assert!(
                refusal(&toml).starts_with(
                    "sales.toml:13: [output] table must be a name of at most 100 letters, digits and _ that \
                     does not begin with a digit, not \""
                ),
                "{name}"
            );
        }
        assert!(is_name(&too_long[1..]));
        assert_eq!(refusal(&with("", "[output]\ntable = ''")), "sales.toml:13: [output] table is blank");
        assert_eq!(refusal(&with("", "[output]\npath = ''")), "sales.toml:13: [output] path is blank");
    }

    #[test]
    fn command_line_overrides_the_folder() {
        let found = |folder: &str| {
            open_with(VALID, &Overrides { output: Some(PathBuf::from(folder)), ..Overrides::default() })
        };
        let here = std::env::current_dir().unwrap();
        assert_eq!(found("there").unwrap().output.path, here.join("there").to_str().unwrap());
        assert_eq!(found("/tmp/there").unwrap().output.path, "/tmp/there");
        assert_eq!(found("s3://bucket/there").unwrap().output.path, "s3://bucket/there");
        let command = found("my out").unwrap().run_command();
        assert!(command.starts_with("engagement run ") && command.ends_with("sales.toml --output 'my out'"));
        assert!(!open(VALID).unwrap().run_command().contains("--output"));
        // A suggested command does what was asked for.
        let overrides = Overrides {
            as_of: Some("2026-11-26".to_owned()),
            output: Some(PathBuf::from("out")),
            window_days: Some(90),
            levels: Some(vec!["year".to_owned(), "week".to_owned()]),
            publish_anyway: true,
            allow_future: true,
            ..Overrides::default()
        };
        let command = open_with(VALID, &overrides).unwrap().run_command_with("--replace");
        let options =
            " --output out --as-of 2026-11-26 --window-days 90 --levels year,week --allow-future --replace";
        assert!(command.ends_with(&format!("sales.toml{options}")), "{command}");
        let tilde = found("~/out").unwrap_err().to_string();
        assert!(tilde.starts_with("--output \"~/out\": ~ is not expanded"), "{tilde}");
        let error = found("").unwrap_err();
        assert_eq!(error.to_string(), r#"--output "": the name of a folder is needed"#);
        assert_eq!(error.kind(), ErrorKind::Query);
    }
}
