//! The section `[mailboxes]`: addresses in the enrichment file, and a text file with addresses line by line.
//!
//! An entry or a line may hold several addresses, such as `Ann <ann@x.com>; Bob <bob@x.com>`. Each part that is
//! not blank must be an address.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;

use super::section::TomlSection;
use super::source_text::{SourceText, quote};
use super::{StorageOptions, text_file};
use crate::error::{Error, Result};
use crate::functions::address::one_address::one_address;
use crate::functions::address::several::parts;
use crate::storage::{Location, redacted};

/// The addresses of both sources: normalized, sorted, without duplicates. `folder` is the folder of the
/// enrichment file.
pub(crate) fn read(file: &TomlSection<'_>, folder: &Path, storage: &StorageOptions) -> Result<Vec<String>> {
    let Some(section) = file.section("mailboxes")? else {
        return Err(file.source.error(
            "[mailboxes] is missing; list the mailboxes that count in it, as addresses or in a file",
        ));
    };
    let addresses = section.texts("addresses")?;
    let list = section.text("file")?;
    if addresses.is_none() && list.is_none() {
        return Err(section.error("has no addresses and no file; give one of them"));
    }
    let mut mailboxes = BTreeSet::new();
    for entry in addresses.into_iter().flatten() {
        let addresses = addresses_of(entry.text).map_err(|part| {
            let label = section.label("addresses");
            section.source.error_at(entry.offset, format!("{label} {} is not an email address", quote(part)))
        })?;
        mailboxes.extend(addresses);
    }
    if let Some(list) = list {
        let shown = redacted(list.text);
        let name =
            format!("{}: {} {}", section.source.line_of(list.offset), section.label("file"), quote(&shown));
        let (path, text) = match Location::parse(list.text) {
            Ok(Location::Local(path)) => {
                let path = folder.join(path);
                (path.clone(), text_file::read(&path, name)?)
            }
            Ok(Location::Store(address)) => {
                (shown.into(), text_file::read_from_store(&address, storage, name)?)
            }
            Err(why) => return Err(Error::enrichment(format!("{name}: {why}"))),
        };
        add_lines(SourceText { file: &path, text: &text }, &mut mailboxes)?;
    }
    Ok(mailboxes.into_iter().collect())
}

/// The addresses of an entry, which may hold several.
///
/// # Errors
/// The first part that is not an address; the entry itself if all its parts are blank.
fn addresses_of(entry: &str) -> Result<Vec<String>, &str> {
    let parts = parts(entry).into_iter().map(str::trim).filter(|part| !part.is_empty());
    let addresses = parts.map(|part| one_address(part).map(Cow::into_owned).ok_or(part));
    let addresses = addresses.collect::<Result<Vec<_>, _>>()?;
    if addresses.is_empty() { Err(entry) } else { Ok(addresses) }
}

/// Adds the addresses of each line. Blank lines and lines that begin with `#` are skipped. A line ends with a line
/// feed; in a text without any, with a carriage return.
fn add_lines(list: SourceText<'_>, mailboxes: &mut BTreeSet<String>) -> Result<()> {
    let end = if list.text.contains('\n') { '\n' } else { '\r' };
    for (line, number) in list.text.split(end).zip(1_u32..) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let addresses = addresses_of(line).map_err(|part| {
            let hint = if line.contains(" #") { "; put a comment on a line of its own" } else { "" };
            let place = format!("{}:{number}", list.file.display());
            Error::enrichment(format!("{place}: {} is not an email address{hint}", quote(part)))
        })?;
        mailboxes.extend(addresses);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::config::testing::{VALID, open, open_with_list, refusal};

    const LISTED: &str = r#"addresses = ["ann@contoso.com", "ben@contoso.com"]"#;

    fn mailboxes(written: &str) -> String {
        VALID.replace(LISTED, written)
    }

    #[test]
    fn normalized_once_and_sorted() {
        let toml =
            mailboxes(r#"addresses = ["Zoe@x.com", "Ann <ann@x.com>", "SMTP:ANN@x.com", "'o''neil@x.com'"]"#);
        assert_eq!(open(&toml).unwrap().mailboxes, ["ann@x.com", "o''neil@x.com", "zoe@x.com"]);
        assert!(open(&mailboxes("addresses = []")).unwrap().mailboxes.is_empty());
    }

    #[test]
    fn list_is_added() {
        let list = "\u{feff}# Sales\r\n\r\n  Ben@x.com  \r\n\t# more\nann@x.com\nCy <cy@x.com>";
        let toml = mailboxes("addresses = [\"ann@x.com\"]\nfile = \"list.txt\"");
        assert_eq!(open_with_list(&toml, list).unwrap().mailboxes, ["ann@x.com", "ben@x.com", "cy@x.com"]);
        assert!(open_with_list(&mailboxes("file = \"list.txt\""), "# nobody").unwrap().mailboxes.is_empty());
    }

    #[test]
    fn entries_of_several_addresses() {
        let toml = mailboxes(
            r#"addresses = ["Ann <ann@x.com>; Bob <bob@x.com>", "Lee, Cy <cy@x.com>,", ";dora@x.com"]"#,
        );
        let expected = ["ann@x.com", "bob@x.com", "cy@x.com", "dora@x.com"];
        assert_eq!(open(&toml).unwrap().mailboxes, expected);
        let from_list = mailboxes("file = \"list.txt\"");
        for list in [
            "Bob <bob@x.com>; \"Lee; Cy\" <cy@x.com>\nann@x.com, dora@x.com",
            "ann@x.com\rbob@x.com\rcy@x.com;\r\r# more\rdora@x.com",
            "ann@x.com;bob@x.com;\r\ncy@x.com, dora@x.com\r\n",
        ] {
            assert_eq!(open_with_list(&from_list, list).unwrap().mailboxes, expected, "{list}");
        }
    }

    #[test]
    fn entries_that_are_no_address() {
        assert_eq!(
            refusal(&mailboxes("addresses = [\n  \"ann@x.com\",\n  \"Ben Smith\",\n]")),
            r#"sales.toml:9: [mailboxes] addresses "Ben Smith" is not an email address"#
        );
        assert_eq!(
            refusal(&mailboxes("addresses = [\"\"]")),
            "sales.toml:7: [mailboxes] addresses \"\" is not an email address"
        );
        assert_eq!(
            refusal(&mailboxes("addresses = [\"ann@x.com\", 7]")),
            "sales.toml:7: [mailboxes] addresses must be a list of texts in quotes, not 7"
        );
        let listed =
            |list: &str| open_with_list(&mailboxes("file = \"list.txt\""), list).unwrap_err().to_string();
        assert_eq!(listed("ann@x.com\n\nben\n"), r#"list.txt:3: "ben" is not an email address"#);
        assert_eq!(listed("a@x.com; Bob; b@x.com"), r#"list.txt:1: "Bob" is not an email address"#);
        assert_eq!(listed("Sales; Ann <ann@x.com>"), r#"list.txt:1: "Sales" is not an email address"#);
        assert_eq!(listed("ann@x.com\r\r ;\r"), r#"list.txt:3: ";" is not an email address"#);
        assert_eq!(
            listed("ann@x.com # sales"),
            r#"list.txt:1: "ann@x.com # sales" is not an email address; put a comment on a line of its own"#
        );
    }

    #[test]
    fn lists_that_cannot_be_read() {
        let missing = mailboxes("file = \"no-such-list.txt\"");
        assert_eq!(
            refusal(&missing),
            r#"sales.toml:7: [mailboxes] file "no-such-list.txt": there is no such file"#
        );
        assert_eq!(
            refusal(&mailboxes("file = \".\"")),
            r#"sales.toml:7: [mailboxes] file ".": this is a folder; a text file is needed"#
        );
        assert_eq!(refusal(&mailboxes("file = \"\"")), "sales.toml:7: [mailboxes] file is blank");
    }

    #[test]
    fn nobody_listed() {
        assert_eq!(
            refusal(&VALID.replace(&format!("[mailboxes]\n{LISTED}\n"), "")),
            "sales.toml: [mailboxes] is missing; list the mailboxes that count in it, as addresses or in a \
             file"
        );
        assert_eq!(
            refusal(&mailboxes("")),
            "sales.toml:6: [mailboxes] has no addresses and no file; give one of them"
        );
    }
}
