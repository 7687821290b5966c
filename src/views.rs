//! The views of the enrichment: the files of `sql/`, their order, and their parameters.
//!
//! Each view is one file with one `select`. [`VIEWS`] lists the views in the order of their dependencies. A
//! view is registered with its placeholders (such as `$as_of`) bound to typed values: [`Parameters`].

use std::collections::HashSet;
use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Column, ParamValues, ScalarValue};
use datafusion::datasource::ViewTable;
use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::prelude::SessionContext;
use serde::{Deserialize, Serialize};

use crate::config::{Enrichment, Format, Level, Measure, Source};
use crate::engine::lazy::Lazy;
use crate::engine::quoted;
use crate::error::{Error, Result};

/// The layer of a view. Each layer reads itself and the one before: staging reads the inputs, intermediate
/// reads staging, office reads intermediate. Inspect reads staging and intermediate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// The rows of the inputs, renamed and cast; mail and meetings with their disposition.
    Staging,
    /// The steps from staged rows to scored periods: people, copies, engagements, days, periods, scores.
    Intermediate,
    /// The published tables, and `Office_ScoreExplained`.
    Office,
    /// Rows of intermediate steps, for inspection in sessions over the inputs. No table is computed from them.
    Inspect,
}

/// One file of `sql/`.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// The name of the view and, in lower case, of its file.
    pub name: &'static str,
    /// The layer, which is the folder of the file.
    pub layer: Layer,
    /// The text of the file.
    pub sql: &'static str,
    /// Whether a run materializes the view: several views read it, or its inputs can be released once it is
    /// computed.
    pub materialized: bool,
}

macro_rules! views {
    ($($layer:ident $name:literal $file:literal $($materialized:ident)?;)*) => {
        &[$(View {
            name: $name,
            layer: Layer::$layer,
            sql: include_str!(concat!("../sql/", $file, ".sql")),
            materialized: views!(@ $($materialized)?),
        }),*]
    };
    (@ materialized) => { true };
    (@) => { false };
}

/// Every view, in the order of their dependencies.
pub const VIEWS: &[View] = views! {
    Staging "stg_mailbox" "staging/stg_mailbox";
    Staging "stg_user" "staging/stg_user";
    Staging "stg_group" "staging/stg_group";
    Staging "stg_account" "staging/stg_account";
    Staging "stg_account_attributes" "staging/stg_account_attributes";
    Staging "stg_account_domain" "staging/stg_account_domain";
    Staging "stg_public_mail_domain" "staging/stg_public_mail_domain";
    Staging "stg_contact" "staging/stg_contact";
    Staging "stg_mail" "staging/stg_mail";
    Staging "stg_meeting" "staging/stg_meeting";
    Inspect "unmatched_account_id" "inspect/unmatched_account_id";
    Intermediate "directory" "intermediate/directory" materialized;
    Intermediate "mailbox_source" "intermediate/mailbox_source" materialized;
    Intermediate "mailbox" "intermediate/mailbox" materialized;
    Inspect "listed_group" "inspect/listed_group";
    Intermediate "holder" "intermediate/holder" materialized;
    Intermediate "internal_address" "intermediate/internal_address" materialized;
    Intermediate "profile" "intermediate/profile" materialized;
    Intermediate "internal_address_book" "intermediate/internal_address_book" materialized;
    Intermediate "contact" "intermediate/contact" materialized;
    Intermediate "contact_disposition" "intermediate/contact_disposition" materialized;
    Intermediate "contact_address" "intermediate/contact_address";
    Intermediate "own_domain" "intermediate/own_domain";
    Intermediate "account_domain" "intermediate/account_domain" materialized;
    Intermediate "domain_book" "intermediate/domain_book" materialized;
    Intermediate "known_address_book" "intermediate/known_address_book" materialized;
    Intermediate "domain_address" "intermediate/domain_address" materialized;
    Intermediate "domain_coverage" "intermediate/domain_coverage" materialized;
    Intermediate "address_book" "intermediate/address_book" materialized;
    Intermediate "mail_copy" "intermediate/mail_copy";
    Intermediate "mail_bucket" "intermediate/mail_bucket" materialized;
    Intermediate "meeting_copy" "intermediate/meeting_copy";
    Intermediate "meeting_bucket" "intermediate/meeting_bucket" materialized;
    Intermediate "disposition" "intermediate/disposition" materialized;
    Intermediate "coverage" "intermediate/coverage" materialized;
    Intermediate "own_people" "intermediate/own_people" materialized;
    Inspect "message_account" "inspect/message_account";
    Inspect "meeting_account" "inspect/meeting_account";
    Intermediate "engagement_bucket" "intermediate/engagement_bucket" materialized;
    Intermediate "account_days" "intermediate/account_days";
    Inspect "account_day" "inspect/account_day";
    Intermediate "account_period" "intermediate/account_period" materialized;
    Intermediate "account_month" "intermediate/account_month" materialized;
    Intermediate "changed_account" "intermediate/changed_account";
    Intermediate "suppressed_account" "intermediate/suppressed_account" materialized;
    Intermediate "office_measure" "intermediate/office_measure";
    Intermediate "period_distribution" "intermediate/period_distribution" materialized;
    Intermediate "office_scored" "intermediate/office_scored";
    Intermediate "office_sorted" "intermediate/office_sorted";
    Intermediate "customercard_history_sorted" "intermediate/customercard_history_sorted";
    Office "Office" "office/office";
    Intermediate "account_attributes" "intermediate/account_attributes";
    Office "Office_Accounts" "office/office_accounts";
    Office "Office_UserTable" "office/office_usertable";
    Office "Office_Overview" "office/office_overview" materialized;
    Office "Office_Dispositions" "office/office_dispositions";
    Office "Office_ScoreExplained" "office/office_scoreexplained";
    Office "CustomerCard" "office/customercard";
    Office "CustomerCard_History" "office/customercard_history";
};

/// What was published about a month of an account, for a later run with `min_people` above 1, which publishes nothing
/// else about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedMonth {
    /// The account.
    pub account: String,
    /// The first day of the month.
    pub month: NaiveDate,
    /// The numbers, as `account_month` writes them.
    pub numbers: String,
    /// The steps in which internal people are counted, and their numbers, as `account_month` writes them.
    #[serde(default)]
    pub people: String,
}

impl PublishedMonth {
    /// The steps in which internal people are counted; `None` if an earlier version has published the month.
    pub(crate) fn step(&self) -> Option<u32> {
        self.people.split(' ').next()?.parse().ok()
    }
}

/// The values of the placeholders in `sql/`, which differ between enrichments.
#[derive(Debug, Clone)]
pub struct Parameters(Vec<(&'static str, ScalarValue)>);

impl Parameters {
    /// The values for the views over the inputs of an enrichment.
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
            ("has_attributes", ScalarValue::from(!enrichment.attributes().is_empty())),
            ("has_domains", ScalarValue::from(enrichment.has_domains())),
            ("has_holders", ScalarValue::from(has_holders)),
            ("fiscal_year_start", ScalarValue::from(i64::from(enrichment.fiscal_year_start.month()))),
        ])
        .with(Self::of_published(&enrichment.levels, &enrichment.score_weights().0.map(i64::from)))
        .with(Self::of_months(&[]))
    }

    /// These values, and what was published about months of accounts.
    pub(crate) fn with_months(mut self, months: &[PublishedMonth]) -> Self {
        let Self(of_months) = Self::of_months(months);
        self.0.retain(|(name, _)| !of_months.iter().any(|(other, _)| name == other));
        self.0.extend(of_months);
        self
    }

    fn of_months(months: &[PublishedMonth]) -> Self {
        let list = |text: fn(&PublishedMonth) -> ScalarValue| {
            let values: Vec<_> = months.iter().map(text).collect();
            ScalarValue::List(ScalarValue::new_list_nullable(&values, &DataType::Utf8))
        };
        Self(vec![
            ("published_accounts", list(|of| ScalarValue::from(of.account.as_str()))),
            ("published_months", list(|of| ScalarValue::from(of.month.to_string()))),
            ("published_numbers", list(|of| ScalarValue::from(of.numbers.as_str()))),
            ("published_people", list(|of| ScalarValue::from(of.people.as_str()))),
        ])
    }

    /// The values for views over published tables: the levels and the weights of the run that published them. The
    /// weights of measures of a source that was not there are 0.
    pub fn of_published(levels: &[Level], weights: &[i64]) -> Self {
        Self(vec![
            ("levels", each_once(levels)),
            ("measures", measures()),
            ("weights", numbers(weights)),
            ("total_weight", ScalarValue::from(weights.iter().sum::<i64>())),
        ])
    }

    /// The values for segments: which sources the run had that published the tables.
    pub(crate) fn of_segments(sources: &[Source]) -> Self {
        let has = |source| ScalarValue::from(sources.contains(&source));
        Self(vec![("has_mail", has(Source::Mail)), ("has_meetings", has(Source::Meetings))])
    }

    /// The values for the view over the overviews of all as-of dates: the name of the enrichment.
    pub fn of_history(enrichment: &str) -> Self {
        Self(vec![("enrichment", ScalarValue::from(enrichment))])
    }

    /// The values for the view that compares two as-of dates.
    pub(crate) fn of_changes(from: NaiveDate, to: NaiveDate) -> Self {
        Self(vec![("from_date", date(from)), ("to_date", date(to))])
    }

    /// The values for a session that does not read mail and meetings for the people whom accounts know by domain.
    pub(crate) fn without_domains(mut self) -> Self {
        self.0.iter_mut().filter(|(name, _)| *name == "has_domains").for_each(|(_, has)| *has = false.into());
        self
    }

    /// The values for a session that registers everybody whom domains do not decide about.
    pub(crate) fn with_domains(mut self) -> Self {
        self.0.iter_mut().filter(|(name, _)| *name == "has_domains").for_each(|(_, has)| *has = true.into());
        self
    }

    /// The placeholders, as SQL writes them: `$as_of`.
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.iter().map(|(name, _)| format!("${name}")).collect()
    }

    fn with(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        self
    }

    /// Replaces the placeholders of a plan by their values.
    ///
    /// # Errors
    /// A placeholder without a value.
    pub(crate) fn bind(&self, plan: LogicalPlan) -> Result<LogicalPlan> {
        Ok(plan.with_param_values(ParamValues::from(self.0.clone()))?)
    }
}

/// The column of a published table that becomes one column for each of its fields; none if its type is Null.
const SPREAD: &str = "attributes";

/// Replaces the column [`SPREAD`] of a plan, if it has one, by its fields.
fn spread(plan: LogicalPlan) -> Result<LogicalPlan> {
    let schema = Arc::clone(plan.schema());
    if !schema.fields().iter().any(|field| field.name() == SPREAD) {
        return Ok(plan);
    }
    let columns = schema.iter().flat_map(|(table, field)| {
        let column = Expr::Column(Column::new(table.cloned(), field.name()));
        match (field.name().as_str(), field.data_type()) {
            (SPREAD, DataType::Struct(fields)) => {
                fields.iter().map(|f| get_field(column.clone(), f.name().as_str()).alias(f.name())).collect()
            }
            (SPREAD, _) => vec![],
            _ => vec![column],
        }
    });
    Ok(LogicalPlanBuilder::from(plan.clone()).project(columns.collect::<Vec<_>>())?.build()?)
}

fn date(day: NaiveDate) -> ScalarValue {
    ScalarValue::Date32(Some(day.to_epoch_days()))
}

/// The words of the levels as a list, without duplicates, in the order of [`Level::ALL`].
fn each_once(levels: &[Level]) -> ScalarValue {
    let levels = Level::ALL.into_iter().filter(|level| levels.contains(level));
    let values: Vec<_> = levels.map(|level| ScalarValue::from(level.as_str())).collect();
    ScalarValue::List(ScalarValue::new_list_nullable(&values, &DataType::Utf8))
}

/// The names of the measures, in the order of the weights.
fn measures() -> ScalarValue {
    let names = Measure::ALL.map(|measure| ScalarValue::from(measure.name));
    ScalarValue::List(ScalarValue::new_list_nullable(&names, &DataType::Utf8))
}

fn numbers(values: &[i64]) -> ScalarValue {
    let values: Vec<_> = values.iter().map(|v| ScalarValue::from(*v)).collect();
    ScalarValue::List(ScalarValue::new_list_nullable(&values, &DataType::Int64))
}

impl View {
    /// The view of [`VIEWS`] with this name (case-sensitive); `None` if there is none.
    pub fn named(name: &str) -> Option<&'static View> {
        VIEWS.iter().find(|v| v.name == name)
    }

    /// The named views and all views that they read, directly or through other views, in the order of
    /// [`VIEWS`].
    ///
    /// # Errors
    /// A file that is not one SQL statement.
    pub(crate) fn with_dependencies(ctx: &SessionContext, names: &[&str]) -> Result<Vec<&'static View>> {
        let mut needed: HashSet<&str> = names.iter().copied().collect();
        let mut open: Vec<_> = names.iter().filter_map(|name| View::named(name)).collect();
        while let Some(view) = open.pop() {
            for name in view.reads(ctx)? {
                if needed.insert(name) {
                    open.extend(View::named(name));
                }
            }
        }
        Ok(VIEWS.iter().filter(|view| needed.contains(view.name)).collect())
    }

    /// The names of the views of [`VIEWS`] that this view reads directly, without duplicates.
    ///
    /// # Errors
    /// A file that is not one SQL statement.
    pub(crate) fn reads(&self, ctx: &SessionContext) -> Result<Vec<&'static str>> {
        let state = ctx.state();
        let dialect = state.config_options().sql_parser.dialect;
        let statement = state.sql_to_statement(self.sql, &dialect).map_err(|e| self.error(e))?;
        let tables = state.resolve_table_references(&statement).map_err(|e| self.error(e))?;
        Ok(tables.iter().filter_map(|t| View::named(t.table())).map(|view| view.name).collect())
    }

    /// Plans the statement of the file over the tables and functions of a session, and registers the view
    /// there.
    ///
    /// # Errors
    /// A table or function that is not registered, or a placeholder without a value.
    pub async fn register(&self, ctx: &SessionContext, parameters: &Parameters) -> Result<()> {
        let view = ViewTable::new(self.plan(ctx, parameters).await?, Some(self.sql.to_string()));
        ctx.register_table(quoted(self.name), Arc::new(view)).map_err(|e| self.error(e))?;
        Ok(())
    }

    /// Registers the view, like [`View::register`], so that it is computed once, when a query reads it first.
    ///
    /// # Errors
    /// A table or function that is not registered, or a placeholder without a value.
    pub(crate) async fn register_lazily(&self, ctx: &SessionContext, parameters: &Parameters) -> Result<()> {
        let view = Lazy::new(self.plan(ctx, parameters).await?);
        ctx.register_table(quoted(self.name), Arc::new(view)).map_err(|e| self.error(e))?;
        Ok(())
    }

    async fn plan(&self, ctx: &SessionContext, parameters: &Parameters) -> Result<LogicalPlan> {
        let plan = ctx.state().create_logical_plan(self.sql).await.map_err(|e| self.error(e))?;
        let plan = parameters.bind(plan)?;
        if self.layer == Layer::Office { spread(plan) } else { Ok(plan) }
    }

    fn error(&self, error: datafusion::error::DataFusionError) -> Error {
        let error = Error::from(error);
        Error::new(error.kind(), format!("view {}: {error}", self.name)).with_source(error)
    }
}

/// The short SQL name of the published accounts, and the name of their view.
const ACCOUNT: (&str, &str) = ("Account", "Office_Accounts");

/// The additional SQL names of the published tables, each with the name of its view. If the output table is
/// named Sales, `Sales_UserTable` is another name of `Office_UserTable`. Empty if it is named Office.
///
/// # Errors
/// A name that another table of the session has, or that ends like one of the other tables of an enrichment.
pub(crate) fn own_names(enrichment: &Enrichment) -> Result<Vec<(String, &'static str)>> {
    let own = &enrichment.output.table;
    if own.eq_ignore_ascii_case(OFFICE) {
        return Ok(vec![]);
    }
    let published = VIEWS.iter().filter(|v| v.layer == Layer::Office).map(|v| v.name).chain([SEGMENTS]);
    let names: Vec<_> = published
        .filter_map(|view| view.strip_prefix(OFFICE).map(|suffix| (format!("{own}{suffix}"), view)))
        .collect();
    let taken = |name: &str| {
        let lower = name.to_ascii_lowercase();
        ["segment_", "input_"].iter().any(|p| lower.starts_with(p))
            || VIEWS.iter().any(|v| v.name.eq_ignore_ascii_case(name))
            || name.eq_ignore_ascii_case(SEGMENTS)
            || name.eq_ignore_ascii_case(ACCOUNT.0)
    };
    // Two enrichments may publish to one folder. There, a table named Sales_Overview would collide with the
    // overview of Sales.
    let companion = names
        .iter()
        .filter_map(|(_, view)| view.strip_prefix(OFFICE))
        .find(|s| !s.is_empty() && own.ends_with(s));
    if let Some(suffix) = companion {
        return Err(Error::enrichment(format!(
            "{}: [output] table = \"{own}\" ends like the name of a companion table; choose a name \
             without {suffix} at its end",
            enrichment.file.display()
        )));
    }
    match names.iter().find(|(name, _)| taken(name)) {
        Some((name, _)) => Err(Error::enrichment(format!(
            "{}: [output] table = \"{own}\" would hide another table, {name}; choose another name",
            enrichment.file.display()
        ))),
        None => Ok(names),
    }
}

/// Registers the published tables also under the names of [`own_names`], and the accounts as `Account`.
///
/// # Errors
/// A name of [`own_names`] that cannot be used, or a published table that is not registered. The members of segments are
/// not there in every session.
pub(crate) async fn register_own_names(ctx: &SessionContext, enrichment: &Enrichment) -> Result<()> {
    let account = (ACCOUNT.0.to_owned(), ACCOUNT.1);
    for (name, view) in own_names(enrichment)?.into_iter().chain([account]) {
        if view != SEGMENTS || ctx.table_exist(quoted(view))? {
            let table = ctx.table_provider(quoted(view)).await?;
            ctx.register_table(quoted(&name), table)?;
        }
    }
    Ok(())
}

/// The published table with the members of the segments. It is not a view: a run computes it from the other tables.
pub(crate) const SEGMENTS: &str = "Office_Segments";

/// The published table about individuals.
pub(crate) const USER_TABLE: &str = "Office_UserTable";

/// The prefix of table names that `[output] table` replaces.
const OFFICE: &str = "Office";
