//! Finds the source without which a query has no rows, whatever the data: an enrichment without `[mail]`, for
//! example, has no email, and no account that was written to. The user would not see why there are no rows.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::utils::split_conjunction_owned;
use datafusion::logical_expr::{Expr, Filter, LogicalPlan};
use datafusion::prelude::SessionContext;

use crate::config::{Measure, Source};

/// The columns of Office about one source that are not measures of the score. They are null without the source.
const NULL: [(&str, Source, ScalarValue); 4] = [
    ("DaysSinceLastEmail", Source::Mail, ScalarValue::Int64(None)),
    ("DaysSinceLastMeeting", Source::Meetings, ScalarValue::Int64(None)),
    ("AverageDuration_Of_Meetings", Source::Meetings, ScalarValue::Float64(None)),
    ("AverageDuration_Of_AccountEmailReplies", Source::Mail, ScalarValue::Float64(None)),
];

/// The source that is not in `present` and without which the plan yields no rows; `None` if the plan can yield
/// rows. It is not found if the plan renames or combines columns before it filters by them.
pub fn needed(ctx: &SessionContext, plan: &LogicalPlan, present: &[Source]) -> Option<Source> {
    // Without the source a count is 0, or null if it is suppressed.
    let counts = [ScalarValue::Int64(Some(0)), ScalarValue::Int64(None)];
    let never =
        |source: Source| counts.iter().all(|count| is_empty(ctx, with_constants(plan, source, count)));
    Source::ALL.into_iter().find(|source| !present.contains(source) && never(*source))
}

/// The plan with the columns about a source in its filters replaced by the values that they have without it.
fn with_constants(plan: &LogicalPlan, source: Source, count: &ScalarValue) -> Result<LogicalPlan> {
    let constant = |column: &str| {
        let is_measure = |measure: &&Measure| measure.name == column && measure.source == Some(source);
        let null = NULL.iter().find(|(name, of, _)| *name == column && *of == source);
        Measure::ALL.iter().find(is_measure).map(|_| count.clone()).or_else(|| Some(null?.2.clone()))
    };
    let replace = |expression: Expr| {
        Ok(match &expression {
            Expr::Column(column) => match constant(&column.name) {
                Some(value) => Transformed::yes(Expr::Literal(value, None)),
                None => Transformed::no(expression),
            },
            _ => Transformed::no(expression),
        })
    };
    let replaced = plan.clone().transform_up_with_subqueries(|node| match node {
        LogicalPlan::Filter(filter) => {
            // One filter for each condition: the optimizer removes rows where a condition is null, but not where
            // null and another condition are joined by AND.
            let mut input = filter.input;
            for condition in split_conjunction_owned(filter.predicate) {
                let condition = condition.transform(replace)?.data;
                input = Arc::new(LogicalPlan::Filter(Filter::try_new(condition, input)?));
            }
            Ok(Transformed::yes(Arc::unwrap_or_clone(input)))
        }
        node => Ok(Transformed::no(node)),
    });
    replaced.map(|replaced| replaced.data)
}

/// Whether the optimizer finds that a plan yields no rows. An error, such as a division by zero, is not a finding.
fn is_empty(ctx: &SessionContext, plan: Result<LogicalPlan>) -> bool {
    match plan.and_then(|plan| ctx.state().optimize(&plan)) {
        Ok(LogicalPlan::EmptyRelation(empty)) => !empty.produce_one_row,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::segments;
    use crate::query::statements::Statements;
    use crate::query::testing;

    #[tokio::test]
    async fn shipped_segments_without_a_source() {
        let folder = tempfile::tempdir().unwrap();
        for (sources, expected) in [
            (&Source::ALL[..], vec![]),
            (&[Source::Mail], vec![]),
            (&[Source::Meetings], vec![("one_sided", Source::Mail)]),
        ] {
            let ctx = testing::published().await;
            let enrichment = testing::enrichment(folder.path());
            let segments = segments::register(&ctx, &enrichment, sources).await.unwrap();
            let session = Statements::new(ctx.clone()).await.unwrap();
            let mut found = vec![];
            for segment in &segments {
                let plan = session.logical_plan(&format!("select * from {}", segment.view())).await.unwrap();
                let source = needed(&ctx, &plan, sources);
                found.extend(source.map(|source| (segment.name.as_str(), source)));
            }
            assert_eq!(found, expected, "{sources:?}");
        }
    }

    #[tokio::test]
    async fn only_what_can_never_match_needs_the_source() {
        let ctx = testing::published().await;
        let session = Statements::new(ctx.clone()).await.unwrap();
        for (condition, needs) in [
            ("averageduration_of_meetings > 5", true),
            (
                "aggregationlevel = 'year' and noofmeetings_toaccount > 0 and noofmeetings_fromaccount = 0",
                true,
            ),
            ("noofmeetings_toaccount between 1 and 3", true),
            ("noofmeetings_toaccount > noofmeetings_fromaccount", true),
            ("customerid in (select customerid from office where noofmeetings_toaccount > 1)", true),
            ("noofmeetings_toaccount > 0 or noofemails_toaccount > 0", false),
            ("1 / noofmeetings_toaccount > 2", false),
            ("noofmeetings_toaccount = 0", false),
            ("noofmeetings_toaccount is null", false),
            ("dayssincelastmeeting is null", false),
            ("noofemails_toaccount > 0", false),
        ] {
            let query = format!("select customerid from office where {condition}");
            let plan = session.logical_plan(&query).await.unwrap();
            let found = needed(&ctx, &plan, &[Source::Mail]);
            assert_eq!(found, needs.then_some(Source::Meetings), "{condition}");
            assert_eq!(needed(&ctx, &plan, &Source::ALL), None, "{condition}");
        }
    }
}
