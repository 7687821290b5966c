//! In the place of Delta tables in a program that was built without them. An enrichment file that asks
//! for them was refused before; an [`Enrichment`] can also be made by hand.

use datafusion::prelude::SessionContext;

use super::Input;
use crate::enrichment::Enrichment;
use crate::error::{Error, Result};
use crate::output::{Draft, Opened, Table};

/// What nobody has.
pub(crate) enum Publication {}

fn refused() -> Error {
    Error::enrichment("this program was built without Delta tables; build it with the feature \"delta\"")
}

impl Publication {
    pub(crate) async fn create(_: &SessionContext, _: &Enrichment) -> Result<Self> {
        Err(refused())
    }

    pub(crate) fn draft(&mut self, _: &'static Table) -> Result<Draft> {
        match *self {}
    }

    pub(crate) async fn publish(self) -> Result<String> {
        match self {}
    }
}

pub(crate) async fn open(_: &SessionContext, _: &Enrichment, _: &str) -> Result<Input> {
    Err(refused())
}

pub(crate) async fn published(_: &SessionContext, _: &Enrichment) -> Result<Option<Opened>> {
    Err(refused())
}
