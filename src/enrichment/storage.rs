//! How object stores are reached, as far as neither the URLs nor the environment say it.

use super::section::Section;
use crate::error::Result;

/// Settings of the object stores. There is none for a secret: those are in the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    /// How long a request may take, its answer included.
    pub timeout_seconds: u32,
    /// How often a request that failed is made again.
    pub retries: u32,
    /// After this time no request is made again.
    pub retry_seconds: u32,
    /// Whether `http://` is allowed, for inputs and endpoints.
    pub allow_http: bool,
    /// Settings of the Azure builder, by the names it gives them.
    pub(crate) azure: Vec<(&'static str, String)>,
    /// Of the S3 builder.
    pub(crate) s3: Vec<(&'static str, String)>,
    /// Of the Google builder.
    pub(crate) gs: Vec<(&'static str, String)>,
}

impl Default for Storage {
    /// A server that never answers is given up after some three minutes.
    fn default() -> Self {
        Self {
            timeout_seconds: 60,
            retries: 10,
            retry_seconds: 120,
            allow_http: false,
            azure: vec![],
            s3: vec![],
            gs: vec![],
        }
    }
}

/// Keys of a section with the builder's names for them: first those with text, then those with a
/// truth.
type Keys = (&'static [(&'static str, &'static str)], &'static [(&'static str, &'static str)]);

const AZURE: Keys = (
    &[
        ("account", "account_name"),
        ("endpoint", "endpoint"),
        ("tenant_id", "tenant_id"),
        ("client_id", "client_id"),
    ],
    &[("use_azure_cli", "use_azure_cli"), ("anonymous", "skip_signature")],
);

const S3: Keys = (
    &[("region", "region"), ("endpoint", "endpoint")],
    &[("virtual_hosted", "virtual_hosted_style_request"), ("anonymous", "skip_signature")],
);

const GS: Keys = (&[("endpoint", "base_url")], &[("anonymous", "skip_signature")]);

/// The `[storage]` of the file.
pub(super) fn read(file: &Section<'_>) -> Result<Storage> {
    let mut storage = Storage::default();
    let Some(section) = file.section("storage")? else { return Ok(storage) };
    let need = "a whole number of seconds from 1 to 3600";
    if let Some(seconds) = section.number("timeout_seconds", 1..=3600, need)? {
        storage.timeout_seconds = seconds;
    }
    if let Some(seconds) = section.number("retry_seconds", 1..=3600, need)? {
        storage.retry_seconds = seconds;
    }
    if let Some(retries) = section.number("retries", 0..=100, "a whole number from 0 to 100")? {
        storage.retries = retries;
    }
    storage.allow_http = section.truth("allow_http")?.unwrap_or_default();
    storage.azure = settings(&section, "azure", AZURE)?;
    storage.s3 = settings(&section, "s3", S3)?;
    storage.gs = settings(&section, "gs", GS)?;
    Ok(storage)
}

fn settings(storage: &Section<'_>, name: &str, (texts, truths): Keys) -> Result<Vec<(&'static str, String)>> {
    let mut settings = vec![];
    let Some(section) = storage.section(name)? else { return Ok(settings) };
    for (key, named) in texts {
        settings.extend(section.text(key)?.map(|text| (*named, text.text.to_owned())));
    }
    for (key, named) in truths {
        settings.extend(section.truth(key)?.map(|truth| (*named, truth.to_string())));
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrichment::testing::{open, refusal, with};

    #[test]
    fn given_and_default() {
        assert_eq!(open(&with("", "")).unwrap().storage, Storage::default());
        let storage = "[storage]\ntimeout_seconds = 5\nretries = 0\nretry_seconds = 9\nallow_http = true\n\
                       [storage.azure]\naccount = \"acc\"\nuse_azure_cli = true\n\
                       [storage.s3]\nregion = \"eu-west-1\"\nendpoint = \"http://localhost:9000\"\n\
                       [storage.gs]\nanonymous = true";
        let expected = Storage {
            timeout_seconds: 5,
            retries: 0,
            retry_seconds: 9,
            allow_http: true,
            azure: vec![("account_name", "acc".to_owned()), ("use_azure_cli", "true".to_owned())],
            s3: vec![("region", "eu-west-1".to_owned()), ("endpoint", "http://localhost:9000".to_owned())],
            gs: vec![("skip_signature", "true".to_owned())],
        };
        assert_eq!(open(&with("", storage)).unwrap().storage, expected);
    }

    #[test]
    fn secrets_and_other_mistakes() {
        let refused = |section: &str, line: &str| refusal(&with("", &format!("[{section}]\n{line}")));
        assert_eq!(
            refused("storage.s3", "secret_access_key = 'x'"),
            "sales.toml:13: unknown key \"secret_access_key\" in [storage.s3]; known are region, endpoint, virtual_hosted and anonymous"
        );
        assert_eq!(
            refused("storage", "timeout_seconds = 0"),
            "sales.toml:13: [storage] timeout_seconds must be a whole number of seconds from 1 to 3600, not 0"
        );
        assert_eq!(
            refused("storage", "allow_http = 'yes'"),
            "sales.toml:13: [storage] allow_http must be true or false, not the text \"yes\""
        );
    }

    #[test]
    fn every_key_is_one_of_the_builders() {
        use object_store::{aws::AmazonS3ConfigKey, azure::AzureConfigKey, gcp::GoogleConfigKey};
        let named = |keys: Keys| keys.0.iter().chain(keys.1).map(|(_, named)| *named);
        assert!(named(AZURE).all(|k| k.parse::<AzureConfigKey>().is_ok()));
        assert!(named(S3).all(|k| k.parse::<AmazonS3ConfigKey>().is_ok()));
        assert!(named(GS).all(|k| k.parse::<GoogleConfigKey>().is_ok()));
    }
}
