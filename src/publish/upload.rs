//! Uploads single files to an object store.

use std::fs::File;
use std::io::{Read, Seek};

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt, WriteMultipart};

use super::location::Home;
use crate::error::{Error, Result};

/// Size of a part in bytes. A larger file is uploaded in several parts.
pub(crate) const PART: usize = 8 << 20;

/// Maximum number of parts in flight at the same time.
const PARTS_AT_ONCE: usize = 4;

/// A new, random name of a run.
pub(crate) fn new_run() -> Result<String> {
    Ok(format!("{}{:016x}", super::folder::RUN, random()?))
}

/// Checks that a run can write and delete objects.
pub(crate) async fn probe(home: &Home, run: &str) -> Result<()> {
    let (store, probe) = (&home.bucket.store, home.run(run).join("probe"));
    store.put(&probe, "".into()).await.map_err(home.cannot(&probe, "cannot be written to"))?;
    store.delete(&probe).await.map_err(home.cannot(&probe, "cannot be deleted"))
}

/// Uploads a file from its start. Returns its size in bytes.
pub(crate) async fn put_file(
    store: &dyn ObjectStore,
    path: &Path,
    file: &mut File,
) -> Result<u64, StoreError> {
    let unread = |e: std::io::Error| StoreError::Generic { store: "file", source: Box::new(unread(&e)) };
    let size = file.rewind().and_then(|()| file.metadata()).map_err(unread)?.len();
    put(store, path, size, chunks(file)).await?;
    Ok(size)
}

/// Writes an object of a known size in bytes. Readers see the whole object or none of it.
pub(crate) async fn put(
    store: &dyn ObjectStore,
    path: &Path,
    size: u64,
    mut chunks: BoxStream<'_, Result<Bytes, StoreError>>,
) -> Result<(), StoreError> {
    if size <= PART as u64 {
        let whole: Vec<Bytes> = chunks.try_collect().await?;
        store.put(path, whole.into_iter().collect()).await?;
        return Ok(());
    }
    let mut parts = WriteMultipart::new_with_chunk_size(store.put_multipart(path).await?, PART);
    let written = async {
        while let Some(chunk) = chunks.try_next().await? {
            parts.wait_for_capacity(PARTS_AT_ONCE).await?;
            parts.put(chunk);
        }
        Ok(())
    };
    match written.await {
        Ok(()) => parts.finish().await.map(|_| ()),
        Err(e) => {
            // An error of `abort` is ignored: the first error is the cause.
            let _ = parts.abort().await;
            Err(e)
        }
    }
}

/// Copies an object. The message of an error contains `what`.
pub(crate) async fn copy(home: &Home, from: &Path, to: &Path, what: &str) -> Result<()> {
    let (store, cannot) = (&home.bucket.store, home.cannot(to, what));
    let got = store.get(from).await.map_err(&cannot)?;
    let size = got.meta.size;
    put(&**store, to, size, got.into_stream()).await.map_err(&cannot)
}

/// The content of a file from its current position, in chunks of at most [`PART`] bytes.
fn chunks(file: &mut File) -> BoxStream<'_, Result<Bytes, StoreError>> {
    let next = |file: &mut File| {
        let mut chunk = vec![];
        file.by_ref().take(PART as u64).read_to_end(&mut chunk)?;
        Ok::<_, std::io::Error>(Bytes::from(chunk))
    };
    let unread = |e: std::io::Error| StoreError::Generic { store: "file", source: Box::new(unread(&e)) };
    stream::try_unfold(file, move |file| async move {
        let chunk = next(file).map_err(unread)?;
        Ok((!chunk.is_empty()).then_some((chunk, file)))
    })
    .boxed()
}

fn unread(e: &std::io::Error) -> Error {
    Error::output(format!("[output] a temporary file cannot be read: {e}"))
}

fn random() -> Result<u64> {
    getrandom::u64()
        .map_err(|e| Error::output(format!("[output] the operating system gives no random number: {e}")))
}
