//! TOML → [`Enrichment`](super::Enrichment).

use std::path::Path;

use super::{Enrichment, Overrides};
use crate::error::{Error, Result};

pub(super) fn open(file: &Path, _overrides: &Overrides) -> Result<Enrichment> {
    Err(Error::enrichment(format!("{}: cannot be read", file.display())))
}
