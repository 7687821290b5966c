//! For tests: a valid enrichment file that they change, and the enrichment or error that results.

use super::{Enrichment, Overrides};
use crate::error::{Error, Result};

/// The smallest valid file.
pub(crate) const VALID: &str = r#"name = "us-sales"
as_of = "2026-11-22"
[consent]
granted_by = "admin@contoso.com"
granted_on = "2026-11-01"
[mailboxes]
addresses = ["ann@contoso.com", "ben@contoso.com"]
[contacts]
path = "contacts.parquet"
[mail]
path = "mail.parquet"
"#;

/// The valid file with more lines: `top` after the first two lines, `end` at the end.
pub(crate) fn with(top: &str, end: &str) -> String {
    let top = if top.is_empty() { String::new() } else { format!("{top}\n") };
    VALID.replace("[consent]", &format!("{top}[consent]")) + end + "\n"
}

/// Opens a file `sales.toml` with this text.
pub(crate) fn open(toml: &str) -> Result<Enrichment> {
    open_in_folder(toml, None, &Overrides::default())
}

/// Opens a file `sales.toml` with this text, next to a mailbox list `list.txt`.
pub(crate) fn open_with_list(toml: &str, list: &str) -> Result<Enrichment> {
    open_in_folder(toml, Some(list), &Overrides::default())
}

/// Opens a file `sales.toml` with this text and an as-of date of the command line.
pub(crate) fn open_as_of(toml: &str, as_of: &str) -> Result<Enrichment> {
    open_with(toml, &Overrides { as_of: Some(as_of.to_owned()), ..Overrides::default() })
}

/// Opens a file `sales.toml` with this text and values of the command line.
pub(crate) fn open_with(toml: &str, overrides: &Overrides) -> Result<Enrichment> {
    open_in_folder(toml, None, overrides)
}

/// The error message for a file `sales.toml` with this text.
pub(crate) fn refusal(toml: &str) -> String {
    let error = open(toml).unwrap_err();
    assert_eq!(error.kind(), crate::error::ErrorKind::Enrichment);
    error.to_string()
}

/// Opens the file in a temporary folder, whose name is removed from errors.
fn open_in_folder(toml: &str, list: Option<&str>, overrides: &Overrides) -> Result<Enrichment> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sales.toml");
    std::fs::write(&file, toml).unwrap();
    if let Some(list) = list {
        std::fs::write(folder.path().join("list.txt"), list).unwrap();
    }
    Enrichment::open_with(&file, overrides).map_err(|error| {
        let prefix = format!("{}/", folder.path().display());
        Error::new(error.kind(), error.to_string().replace(&prefix, ""))
    })
}
