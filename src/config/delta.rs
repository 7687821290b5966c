//! Rejects `format = "delta"` in a program that is built without the feature `delta`.

use super::section::{Text, TomlSection};
use crate::error::Result;

const DISABLED: &str = "this program was built without Delta tables; build it with the feature \"delta\"";

/// The error for a Delta table in a program that is built without the feature `delta`.
#[cfg(not(feature = "delta"))]
pub(crate) fn delta_disabled() -> crate::error::Error {
    crate::error::Error::enrichment(DISABLED)
}

/// Checks that the program is built with the feature `delta`.
///
/// # Errors
/// The program is built without it; `word` is the value of `format` in the file.
pub(crate) fn is_built_in(section: &TomlSection<'_>, word: Text<'_>) -> Result<()> {
    if cfg!(feature = "delta") {
        return Ok(());
    }
    let what = format!("{} = \"delta\": {DISABLED}", section.label("format"));
    Err(section.source.error_at(word.offset, what))
}

#[cfg(test)]
mod tests {
    use crate::config::testing::{VALID, open, with};
    use crate::config::{Format, OutputFormat};

    #[test]
    fn where_the_feature_is_there_and_nowhere_else() {
        let input = VALID.replace("[contacts]\n", "[contacts]\nformat = \"delta\"\n");
        let output = with("", "[output]\nformat = 'delta'");
        if cfg!(feature = "delta") {
            assert_eq!(open(&input).unwrap().contacts.unwrap().format, Format::Delta);
            let output = open(&output).unwrap().output;
            assert_eq!((output.format, output.history), (OutputFormat::Delta, true));
        } else {
            let says = "format = \"delta\": this program was built without Delta tables";
            assert!(
                open(&input)
                    .unwrap_err()
                    .to_string()
                    .starts_with(&format!("sales.toml:9: [contacts] {says}"))
            );
            assert!(
                open(&output)
                    .unwrap_err()
                    .to_string()
                    .starts_with(&format!("sales.toml:14: [output] {says}"))
            );
        }
    }
}
