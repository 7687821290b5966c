//! Whether this program was built with Delta tables.

use super::section::{Section, Text};
use crate::error::Result;

/// Refuses `format = "delta"` where it was not.
pub(super) fn is_built_in(section: &Section<'_>, word: Text<'_>) -> Result<()> {
    if cfg!(feature = "delta") {
        return Ok(());
    }
    let what = format!(
        "{} = \"delta\": this program was built without Delta tables; build it with the feature \"delta\"",
        section.label("format")
    );
    Err(section.source.error_at(word.offset, what))
}

#[cfg(test)]
mod tests {
    use crate::enrichment::testing::{VALID, open, with};
    use crate::enrichment::{Format, OutputFormat};

    #[test]
    fn where_the_feature_is_there_and_nowhere_else() {
        let input = VALID.replace("[contacts]\n", "[contacts]\nformat = \"delta\"\n");
        let output = with("", "[output]\nformat = 'delta'");
        if cfg!(feature = "delta") {
            assert_eq!(open(&input).unwrap().contacts.format, Format::Delta);
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
