//! Parses a URL of the enrichment file into a bucket and a path in the bucket.

use object_store::ObjectStoreScheme;
use object_store::path::Path;
use url::{Position, Url};
use xxhash_rust::xxh3::xxh3_64;

use super::mistakes;

/// The last part of the error for a URL with an unknown scheme.
const SCHEMES: &str = "supported are abfss://, az://, s3://, gs://, https:// and file://";

/// What follows `scheme://` in a complete URL, for each scheme with buckets or containers.
const EXAMPLES: [(&str, &str); 8] = [
    ("s3", "bucket/path"),
    ("s3a", "bucket/path"),
    ("gs", "bucket/path"),
    ("az", "container/path"),
    ("azure", "container/path"),
    ("adl", "container/path"),
    ("abfs", "container@account.dfs.core.windows.net/path"),
    ("abfss", "container@account.dfs.core.windows.net/path"),
];

/// A location in an object store. It is not connected yet, and may not exist.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    pub(crate) kind: ObjectStoreScheme,
    /// The URL of the bucket, for the builder of the store.
    pub(crate) bucket: Url,
    /// The bucket as the user writes it, without secrets.
    pub(crate) shown: String,
    /// The URL under which DataFusion knows the bucket. DataFusion distinguishes stores by scheme and
    /// host only. For Azure the host therefore contains the container and, where the URL contains them,
    /// the account and a hash of the signature.
    pub(crate) key: Url,
    /// A shared access signature: the query of an `https://` URL of Azure.
    pub(crate) signature: Option<String>,
    /// The path in the bucket, as written. It may be a pattern.
    pub(crate) path: String,
}

impl Address {
    /// Parses a URL. `rest` is the part of it after `scheme://`.
    ///
    /// # Errors
    /// A scheme that is unknown, or a URL that cannot be valid. The text is one line without secrets.
    pub(crate) fn parse(url: &str, scheme: &str, rest: &str) -> Result<Self, String> {
        match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => web(url),
            scheme => bucket(scheme, rest),
        }
    }
}

/// Parses `s3://bucket/path` and similar URLs. The path is taken literally.
fn bucket(scheme: &str, rest: &str) -> Result<Address, String> {
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let unknown = || {
        let what = mistakes::instead_of(scheme).unwrap_or_else(|| SCHEMES.to_owned());
        format!("{scheme}:// is not a supported scheme; {what}")
    };
    if authority.is_empty() && EXAMPLES.iter().any(|(known, _)| *known == scheme) {
        return Err(incomplete(scheme));
    }
    let bucket = Url::parse(&format!("{scheme}://{authority}/"))
        .map_err(|e| format!("{} is not a bucket or container: {e}", redacted(authority)))?;
    let (kind, _) = ObjectStoreScheme::parse(&bucket).map_err(|_| unknown())?;
    if matches!(kind, ObjectStoreScheme::Local | ObjectStoreScheme::Memory | ObjectStoreScheme::Http) {
        return Err(unknown());
    }
    let is_azure = kind == ObjectStoreScheme::MicrosoftAzure;
    if !is_azure && authority.contains('@') {
        return Err("credentials do not belong in a URL; give them in the environment (AWS_..., GOOGLE_...)"
            .to_owned());
    }
    // A host with dots is the server of an account; a container has no dots.
    if is_azure && (authority.starts_with('@') || !authority.contains('@') && authority.contains('.')) {
        return Err(incomplete(scheme));
    }
    if redacted(path) != path {
        return Err(format!(
            "a signature belongs in the environment (AZURE_STORAGE_SAS_TOKEN) or in an https:// URL, not \
             in one with {scheme}://"
        ));
    }
    let host = bucket.host_str().unwrap_or_default();
    let shown = format!("{scheme}://{authority}");
    let key = match (&kind, bucket.username()) {
        (ObjectStoreScheme::MicrosoftAzure, "") => key("az", host),
        (ObjectStoreScheme::MicrosoftAzure, container) => key("az", &format!("{container}.{host}")),
        (ObjectStoreScheme::GoogleCloudStorage, _) => key("gs", host),
        _ => key("s3", host),
    }?;
    Ok(Address { kind, bucket, shown, key, signature: None, path: path.to_owned() })
}

/// The error for a URL without a bucket or container.
fn incomplete(scheme: &str) -> String {
    let example = EXAMPLES.iter().find(|(known, _)| *known == scheme).map_or("bucket/path", |(_, e)| e);
    let what = if example.starts_with("bucket") { "bucket" } else { "container" };
    format!("the {what} is missing; write {scheme}://{example}")
}

/// Parses `https://host/path`: a file on a web server, or the web address of a bucket.
fn web(text: &str) -> Result<Address, String> {
    let url = Url::parse(text).map_err(|e| format!("this is not a URL: {e}"))?;
    let (kind, path) = ObjectStoreScheme::parse(&url).map_err(|e| e.to_string())?;
    let host = &url[Position::BeforeHost..Position::AfterPort];
    // The part of the URL's path before the path in the bucket: the bucket or container, if it is there.
    let whole = Path::from_url_path(url.path()).map_err(|e| e.to_string())?;
    let container = whole.as_ref().strip_suffix(path.as_ref()).unwrap_or_default().trim_matches('/');
    let mut bucket = Url::parse(&url[..Position::BeforePath]).map_err(|e| e.to_string())?;
    bucket.set_path(container);
    let shown = format!("{}://{}", url.scheme(), [host, container].join("/").trim_end_matches('/'));
    let query = url.query();
    let (key, signature) = match kind {
        ObjectStoreScheme::MicrosoftAzure => {
            let mark = query.map(|q| format!(".{:016x}", xxh3_64(q.as_bytes()))).unwrap_or_default();
            (key("az", &format!("{container}.{host}{mark}"))?, query.map(str::to_owned))
        }
        _ if query.is_some() => {
            return Err("a URL with a query (a signature) is supported for Azure storage only".to_owned());
        }
        ObjectStoreScheme::AmazonS3 => (key("s3", &[container, host].concat())?, None),
        _ => (key(url.scheme(), host)?, None),
    };
    let slash = if url.path().ends_with('/') && !path.as_ref().is_empty() { "/" } else { "" };
    Ok(Address { kind, bucket, shown, key, signature, path: format!("{path}{slash}") })
}

fn key(scheme: &str, host: &str) -> Result<Url, String> {
    Url::parse(&format!("{scheme}://{host}/"))
        .map_err(|e| format!("{host} is not a bucket or container: {e}"))
}

/// Replaces each part of a URL that may be secret by `...`: the query of a web address, a query with a
/// signature in any other URL, and a password.
pub(crate) fn redacted(text: &str) -> String {
    let is_web = text.starts_with("http://") || text.starts_with("https://");
    let text = match text.split_once('?') {
        Some((before, query)) if is_web || is_signature(query) => format!("{before}?..."),
        _ => text.to_owned(),
    };
    let Some((scheme, rest)) = text.split_once("://") else { return text };
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.rsplit_once('@').and_then(|(user, host)| Some((user.split_once(':')?.0, host))) {
        Some((user, host)) => format!("{scheme}://{user}:...@{host}{}", &rest[authority.len()..]),
        None => text,
    }
}

fn is_signature(query: &str) -> bool {
    let query = query.to_ascii_lowercase();
    ["sig=", "signature=", "token=", "credential="].iter().any(|secret| query.contains(secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::location::Location;

    fn store(text: &str) -> Address {
        match Location::parse(text) {
            Ok(Location::Store(address)) => *address,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn buckets_and_paths() {
        for (text, key, path) in [
            ("s3://b/mail/day=1/*.parquet", "s3://b/", "mail/day=1/*.parquet"),
            ("s3a://b", "s3://b/", ""),
            ("gs://b/a%20b/", "gs://b/", "a%20b/"),
            ("az://c/x?.parquet", "az://c/", "x?.parquet"),
            ("abfss://c@acc.dfs.core.windows.net/mail/", "az://c.acc.dfs.core.windows.net/", "mail/"),
            ("https://acc.blob.core.windows.net/c/mail/x", "az://c.acc.blob.core.windows.net/", "mail/x"),
            ("https://s3.eu-west-1.amazonaws.com/b/x", "s3://bs3.eu-west-1.amazonaws.com/", "x"),
            ("https://example.com:8080/a%20b/c.parquet", "https://example.com:8080/", "a b/c.parquet"),
        ] {
            let address = store(text);
            assert_eq!((address.key.as_str(), address.path.as_str()), (key, path), "{text}");
        }
    }

    #[test]
    fn containers_of_one_account_are_not_mixed_up() {
        let keys =
            ["abfss://a@x.dfs.core.windows.net/", "abfss://b@x.dfs.core.windows.net/"].map(|t| store(t).key);
        assert_ne!(keys[0], keys[1]);
        let keys =
            ["?sig=1", "?sig=2"].map(|q| store(&format!("https://x.blob.core.windows.net/c/f{q}")).key);
        assert_ne!(keys[0], keys[1]);
    }

    #[test]
    fn local_files() {
        let local = |text: &str| match Location::parse(text) {
            Ok(Location::Local(path)) => path.display().to_string(),
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(local("mail/*.parquet"), "mail/*.parquet");
        assert_eq!(local("file:///data/a%20b/x?.parquet"), "/data/a b/x?.parquet");
        assert_eq!(local("file://localhost/data"), "/data");
        assert!(Location::parse("file://data").unwrap_err().contains("three slashes"));
    }

    #[test]
    fn what_is_no_place() {
        let refused = |text: &str| Location::parse(text).unwrap_err();
        assert_eq!(refused("xyz://n/x"), format!("xyz:// is not a supported scheme; {SCHEMES}"));
        assert!(refused("hdfs://n/x").contains("mount the server"));
        assert!(refused("wasbs://c@a.blob.core.windows.net/x").contains("write abfss://container@account."));
        assert!(refused("dbfs:///mnt/mail").contains("Databricks"));
        for url in ["s3://", "s3:///x", "S3://", "s3a://"] {
            let scheme = url.split_once(':').unwrap().0.to_lowercase();
            assert_eq!(refused(url), format!("the bucket is missing; write {scheme}://bucket/path"), "{url}");
        }
        assert_eq!(refused("az://"), "the container is missing; write az://container/path");
        for url in ["abfss://", "abfss://a.dfs.core.windows.net/mail", "abfss://@a.dfs.core.windows.net/mail"]
        {
            let example = "abfss://container@account.dfs.core.windows.net/path";
            assert_eq!(refused(url), format!("the container is missing; write {example}"), "{url}");
        }
        let secret = refused("s3://key:SECRET@b/mail");
        assert!(
            secret.contains("credentials do not belong in a URL") && !secret.contains("SECRET"),
            "{secret}"
        );
        assert_eq!(refused("memory://n/x"), format!("memory:// is not a supported scheme; {SCHEMES}"));
        assert!(refused("https://example.com/x?sig=a").contains("for Azure storage only"));
        assert!(
            refused("abfss://c@a.dfs.core.windows.net/x?sv=1&sig=abc").contains("AZURE_STORAGE_SAS_TOKEN")
        );
    }

    #[test]
    fn secrets_are_not_shown() {
        let sas = "https://acc.blob.core.windows.net/c/mail/x?sv=1&sig=abc";
        let address = store(sas);
        assert_eq!(address.shown, "https://acc.blob.core.windows.net/c");
        assert_eq!(address.signature.as_deref(), Some("sv=1&sig=abc"));
        assert_eq!(redacted(sas), "https://acc.blob.core.windows.net/c/mail/x?...");
        assert_eq!(redacted("az://c/x?SV=1&SIG=abc"), "az://c/x?...");
        assert_eq!(redacted("s3://b/2026-?.parquet"), "s3://b/2026-?.parquet");
        assert_eq!(redacted("https://me:word@h/x"), "https://me:...@h/x");
        assert_eq!(redacted("abfss://c@a.dfs.core.windows.net/x"), "abfss://c@a.dfs.core.windows.net/x");
    }
}
