//! Reads the retained as-of dates: which there are, and the views over them.
//!
//! `Office_AllDates` has the rows of `Office` at each date, and likewise for each table that is retained.
//! `Office_History` has one row for each date. A date is there if its overview is, and says that it is of this
//! enrichment: a folder can contain dates of another one, which the published run has replaced.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::{Date32Type, Fields, Schema};
use datafusion::catalog::TableProvider;
use datafusion::common::ScalarValue;
use datafusion::datasource::ViewTable;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, lit};
use datafusion::prelude::{SessionContext, ident};
use futures::TryStreamExt;
use object_store::ObjectMeta;
use object_store::path::Path;

use super::changes;
use super::dated_files::DatedFiles;
use super::history::{self, is_complete};
use super::location::{AS_OF, HISTORY, Home, OutputLocation, earlier_date, retained, retained_tables};
use super::opened::{Opened, Rows};
use super::tables::{TABLES, Table};
use crate::config::Enrichment;
use crate::engine::quoted;
use crate::error::{Error, Result};
use crate::views::Parameters;

/// The view with one row per as-of date.
const VIEW: &str = "Office_History";
const SQL: &str = include_str!("../../sql/published/office_history.sql");
/// What follows the name of a table in the name of the view of all its dates.
const ALL_DATES: &str = "_AllDates";
const SQL_OF_ALL_DATES: &str = include_str!("../../sql/published/all_dates.sql");
/// The tables that the views read. They are deregistered once the views are planned.
const DATES: &str = "overview_of_each_date";
const ROWS: &str = "rows_of_each_date";

/// How many incomplete dates a note names.
const NAMED: usize = 3;

/// The files of the retained tables of each as-of date, by the names of the tables, in one store.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    pub(crate) store: ObjectStoreUrl,
    pub(crate) dates: BTreeMap<NaiveDate, BTreeMap<&'static str, ObjectMeta>>,
}

impl Files {
    /// The retained dates of an output folder.
    ///
    /// # Errors
    /// The folder cannot be listed.
    pub(crate) async fn find(output: &OutputLocation, office: &str) -> Result<Self> {
        match output {
            OutputLocation::Folder(out) => {
                let dates = local(out, office);
                let dates = dates.map_err(|e| {
                    Error::output(format!("[output] {}: cannot be read: {e}", out.display())).with_source(e)
                })?;
                Ok(Self { store: ObjectStoreUrl::local_filesystem(), dates })
            }
            OutputLocation::Store(home) => Self::in_store(home).await,
        }
    }

    /// The retained dates of an output folder in an object store. One that is only in the layout of versions up to
    /// 0.1.0 has its files there.
    ///
    /// # Errors
    /// The store cannot be listed.
    pub(crate) async fn in_store(home: &Home) -> Result<Self> {
        let cannot = home.cannot(&home.out, "cannot be read");
        let (store, office) = (&home.bucket.store, &home.table);
        let mut dates: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for folder in store.list_with_delimiter(Some(&home.out)).await.map_err(&cannot)?.common_prefixes {
            let Some(date) = folder.filename().and_then(earlier_date) else { continue };
            let files: Vec<_> = store.list(Some(&folder)).try_collect().await.map_err(&cannot)?;
            for file in files {
                let is_file = |table: &&Table| file.location == folder.clone().join(table.file(office));
                if let Some(table) = retained_tables().find(is_file) {
                    dates.entry(date).or_default().insert(table.name, file);
                }
            }
        }
        let root = home.out.clone().join(HISTORY);
        let files: Vec<_> = store.list(Some(&root)).try_collect().await.map_err(&cannot)?;
        for file in files {
            let within = file
                .location
                .prefix_match(&root)
                .map(|parts| parts.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>().join("/"));
            if let Some((date, table)) = within.and_then(|within| retained(&within, office)) {
                dates.entry(date).or_default().insert(table.name, file);
            }
        }
        let url = home.bucket.url(&home.out).map_err(Error::output)?;
        Ok(Self { store: url.object_store(), dates })
    }

    /// Adds the files of the published run, which replace those that are retained for its date.
    pub(crate) fn add_published(&mut self, date: NaiveDate, files: Vec<(&'static Table, ObjectMeta)>) {
        let files = files.into_iter().filter(|(table, _)| !table.is_about_individuals());
        self.dates.insert(date, files.map(|(table, file)| (table.name, file)).collect());
    }

    /// The dates with all their tables.
    pub(crate) fn complete(&self) -> impl Iterator<Item = (NaiveDate, &BTreeMap<&'static str, ObjectMeta>)> {
        self.dates.iter().filter(|(_, files)| is_complete(files)).map(|(date, files)| (*date, files))
    }

    /// The note about dates of which some tables are missing: their files were deleted, or a copy of the folder was
    /// interrupted. `office` is the name of the output table.
    pub(crate) fn incomplete(&self, office: &str) -> Option<String> {
        let dates = self.dates.iter().filter_map(|(date, files)| {
            let missing = retained_tables().filter(|table| !table.is_optional());
            let missing = missing.filter(|table| !files.contains_key(table.name));
            let missing: Vec<_> = missing.map(|table| table.file(office)).collect();
            (!missing.is_empty()).then(|| format!("{date} (without {})", missing.join(", ")))
        });
        let dates: Vec<_> = dates.collect();
        let (begin, remedy) = match dates.len() {
            0 => return None,
            1 => ("1 as-of date of the history is".to_owned(), "run it again with its --as-of, or drop it"),
            n => (format!("{n} as-of dates of the history are"), "run them again with --as-of, or drop them"),
        };
        let named = dates.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
        let more = match dates.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Some(format!("[output] {begin} incomplete: {named}{more}; {remedy} with engagement history --drop"))
    }

    /// One table over all dates. `attributes` are those of the accounts.
    pub(crate) fn table(&self, table: &Table, attributes: &Fields) -> Arc<dyn TableProvider> {
        let files = self.complete().filter_map(|(date, files)| Some((date, files.get(table.name)?.clone())));
        // Only some of the runs may have suppressed numbers, and early ones have fewer columns.
        let schema = table.schema(u32::MAX, attributes);
        let nullable = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
        let schema = Schema::new(nullable.collect::<Vec<_>>());
        Arc::new(DatedFiles::new(self.store.clone(), &schema, files.collect()))
    }
}

fn local(
    out: &std::path::Path,
    office: &str,
) -> std::io::Result<BTreeMap<NaiveDate, BTreeMap<&'static str, ObjectMeta>>> {
    let meta = |path: std::path::PathBuf| -> std::io::Result<ObjectMeta> {
        let meta = std::fs::metadata(&path)?;
        let location = Path::from_absolute_path(&path).map_err(std::io::Error::other)?;
        let last_modified = meta.modified()?.into();
        Ok(ObjectMeta { location, last_modified, size: meta.len(), e_tag: None, version: None })
    };
    let dates = history::dates(out, office)?.into_iter().map(|(date, files)| {
        let files = files.into_iter().map(|(table, path)| Ok((table, meta(path)?)));
        Ok((date, files.collect::<std::io::Result<_>>()?))
    });
    dates.collect()
}

/// Registers the views over all dates. `all` has each retained table with the rows of all dates.
///
/// # Errors
/// A view cannot be planned.
pub(crate) async fn register(ctx: &SessionContext, all: &Rows, enrichment: &Enrichment) -> Result<()> {
    let parameters = Parameters::of_history(&enrichment.name);
    let view = async |name: &str, sql: &str| -> Result<()> {
        let plan = parameters.bind(ctx.state().create_logical_plan(sql).await?)?;
        ctx.register_table(quoted(name), Arc::new(ViewTable::new(plan, Some(sql.to_owned()))))?;
        Ok(())
    };
    let Some((_, overviews)) = all.iter().find(|(table, _)| table.is_overview()) else { return Ok(()) };
    ctx.register_table(DATES, Arc::clone(overviews))?;
    view(VIEW, SQL).await?;
    for (table, rows) in all {
        ctx.register_table(ROWS, Arc::clone(rows))?;
        view(&format!("{}{ALL_DATES}", table.name), SQL_OF_ALL_DATES).await?;
        ctx.deregister_table(ROWS)?;
    }
    ctx.deregister_table(DATES)?;
    changes::register(ctx).await?;
    register_own_names(ctx, all, &enrichment.output.table).await
}

/// Registers the views whose names begin with `Office` also under names that begin with the name of the output table.
async fn register_own_names(ctx: &SessionContext, all: &Rows, own: &str) -> Result<()> {
    if own.eq_ignore_ascii_case(TABLES[0].name) {
        return Ok(());
    }
    let all = all.iter().map(|(table, _)| format!("{}{ALL_DATES}", table.name));
    for view in all.chain([changes::VIEW.to_owned()]) {
        let Some(name) = view.strip_prefix(TABLES[0].name).map(|rest| format!("{own}{rest}")) else {
            continue;
        };
        if !ctx.table_exist(quoted(&name))? {
            let table = ctx.table_provider(quoted(&view)).await?;
            ctx.register_table(quoted(&name), table)?;
        }
    }
    Ok(())
}

/// The retained dates of an enrichment, in their order. The views over all dates are registered.
///
/// # Errors
/// The overviews cannot be read.
pub(crate) async fn dates(ctx: &SessionContext) -> Result<Vec<NaiveDate>> {
    let sql = format!("select \"{AS_OF}\" from \"{VIEW}\" order by 1");
    let batches = ctx.sql(&sql).await?.collect().await?;
    let days = batches.iter().flat_map(|batch| batch.column(0).as_primitive::<Date32Type>().iter().flatten());
    Ok(days.filter_map(NaiveDate::from_epoch_days).collect())
}

/// The error about a date that is not retained.
pub(crate) fn not_retained(enrichment: &Enrichment, date: NaiveDate, dates: &[NaiveDate]) -> Error {
    Error::query(format!(
        "{}: no tables of {date} are retained; there are those of {}",
        super::location::shown(enrichment),
        changes::listed(dates)
    ))
}

/// The published tables as they are at a retained date. The table about individuals is not among them.
///
/// # Errors
/// The tables of the date cannot be read.
pub(crate) fn of_date(ctx: &SessionContext, opened: &Opened, date: NaiveDate) -> Result<Rows> {
    let published = |of: &Table| opened.tables.iter().find(|(table, _)| table.name == of.name);
    let of_date = |(table, all): &(&'static Table, Arc<dyn TableProvider>)| {
        let is_date = ident(AS_OF).eq(lit(ScalarValue::Date32(Some(date.to_epoch_days()))));
        let attributes = published(table).and_then(|(table, rows)| table.attributes_in(&rows.schema()));
        let columns = table.schema(u32::MAX, &attributes.unwrap_or_default());
        let columns: Vec<Expr> = columns.fields().iter().map(|field| ident(field.name())).collect();
        let frame = ctx.read_table(Arc::clone(all))?.filter(is_date)?.select(columns)?;
        Ok((*table, frame.into_view()))
    };
    opened.all_dates.iter().map(of_date).collect()
}
