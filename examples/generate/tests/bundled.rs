//! `data/` is what the generator writes.

use std::path::{Path, PathBuf};

use super::organization;
use super::same_bytes::files;
use crate::canonical;
use crate::plan::Sizes;

/// What to do when this fails.
const REMEDY: &str = "run `cargo run --example generate -- data`, and commit data/ if the change is meant";

#[test]
fn the_bundled_data_is_what_the_generator_writes() {
    let folder = tempfile::tempdir().unwrap();
    canonical::write(&organization(Sizes::BUNDLED), folder.path(), Sizes::BUNDLED.mail_files(), 2).unwrap();
    let expected = files(folder.path());
    let bundled = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data"));
    for (path, bytes) in &expected {
        assert!(
            bundled.get(path) == Some(bytes),
            "data/{} is not what would be written: {REMEDY}",
            path.display()
        );
    }
    let surplus: Vec<&PathBuf> =
        bundled.keys().filter(|path| !path.starts_with("out") && !expected.contains_key(*path)).collect();
    assert!(surplus.is_empty(), "data/ holds what the generator does not write: {surplus:?}");
    assert!(expected.values().map(Vec::len).sum::<usize>() < 1_000_000, "the bundled data stays under 1 MB");
}
