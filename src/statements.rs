//! SQL statements as a user writes them: several in one text, names in any case, and no way to
//! files beyond the enrichment unless it was asked for.

use std::fmt::Write;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::config::Dialect;
use datafusion::logical_expr::{DdlStatement, LogicalPlan, Statement as PlanStatement};
use datafusion::prelude::{DataFrame, SessionContext};
use datafusion::sql::parser::Statement;

use crate::error::{Error, Result};
use crate::names::Names;

mod errors;
mod lex;

pub use errors::query_error;
pub(crate) use errors::syntax_error;
pub(crate) use lex::Lexed;
pub use lex::{is_complete, split, yields_rows};

/// A session that takes statements as a user writes them.
///
/// ```
/// # use datafusion::prelude::SessionContext;
/// # use datafusion_engagement::statements::Statements;
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
    /// Statements over what is registered with the session.
    ///
    /// # Errors
    /// Where a catalog cannot give one of its tables.
    pub async fn new(ctx: SessionContext) -> Result<Self> {
        let names = Names::load(&ctx).await?;
        Ok(Self { ctx, names, files: false })
    }

    /// Permits what reaches files: COPY, CREATE EXTERNAL TABLE, INSERT, a path as a table's name.
    pub fn allow_files(self) -> Self {
        Self { ctx: self.ctx.enable_url_table(), files: true, ..self }
    }

    /// The session underneath.
    pub fn context(&self) -> &SessionContext {
        &self.ctx
    }

    /// The names that are known at present.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Plans one statement; what only changes the session (a view, a setting) is carried out.
    ///
    /// # Errors
    /// A statement that is wrong, or that is not permitted.
    pub async fn plan(&mut self, statement: &str) -> Result<DataFrame> {
        let plan = self.logical_plan(statement).await?;
        let changes_names = matches!(plan, LogicalPlan::Ddl(_));
        let frame = self.ctx.execute_logical_plan(plan).await.map_err(|e| self.explain(e))?;
        if changes_names {
            self.names = Names::load(&self.ctx).await?;
        }
        Ok(frame)
    }

    /// The permitted plan of one statement, with nothing carried out.
    ///
    /// # Errors
    /// As [`Statements::plan`].
    pub async fn logical_plan(&self, statement: &str) -> Result<LogicalPlan> {
        let sql = self.names.quote(statement)?;
        let state = self.ctx.state();
        // The dialect in which the names were found.
        let parsed = state.sql_to_statement(&sql, &Dialect::Generic).map_err(|e| self.explain(e))?;
        if !self.files {
            refuse_file_statements(&parsed)?;
        }
        let plan = state.statement_to_plan(parsed).await.map_err(|e| self.explain(e))?;
        refuse_settings(&plan)?;
        if !self.files {
            refuse_files(&plan)?;
            if sets(&plan, &[TEMP_DIRECTORY])?.is_some() {
                return Err(refusal(&format!("SET {TEMP_DIRECTORY}")));
            }
        }
        Ok(plan)
    }

    /// What an error of the engine means to the author of a statement.
    pub fn explain(&self, error: datafusion::error::DataFusionError) -> Error {
        query_error(error, &self.names, self.files)
    }
}

/// Refuses what is about files by its words, before the engine looks at the files.
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

/// Refuses a plan that would read or write files of the user's naming, anywhere in it.
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

/// The settings without which names in any case would be other names.
const FIXED: [&str; 2] =
    ["datafusion.sql_parser.dialect", "datafusion.sql_parser.enable_ident_normalization"];

/// Where the engine puts what does not fit into memory: a folder is made there.
const TEMP_DIRECTORY: &str = "datafusion.runtime.temp_directory";

/// The setting with which files' least and greatest values are read: plans print them, an address as
/// well as a number.
const STATISTICS: &str = "datafusion.execution.collect_statistics";

/// Which of these settings a plan sets or resets, if any.
fn sets<'a>(plan: &LogicalPlan, settings: &[&'a str]) -> Result<Option<&'a str>> {
    let mut found = None;
    plan.apply_with_subqueries(|node| {
        let variable = match node {
            LogicalPlan::Statement(PlanStatement::SetVariable(set)) => Some(&set.variable),
            LogicalPlan::Statement(PlanStatement::ResetVariable(reset)) => Some(&reset.variable),
            _ => None,
        };
        if let Some(variable) = variable.map(|v| v.to_lowercase()) {
            // What names several settings resets all of them.
            let is_it =
                |name: &str| name.strip_prefix(&variable).is_some_and(|r| r.is_empty() || r.starts_with('.'));
            found = settings.iter().copied().find(|name| is_it(name));
        }
        Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}

/// Refuses to set what names are found by, and what would put values of the inputs into plans.
fn refuse_settings(plan: &LogicalPlan) -> Result<()> {
    let refused = |name: &str, why: &str| Err(Error::query(format!("{name} cannot be set here: {why}")));
    if let Some(name) = sets(plan, &FIXED)? {
        return refused(name, "names in any case are found by the generic dialect alone");
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

#[cfg(test)]
mod tests;
