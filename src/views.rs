//! The SQL of the enrichment: loads `sql/`, binds its parameters, registers each view.
//!
//! Every view is a file; [`VIEWS`] is the one list of them, in the order in which they depend on
//! each other.

use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::datasource::ViewTable;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;

use crate::enrichment::{Enrichment, Format, Level};
use crate::error::{Error, Result};

/// Where a view stands. Each layer reads only itself and the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Renames, casts, gives each row its disposition.
    Staging,
    /// People, messages, meetings, days, periods.
    Intermediate,
    /// What is published.
    Office,
}

/// One file of `sql/`.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// The name of the view and, in lower case, of its file.
    pub name: &'static str,
    /// Its layer, which is its folder.
    pub layer: Layer,
    /// The text of the file.
    pub sql: &'static str,
    /// A run computes this one once and keeps the result, because several views read it, or because
    /// what it reads can then be let go.
    pub shared: bool,
}

macro_rules! views {
    ($($layer:ident $name:literal $file:literal $($shared:ident)?;)*) => {
        &[$(View {
            name: $name,
            layer: Layer::$layer,
            sql: include_str!(concat!("../sql/", $file, ".sql")),
            shared: views!(@ $($shared)?),
        }),*]
    };
    (@ shared) => { true };
    (@) => { false };
}

/// Every view, in the order in which they depend on each other.
pub const VIEWS: &[View] = views! {
    Staging "stg_mailbox" "staging/stg_mailbox";
    Staging "stg_user" "staging/stg_user";
    Staging "stg_group" "staging/stg_group";
    Staging "stg_account" "staging/stg_account";
    Staging "stg_contact" "staging/stg_contact";
    Staging "stg_mail" "staging/stg_mail";
    Staging "stg_meeting" "staging/stg_meeting";
    Intermediate "directory" "intermediate/directory" shared;
    Intermediate "mailbox_source" "intermediate/mailbox_source" shared;
    Intermediate "mailbox" "intermediate/mailbox" shared;
    Intermediate "listed_group" "intermediate/listed_group";
    Intermediate "holder" "intermediate/holder" shared;
    Intermediate "own_address" "intermediate/own_address" shared;
    Intermediate "profile" "intermediate/profile" shared;
    Intermediate "own_book" "intermediate/own_book" shared;
    Intermediate "contact" "intermediate/contact" shared;
    Intermediate "contact_disposition" "intermediate/contact_disposition" shared;
    Intermediate "contact_address" "intermediate/contact_address";
    Intermediate "address_book" "intermediate/address_book" shared;
    Intermediate "mail_copy" "intermediate/mail_copy";
    Intermediate "mail_bucket" "intermediate/mail_bucket" shared;
    Intermediate "meeting_copy" "intermediate/meeting_copy";
    Intermediate "meeting_bucket" "intermediate/meeting_bucket" shared;
    Intermediate "disposition" "intermediate/disposition" shared;
    Intermediate "coverage" "intermediate/coverage" shared;
    Intermediate "message_account" "intermediate/message_account";
    Intermediate "meeting_account" "intermediate/meeting_account";
    Intermediate "engagement_bucket" "intermediate/engagement_bucket" shared;
    Intermediate "account_bucket" "intermediate/account_bucket";
    Intermediate "account_day" "intermediate/account_day";
    Intermediate "account_period" "intermediate/account_period" shared;
    Intermediate "office_measure" "intermediate/office_measure";
    Intermediate "withheld_account" "intermediate/withheld_account" shared;
    Intermediate "office_disclosed" "intermediate/office_disclosed";
    Intermediate "period_standing" "intermediate/period_standing" shared;
    Intermediate "office_scored" "intermediate/office_scored";
    Intermediate "office_placed" "intermediate/office_placed";
    Intermediate "history_placed" "intermediate/history_placed";
    Office "Office" "office/office";
    Office "Office_UserTable" "office/office_usertable";
    Office "Office_Overview" "office/office_overview" shared;
    Office "Office_Dispositions" "office/office_dispositions";
    Office "Office_ScoreExplained" "office/office_scoreexplained";
    Office "CustomerCard" "office/customercard";
    Office "CustomerCard_History" "office/customercard_history";
};

/// What varies between enrichments: the values of the placeholders in `sql/`.
#[derive(Debug, Clone)]
pub struct Parameters(Vec<(&'static str, ScalarValue)>);

impl Parameters {
    /// The values that an enrichment gives.
    pub fn of(enrichment: &Enrichment) -> Self {
        let day_micros = 86_400_000_000;
        let copies = [&enrichment.mail, &enrichment.meetings];
        let has_holders = copies.into_iter().flatten().any(|i| i.format == Format::GraphDataConnect);
        Self(vec![
            ("enrichment", ScalarValue::from(enrichment.name.as_str())),
            ("as_of", date(enrichment.as_of)),
            ("first_day", date(enrichment.first_day())),
            ("time_zone", ScalarValue::from(enrichment.time_zone.name())),
            ("reply_limit_micros", ScalarValue::from(i64::from(enrichment.reply_window_days) * day_micros)),
            ("min_people", ScalarValue::from(i64::from(enrichment.min_people))),
            ("has_accounts", ScalarValue::from(enrichment.accounts.is_some())),
            ("has_holders", ScalarValue::from(has_holders)),
            ("levels", each_once(&enrichment.levels)),
            ("weights", numbers(&enrichment.weights.0.map(i64::from))),
        ])
    }

    /// The values by which what is published explains itself: levels and weights.
    pub fn of_published(levels: &[Level], weights: &[i64]) -> Self {
        Self(vec![("levels", each_once(levels)), ("weights", numbers(weights))])
    }

    fn bind(&self, plan: LogicalPlan) -> Result<LogicalPlan> {
        Ok(plan.with_param_values(ParamValues::from(self.0.clone()))?)
    }
}

fn date(day: NaiveDate) -> ScalarValue {
    ScalarValue::Date32(Some(day.to_epoch_days()))
}

/// Their words, each once, in the order of Office.
fn each_once(levels: &[Level]) -> ScalarValue {
    let levels = Level::ALL.into_iter().filter(|level| levels.contains(level));
    let values: Vec<_> = levels.map(|level| ScalarValue::from(level.as_str())).collect();
    ScalarValue::List(ScalarValue::new_list_nullable(&values, &datafusion::arrow::datatypes::DataType::Utf8))
}

fn numbers(values: &[i64]) -> ScalarValue {
    let values: Vec<_> = values.iter().map(|v| ScalarValue::from(*v)).collect();
    ScalarValue::List(ScalarValue::new_list_nullable(&values, &datafusion::arrow::datatypes::DataType::Int64))
}

impl View {
    /// One of [`VIEWS`] by its name.
    pub fn named(name: &str) -> Option<&'static View> {
        VIEWS.iter().find(|v| v.name == name)
    }

    /// The views of [`VIEWS`] that it reads, each once.
    ///
    /// # Errors
    /// A file that is no statement.
    pub(crate) fn reads(&self, ctx: &SessionContext) -> Result<Vec<&'static str>> {
        let state = ctx.state();
        let dialect = state.config_options().sql_parser.dialect;
        let statement = state.sql_to_statement(self.sql, &dialect).map_err(|e| self.error(e))?;
        let tables = state.resolve_table_references(&statement).map_err(|e| self.error(e))?;
        Ok(tables.iter().filter_map(|t| View::named(t.table())).map(|view| view.name).collect())
    }

    /// Plans the file's statement over what is registered, and registers it under its name.
    ///
    /// # Errors
    /// A table or function that is not there yet.
    pub async fn register(&self, ctx: &SessionContext, parameters: &Parameters) -> Result<()> {
        let plan = ctx.state().create_logical_plan(self.sql).await.map_err(|e| self.error(e))?;
        let plan = parameters.bind(plan)?;
        let view = ViewTable::new(plan, Some(self.sql.to_string()));
        ctx.register_table(quoted(self.name), Arc::new(view)).map_err(|e| self.error(e))?;
        Ok(())
    }

    fn error(&self, error: datafusion::error::DataFusionError) -> Error {
        let error = Error::from(error);
        Error::new(error.kind(), format!("view {}: {error}", self.name)).with_source(error)
    }
}

/// The names that the published tables have besides their own: with `[output] table = "Sales"`,
/// `Sales_UserTable` is `Office_UserTable`.
///
/// # Errors
/// A name that something else has.
pub(crate) fn own_names(enrichment: &Enrichment) -> Result<Vec<(String, &'static str)>> {
    let own = &enrichment.output.table;
    if own.eq_ignore_ascii_case(OFFICE) {
        return Ok(vec![]);
    }
    let published = VIEWS.iter().filter(|v| v.layer == Layer::Office);
    let names: Vec<_> = published
        .filter_map(|v| v.name.strip_prefix(OFFICE).map(|suffix| (format!("{own}{suffix}"), v.name)))
        .collect();
    let taken = |name: &str| {
        let lower = name.to_ascii_lowercase();
        ["segment_", "input_"].iter().any(|p| lower.starts_with(p))
            || VIEWS.iter().any(|v| v.name.eq_ignore_ascii_case(name))
    };
    // Two enrichments may share a folder, and Sales_Overview is a companion of Sales.
    let companion = names
        .iter()
        .filter_map(|(_, view)| view.strip_prefix(OFFICE))
        .find(|s| !s.is_empty() && own.ends_with(s));
    if let Some(suffix) = companion {
        return Err(Error::enrichment(format!(
            "{}: [output] table = \"{own}\" ends like a companion of another table; choose a name without {suffix}",
            enrichment.file.display()
        )));
    }
    match names.iter().find(|(name, _)| taken(name)) {
        Some((name, _)) => Err(Error::enrichment(format!(
            "{}: [output] table = \"{own}\" would hide {name}, which is another table here; choose another name",
            enrichment.file.display()
        ))),
        None => Ok(names),
    }
}

/// Registers the published tables under these names, too.
pub(crate) async fn register_own_names(ctx: &SessionContext, enrichment: &Enrichment) -> Result<()> {
    for (name, view) in own_names(enrichment)? {
        let table = ctx.table_provider(quoted(view)).await?;
        ctx.register_table(quoted(&name), table)?;
    }
    Ok(())
}

/// What the names of the published tables about periods begin with.
const OFFICE: &str = "Office";

/// A table name as it is, whatever its case.
pub(crate) fn quoted(name: &str) -> datafusion::common::TableReference {
    datafusion::common::TableReference::bare(name)
}
