//! Messages about functions that do not exist: the nearest one of a kind that can stand at its place, or what to write
//! instead.

use std::ops::ControlFlow;

use datafusion::execution::SessionState;
use datafusion::sql::parser::{CopyToSource, DFParser, Statement as DfStatement};
use datafusion::sql::sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArgumentClause, FunctionArguments, GroupByExpr,
    JoinConstraint, JoinOperator, Query, Select, Visit, Visitor,
};

use crate::error::suggest::nearest;

/// The difference in length from which two names of functions are not one name misspelt.
const MISSPELT: usize = 2;

/// Functions of other databases, each with what to write instead.
const ELSEWHERE: [(&str, &str); 35] = [
    ("date", "cast(a as date)"),
    ("format", "to_char(a, '%Y-%m-%d')"),
    ("strftime", "to_char(a, '%Y-%m-%d')"),
    ("strptime", "to_timestamp(text, '%d.%m.%Y %H:%M')"),
    ("str_to_date", "to_date(text, '%d.%m.%Y')"),
    ("parse_date", "to_date(text, '%d.%m.%Y')"),
    ("date_parse", "to_timestamp(text, '%d.%m.%Y %H:%M')"),
    ("parse_datetime", "to_timestamp(text, '%d.%m.%Y %H:%M')"),
    ("date_diff", "a - b, which is a number of days if both are dates"),
    ("timestampdiff", "a - b, which is a number of days if both are dates"),
    ("add_months", "a + interval '1 month'"),
    ("last_day", "date_trunc('month', a) + interval '1 month' - interval '1 day'"),
    ("isnull", "coalesce(a, b)"),
    ("len", "length(a)"),
    ("datalength", "octet_length(a)"),
    ("getdate", "now()"),
    ("sysdate", "now()"),
    ("curdate", "current_date"),
    ("getutcdate", "now()"),
    ("year", "extract(year from a)"),
    ("quarter", "extract(quarter from a)"),
    ("month", "extract(month from a)"),
    ("week", "extract(week from a)"),
    ("day", "extract(day from a)"),
    ("datediff", "a - b, which is a number of days if both are dates"),
    ("dateadd", "a + interval '1 day'"),
    ("date_add", "a + interval '1 day'"),
    ("date_sub", "a - interval '1 day'"),
    ("eomonth", "date_trunc('month', a) + interval '1 month' - interval '1 day'"),
    ("iif", "case when a then b else c end"),
    ("if", "case when a then b else c end"),
    ("charindex", "strpos(text, part)"),
    ("group_concat", "string_agg(a, ',')"),
    ("listagg", "string_agg(a, ',')"),
    ("countif", "count(*) filter (where a)"),
];

/// The kinds of functions that can stand at a place of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A result: scalar functions and aggregates.
    Result,
    /// A condition on rows, a key of groups, or an argument of an aggregate: scalar functions.
    Row,
    /// A call that only an aggregate understands, such as one with FILTER or DISTINCT.
    Group,
    /// A call with OVER: aggregates and window functions.
    Window,
}

/// The message for a function that does not exist.
pub(super) fn function(missing: &str, statement: &str, state: &SessionState) -> String {
    if let Some((_, instead)) = ELSEWHERE.iter().find(|(name, _)| *name == missing) {
        return format!("no function named {missing}; write {instead}");
    }
    let place = place(missing, statement, state);
    let is_possible = |places: &[Place]| places.contains(&place);
    let scalar = is_possible(&[Place::Result, Place::Row]).then(|| state.scalar_functions().keys());
    let aggregate = is_possible(&[Place::Result, Place::Group, Place::Window])
        .then(|| state.aggregate_functions().keys());
    let window = is_possible(&[Place::Window]).then(|| state.window_functions().keys());
    let mut names: Vec<&str> = scalar.into_iter().flatten().map(String::as_str).collect();
    names.extend(aggregate.into_iter().flatten().map(String::as_str));
    names.extend(window.into_iter().flatten().map(String::as_str));
    // Of several that are equally near, the first.
    names.sort_unstable();
    let near = nearest(missing, names).filter(|near| near.len().abs_diff(missing.len()) < MISSPELT);
    match near {
        Some(near) => format!("no function named {missing}; did you mean {near}?"),
        None => format!("no function named {missing}; \\df in the shell lists all functions"),
    }
}

/// The message for a function in FROM that does not exist.
pub(super) fn table_function(missing: &str, state: &SessionState) -> String {
    let mut names: Vec<&str> = state.table_functions().keys().map(String::as_str).collect();
    names.sort_unstable();
    match nearest(missing, names.iter().copied()) {
        Some(near) => format!("no function named {missing} that yields a table; did you mean {near}?"),
        None => format!("no function named {missing} that yields a table; there are {}", names.join(", ")),
    }
}

/// The place of the first call of a function in a statement. Conditions are planned before results.
fn place(missing: &str, statement: &str, state: &SessionState) -> Place {
    let mut places = Places { missing, state, found: vec![] };
    let parsed = DFParser::parse_sql(statement).unwrap_or_default();
    let mut waiting: Vec<&DfStatement> = parsed.iter().collect();
    while let Some(statement) = waiting.pop() {
        let _ = match statement {
            DfStatement::Statement(statement) => statement.visit(&mut places),
            DfStatement::CopyTo(copy) => match &copy.source {
                CopyToSource::Query(query) => query.visit(&mut places),
                CopyToSource::Relation(_) => ControlFlow::Continue(()),
            },
            DfStatement::Explain(explain) => {
                waiting.push(&explain.statement);
                ControlFlow::Continue(())
            }
            DfStatement::CreateExternalTable(_) | DfStatement::Reset(_) => ControlFlow::Continue(()),
        };
    }
    let order = [Place::Row, Place::Group, Place::Window];
    order.into_iter().find(|place| places.found.contains(place)).unwrap_or(Place::Result)
}

struct Places<'a> {
    missing: &'a str,
    state: &'a SessionState,
    found: Vec<Place>,
}

impl Places<'_> {
    /// Looks for calls in a part of a query where a row is computed.
    fn row(&mut self, part: &impl Visit) {
        let mut calls = Calls { missing: self.missing, queries: 0 };
        if part.visit(&mut calls).is_break() {
            self.found.push(Place::Row);
        }
    }
}

impl Visitor for Places<'_> {
    type Break = ();

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        select.selection.iter().for_each(|condition| self.row(condition));
        if let GroupByExpr::Expressions(keys, _) = &select.group_by {
            keys.iter().for_each(|key| self.row(key));
        }
        for join in select.from.iter().flat_map(|from| &from.joins) {
            if let JoinOperator::Join(JoinConstraint::On(condition))
            | JoinOperator::Inner(JoinConstraint::On(condition))
            | JoinOperator::Left(JoinConstraint::On(condition))
            | JoinOperator::LeftOuter(JoinConstraint::On(condition))
            | JoinOperator::Right(JoinConstraint::On(condition))
            | JoinOperator::RightOuter(JoinConstraint::On(condition))
            | JoinOperator::FullOuter(JoinConstraint::On(condition)) = &join.join_operator
            {
                self.row(condition);
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::Function(call) = expr {
            let name = name_of(call);
            if name == self.missing {
                self.found.extend(place_of(call));
            } else if call.over.is_none() && self.state.aggregate_functions().contains_key(&name) {
                self.row(&call.args);
            }
        }
        ControlFlow::Continue(())
    }
}

/// What a call itself says about its function.
fn place_of(call: &Function) -> Option<Place> {
    if call.over.is_some() {
        return Some(Place::Window);
    }
    let in_arguments = match &call.args {
        FunctionArguments::List(list) => {
            list.duplicate_treatment == Some(DuplicateTreatment::Distinct)
                || list.clauses.iter().any(|clause| matches!(clause, FunctionArgumentClause::OrderBy(_)))
        }
        FunctionArguments::None | FunctionArguments::Subquery(_) => false,
    };
    (in_arguments || call.filter.is_some() || !call.within_group.is_empty()).then_some(Place::Group)
}

/// The name of a function as the engine looks for it.
fn name_of(call: &Function) -> String {
    let last = call.name.0.last().and_then(|part| part.as_ident());
    last.map(|name| name.value.to_lowercase()).unwrap_or_default()
}

/// Breaks at a call of a function, outside of subqueries.
struct Calls<'a> {
    missing: &'a str,
    queries: usize,
}

impl Visitor for Calls<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.queries += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.queries -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Function(call) if self.queries == 0 && name_of(call) == self.missing => {
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::query::statements::Statements;
    use crate::query::testing;

    /// What is suggested is of a kind that can stand at the place.
    #[tokio::test]
    async fn only_functions_of_the_kind_are_suggested() {
        let mut session = Statements::new(testing::published().await).await.unwrap();
        let unknown = "\\df in the shell lists all functions";
        for (sql, missing, says) in [
            ("select summ(emails) from customercard", "summ", "did you mean sum?"),
            ("select lowr(name) from customercard", "lowr", "did you mean lower?"),
            ("select name from customercard where lowr(name) = 'a'", "lowr", "did you mean lower?"),
            (
                "select row_numbr() over (order by name) from customercard",
                "row_numbr",
                "did you mean row_number?",
            ),
            ("select summ(emails) over () from customercard", "summ", "did you mean sum?"),
            // Aggregates and window functions do not stand in for scalar functions.
            ("select name from customercard where medin(emails) > 1", "medin", unknown),
            ("select name from customercard where row_numbr() > 1", "row_numbr", unknown),
            ("select row_numbr() from customercard", "row_numbr", unknown),
            ("select count(*) from customercard group by medin(emails)", "medin", unknown),
            ("select sum(medin(emails)) from customercard", "medin", unknown),
            ("select 1 from office o join office p on medin(o.engagementscore) = 1", "medin", unknown),
            (
                "select name from customercard where 1 in (select medin(emails) from customercard)",
                "medin",
                "did you mean median?",
            ),
            // Scalar functions do not stand in for the others.
            ("select lowr(name) filter (where emails > 1) from customercard", "lowr", "did you mean corr?"),
            ("select initcp(distinct name) from customercard", "initcp", unknown),
            ("select initcp(name) over () from customercard", "initcp", unknown),
            ("explain select initcp(name) over () from customercard", "initcp", unknown),
        ] {
            let error = session.plan(sql).await.unwrap_err().to_string();
            assert_eq!(error, format!("no function named {missing}; {says}"), "{sql}");
        }
        for (sql, says) in [
            (
                "select * from generate_serie(1, 2)",
                "no function named generate_serie that yields a table; did you mean generate_series?",
            ),
            ("select * from lower('A')", "no function named lower that yields a table; there are "),
        ] {
            let error = session.plan(sql).await.unwrap_err().to_string();
            assert!(error.starts_with(says), "{sql}: {error}");
        }
    }
}
