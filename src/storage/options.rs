//! Settings of object stores that come neither from URLs nor from the environment.

/// Settings of object stores. None of them is a secret: secrets come from the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageOptions {
    /// How long one request may take, including its response.
    pub timeout_seconds: u32,
    /// How often a failed request is repeated.
    pub retries: u32,
    /// After this time a failed request is not repeated any more.
    pub retry_seconds: u32,
    /// Whether `http://` is allowed, for inputs and endpoints.
    pub allow_http: bool,
    /// Settings of the Azure builder of `object_store`, with its names for them.
    pub(crate) azure: Vec<(&'static str, String)>,
    /// Settings of the S3 builder of `object_store`, with its names for them.
    pub(crate) s3: Vec<(&'static str, String)>,
    /// Settings of the Google builder of `object_store`, with its names for them.
    pub(crate) gs: Vec<(&'static str, String)>,
}

impl Default for StorageOptions {
    /// With these values, a server that never responds causes an error after about three minutes.
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
