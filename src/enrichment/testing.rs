//! A valid enrichment file for tests to break, and what is said about it.

use super::{Enrichment, Overrides};
use crate::error::{Error, Result};

/// The least there is to say.
pub(super) const VALID: &str = r#"name = "us-sales"
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

/// The valid file with lines after its first two and lines at its end.
pub(super) fn with(top: &str, end: &str) -> String {
    let top = if top.is_empty() { String::new() } else { format!("{top}\n") };
    VALID.replace("[consent]", &format!("{top}[consent]")) + end + "\n"
}

/// Opens a file of this text, `sales.toml`.
pub(super) fn open(toml: &str) -> Result<Enrichment> {
    open_in_folder(toml, None, &Overrides::default())
}

/// The same with a mailbox list beside it, `list.txt`.
pub(super) fn open_with_list(toml: &str, list: &str) -> Result<Enrichment> {
    open_in_folder(toml, Some(list), &Overrides::default())
}

/// The same with `--as-of`.
pub(super) fn open_as_of(toml: &str, as_of: &str) -> Result<Enrichment> {
    open_with(toml, &Overrides { as_of: Some(as_of.to_owned()), ..Overrides::default() })
}

/// The same with what the command line says.
pub(super) fn open_with(toml: &str, overrides: &Overrides) -> Result<Enrichment> {
    open_in_folder(toml, None, overrides)
}

/// The error about a file of this text.
pub(super) fn refusal(toml: &str) -> String {
    let error = open(toml).unwrap_err();
    assert_eq!(error.kind(), crate::error::ErrorKind::Enrichment);
    error.to_string()
}

/// Errors come without the name of the temporary folder.
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
