//! Refuses windows where the engine ignores them.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Query, Visit, Visitor, WindowType};

use super::refusal::{Checked, absent};

/// The engine looks for named windows only in the SELECT list. Elsewhere it ignores OVER.
pub(super) fn named_windows(expr: &Expr, clause: &str) -> Checked {
    let is_named = has_window(expr, |over| matches!(over, WindowType::NamedWindow(_)));
    let what = format!("the name of a window in {clause}");
    absent(is_named, &what, "write OVER (...) with its definition")
}

/// A clause that is evaluated before the windows.
pub(super) fn no_windows(expr: &Expr, clause: &str) -> Checked {
    let what = format!("a window function in {clause}");
    absent(has_window(expr, |_| true), &what, "write QUALIFY and the condition after it")
}

/// A window that starts from a named one. The engine ignores the name.
pub(super) fn base_window(is_named: bool) -> Checked {
    absent(is_named, "OVER (name ...)", "write the whole definition, or only OVER name")
}

/// Whether an expression has such a window. The windows of its subqueries are theirs.
fn has_window(expr: &Expr, is_such: fn(&WindowType) -> bool) -> bool {
    struct Windows {
        is_such: fn(&WindowType) -> bool,
        depth: usize,
    }
    impl Visitor for Windows {
        type Break = ();

        fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            self.depth += 1;
            ControlFlow::Continue(())
        }

        fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            self.depth -= 1;
            ControlFlow::Continue(())
        }

        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            match expr {
                Expr::Function(call) if self.depth == 0 && call.over.as_ref().is_some_and(self.is_such) => {
                    ControlFlow::Break(())
                }
                _ => ControlFlow::Continue(()),
            }
        }
    }
    expr.visit(&mut Windows { is_such, depth: 0 }).is_break()
}
