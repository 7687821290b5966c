//! SQL statements as a user writes them: several in one text, and names in any case. Statements cannot
//! reach files outside the enrichment unless that is permitted.

#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::sync::Arc;

use datafusion::common::TableReference;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::config::Dialect;
use datafusion::datasource::ViewTable;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::{DdlStatement, LogicalPlan, WriteOp};
use datafusion::prelude::{DataFrame, SessionContext};
use datafusion::sql::parser::Statement;

use super::checked_arithmetic;
use super::clauses::refuse_clauses;
use super::date_numbers::refuse_numbers_as_dates;
pub use super::errors::{Written, query_error};
use super::identifiers::{Names, Table};
use super::merged_columns::replace_merged;
use super::path_names;
use super::quote_identifiers::unquote_partitions;
use super::settings::refuse_settings;
pub use super::syntax::{is_complete, split, yields_rows};
use super::table_paths::{refuse_tables, refuse_writes};
use crate::engine::own_thread::on_own_thread;
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
#[derive(Clone)]
pub struct Statements {
    ctx: SessionContext,
    names: Arc<Names>,
    files: bool,
}

/// The longest statement in bytes. The time of planning grows faster than the statement.
const LONGEST: usize = 1 << 20;

impl Statements {
    /// Plans statements over the tables that are registered with the session. From now on, whole numbers of its
    /// statements do not wrap around on overflow: this is an error.
    ///
    /// # Errors
    /// A catalog cannot return one of its tables.
    pub async fn new(ctx: SessionContext) -> Result<Self> {
        checked_arithmetic::add_to(&ctx);
        let names = Arc::new(Names::load(&ctx).await?);
        Ok(Self { ctx, names, files: false })
    }

    /// Permits statements that reach files: COPY, CREATE EXTERNAL TABLE, INSERT, a path as a table name.
    pub fn allow_files(self) -> Self {
        Self { ctx: path_names::enable(self.ctx), files: true, ..self }
    }

    /// The DataFusion session.
    pub fn context(&self) -> &SessionContext {
        &self.ctx
    }

    /// The names of the tables and columns that exist now.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Plans one statement. A statement that only changes the session (a view, a setting) is executed. This does not
    /// keep the thread busy, however long it takes, and the caller can stop waiting.
    ///
    /// # Errors
    /// The statement is wrong or not permitted.
    pub async fn plan(&mut self, statement: &str) -> Result<DataFrame> {
        let (session, statement) = (self.clone(), statement.to_owned());
        let planned = on_own_thread(async move {
            let plan = session.plan_here(&statement).await?;
            let changes_names = matches!(plan, LogicalPlan::Ddl(_));
            let frame = session.ctx.execute_logical_plan(plan).await.map_err(|e| session.explain(e))?;
            Ok::<_, Error>((frame, changes_names))
        });
        let (frame, changes_names) = planned.await??;
        if changes_names {
            self.names = Arc::new(Names::load(&self.ctx).await?);
        }
        Ok(frame)
    }

    /// Plans one statement and executes nothing. This does not keep the thread busy, like [`Statements::plan`].
    ///
    /// # Errors
    /// The statement is wrong or not permitted.
    pub async fn logical_plan(&self, statement: &str) -> Result<LogicalPlan> {
        let (session, statement) = (self.clone(), statement.to_owned());
        on_own_thread(async move { session.plan_here(&statement).await }).await?
    }

    /// Optimizes a plan and begins to execute it. This does not keep the thread busy, like [`Statements::plan`].
    ///
    /// # Errors
    /// The plan cannot be executed.
    pub async fn stream(&self, plan: DataFrame) -> Result<SendableRecordBatchStream> {
        on_own_thread(plan.execute_stream()).await?.map_err(|e| self.explain(e))
    }

    /// Registers a view, whose names the following statements find. `sql` is its text.
    ///
    /// # Errors
    /// A table or view of this name exists.
    pub(crate) fn register_view(&mut self, name: String, plan: LogicalPlan, sql: String) -> Result<()> {
        let columns = plan.schema().fields().iter().map(|field| field.name().clone()).collect();
        let view = Arc::new(ViewTable::new(plan, Some(sql)));
        self.ctx.register_table(TableReference::bare(name.as_str()), view)?;
        Arc::make_mut(&mut self.names).insert(Table { name, columns });
        Ok(())
    }

    async fn plan_here(&self, statement: &str) -> Result<LogicalPlan> {
        if statement.len() > LONGEST {
            return Err(Error::query(format!(
                "the statement has {} bytes; at most {LONGEST} are possible: put long lists of values into a table",
                statement.len()
            )));
        }
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
        replace_merged(&mut parsed, &self.names)?;
        let plan = state.statement_to_plan(parsed).await.map_err(explain)?;
        refuse_numbers_as_dates(&plan)?;
        refuse_settings(&plan)?;
        refuse_impossible(&plan)?;
        if !self.files {
            refuse_files(&plan)?;
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
        Written { statement: "", names: &self.names, ctx: &self.ctx, files: self.files }
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
