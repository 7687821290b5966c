//! The columns that `USING` and `NATURAL` merge: each is one column of the join, which needs no table before it.
//!
//! The engine takes the column of the first table, also of a RIGHT or FULL JOIN, where it is null in rows of the other
//! table; it finds no column in WHERE, and none after three tables. So each use of such a column is replaced here by
//! what it means: `a.c`, or `coalesce(a.c, b.c)` of a FULL JOIN.

mod sides;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::ops::ControlFlow;

use datafusion::sql::parser::{CopyToSource, Statement as DfStatement};
use datafusion::sql::sqlparser::ast::{
    Expr, Query, Select, SelectItem, SetExpr, TableFactor, TableWithJoins, VisitMut, VisitorMut,
};

use self::sides::{Side, name_of};
use super::identifiers::Names;
use crate::error::{Error, Result};

/// Replaces the merged columns of a statement.
///
/// # Errors
/// The engine would take the wrong table, and nothing can be written instead: `*`, or a further join, after a RIGHT or
/// FULL JOIN.
pub(super) fn replace_merged(statement: &mut DfStatement, names: &Names) -> Result<()> {
    let mut merging = Merging { names, scopes: vec![], expressions: HashSet::new() };
    let done = match statement {
        DfStatement::Statement(statement) => statement.visit(&mut merging),
        DfStatement::Explain(explain) => return replace_merged(&mut explain.statement, names),
        DfStatement::CopyTo(copy) => match &mut copy.source {
            CopyToSource::Query(query) => query.visit(&mut merging),
            CopyToSource::Relation(_) => ControlFlow::Continue(()),
        },
        DfStatement::CreateExternalTable(_) | DfStatement::Reset(_) => ControlFlow::Continue(()),
    };
    match done {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(()),
    }
}

struct Merging<'a> {
    names: &'a Names,
    /// The FROM clauses around the current node, innermost last.
    scopes: Vec<Side>,
    /// The names of common table expressions, whose columns are not known.
    expressions: HashSet<String>,
}

impl Merging<'_> {
    fn from(&self, from: &mut [TableWithJoins]) -> Result<Side> {
        let mut all = Side::default();
        for tables in from {
            all = all.and(self.joined(tables)?);
        }
        Ok(all)
    }

    fn joined(&self, tables: &mut TableWithJoins) -> Result<Side> {
        let mut left = self.factor(&mut tables.relation)?;
        for join in &mut tables.joins {
            let right = self.factor(&mut join.relation)?;
            left = left.join(right, &mut join.join_operator)?;
        }
        Ok(left)
    }

    fn factor(&self, factor: &mut TableFactor) -> Result<Side> {
        match factor {
            TableFactor::NestedJoin { table_with_joins, alias: None } => self.joined(table_with_joins),
            factor => Ok(Side::of(factor, self.names, &self.expressions)),
        }
    }

    /// The tables of the query whose columns its ORDER BY can name, and that are not in the result already.
    fn ordered(&self, query: &Query) -> Result<Side> {
        let SetExpr::Select(select) = query.body.as_ref() else { return Ok(Side::default()) };
        let mut side = self.from(&mut select.from.clone())?;
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(Expr::Identifier(name))
                | SelectItem::ExprWithAlias { alias: name, .. } => {
                    side.keep(&name_of(name));
                }
                SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names)) => {
                    names.last().into_iter().for_each(|name| side.keep(&name_of(name)));
                }
                SelectItem::QualifiedWildcard(..) | SelectItem::Wildcard(_) => side.keep_all(),
                _ => {}
            }
        }
        Ok(side)
    }
}

impl VisitorMut for Merging<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        for expression in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.expressions.insert(name_of(&expression.alias.name).to_lowercase());
        }
        match self.ordered(query) {
            Ok(side) => self.scopes.push(side),
            Err(error) => return ControlFlow::Break(error),
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Error> {
        self.scopes.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Error> {
        let mut side = match self.from(&mut select.from) {
            Ok(side) => side,
            Err(error) => return ControlFlow::Break(error),
        };
        for item in &select.projection {
            match item {
                // The name of a result in HAVING and GROUP BY is that result.
                SelectItem::ExprWithAlias { expr, alias } if !matches!(expr, Expr::Identifier(name) if name_of(name) == name_of(alias)) =>
                {
                    side.keep(&name_of(alias));
                }
                SelectItem::Wildcard(_) => {
                    if let Some(name) = side.not_of_the_first() {
                        return ControlFlow::Break(Error::query(format!(
                            "* is not supported after a RIGHT or FULL JOIN that merges {name}; name the columns, or write \
                             LEFT JOIN or ON"
                        )));
                    }
                }
                _ => {}
            }
        }
        for item in &mut select.projection {
            // A column that becomes an expression keeps its name.
            if let SelectItem::UnnamedExpr(Expr::Identifier(name)) = item
                && let Some(expr) = side.meaning(&name_of(name))
                && matches!(expr, Expr::Function(_))
            {
                *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias: name.clone() };
            }
        }
        self.scopes.push(side);
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, _: &mut Select) -> ControlFlow<Error> {
        self.scopes.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        if let Expr::Identifier(ident) = expr {
            let name = name_of(ident);
            let scope = self.scopes.iter().rev().find(|scope| scope.may_have(&name));
            if let Some(meaning) = scope.and_then(|scope| scope.meaning(&name)) {
                *expr = meaning.clone();
            }
        }
        ControlFlow::Continue(())
    }
}
