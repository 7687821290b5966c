//! TOML blocks: enrichment files, and parts of them.

use std::fs;

use datafusion_engagement::config::Enrichment;
use toml::Table;

use super::page::tested_pages;

/// A valid enrichment file. Sections of a part take the place of those that are here.
const MINIMAL: &str = r#"
name = "minimal"
as_of = "2026-11-22"

[consent]
granted_by = "admin@contoso.com"
granted_on = "2026-11-01"

[mailboxes]
addresses = ["anna@contoso.com", "ben@contoso.com"]

[contacts]
path = "contacts.parquet"

[mail]
path = "mail/"
"#;

/// Opens the block as an enrichment file: as it is if it has a name, else completed by [`MINIMAL`].
///
/// # Errors
/// The block is not TOML, or a check of the enrichment file fails.
fn open(block: &str) -> Result<Enrichment, String> {
    let part: Table = toml::from_str(block).map_err(|e| e.to_string())?;
    let folder = tempfile::tempdir().unwrap();
    // Lists are the only files that are read now.
    for (section, key, line) in
        [("mailboxes", "file", "carla@contoso.com"), ("accounts", "public_mail_domains", "gmail.com")]
    {
        if let Some(list) = part.get(section).and_then(|section| section.get(key)?.as_str()) {
            fs::write(folder.path().join(list), format!("{line}\n")).unwrap();
        }
    }
    let text = if part.contains_key("name") {
        block.to_owned()
    } else {
        let mut file: Table = toml::from_str(MINIMAL).unwrap();
        file.extend(part);
        toml::to_string(&file).unwrap()
    };
    let file = folder.path().join("enrichment.toml");
    fs::write(&file, &text).unwrap();
    Enrichment::open(&file).map_err(|e| format!("{e}\n{text}"))
}

#[test]
fn settings_are_accepted() {
    let (mut refused, mut found) = (vec![], 0);
    for page in tested_pages() {
        for block in page.blocks().iter().filter(|block| block.language == "toml") {
            found += 1;
            let error = open(&block.text).err();
            refused.extend(error.map(|e| format!("{}: {e}", page.place(block.line))));
        }
    }
    assert!(found > 0 && refused.is_empty(), "{found} blocks\n{}", refused.join("\n\n"));
}

#[test]
fn wrong_settings_are_refused() {
    for block in ["[output]\nformat = \"csv\"", "[outputs]\npath = \"out/\"", "name = \"a\"", "a = "] {
        assert!(open(block).is_err(), "{block}");
    }
    assert!(open("").is_ok());
}
