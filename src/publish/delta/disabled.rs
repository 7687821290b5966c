//! Replaces Delta tables in a program that is built without the feature `delta`. An enrichment file with
//! `format = "delta"` is refused when it is parsed, but an [`Enrichment`] can also be built by code.

use datafusion::prelude::SessionContext;

use crate::config::{Enrichment, delta_disabled};
use crate::error::Result;
use crate::publish::{Draft, Opened, OutputLocation, Table};

/// Uninhabited stand-in for the publication of Delta tables.
pub(crate) enum Publication {}

impl Publication {
    pub(crate) async fn create(_: &SessionContext, _: &Enrichment) -> Result<Self> {
        Err(delta_disabled())
    }

    pub(crate) fn draft(&mut self, _: &'static Table) -> Result<Draft> {
        match *self {}
    }

    pub(crate) async fn publish(self) -> Result<String> {
        match self {}
    }
}

pub(crate) async fn check(_: OutputLocation, _: &Enrichment) -> Result<()> {
    Err(delta_disabled())
}

pub(crate) async fn published(_: &SessionContext, _: &Enrichment) -> Result<Option<Opened>> {
    Err(delta_disabled())
}
