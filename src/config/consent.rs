//! The consent of a proposed enrichment file, which nobody has given.

use super::{Consent, Enrichment};
use crate::error::{Error, Result};

impl Consent {
    /// The consent of a proposed enrichment file: nobody has given it.
    pub(crate) const PROPOSED: [&str; 2] = ["to be filled in", "2000-01-01"];
}

impl Enrichment {
    /// Checks that the consent is not that of a proposed enrichment file: it is recorded with what is published.
    ///
    /// # Errors
    /// It is.
    pub(crate) fn check_consent(&self) -> Result<()> {
        let Consent { granted_by, granted_on } = &self.consent;
        let [by, on] = Consent::PROPOSED;
        let (key, value) = match (granted_by.trim() == by, granted_on.to_string() == on) {
            (true, _) => ("granted_by", by),
            (false, true) => ("granted_on", on),
            (false, false) => return Ok(()),
        };
        Err(Error::enrichment(format!(
            "{}: [consent] {key} is still {value:?}, which engagement init proposes; fill in who agreed, and when",
            self.file.display()
        )))
    }
}

#[cfg(test)]
mod tests {
    use crate::config::testing::{VALID, open};

    #[test]
    fn a_proposed_consent_is_none() {
        let check = |by: &str, on: &str| {
            let toml = VALID.replace("admin@contoso.com", by).replace("2026-11-01", on);
            open(&toml).unwrap().check_consent().map_err(|e| e.to_string())
        };
        assert_eq!(check("admin@contoso.com", "2026-11-01"), Ok(()));
        for (by, on, key) in [
            ("to be filled in", "2026-11-01", "granted_by"),
            (" to be filled in ", "2000-01-01", "granted_by"),
            ("admin@contoso.com", "2000-01-01", "granted_on"),
        ] {
            let error = check(by, on).unwrap_err();
            assert!(error.contains(&format!("sales.toml: [consent] {key} is still \"")), "{error}");
        }
    }
}
