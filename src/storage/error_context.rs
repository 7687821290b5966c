//! An object store that adds context to its errors. DataFusion reports errors far from the code that
//! knows the URL, so the context is added here.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::ready;
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::errors::with_context;

/// Delegates all calls to another store. An error retains the variants that DataFusion distinguishes, and
/// gets an error of this crate as its source.
#[derive(Debug)]
pub(crate) struct ErrorContextStore {
    inner: Arc<dyn ObjectStore>,
    shown: Arc<str>,
}

impl ErrorContextStore {
    /// Wraps a store. `shown` is the name of the bucket in errors.
    pub(crate) fn new(inner: Arc<dyn ObjectStore>, shown: &str) -> Self {
        Self { inner, shown: shown.into() }
    }

    fn describe<T>(&self, path: &Path, result: Result<T>) -> Result<T> {
        result.map_err(|e| with_context(&self.shown, path.as_ref(), e))
    }

    fn describe_all<T: 'static>(
        &self,
        path: String,
        stream: BoxStream<'static, Result<T>>,
    ) -> BoxStream<'static, Result<T>> {
        let shown = Arc::clone(&self.shown);
        stream.map(move |result| result.map_err(|e| with_context(&shown, &path, e))).boxed()
    }
}

impl fmt::Display for ErrorContextStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

fn folder(prefix: Option<&Path>) -> String {
    prefix.map(Path::to_string).unwrap_or_default()
}

#[async_trait]
impl ObjectStore for ErrorContextStore {
    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.describe(path, self.inner.put_opts(path, payload, options).await)
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.describe(path, self.inner.put_multipart_opts(path, options).await)
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        let result = self.describe(path, self.inner.get_opts(path, options).await)?;
        let payload = match result.payload {
            GetResultPayload::Stream(bytes) => {
                GetResultPayload::Stream(self.describe_all(path.to_string(), bytes))
            }
            file => file,
        };
        Ok(GetResult { payload, ..result })
    }

    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.describe(path, self.inner.get_ranges(path, ranges).await)
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.describe_all(String::new(), self.inner.delete_stream(paths))
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.describe_all(folder(prefix), self.inner.list(prefix))
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        // Some servers, such as Azurite, ignore the offset and list from the start.
        let after = offset.clone();
        let listed = self.inner.list_with_offset(prefix, offset);
        let listed = listed.try_filter(move |meta| ready(meta.location > after));
        self.describe_all(folder(prefix), listed.boxed())
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let result = self.inner.list_with_delimiter(prefix).await;
        result.map_err(|e| with_context(&self.shown, &folder(prefix), e))
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.describe(to, self.inner.copy_opts(from, to, options).await)
    }
}
