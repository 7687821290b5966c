//! Replaces Delta tables in a program that is built without the feature `delta`. An enrichment file with
//! `format = "delta"` is refused when it is parsed, but an [`Enrichment`] can also be built by code.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use datafusion::arrow::datatypes::Fields;
use datafusion::prelude::SessionContext;

use crate::config::{Enrichment, delta_disabled};
use crate::error::Result;
use crate::publish::opened::{Rows, Successor};
use crate::publish::{Description, Draft, Opened, OutputLocation, Placed, Record, Table};
use crate::views::PublishedMonth;

/// Uninhabited stand-in for the publication of Delta tables.
pub(crate) enum Publication {}

impl Publication {
    pub(crate) async fn create(_: &SessionContext, _: &Enrichment, _: &Fields) -> Result<Self> {
        Err(delta_disabled())
    }

    pub(crate) fn draft(&mut self, _: &'static Table) -> Result<Draft> {
        match *self {}
    }

    pub(crate) fn retained(&self, _: &SessionContext) -> Result<Rows> {
        match *self {}
    }

    pub(crate) fn attributes(&self) -> Fields {
        match *self {}
    }

    pub(crate) async fn publish(self, _: &Record) -> Result<Placed> {
        match self {}
    }
}

/// Delta tables that another program has published are not looked at.
pub(crate) async fn described(_: &OutputLocation, _: &str) -> Result<Option<(String, Description)>> {
    Ok(None)
}

/// As for [`described`].
pub(crate) async fn announced_months(_: &OutputLocation, _: &Enrichment) -> Result<Vec<PublishedMonth>> {
    Ok(vec![])
}

pub(crate) async fn check(_: &OutputLocation, _: &Enrichment, _: &Fields) -> Result<()> {
    Err(delta_disabled())
}

pub(crate) async fn published(_: &SessionContext, _: &Enrichment) -> Result<Option<Opened>> {
    Err(delta_disabled())
}

/// As for [`described`].
pub(crate) async fn record(_: OutputLocation, _: &Enrichment) -> Result<Option<serde_json::Value>> {
    Ok(None)
}

pub(crate) async fn sizes(_: &SessionContext, _: &Enrichment) -> Result<Vec<(&'static str, u64)>> {
    Err(delta_disabled())
}

pub(crate) async fn drop_dates(
    _: &OutputLocation,
    _: &str,
    _: &BTreeSet<NaiveDate>,
    _: Option<Successor>,
) -> Result<()> {
    Err(delta_disabled())
}
