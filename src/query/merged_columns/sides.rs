//! One side of a join: its tables, and the columns that joins in it have merged.

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, JoinConstraint, JoinOperator, Query, SelectItem, SetExpr, TableAlias, TableFactor, VisitMut,
    VisitorMut,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;

use crate::error::{Error, Result};
use crate::query::identifiers::Names;

/// The name that an identifier has.
pub(super) fn name_of(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
}

/// A table of a FROM clause.
struct Source {
    /// What qualifies its columns; `None` for a subquery without a name.
    qualifier: Option<Ident>,
    /// Its columns; `None` if they are not known.
    columns: Option<HashSet<String>>,
}

/// A merged column.
#[derive(Clone)]
struct Merged {
    /// What it means.
    meaning: Expr,
    /// The tables that it is merged from, as positions in the side.
    members: Vec<usize>,
    /// Whether it is the column of the first table, which the engine takes.
    is_first: bool,
}

#[derive(Default)]
pub(super) struct Side {
    sources: Vec<Source>,
    merged: BTreeMap<String, Merged>,
}

/// Whose rows a join has, and so whose column is not null.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rows {
    OfLeft,
    OfRight,
    OfBoth,
    /// The other side is only a condition.
    LeftAlone,
    RightAlone,
}

impl Side {
    /// The side that is one table. `expressions` are the names of common table expressions.
    pub(super) fn of(factor: &TableFactor, names: &Names, expressions: &HashSet<String>) -> Self {
        let (own, alias, columns) = match factor {
            TableFactor::Table { name, alias, args, .. } => {
                let own = name.0.last().and_then(|part| part.as_ident());
                let is_table = |own: &&Ident| {
                    args.is_none() && (name.0.len() > 1 || !expressions.contains(&own.value.to_lowercase()))
                };
                let table = own.filter(is_table).and_then(|own| names.table(&own.value));
                (own, alias, table.map(|table| table.columns.iter().cloned().collect()))
            }
            TableFactor::Derived { subquery, alias, .. } => (None, alias, results(&subquery.body)),
            TableFactor::TableFunction { alias, .. }
            | TableFactor::Function { alias, .. }
            | TableFactor::UNNEST { alias, .. }
            | TableFactor::NestedJoin { alias, .. } => (None, alias, None),
            _ => (None, &None, None),
        };
        let renamed = |alias: &TableAlias| -> Option<HashSet<String>> {
            let columns = alias.columns.iter().map(|column| name_of(&column.name)).collect::<HashSet<_>>();
            (!columns.is_empty()).then_some(columns)
        };
        let columns = alias.as_ref().and_then(renamed).or(columns);
        let qualifier = alias.as_ref().map(|alias| &alias.name).or(own).cloned();
        Self { sources: vec![Source { qualifier, columns }], merged: BTreeMap::new() }
    }

    /// What a name means, if it is a merged column and no other table has it.
    pub(super) fn meaning(&self, name: &str) -> Option<&Expr> {
        self.unambiguous(name).map(|merged| &merged.meaning)
    }

    fn unambiguous(&self, name: &str) -> Option<&Merged> {
        let merged = self.merged.get(name)?;
        let others = self.sources.iter().enumerate().filter(|(i, _)| !merged.members.contains(i));
        others.into_iter().all(|(_, other)| !may_have(other, name)).then_some(merged)
    }

    /// Whether one of the tables has such a column, or could have it.
    pub(super) fn may_have(&self, name: &str) -> bool {
        self.sources.iter().any(|source| may_have(source, name))
    }

    /// A merged column that is not that of the first table.
    pub(super) fn not_of_the_first(&self) -> Option<&str> {
        self.merged.iter().find(|(_, merged)| !merged.is_first).map(|(name, _)| name.as_str())
    }

    /// Leaves uses of this name as they are.
    pub(super) fn keep(&mut self, name: &str) {
        self.merged.remove(name);
    }

    /// Leaves uses of all names as they are.
    pub(super) fn keep_all(&mut self) {
        self.merged.clear();
    }

    /// Both sides, without a condition.
    pub(super) fn and(mut self, other: Self) -> Self {
        let offset = self.sources.len();
        self.sources.extend(other.sources);
        for (name, mut merged) in other.merged {
            merged.members.iter_mut().for_each(|member| *member += offset);
            self.merged.entry(name).or_insert(merged);
        }
        self
    }

    /// The join with another side.
    ///
    /// # Errors
    /// The engine would take a column of the wrong side.
    pub(super) fn join(self, right: Self, operator: &mut JoinOperator) -> Result<Self> {
        let Some((rows, constraint)) = rows(operator) else { return Ok(self.and(right)) };
        let columns: Vec<String> = match constraint {
            JoinConstraint::Using(names) => {
                let last = names.iter().filter_map(|name| name.0.last().and_then(|part| part.as_ident()));
                last.map(name_of).collect()
            }
            JoinConstraint::Natural => match self.common(&right) {
                Some(columns) => columns,
                None if matches!(rows, Rows::OfRight | Rows::OfBoth) => {
                    return Err(refused("NATURAL RIGHT or FULL JOIN with a subquery"));
                }
                None => vec![],
            },
            JoinConstraint::On(condition) => {
                let both = self.and(right);
                let _ = condition.visit(&mut Condition { side: &both, queries: 0 });
                return Ok(both.only(rows));
            }
            JoinConstraint::None => vec![],
        };
        let mut merges = vec![];
        for name in columns {
            let (Some(l), Some(r)) = (self.key(&name), right.key(&name)) else {
                if matches!(rows, Rows::OfRight | Rows::OfBoth) {
                    return Err(refused(&format!("RIGHT or FULL JOIN with USING ({name}) of this form")));
                }
                continue;
            };
            if !l.is_first || !r.is_first {
                return Err(refused(&format!("USING ({name}) after a RIGHT or FULL JOIN with USING")));
            }
            let meaning = match rows {
                Rows::OfRight | Rows::RightAlone => r.meaning.clone(),
                Rows::OfBoth => coalesce(&l.meaning, &r.meaning)?,
                Rows::OfLeft | Rows::LeftAlone => l.meaning.clone(),
            };
            let offset = self.sources.len();
            let members =
                l.members.into_iter().chain(r.members.into_iter().map(|member| member + offset)).collect();
            let is_first = !matches!(rows, Rows::OfRight | Rows::OfBoth);
            merges.push((name, Merged { meaning, members, is_first }));
        }
        match rows {
            Rows::LeftAlone => Ok(self),
            Rows::RightAlone => Ok(right),
            _ => {
                let mut both = self.and(right);
                both.merged.extend(merges);
                Ok(both)
            }
        }
    }

    /// The side that remains after a join with a condition. A join that has the rows of one side alone is given both, so
    /// its tables stay known, and a name that both have stays as it is.
    fn only(mut self, rows: Rows) -> Self {
        if matches!(rows, Rows::LeftAlone | Rows::RightAlone) {
            self.merged.clear();
        }
        self
    }

    /// The column of this name that a join merges: a merged one, or the one of the only table that can have it.
    fn key(&self, name: &str) -> Option<Merged> {
        if self.merged.contains_key(name) {
            return self.unambiguous(name).cloned();
        }
        let mut having = self.sources.iter().enumerate().filter(|(_, source)| may_have(source, name));
        let (member, source) = having.next()?;
        if having.next().is_some() {
            return None;
        }
        let column = Ident::with_quote('"', name);
        let meaning = Expr::CompoundIdentifier(vec![source.qualifier.clone()?, column]);
        Some(Merged { meaning, members: vec![member], is_first: true })
    }

    /// The columns that both sides have; `None` if they are not known.
    fn common(&self, other: &Self) -> Option<Vec<String>> {
        let columns = |side: &Self| -> Option<HashSet<String>> {
            let known: Option<Vec<_>> = side.sources.iter().map(|source| source.columns.clone()).collect();
            Some(known?.into_iter().flatten().collect())
        };
        let (ours, theirs) = (columns(self)?, columns(other)?);
        let mut common: Vec<String> = ours.intersection(&theirs).cloned().collect();
        common.sort();
        Some(common)
    }
}

/// The names of the results of a query; `None` if they are not known without planning it.
fn results(body: &SetExpr) -> Option<HashSet<String>> {
    let select = match body {
        SetExpr::Select(select) => select,
        SetExpr::Query(query) => return results(&query.body),
        SetExpr::SetOperation { left, .. } => return results(left),
        _ => return None,
    };
    let name = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(Expr::Identifier(name)) | SelectItem::ExprWithAlias { alias: name, .. } => {
            Some(name_of(name))
        }
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names)) => names.last().map(name_of),
        // The name that the engine gives is the text of the expression, which nobody merges.
        SelectItem::UnnamedExpr(expr) => Some(expr.to_string()),
        _ => None,
    };
    select.projection.iter().map(name).collect()
}

fn may_have(source: &Source, name: &str) -> bool {
    source.columns.as_ref().is_none_or(|columns| columns.contains(name))
}

fn rows(operator: &mut JoinOperator) -> Option<(Rows, &mut JoinConstraint)> {
    Some(match operator {
        JoinOperator::Join(on)
        | JoinOperator::Inner(on)
        | JoinOperator::Left(on)
        | JoinOperator::LeftOuter(on) => (Rows::OfLeft, on),
        JoinOperator::Right(on) | JoinOperator::RightOuter(on) => (Rows::OfRight, on),
        JoinOperator::FullOuter(on) => (Rows::OfBoth, on),
        JoinOperator::LeftSemi(on) | JoinOperator::LeftAnti(on) => (Rows::LeftAlone, on),
        JoinOperator::RightSemi(on) | JoinOperator::RightAnti(on) => (Rows::RightAlone, on),
        _ => return None,
    })
}

fn refused(what: &str) -> Error {
    Error::query(format!("{what} is not supported; write ON"))
}

/// The first of two columns that is not null.
fn coalesce(left: &Expr, right: &Expr) -> Result<Expr> {
    let call = format!("coalesce({left}, {right})");
    let parsed =
        Parser::new(&GenericDialect {}).try_with_sql(&call).and_then(|mut parser| parser.parse_expr());
    parsed.map_err(|e| Error::query(format!("{call}: {e}")))
}

/// Replaces the merged columns of the condition of a join, whose tables are those that are joined so far.
struct Condition<'a> {
    side: &'a Side,
    /// How many subqueries are around the current node. They have tables of their own.
    queries: usize,
}

impl VisitorMut for Condition<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.queries += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.queries -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Identifier(ident) = expr
            && self.queries == 0
            && let Some(meaning) = self.side.meaning(&name_of(ident))
        {
            *expr = meaning.clone();
        }
        ControlFlow::Continue(())
    }
}
