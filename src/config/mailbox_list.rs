//! The section `[mailboxes]`: addresses in the enrichment file, and a text file with addresses line by line.
//!
//! An entry or a line may hold several addresses, such as `Ann <ann@x.com>; Bob <bob@x.com>`. Each part that is
//! not blank must be an address.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;

use super::section::TomlSection;
use super::source_text::quote;
use super::{LARGEST_LIMIT, MAILBOXES, StorageOptions, line_list};
use crate::error::Result;
use crate::functions::address::one_address::one_address;
use crate::functions::address::several::parts;

/// How many times as many addresses can be listed as there may be mailboxes. Each is a mailbox or a group, and most
/// groups have members.
const LISTED_PER_MAILBOX: usize = 10;

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
    if list.is_some() {
        for entry in line_list::read(&section, "file", folder, storage)?.entries() {
            mailboxes.extend(addresses_of(entry.text).map_err(|part| entry.error(part, "an email address"))?);
        }
    }
    let limit = limit(file)?;
    let most = LISTED_PER_MAILBOX * limit as usize;
    if mailboxes.len() > most {
        return Err(section.error(&format!(
            "lists {} addresses; at most {most} can be listed, of groups or of up to {limit} mailboxes",
            mailboxes.len()
        )));
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

/// The largest number of mailboxes after groups are resolved.
pub(crate) fn limit(file: &TomlSection<'_>) -> Result<u32> {
    let Some(section) = file.section("mailboxes")? else { return Ok(MAILBOXES.1) };
    let need = format!("a whole number from {} to {LARGEST_LIMIT}", MAILBOXES.0);
    Ok(section.number("limit", MAILBOXES.0..=LARGEST_LIMIT, &need)?.unwrap_or(MAILBOXES.1))
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
    fn limits() {
        let limit = |written: &str| mailboxes(&format!("{LISTED}\nlimit = {written}"));
        assert_eq!(open(&limit("1_000_000")).unwrap().mailbox_limit, 1_000_000);
        assert_eq!(open(&limit("2")).unwrap().mailbox_limit, 2);
        for written in ["1", "0", "-5", "1000001", "100.5", "true"] {
            assert_eq!(
                refusal(&limit(written)),
                format!(
                    "sales.toml:8: [mailboxes] limit must be a whole number from 2 to 1000000, not {written}"
                )
            );
        }
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
    fn too_many_listed() {
        let list = |addresses: usize| (0..addresses).map(|i| format!("a{i}@x.com\n")).collect::<String>();
        let toml = mailboxes("file = \"list.txt\"");
        assert_eq!(open_with_list(&toml, &list(25_000)).unwrap().mailboxes.len(), 25_000);
        assert_eq!(
            open_with_list(&toml, &list(25_001)).unwrap_err().to_string(),
            "sales.toml:6: [mailboxes] lists 25001 addresses; at most 25000 can be listed, of groups or of up to \
             2500 mailboxes"
        );
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
