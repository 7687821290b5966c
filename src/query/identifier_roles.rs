//! Decides which of the marked words of a statement are names, and of which table or column.

use std::cell::LazyCell;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use datafusion::sql::parser::{CopyToSource, Statement as DfStatement};
use datafusion::sql::sqlparser::ast::{
    CreateView, Expr, Ident, JoinConstraint, JoinOperator, ObjectName, Query, Select, SelectItem, SetExpr,
    Statement, TableAlias, TableFactor, TableWithJoins, Visit, Visitor,
};

use super::identifiers::{Names, Table};

/// A word of a statement that is the name of a known table or column, in any case.
pub(crate) struct Candidate {
    /// Its index among the tokens of the statement.
    pub(crate) token: usize,
    /// The word as typed.
    pub(crate) word: String,
    /// A period follows: the word qualifies another one.
    pub(crate) qualifies: bool,
}

/// The delimiter before and after the number in a mark. In a statement that can be parsed, no unquoted
/// word contains it.
const FENCE: char = '\u{1}';

/// The word as the parser sees it: with its number, by which it is found in the syntax tree.
pub(crate) fn mark(number: usize, word: &str) -> String {
    format!("{FENCE}{number}{FENCE}{word}")
}

/// The number of a marked word, and the word as typed. A word without a mark has no number.
fn unmark(text: &str) -> (Option<usize>, &str) {
    text.strip_prefix(FENCE)
        .and_then(|rest| rest.split_once(FENCE))
        .and_then(|(number, word)| Some((Some(number.parse().ok()?), word)))
        .unwrap_or((None, text))
}

/// The canonical spelling of each candidate; `None` if the word stays as it is.
pub(crate) fn spellings(
    names: &Names,
    statement: &DfStatement,
    candidates: &[Candidate],
) -> Vec<Option<String>> {
    let mut walk = Walk::new(names);
    walk.statement(statement);
    // Some words are not decided by any rule (aliases of columns, windows, wildcards). Their mark is in
    // this text if the parser has read an identifier, and is not if it has read a keyword.
    let marks = LazyCell::new(|| marks(&format!("{statement:?}")));
    candidates
        .iter()
        .enumerate()
        .map(|(number, candidate)| match walk.placed.remove(&number) {
            Some(placed) => placed,
            None if marks.contains(&number) => walk.anywhere(candidate),
            None => None,
        })
        .collect()
}

/// The numbers of the marks in the text of a syntax tree.
fn marks(text: &str) -> HashSet<usize> {
    text.split(&FENCE.escape_debug().to_string()).filter_map(|piece| piece.parse().ok()).collect()
}

/// A table in a FROM clause: the name that qualifies its columns, and the table if it is a known one.
struct FromItem<'a> {
    qualifier: String,
    table: Option<&'a Table>,
}

struct Walk<'a> {
    names: &'a Names,
    /// The FROM clauses around the current node, innermost last.
    scopes: Vec<Vec<FromItem<'a>>>,
    /// All known tables of the statement.
    tables: Vec<&'a Table>,
    /// Lower-cased aliases of tables and names of common table expressions.
    aliases: HashSet<String>,
    /// The common table expressions that are visible at the current node: one set for each query around
    /// it.
    expressions: Vec<HashSet<String>>,
    /// The common table expressions that are visible inside another one, by the address of its query:
    /// those before it, and itself if it is recursive.
    inside: HashMap<*const Query, HashSet<String>>,
    /// The decided spellings, by the number of the word; `None` if a word stays as it is.
    placed: HashMap<usize, Option<String>>,
}

impl<'a> Walk<'a> {
    fn new(names: &'a Names) -> Self {
        Self {
            names,
            scopes: vec![],
            tables: vec![],
            aliases: HashSet::new(),
            expressions: vec![],
            inside: HashMap::new(),
            placed: HashMap::new(),
        }
    }

    fn statement(&mut self, statement: &DfStatement) {
        let _ = match statement {
            DfStatement::Statement(statement) => {
                match statement.as_ref() {
                    Statement::Drop { names, .. } => names.iter().for_each(|n| self.relation(n)),
                    Statement::ShowCreate { obj_name, .. } => self.relation(obj_name),
                    Statement::CreateView(CreateView { name, .. }) => self.relation(name),
                    _ => {}
                }
                statement.visit(self)
            }
            DfStatement::Explain(explain) => {
                self.statement(&explain.statement);
                ControlFlow::Continue(())
            }
            DfStatement::CopyTo(copy) => match &copy.source {
                CopyToSource::Relation(name) => {
                    self.relation(name);
                    ControlFlow::Continue(())
                }
                CopyToSource::Query(query) => query.visit(self),
            },
            DfStatement::CreateExternalTable(_) | DfStatement::Reset(_) => ControlFlow::Continue(()),
        };
    }

    /// Decides the spelling of a word. The first decision is final: outer nodes are visited first, and
    /// more is known about them.
    fn place(&mut self, number: Option<usize>, spelling: Option<String>) {
        if let Some(number) = number {
            self.placed.entry(number).or_insert(spelling);
        }
    }

    /// A table name, which can be qualified by schema and catalog.
    fn relation(&mut self, name: &ObjectName) {
        let parts: Vec<&Ident> = name.0.iter().filter_map(|p| p.as_ident()).collect();
        let Some((last, before)) = parts.split_last() else { return };
        for part in before {
            self.place(unmark(&part.value).0, None);
        }
        let (number, _) = unmark(&last.value);
        let table = self.known(name);
        self.place(number, table.map(|t| t.name.clone()));
        self.tables.extend(table);
    }

    /// The known table to which the name of a relation refers. `None` for a common table expression and for
    /// a table of `information_schema`.
    fn known(&self, name: &ObjectName) -> Option<&'a Table> {
        let parts: Vec<&Ident> = name.0.iter().filter_map(|p| p.as_ident()).collect();
        let (last, before) = parts.split_last()?;
        let (_, word) = unmark(&last.value);
        let described = before.iter().any(|p| unmark(&p.value).1.eq_ignore_ascii_case("information_schema"));
        let expression =
            before.is_empty() && self.expressions.last().is_some_and(|e| e.contains(&word.to_lowercase()));
        if described || expression { None } else { self.names.table(word) }
    }

    /// An alias of a table. Returns it in lower case.
    fn alias(&mut self, alias: &TableAlias) -> String {
        let (number, word) = unmark(&alias.name.value);
        let lower = word.to_lowercase();
        self.place(number, None);
        self.aliases.insert(lower.clone());
        lower
    }

    /// A column. It is looked up in the FROM clauses around it, from the inside out.
    fn column(&mut self, ident: &Ident, qualifier: Option<&str>) {
        let (number, word) = unmark(&ident.value);
        if number.is_none() {
            return;
        }
        for scope in self.scopes.iter().rev() {
            let sources = scope.iter().filter(|s| qualifier.is_none_or(|q| s.qualifier == q.to_lowercase()));
            let spelling = choose(sources.filter_map(|s| s.table), word);
            if spelling.is_some() {
                self.place(number, spelling);
                return;
            }
        }
    }

    /// The spelling of a word whose position does not decide: a qualifier, or a column of any table of the
    /// statement.
    fn anywhere(&self, candidate: &Candidate) -> Option<String> {
        let lower = candidate.word.to_lowercase();
        if candidate.qualifies {
            if self.aliases.contains(&lower) {
                return None;
            }
            if let Some(table) = self.names.table(&candidate.word) {
                return Some(table.name.clone());
            }
        }
        choose(self.tables.iter().copied(), &candidate.word)
    }

    fn sources(&self, from: &[TableWithJoins]) -> Vec<FromItem<'a>> {
        let mut sources = vec![];
        for one in from {
            self.source(&one.relation, &mut sources);
            one.joins.iter().for_each(|j| self.source(&j.relation, &mut sources));
        }
        sources
    }

    fn source(&self, factor: &TableFactor, sources: &mut Vec<FromItem<'a>>) {
        match factor {
            TableFactor::Table { name, alias, .. } => {
                let own = name.0.last().and_then(|p| p.as_ident());
                if let Some(ident) = alias.as_ref().map(|a| &a.name).or(own) {
                    let qualifier = unmark(&ident.value).1.to_lowercase();
                    sources.push(FromItem { qualifier, table: self.known(name) });
                }
            }
            TableFactor::NestedJoin { table_with_joins, .. } => {
                sources.extend(self.sources(std::slice::from_ref(table_with_joins)));
            }
            _ => {}
        }
    }

    /// The tables whose columns an ORDER BY after this body can name.
    fn sources_of_body(&self, body: &SetExpr) -> Vec<FromItem<'a>> {
        match body {
            SetExpr::Select(select) => self.sources(&select.from),
            SetExpr::Query(query) => self.sources_of_body(&query.body),
            SetExpr::SetOperation { left, .. } => self.sources_of_body(left),
            _ => vec![],
        }
    }
}

/// The spelling of a column in these tables. If there are several: the one as typed, else the one in lower
/// case, else the first.
fn choose<'a>(tables: impl Iterator<Item = &'a Table>, word: &str) -> Option<String> {
    let lower = word.to_lowercase();
    let columns = tables.flat_map(|t| &t.columns);
    let spellings: Vec<&String> = columns.filter(|c| c.to_lowercase() == lower).collect();
    let wanted = |text: &str| spellings.iter().find(|s| s.as_str() == text);
    wanted(word).or_else(|| wanted(&lower)).or(spellings.first()).map(|s| (*s).clone())
}

impl Visitor for Walk<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let outside = self.expressions.last().cloned().unwrap_or_default();
        let mut visible = self.inside.remove(&std::ptr::from_ref(query)).unwrap_or(outside);
        if let Some(with) = &query.with {
            for cte in &with.cte_tables {
                let before = visible.clone();
                visible.insert(self.alias(&cte.alias));
                let inside = if with.recursive { visible.clone() } else { before };
                self.inside.insert(std::ptr::from_ref(&*cte.query), inside);
            }
        }
        self.expressions.push(visible);
        self.scopes.push(self.sources_of_body(&query.body));
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.expressions.pop();
        self.scopes.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        self.scopes.push(self.sources(&select.from));
        for item in &select.projection {
            if let SelectItem::ExprWithAlias { alias, .. } = item {
                self.column(alias, None);
            }
        }
        for join in select.from.iter().flat_map(|f| &f.joins) {
            for name in using(&join.join_operator) {
                if let Some(ident) = name.0.last().and_then(|p| p.as_ident()) {
                    self.column(ident, None);
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, _: &Select) -> ControlFlow<()> {
        self.scopes.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<()> {
        self.relation(name);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { alias: Some(alias), .. }
        | TableFactor::Derived { alias: Some(alias), .. }
        | TableFactor::TableFunction { alias: Some(alias), .. }
        | TableFactor::Function { alias: Some(alias), .. }
        | TableFactor::UNNEST { alias: Some(alias), .. }
        | TableFactor::NestedJoin { alias: Some(alias), .. } = factor
        {
            self.alias(alias);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(ident) => self.column(ident, None),
            Expr::CompoundIdentifier(idents) => {
                if let [.., qualifier, column] = idents.as_slice() {
                    self.column(column, Some(unmark(&qualifier.value).1));
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// The columns in the USING clause of a join.
fn using(operator: &JoinOperator) -> &[ObjectName] {
    match operator {
        JoinOperator::Join(c)
        | JoinOperator::Inner(c)
        | JoinOperator::Left(c)
        | JoinOperator::LeftOuter(c)
        | JoinOperator::Right(c)
        | JoinOperator::RightOuter(c)
        | JoinOperator::FullOuter(c)
        | JoinOperator::Semi(c)
        | JoinOperator::LeftSemi(c)
        | JoinOperator::RightSemi(c)
        | JoinOperator::Anti(c)
        | JoinOperator::LeftAnti(c)
        | JoinOperator::RightAnti(c) => match c {
            JoinConstraint::Using(names) => names,
            _ => &[],
        },
        _ => &[],
    }
}
