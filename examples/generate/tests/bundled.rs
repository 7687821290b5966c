//! `data/` contains exactly what the generator writes.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use super::organization;
use super::same_bytes::files;
use crate::plan::Sizes;
use crate::{canonical, graph};

/// What to do when this fails.
const REMEDY: &str = "run `cargo run --example generate -- data`, and commit data/ if the change is meant";

#[test]
fn the_bundled_data_is_what_the_generator_writes() {
    let folder = tempfile::tempdir().unwrap();
    let org = organization(Sizes::BUNDLED);
    canonical::write(&org, folder.path(), Sizes::BUNDLED.mail_files(), 2).unwrap();
    graph::write(&org, folder.path()).unwrap();
    let expected = files(folder.path());
    let size: usize = expected.values().map(Vec::len).sum();
    assert!(size < 1_000_000, "the bundled data stays under 1 MB: {size}");
    let expected = unzipped(expected);
    let bundled = unzipped(files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data")));
    for (path, bytes) in &expected {
        assert!(
            bundled.get(path) == Some(bytes),
            "data/{} is not what would be written: {REMEDY}",
            path.display()
        );
    }
    // Only in the folders of inputs, because a run may have left its output next to them.
    let is_input = |path: &Path| ["mail", "graph-data-connect"].iter().any(|folder| path.starts_with(folder));
    let surplus: Vec<&PathBuf> =
        bundled.keys().filter(|path| is_input(path) && !expected.contains_key(*path)).collect();
    assert!(surplus.is_empty(), "data/ holds what the generator does not write: {surplus:?}");
}

/// The files with gzipped ones decompressed, because the compressed bytes may depend on the processor.
fn unzipped(files: BTreeMap<PathBuf, Vec<u8>>) -> BTreeMap<PathBuf, Vec<u8>> {
    let unzip = |(path, bytes): (PathBuf, Vec<u8>)| {
        if path.extension().is_none_or(|e| e != "gz") {
            return (path, bytes);
        }
        let mut plain = vec![];
        GzDecoder::new(&bytes[..]).read_to_end(&mut plain).unwrap();
        (path, plain)
    };
    files.into_iter().map(unzip).collect()
}
