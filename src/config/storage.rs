//! The section `[storage]`: options of the object stores that are neither in URLs nor in the environment.

use super::section::TomlSection;
use crate::error::Result;
use crate::storage::StorageOptions;

/// The keys of a section, each with the name of the option of the `object_store` builder: first the keys with
/// texts, then the keys with booleans.
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

/// The section `[storage]`; an option that the file does not give has its default.
pub(crate) fn read(file: &TomlSection<'_>) -> Result<StorageOptions> {
    let mut storage = StorageOptions::default();
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

fn settings(
    storage: &TomlSection<'_>,
    name: &str,
    (texts, truths): Keys,
) -> Result<Vec<(&'static str, String)>> {
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
    use crate::config::testing::{open, refusal, with};

    #[test]
    fn given_and_default() {
        assert_eq!(open(&with("", "")).unwrap().storage, StorageOptions::default());
        let storage = "[storage]\ntimeout_seconds = 5\nretries = 0\nretry_seconds = 9\nallow_http = true\n\
                       [storage.azure]\naccount = \"acc\"\nuse_azure_cli = true\n\
                       [storage.s3]\nregion = \"eu-west-1\"\nendpoint = \"http://localhost:9000\"\n\
                       [storage.gs]\nanonymous = true";
        let expected = StorageOptions {
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
