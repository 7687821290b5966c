//! The domains of public mail providers: the list that ships with this crate, or the file that replaces it.

use std::path::Path;

use super::section::TomlSection;
use super::{StorageOptions, line_list};
use crate::error::Result;
use crate::functions::domain::host::normalize_domain;

/// The list that ships with this crate.
const SHIPPED: &str = include_str!("public_mail_domains.txt");

/// The domains, normalized, sorted, without duplicates. `folder` is the folder of the enrichment file.
///
/// # Errors
/// The file cannot be read, or has a line that is not a domain.
pub(crate) fn read(file: &TomlSection<'_>, folder: &Path, storage: &StorageOptions) -> Result<Vec<String>> {
    const KEY: &str = "public_mail_domains";
    let section = file.section("accounts")?;
    let mut domains = match section {
        Some(section) if section.text(KEY)?.is_some() => {
            let list = line_list::read(&section, KEY, folder, storage)?;
            let domains = list.entries();
            domains
                .map(|entry| normalize_domain(entry.text).ok_or_else(|| entry.error(entry.text, "a domain")))
                .collect::<Result<Vec<_>>>()?
        }
        _ => shipped().map(str::to_owned).collect(),
    };
    domains.sort_unstable();
    domains.dedup();
    Ok(domains)
}

/// The domains of the list that ships with this crate.
fn shipped() -> impl Iterator<Item = &'static str> {
    SHIPPED.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::{open_with_list, refusal, with};
    use crate::functions::domain::host::with_parents;

    fn replaced(list: &str) -> Result<Vec<String>> {
        let toml = with("", "[accounts]\npath = 'a'\npublic_mail_domains = 'list.txt'");
        open_with_list(&toml, list).map(|enrichment| enrichment.public_mail_domains)
    }

    #[test]
    fn the_shipped_list_is_normalized_and_sorted() {
        let domains: Vec<_> = shipped().collect();
        assert!(domains.len() > 200 && domains.is_sorted() && domains.windows(2).all(|two| two[0] != two[1]));
        for domain in domains {
            assert_eq!(normalize_domain(domain).as_deref(), Some(domain));
            assert!(with_parents(domain).count() <= 2, "{domain}");
        }
    }

    #[test]
    fn a_file_replaces_it() {
        assert_eq!(
            replaced("# free\nWWW.Gmail.com\n\ngmx.de\ngmail.com\n").unwrap(),
            ["gmail.com", "gmx.de"]
        );
        assert_eq!(replaced("# none").unwrap(), [""; 0]);
        let refused = |list| replaced(list).unwrap_err().to_string();
        assert_eq!(refused("gmail.com\nno domain"), r#"list.txt:2: "no domain" is not a domain"#);
        assert_eq!(
            refused("gmail.com # free"),
            r#"list.txt:1: "gmail.com # free" is not a domain; put a comment on a line of its own"#
        );
        assert_eq!(
            refusal(&with("", "[accounts]\npath = 'a'\npublic_mail_domains = ['x']")),
            "sales.toml:14: [accounts] public_mail_domains must be text in quotes, not a list"
        );
    }
}
