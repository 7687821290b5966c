//! Connects to the object store of an address.
//!
//! Settings come from three sources, and a later one overrides an earlier one: the environment variables
//! that the tools of the cloud read, the enrichment file, and the URL itself.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::http::HttpBuilder;
use object_store::limit::LimitStore;
use object_store::{BackoffConfig, ObjectStore, ObjectStoreScheme, RetryConfig};

use super::error_context::ErrorContextStore;
use super::options::StorageOptions;
use super::{Address, errors};
use crate::error::engine_words::NO_ACCOUNT;

/// The time limit for establishing a connection. It is much shorter than that for a response.
const CONNECT_SECONDS: u32 = 10;

/// How many requests are sent to one store at the same time. DataFusion requests all files of an input
/// at once, and there may be many thousands.
const REQUESTS_AT_ONCE: usize = 64;

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Creates the store of an address. This sends no request.
///
/// # Errors
/// Settings that cannot be valid.
pub(crate) fn connect(address: &Address, storage: &StorageOptions) -> Result<Arc<dyn ObjectStore>, String> {
    let store = build(address, storage).map_err(|e| match e.to_string() {
        e if e.contains(NO_ACCOUNT) => format!(
            "{}: the account is missing; write abfss://container@account.dfs.core.windows.net/, or account under \
             [storage.azure], or set AZURE_STORAGE_ACCOUNT_NAME",
            address.shown
        ),
        _ => errors::describe(&address.shown, "", &e),
    })?;
    let limited = LimitStore::new(store, REQUESTS_AT_ONCE);
    Ok(Arc::new(ErrorContextStore::new(Arc::new(limited), &address.shown)))
}

/// Builds a store with the builder of a cloud. The settings have the names that this builder defines.
macro_rules! built {
    ($builder:expr, $retry:expr, $address:expr, $settings:expr) => {{
        let mut builder = $builder.with_retry($retry).with_url($address.bucket.as_str());
        for (key, value) in $settings {
            builder = builder.with_config(key.parse()?, value);
        }
        Arc::new(builder.build()?)
    }};
}

fn build(address: &Address, storage: &StorageOptions) -> object_store::Result<Arc<dyn ObjectStore>> {
    let retry = RetryConfig {
        backoff: BackoffConfig { max_backoff: LONGEST_PAUSE, ..BackoffConfig::default() },
        max_retries: storage.retries as usize,
        retry_timeout: Duration::from_secs(storage.retry_seconds.into()),
    };
    let timeout = storage.timeout_seconds;
    let mut settings = vec![
        ("timeout", format!("{timeout} seconds")),
        ("connect_timeout", format!("{} seconds", timeout.min(CONNECT_SECONDS))),
    ];
    settings.extend(storage.allow_http.then(|| ("allow_http", true.to_string())));
    let more = match address.kind {
        ObjectStoreScheme::MicrosoftAzure => &storage.azure,
        ObjectStoreScheme::AmazonS3 => &storage.s3,
        ObjectStoreScheme::GoogleCloudStorage => &storage.gs,
        _ => &vec![],
    };
    settings.extend(more.iter().cloned());
    settings.extend(address.signature.iter().map(|s| ("sas_key", s.clone())));
    Ok(match address.kind {
        ObjectStoreScheme::MicrosoftAzure => {
            built!(MicrosoftAzureBuilder::from_env(), retry, address, settings)
        }
        ObjectStoreScheme::AmazonS3 => built!(AmazonS3Builder::from_env(), retry, address, settings),
        ObjectStoreScheme::GoogleCloudStorage => {
            built!(GoogleCloudStorageBuilder::from_env(), retry, address, settings)
        }
        _ => built!(HttpBuilder::new(), retry, address, settings),
    })
}
