//! Why a score is what it is: the nine measures, how the account stands in each, and what each adds.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{ArrowPrimitiveType, DataType, Float64Type, Int64Type};
use datafusion::common::ScalarValue;
use datafusion::prelude::DataFrame;

use super::published::collect;
use crate::cli::session::Session;
use crate::error::Result;

/// Each measure and what a person calls it, in the order of a card.
const LABELS: [(&str, &str); 9] = [
    ("NoOfEmails_FromAccount", "Emails from them"),
    ("NoOfEmails_ToAccount", "Emails to them"),
    ("NoOfMeetings_FromAccount", "Meetings from them"),
    ("NoOfMeetings_ToAccount", "Meetings to them"),
    ("NoOfAccountContactsInvolved_Emails", "Their people in emails"),
    ("NoOfAccountContactsInvolved_Meetings", "Their people in meetings"),
    ("NoOfContactsInvolved_Emails", "Our people in emails"),
    ("NoOfContactsInvolved_Meetings", "Our people in meetings"),
    ("recency", "Days since last contact"),
];

/// One row for each of two customers and measure. `Standing` is a share of the engaged accounts; times their number it is
/// a whole number, except for the error of one division. If Office has no level `year`, a customer has one row without a
/// measure.
const ROWS: &str = r#"
select
  card."CustomerId",
  card."Name",
  card."EngagementScore",
  explained."Measure",
  explained."Value",
  cast(round(explained."Standing" * engaged.accounts) as bigint) as "NoWorseThan",
  case when explained."Standing" is not null then engaged.accounts end as "Accounts",
  explained."Weight",
  explained."Points"
from "CustomerCard" as card
cross join (
  select count("EngagementStartDate") as accounts from "Office" where "AggregationLevel" = 'year'
) as engaged
left join "Office_ScoreExplained" as explained
  on explained."CustomerId" = card."CustomerId" and explained."AggregationLevel" = 'year'
where card."CustomerId" in ($first, $second)
order by card."CustomerId" <> $first, explained."Weight" desc, explained."Measure""#;

/// Why a score is what it is.
pub(super) enum Explanation {
    /// Office has no level `year`, whose score is on the card.
    Unpublished,
    /// The numbers of the account are suppressed.
    Suppressed,
    /// The measures.
    Terms(Vec<Term>),
}

/// What a measure adds to a score.
pub(super) struct Term {
    /// What a person calls the measure.
    pub label: &'static str,
    /// Whether the measure is a number of people in meetings, which also counts those that others organize.
    pub is_in_meetings: bool,
    /// The value of the measure; `None` if it has none, such as the days since an email that was never sent.
    pub value: Option<i64>,
    /// How many of the engaged accounts are no better, this one included; 0 without engagement.
    pub standing: i64,
    /// How many accounts are engaged.
    pub accounts: i64,
    pub weight: i64,
    /// The sum of all weights.
    pub total_weight: i64,
    /// What the measure adds to the score.
    pub points: f64,
}

/// The measures of two customers, or of one that is given twice, as rows.
///
/// # Errors
/// The published tables cannot be read.
pub(super) async fn frame(session: &Session, first: &str, second: &str) -> Result<DataFrame> {
    let plan = session.statements.logical_plan(ROWS).await?;
    let values = [("first", first), ("second", second)];
    let plan = plan.with_param_values(values.map(|(name, id)| (name, ScalarValue::from(id))).to_vec())?;
    Ok(session.statements.context().execute_logical_plan(plan).await?)
}

/// Why the score of a customer is what it is.
///
/// # Errors
/// The published tables cannot be read.
pub(super) async fn read(session: &Session, id: &str) -> Result<Explanation> {
    let rows = collect(session, frame(session, id, id).await?).await?;
    let column = |name: &str, data_type| -> Result<ArrayRef> {
        let column = rows.column_by_name(name).map(|column| cast(column, &data_type)).transpose();
        let column = column.map_err(|e| session.statements.explain(e.into()))?;
        Ok(column.unwrap_or_else(|| datafusion::arrow::array::new_null_array(&data_type, rows.num_rows())))
    };
    let measures = column("Measure", DataType::Utf8)?;
    let measures = measures.as_string::<i32>();
    let points = column("Points", DataType::Float64)?;
    let points = points.as_primitive::<Float64Type>();
    let ints =
        |name: &str| column(name, DataType::Int64).map(|column| column.as_primitive::<Int64Type>().clone());
    let (values, standings) = (ints("Value")?, ints("NoWorseThan")?);
    let (accounts, weights) = (ints("Accounts")?, ints("Weight")?);
    if measures.null_count() == measures.len() {
        return Ok(Explanation::Unpublished);
    }
    let total_weight = weights.iter().flatten().sum();
    let term = |&(measure, label): &(&'static str, &'static str)| {
        let row = measures.iter().position(|name| name == Some(measure))?;
        Some((row, measure, label))
    };
    let terms = LABELS.iter().filter_map(term).map(|(row, measure, label)| {
        Some(Term {
            label,
            is_in_meetings: measure.ends_with("ContactsInvolved_Meetings"),
            value: at(&values, row),
            standing: at(&standings, row)?,
            accounts: at(&accounts, row)?,
            weight: at(&weights, row)?,
            total_weight,
            points: at(points, row)?,
        })
    });
    // A suppressed account has neither standings nor points.
    Ok(terms.collect::<Option<Vec<_>>>().map_or(Explanation::Suppressed, Explanation::Terms))
}

fn at<T: ArrowPrimitiveType>(numbers: &PrimitiveArray<T>, row: usize) -> Option<T::Native> {
    numbers.is_valid(row).then(|| numbers.value(row))
}

#[cfg(test)]
mod tests {
    use super::super::testing::published;
    use super::*;
    use crate::config::Measure;
    use crate::query::testing::table;

    #[test]
    fn every_measure_has_a_label() {
        let mut named = LABELS.map(|(measure, _)| measure);
        let mut all = Measure::ALL.map(|measure| measure.name);
        named.sort_unstable();
        all.sort_unstable();
        assert_eq!(named, all);
    }

    /// Of the five accounts, the first four are engaged.
    #[tokio::test]
    async fn the_terms_are_read_as_published() {
        let session = published().await;
        let Explanation::Terms(terms) = read(&session, "a1").await.unwrap() else { panic!("no terms") };
        let found: Vec<_> =
            terms.iter().map(|t| (t.label, t.value, t.standing, t.accounts, t.weight, t.points)).collect();
        assert_eq!(found, [("Days since last contact", Some(2), 4, 4, 10, 10.0)]);
        assert!(matches!(read(&session, "a2").await.unwrap(), Explanation::Unpublished));
    }

    #[tokio::test]
    async fn a_suppressed_account_has_no_terms() {
        let session = published().await;
        let ctx = session.statements.context();
        ctx.sql("drop table \"Office_ScoreExplained\"").await.unwrap();
        let explained = r#"select 'a1' as "CustomerId", 'year' as "AggregationLevel", 'recency' as "Measure",
            cast(null as bigint) as "Value", cast(null as double) as "Standing", 10 as "Weight",
            cast(null as double) as "Points""#;
        table(ctx, "Office_ScoreExplained", explained).await;
        assert!(matches!(read(&session, "a1").await.unwrap(), Explanation::Suppressed));
    }
}
