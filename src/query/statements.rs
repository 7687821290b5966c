//! SQL statements as a user writes them: several in one text, and names in any case. Statements cannot
//! reach files outside the enrichment unless that is permitted.

#[cfg(test)]
mod tests;

use std::fmt::Write;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::config::Dialect;
use datafusion::logical_expr::{DdlStatement, LogicalPlan, Statement as PlanStatement, WriteOp};
use datafusion::prelude::{DataFrame, SessionContext};
use datafusion::sql::parser::Statement;

use super::clauses::refuse_clauses;
pub use super::errors::{Written, query_error};
use super::identifiers::Names;
use super::quote_identifiers::unquote_partitions;
pub use super::syntax::{is_complete, split, yields_rows};
use super::table_paths::{refuse_tables, refuse_writes};
use crate::error::{Error, Result};

/// A session that plans statements as a user writes them.
///
/// ```
/// # use datafusion::prelude::SessionContext;
/// # use datafusion_engagement::query::statements::Statements;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> datafusion_engagement::error::Result<()> {
/// let ctx = SessionContext::new();
/// ctx.sql(r#"create view "Office" as select 80.0 as "EngagementScore""#).await?;
/// let mut session = Statements::new(ctx).await?;
/// let office = session.plan("select engagementscore from OFFICE").await?;
/// assert_eq!(office.schema().field(0).name(), "EngagementScore");
/// assert!(session.plan("copy office to 'office.csv'").await.is_err());
/// # Ok(())
/// # }
/// ```
pub struct Statements {
    ctx: SessionContext,
    names: Names,
    files: bool,
}

impl Statements {
    /// Plans statements over the tables that are registered with the session.
    ///
    /// # Errors
    /// A catalog cannot return one of its tables.
    pub async fn new(ctx: SessionContext) -> Result<Self> {
        let names = Names::load(&ctx).await?;
        Ok(Self { ctx, names, files: false })
    }

    /// Permits statements that reach files: COPY, CREATE EXTERNAL TABLE, INSERT, a path as a table name.
    pub fn allow_files(self) -> Self {
        Self { ctx: self.ctx.enable_url_table(), files: true, ..self }
    }

    /// The DataFusion session.
    pub fn context(&self) -> &SessionContext {
        &self.ctx
    }

    /// The names of the tables and columns that exist now.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Plans one statement. A statement that only changes the session (a view, a setting) is executed.
    ///
    /// # Errors
    /// The statement is wrong or not permitted.
    pub async fn plan(&mut self, statement: &str) -> Result<DataFrame> {
        let plan = self.logical_plan(statement).await?;
        let changes_names = matches!(plan, LogicalPlan::Ddl(_));
        let frame = self.ctx.execute_logical_plan(plan).await.map_err(|e| self.explain(e))?;
        if changes_names {
            self.names = Names::load(&self.ctx).await?;
        }
        Ok(frame)
    }

    /// Plans one statement and executes nothing.
    ///
    /// # Errors
    /// The statement is wrong or not permitted.
    pub async fn logical_plan(&self, statement: &str) -> Result<LogicalPlan> {
        let sql = self.names.quote(statement)?;
        let state = self.ctx.state();
        let explain = |e| query_error(e, Written { statement, ..self.written() });
        // `Names::quote` has parsed the statement in this dialect.
        let mut parsed = state.sql_to_statement(&sql, &Dialect::Generic).map_err(explain)?;
        unquote_partitions(&mut parsed);
        if !self.files {
            refuse_file_statements(&parsed)?;
        } else {
            refuse_tables(&self.ctx, &parsed).await?;
        }
        refuse_clauses(&parsed, &state)?;
        let plan = state.statement_to_plan(parsed).await.map_err(explain)?;
        refuse_settings(&plan)?;
        refuse_impossible(&plan)?;
        if !self.files {
            refuse_files(&plan)?;
            if sets(&plan, &[TEMP_DIRECTORY])?.is_some() {
                return Err(refusal(&format!("SET {TEMP_DIRECTORY}")));
            }
        } else {
            refuse_writes(&self.ctx, &plan).await?;
        }
        Ok(plan)
    }

    /// Converts an error of the engine to an error for the author of a statement.
    pub fn explain(&self, error: datafusion::error::DataFusionError) -> Error {
        query_error(error, self.written())
    }

    fn written(&self) -> Written<'_> {
        Written { statement: "", names: &self.names, files: self.files }
    }
}

/// Refuses statements about files by their syntax, before the engine opens the files.
fn refuse_file_statements(statement: &Statement) -> Result<()> {
    match statement {
        Statement::CopyTo(_) => Err(refusal("COPY")),
        Statement::CreateExternalTable(_) => Err(refusal("CREATE EXTERNAL TABLE")),
        Statement::Explain(explain) => refuse_file_statements(&explain.statement),
        Statement::Statement(_) | Statement::Reset(_) => Ok(()),
    }
}

fn refusal(what: &str) -> Error {
    Error::query(format!(
        "{what} is not permitted here: it can reach files outside the enrichment; \
         --allow-files permits it"
    ))
}

/// Refuses statements that are never possible, with or without permission to reach files.
fn refuse_impossible(plan: &LogicalPlan) -> Result<()> {
    let mut refused = None;
    plan.apply_with_subqueries(|node| {
        refused = match node {
            LogicalPlan::Dml(dml) if !matches!(dml.op, WriteOp::Insert(_) | WriteOp::Ctas) => Some(format!(
                "{} is not possible: only a run changes the tables",
                dml.op.name().to_uppercase()
            )),
            LogicalPlan::Ddl(
                ddl @ (DdlStatement::CreateFunction(_)
                | DdlStatement::DropFunction(_)
                | DdlStatement::CreateIndex(_)),
            ) => Some(format!(
                "{} is not possible: functions and indexes cannot be changed",
                spaced(ddl.name())
            )),
            _ => None,
        };
        Ok(if refused.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    refused
        .map_or(Ok(()), |what| Err(Error::query(format!("{what}; query them with SELECT and CREATE VIEW"))))
}

/// Refuses a plan that reads or writes files that the user names, anywhere in the plan and its subqueries.
fn refuse_files(plan: &LogicalPlan) -> Result<()> {
    let mut refused = None;
    plan.apply_with_subqueries(|node| {
        refused = match node {
            LogicalPlan::Ddl(
                DdlStatement::CreateView(_)
                | DdlStatement::CreateMemoryTable(_)
                | DdlStatement::DropView(_)
                | DdlStatement::DropTable(_),
            ) => None,
            LogicalPlan::Ddl(other) => Some(spaced(other.name())),
            LogicalPlan::Dml(dml) => Some(dml.op.name().to_uppercase()),
            LogicalPlan::Copy(_) => Some("COPY".to_owned()),
            _ => None,
        };
        Ok(if refused.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    refused.map_or(Ok(()), |what| Err(refusal(&what)))
}

/// The settings that must not change, because finding names in any case depends on them.
const FIXED: [&str; 2] =
    ["datafusion.sql_parser.dialect", "datafusion.sql_parser.enable_ident_normalization"];

/// The setting for the folder of spill files. It reaches files, because the engine creates a folder there.
const TEMP_DIRECTORY: &str = "datafusion.runtime.temp_directory";

/// The setting with which the engine reads the minimum and maximum values of files. Plans print these
/// values, addresses as well as numbers.
const STATISTICS: &str = "datafusion.execution.collect_statistics";

/// The one of these settings that a plan sets or resets, if any.
fn sets<'a>(plan: &LogicalPlan, settings: &[&'a str]) -> Result<Option<&'a str>> {
    let mut found = None;
    plan.apply_with_subqueries(|node| {
        let variable = match node {
            LogicalPlan::Statement(PlanStatement::SetVariable(set)) => Some(&set.variable),
            LogicalPlan::Statement(PlanStatement::ResetVariable(reset)) => Some(&reset.variable),
            _ => None,
        };
        if let Some(variable) = variable.map(|v| v.to_lowercase()) {
            // A prefix that several settings have resets all of them.
            let is_it =
                |name: &str| name.strip_prefix(&variable).is_some_and(|r| r.is_empty() || r.starts_with('.'));
            found = settings.iter().copied().find(|name| is_it(name));
        }
        Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}

/// Refuses to change the settings on which names depend, and the setting that would show values of the
/// inputs in plans.
fn refuse_settings(plan: &LogicalPlan) -> Result<()> {
    let refused = |name: &str, why: &str| Err(Error::query(format!("{name} cannot be set here: {why}")));
    if let Some(name) = sets(plan, &FIXED)? {
        return refused(name, "case-insensitive names need the generic dialect");
    }
    match sets(plan, &[STATISTICS])? {
        Some(name) => refused(name, "plans would show values of the inputs"),
        None => Ok(()),
    }
}

/// `CreateExternalTable` → `CREATE EXTERNAL TABLE`.
fn spaced(name: &str) -> String {
    name.chars().fold(String::new(), |mut text, c| {
        if c.is_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        let _ = write!(text, "{}", c.to_uppercase());
        text
    })
}
