//! The listed mailboxes: addresses in the enrichment file, and a list with one per line.

use std::collections::BTreeSet;
use std::path::Path;

use super::Storage;
use super::place::{Source, quote};
use super::section::Section;
use super::text;
use crate::error::{Error, Result};
use crate::functions::normalize_address::normalize;
use crate::store::{Place, redacted};

/// The addresses of both places: normalized, each once, sorted. `folder` is that of the enrichment
/// file.
pub(super) fn read(file: &Section<'_>, folder: &Path, storage: &Storage) -> Result<Vec<String>> {
    let Some(section) = file.section("mailboxes")? else {
        return Err(file
            .source
            .error("[mailboxes] is missing: whose mail and meetings count, in addresses or file"));
    };
    let addresses = section.texts("addresses")?;
    let list = section.text("file")?;
    if addresses.is_none() && list.is_none() {
        return Err(section.error("has no addresses and no file; give one of them"));
    }
    let mut mailboxes = BTreeSet::new();
    for entry in addresses.into_iter().flatten() {
        let address = normalize(entry.text).ok_or_else(|| {
            let what = format!("{} {} is no email address", section.label("addresses"), quote(entry.text));
            section.source.error_at(entry.offset, what)
        })?;
        mailboxes.insert(address.into_owned());
    }
    if let Some(list) = list {
        let shown = redacted(list.text);
        let name =
            format!("{}: {} {}", section.source.place(list.offset), section.label("file"), quote(&shown));
        let (path, text) = match Place::parse(list.text) {
            Ok(Place::Local(path)) => {
                let path = folder.join(path);
                (path.clone(), text::read(&path, name)?)
            }
            Ok(Place::Store(address)) => (shown.into(), text::read_from_store(&address, storage, name)?),
            Err(why) => return Err(Error::enrichment(format!("{name}: {why}"))),
        };
        add_lines(Source { file: &path, text: &text }, &mut mailboxes)?;
    }
    Ok(mailboxes.into_iter().collect())
}

/// One address per line; blank lines and lines that begin with `#` are none.
fn add_lines(list: Source<'_>, mailboxes: &mut BTreeSet<String>) -> Result<()> {
    for (line, number) in list.text.split('\n').zip(1_u32..) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let address = normalize(line).ok_or_else(|| {
            let hint = if line.contains(" #") { "; comments have lines of their own" } else { "" };
            let place = format!("{}:{number}", list.file.display());
            Error::enrichment(format!("{place}: {} is no email address{hint}", quote(line)))
        })?;
        mailboxes.insert(address.into_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::enrichment::testing::{VALID, open, open_with_list, refusal};

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
    fn entries_that_are_no_address() {
        assert_eq!(
            refusal(&mailboxes("addresses = [\n  \"ann@x.com\",\n  \"Ben Smith\",\n]")),
            r#"sales.toml:9: [mailboxes] addresses "Ben Smith" is no email address"#
        );
        assert_eq!(
            refusal(&mailboxes("addresses = [\"\"]")),
            "sales.toml:7: [mailboxes] addresses \"\" is no email address"
        );
        assert_eq!(
            refusal(&mailboxes("addresses = [\"ann@x.com\", 7]")),
            "sales.toml:7: [mailboxes] addresses must be a list of texts in quotes, not 7"
        );
        let listed =
            |list: &str| open_with_list(&mailboxes("file = \"list.txt\""), list).unwrap_err().to_string();
        assert_eq!(listed("ann@x.com\n\nben\n"), r#"list.txt:3: "ben" is no email address"#);
        assert_eq!(listed("a@x.com;b@x.com"), r#"list.txt:1: "a@x.com;b@x.com" is no email address"#);
        assert_eq!(
            listed("ann@x.com # sales"),
            r#"list.txt:1: "ann@x.com # sales" is no email address; comments have lines of their own"#
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
            "sales.toml: [mailboxes] is missing: whose mail and meetings count, in addresses or file"
        );
        assert_eq!(
            refusal(&mailboxes("")),
            "sales.toml:6: [mailboxes] has no addresses and no file; give one of them"
        );
    }
}
