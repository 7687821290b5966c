//! Refuses what the parser reads and the engine does not do: clauses that it ignores, such as
//! `TABLESAMPLE` or `PREWHERE`, and syntax for which its error is a syntax tree, such as `PIVOT`.
//!
//! The parser reads clauses of many databases. The engine ignores some of them, so that a statement would
//! give another result than its text says. The structures of the syntax tree are taken apart here without
//! `..`: a clause that a new version of the parser adds does not compile before it is decided.

mod calls;
mod expressions;
mod refusal;
mod tables;
#[cfg(test)]
mod tests;
mod windows;

use std::ops::ControlFlow;

use datafusion::execution::SessionState;
use datafusion::sql::parser::{CopyToSource, Statement as DfStatement};
use datafusion::sql::sqlparser::ast::{
    CreateView, Cte, Distinct, Expr, Fetch, GroupByExpr, GroupByWithModifier, LimitClause, NamedWindowExpr,
    OrderBy, OrderByKind, PipeOperator, Query, Select, SelectFlavor, SetExpr, SetOperator, Statement,
    TableFactor, Top, ValueWithSpan, Visit, Visitor, With,
};

use self::refusal::{Checked, absent, refused};
use self::tables::{join, table, table_alias};
use self::windows::{base_window, named_windows, no_windows};
use crate::error::{Error, Result};

/// Refuses a statement that has a clause that the engine does not execute. `state` has the functions.
///
/// # Errors
/// The message names the clause and what to write instead.
pub(crate) fn refuse_clauses(statement: &DfStatement, state: &SessionState) -> Result<()> {
    let mut clauses = Clauses { state, outermost: None };
    let checked = match statement {
        DfStatement::Statement(statement) => {
            if let Statement::Query(query) = statement.as_ref() {
                clauses.outermost = Some(std::ptr::from_ref(query.as_ref()));
            }
            statement.visit(&mut clauses)
        }
        DfStatement::Explain(explain) => return refuse_clauses(&explain.statement, state),
        DfStatement::CopyTo(copy) => match &copy.source {
            CopyToSource::Query(query) => query.visit(&mut clauses),
            CopyToSource::Relation(_) => ControlFlow::Continue(()),
        },
        DfStatement::CreateExternalTable(_) | DfStatement::Reset(_) => ControlFlow::Continue(()),
    };
    match checked {
        ControlFlow::Break(message) => Err(Error::query(message)),
        ControlFlow::Continue(()) => Ok(()),
    }
}

struct Clauses<'a> {
    state: &'a SessionState,
    /// The query that is the statement, the only one in which the engine executes INTO.
    outermost: Option<*const Query>,
}

impl Visitor for Clauses<'_> {
    type Break = String;

    fn pre_visit_statement(&mut self, statement: &Statement) -> Checked {
        match statement {
            Statement::CreateView(CreateView { or_alter: true, .. }) => {
                refused("CREATE OR ALTER VIEW", "write CREATE OR REPLACE VIEW")
            }
            Statement::StartTransaction { .. } | Statement::Commit { .. } | Statement::Rollback { .. } => {
                refused("a transaction", "leave it out")
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_query(&mut self, query: &Query) -> Checked {
        let outermost = self.outermost == Some(std::ptr::from_ref(query));
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        if let Some(with) = with {
            common_tables(with)?;
        }
        set_expression(body, outermost)?;
        if let Some(order_by) = order_by {
            ordering(order_by, body)?;
        }
        if let Some(LimitClause::LimitOffset { limit_by, .. }) = limit_clause {
            absent(!limit_by.is_empty(), "LIMIT BY", "number the rows with row_number() over (...)")?;
        }
        if let Some(Fetch { with_ties, percent, quantity: _ }) = fetch {
            number_of_rows("FETCH FIRST", *with_ties, *percent, "LIMIT n after ORDER BY")?;
        }
        absent(!locks.is_empty(), "FOR UPDATE or FOR SHARE", "leave it out: a query locks nothing")?;
        absent(for_clause.is_some(), "FOR XML, FOR JSON or FOR BROWSE", "--format json writes JSON")?;
        absent(settings.is_some(), "SETTINGS", "write SET name = value as a statement of its own")?;
        absent(format_clause.is_some(), "FORMAT", "choose the format with --format")?;
        pipe_operators.iter().try_for_each(pipe)
    }

    fn pre_visit_select(&mut self, select: &Select) -> Checked {
        let Select {
            // A comment with a hint for an optimizer remains a comment.
            select_token: _,
            optimizer_hints: _,
            distinct,
            select_modifiers,
            top,
            top_before_distinct: _,
            projection,
            exclude,
            into: _,
            from,
            lateral_views,
            prewhere,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            window_before_qualify: _,
            value_table_mode,
            flavor,
        } = select;
        if let Some(Top { with_ties, percent, quantity: _ }) = top {
            number_of_rows("TOP", *with_ties, *percent, "LIMIT n at the end of the query")?;
        }
        absent(select_modifiers.is_some(), "a modifier of SELECT such as STRAIGHT_JOIN", "leave it out")?;
        absent(exclude.is_some(), "EXCLUDE after the columns", "write * EXCLUDE (column)")?;
        absent(!lateral_views.is_empty(), "LATERAL VIEW", "write unnest(list) in the SELECT list")?;
        absent(prewhere.is_some(), "PREWHERE", "write WHERE")?;
        absent(!connect_by.is_empty(), "CONNECT BY or START WITH", "write WITH RECURSIVE")?;
        absent(!cluster_by.is_empty(), "CLUSTER BY", "write ORDER BY")?;
        absent(!distribute_by.is_empty(), "DISTRIBUTE BY", "leave it out")?;
        absent(!sort_by.is_empty(), "SORT BY", "write ORDER BY")?;
        absent(value_table_mode.is_some(), "SELECT AS STRUCT or AS VALUE", "write struct(...)")?;
        absent(*flavor == SelectFlavor::FromFirstNoSelect, "FROM without SELECT", "write SELECT * FROM ...")?;
        projection.iter().try_for_each(expressions::item)?;
        let without_columns = projection.is_empty() && *flavor != SelectFlavor::FromFirstNoSelect;
        absent(without_columns, "SELECT without columns", "name them, or write SELECT *")?;
        if let Some(selection) = selection {
            no_windows(selection, "WHERE")?;
        }
        grouping(group_by)?;
        for definition in named_window {
            match &definition.1 {
                NamedWindowExpr::NamedWindow(_) => {
                    refused("WINDOW as the name of another window", "repeat its definition")?;
                }
                NamedWindowExpr::WindowSpec(spec) => base_window(spec.window_name.is_some())?,
            }
        }
        if let Some(having) = having {
            named_windows(having, "HAVING")?;
        }
        if let Some(qualify) = qualify {
            named_windows(qualify, "QUALIFY")?;
        }
        if let Some(Distinct::On(expressions)) = distinct {
            expressions.iter().try_for_each(|e| named_windows(e, "DISTINCT ON"))?;
        }
        from.iter().flat_map(|f| &f.joins).try_for_each(join)
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> Checked {
        table(factor)
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> Checked {
        match expr {
            Expr::Function(call) => calls::call(call, self.state),
            other => expressions::expression(other),
        }
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> Checked {
        expressions::literal(&value.value)
    }
}

/// A clause that limits the number of rows.
fn number_of_rows(clause: &str, with_ties: bool, percent: bool, instead: &str) -> Checked {
    if percent {
        return refused(&format!("{clause} ... PERCENT"), "number the rows with percent_rank() over (...)");
    }
    if with_ties {
        return refused(&format!("{clause} ... WITH TIES"), "write QUALIFY rank() over (order by ...) <= n");
    }
    refused(clause, &format!("write {instead}"))
}

/// The common table expressions of a query. Of a recursive one, the engine executes only the union.
fn common_tables(with: &With) -> Checked {
    let With { with_token: _, recursive, cte_tables } = with;
    for Cte { alias, query, from, materialized: _, closing_paren_token: _ } in cte_tables {
        table_alias(Some(alias))?;
        absent(from.is_some(), "FROM after WITH name AS (...)", "write FROM in the query")?;
        let union = matches!(*query.body, SetExpr::SetOperation { op: SetOperator::Union, .. });
        if *recursive && union {
            let more = query.order_by.is_some() || query.limit_clause.is_some() || query.with.is_some();
            let what = "ORDER BY, LIMIT or WITH around the union of WITH RECURSIVE";
            absent(more, what, "end the recursion with a condition, and write the clause in the main query")?;
        }
    }
    ControlFlow::Continue(())
}

/// The body of a query: what is in it besides queries, which are visited on their own.
fn set_expression(body: &SetExpr, outermost: bool) -> Checked {
    match body {
        SetExpr::Select(select) => {
            let Some(into) = &select.into else { return ControlFlow::Continue(()) };
            absent(!outermost, "INTO inside of a statement", "write CREATE TABLE name AS SELECT ...")?;
            absent(
                into.temporary || into.unlogged,
                "INTO TEMPORARY or UNLOGGED",
                "leave the word out: the table ends with the session",
            )
        }
        SetExpr::SetOperation { op, left, right, set_quantifier: _ } => {
            absent(*op == SetOperator::Minus, "MINUS", "write EXCEPT")?;
            set_expression(left, false)?;
            set_expression(right, false)
        }
        SetExpr::Table(_) => refused("TABLE name", "write SELECT * FROM name"),
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
            refused("a statement that changes rows inside of a query", "write it on its own")
        }
        SetExpr::Query(_) | SetExpr::Values(_) => ControlFlow::Continue(()),
    }
}

fn ordering(order_by: &OrderBy, body: &SetExpr) -> Checked {
    let OrderBy { kind, interpolate } = order_by;
    absent(interpolate.is_some(), "INTERPOLATE", "join with a list of all values")?;
    match kind {
        OrderByKind::All(_) => {
            let select = matches!(body, SetExpr::Select(_));
            absent(!select, "ORDER BY ALL after UNION, INTERSECT or EXCEPT", "name the columns")
        }
        OrderByKind::Expressions(expressions) => {
            for one in expressions {
                absent(one.with_fill.is_some(), "WITH FILL", "join with a list of all values")?;
                named_windows(&one.expr, "ORDER BY")?;
            }
            ControlFlow::Continue(())
        }
    }
}

fn grouping(group_by: &GroupByExpr) -> Checked {
    let (GroupByExpr::All(modifiers) | GroupByExpr::Expressions(_, modifiers)) = group_by;
    match modifiers.first() {
        None => ControlFlow::Continue(()),
        Some(GroupByWithModifier::Rollup) => refused("WITH ROLLUP", "write GROUP BY ROLLUP (...)"),
        Some(GroupByWithModifier::Cube) => refused("WITH CUBE", "write GROUP BY CUBE (...)"),
        Some(GroupByWithModifier::Totals) => {
            refused("WITH TOTALS", "write GROUP BY GROUPING SETS ((...), ())")
        }
        Some(GroupByWithModifier::GroupingSets(_)) => {
            refused("GROUPING SETS after a list", "write only GROUP BY GROUPING SETS (...)")
        }
    }
}

/// Operators after `|>`. The engine refuses unknown ones itself.
fn pipe(operator: &PipeOperator) -> Checked {
    match operator {
        PipeOperator::Aggregate { full_table_exprs, group_by_expr } => {
            let ordered = full_table_exprs.iter().chain(group_by_expr).any(|e| {
                let order = &e.order_by;
                order.asc.is_some() || order.nulls_first.is_some()
            });
            absent(ordered, "an order in |> AGGREGATE", "write |> ORDER BY after it")
        }
        PipeOperator::Join(one) => join(one),
        PipeOperator::OrderBy { exprs } => exprs.iter().try_for_each(|e| named_windows(&e.expr, "ORDER BY")),
        PipeOperator::Where { expr } => named_windows(expr, "WHERE"),
        _ => ControlFlow::Continue(()),
    }
}
