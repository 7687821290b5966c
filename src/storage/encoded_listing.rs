//! An object store that lists names in the form that the Delta library needs.
//!
//! The library makes a URL of each listed name without encoding its `%`, and decodes the URL to read the
//! object. The object `a%20b` would be searched as `a b`. Therefore names are listed with an encoded `%`.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// Delegates all calls to another store. Only the names in listings differ.
#[derive(Debug)]
pub(crate) struct EncodedListing(pub(crate) Arc<dyn ObjectStore>);

impl fmt::Display for EncodedListing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Percent-encodes the characters that a URL parser would decode, replace or drop.
fn encoded(path: &Path) -> Path {
    let is_literal = |c: char| c != '%' && c != '\\' && !c.is_control();
    if path.as_ref().chars().all(is_literal) {
        return path.clone();
    }
    let mut text = String::new();
    for c in path.as_ref().chars() {
        if is_literal(c) {
            text.push(c);
        } else {
            text.extend(c.to_string().bytes().map(|byte| format!("%{byte:02X}")));
        }
    }
    // The encoded name of an object is a valid path, because `%` is permitted in it.
    Path::parse(text).unwrap_or_else(|_| path.clone())
}

fn encode(listed: BoxStream<'static, Result<ObjectMeta>>) -> BoxStream<'static, Result<ObjectMeta>> {
    let encode = |meta: ObjectMeta| ObjectMeta { location: encoded(&meta.location), ..meta };
    listed.map(move |listed| listed.map(encode)).boxed()
}

#[async_trait]
impl ObjectStore for EncodedListing {
    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.0.put_opts(path, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.0.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.0.get_opts(path, options).await
    }

    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.0.get_ranges(path, ranges).await
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        encode(self.0.list(prefix))
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        encode(self.0.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.copy_opts(from, to, options).await
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    /// What the library does with a listed name.
    fn searched(listed: &Path) -> Path {
        let mut url = Url::parse("file:///somewhere").unwrap();
        url.set_path(&format!("/{listed}"));
        Path::from_url_path(url.path()).unwrap()
    }

    #[test]
    fn what_is_listed_is_found() {
        for name in ["a%20b/x", "100%/x", "a%2Fb", "a b#c?d/é/%E9", "back\\slash", "%25", "plain/x"] {
            let path = Path::parse(name).unwrap();
            assert_eq!(searched(&encoded(&path)), path, "{name}");
        }
        assert_ne!(searched(&Path::parse("a%20b").unwrap()), Path::parse("a%20b").unwrap());
    }

    proptest! {
        #[test]
        fn every_name_is_found(name in "[a-c%0-9\\\\ #?é.\t]{1,12}") {
            if let Ok(path) = Path::parse(&name) {
                prop_assert_eq!(searched(&encoded(&path)), path);
            }
        }
    }
}
