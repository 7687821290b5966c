//! The properties of the score, tested with the SQL that computes it, on random periods.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, Date32Array, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::array::{AsArray, Float64Array};
use datafusion::arrow::datatypes::{Date32Type, Float64Type};
use datafusion_engagement::config::{Level, Measure, Source};
use datafusion_engagement::views::{Parameters, View};
use proptest::prelude::*;

use crate::support::{block_on, session};

/// The eight counts; in the ninth measure, recency, less is better.
const COUNTS: usize = 8;
/// The columns of the counts, in the order of the measures.
const COLUMNS: [&str; COUNTS] = [
    "NoOfEmails_ToAccount",
    "NoOfEmails_FromAccount",
    "NoOfMeetings_FromAccount",
    "NoOfMeetings_ToAccount",
    "NoOfContactsInvolved_Meetings",
    "NoOfContactsInvolved_Emails",
    "NoOfAccountContactsInvolved_Meetings",
    "NoOfAccountContactsInvolved_Emails",
];
/// More than any random count.
const GIANT: i64 = 1_000_000_000_000;

/// One account in one period: counts and recency, or `None` if it is not engaged.
type Account = Option<([i64; COUNTS], i64)>;
type Period = Vec<Account>;

/// Every measure of a period as a number of which more is better.
fn merits(account: &([i64; COUNTS], i64)) -> [i64; COUNTS + 1] {
    std::array::from_fn(|k| if k < COUNTS { account.0[k] } else { -account.1 })
}

/// The score by its definition, account by account.
fn by_hand(period: &Period, weights: &[i64]) -> Vec<f64> {
    let total: i64 = weights.iter().sum();
    let engaged: Vec<_> = period.iter().flatten().map(merits).collect();
    let score = |account: &Account| {
        let Some(account) = account else { return 0.0 };
        let mine = merits(account);
        let sum: i64 = (0..=COUNTS)
            .filter(|k| *k == COUNTS || mine[*k] > 0)
            .map(|k| weights[k] * engaged.iter().filter(|other| other[k] <= mine[k]).count() as i64)
            .sum();
        if total == 0 { 0.0 } else { (100 * sum) as f64 / (engaged.len() as i64 * total) as f64 }
    };
    period.iter().map(score).collect()
}

/// The score as the views compute it, for many periods at once.
fn by_sql(periods: &[Period], weights: &[i64]) -> Vec<Vec<f64>> {
    let rows: Vec<(i32, usize, Account)> = (0..)
        .zip(periods)
        .flat_map(|(p, accounts)| accounts.iter().enumerate().map(move |(i, a)| (p, i, *a)))
        .collect();
    let counts = |k: usize| rows.iter().map(move |r| r.2.map_or(0, |a| a.0[k])).collect::<Int64Array>();
    // The last contact of every second account is a meeting.
    let days = |side: usize| {
        let days = rows.iter().map(move |r| r.2.filter(|_| r.1 % 2 == side).map(|a| a.1));
        Arc::new(days.collect::<Int64Array>()) as ArrayRef
    };
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("CustomerId", Arc::new(StringArray::from_iter_values(rows.iter().map(|r| r.1.to_string())))),
        ("AggregationLevel", Arc::new(StringArray::from_iter_values(rows.iter().map(|_| "month")))),
        ("AggregationStartDate", Arc::new(Date32Array::from_iter_values(rows.iter().map(|r| r.0)))),
        ("is_engaged", Arc::new(rows.iter().map(|r| Some(r.2.is_some())).collect::<BooleanArray>())),
        ("is_suppressed", Arc::new(rows.iter().map(|_| Some(false)).collect::<BooleanArray>())),
        ("DaysSinceLastEmail", days(0)),
        ("DaysSinceLastMeeting", days(1)),
    ];
    columns.extend((0..COUNTS).map(|k| (COLUMNS[k], Arc::new(counts(k)) as ArrayRef)));
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let batches = block_on(async {
        let ctx = session(2, 8192);
        ctx.register_batch("office_measure", batch).unwrap();
        let parameters = Parameters::of_published(&[Level::Month], weights);
        for view in ["period_distribution", "office_scored"] {
            View::named(view).unwrap().register(&ctx, &parameters).await.unwrap();
        }
        let scores = r#"select "AggregationStartDate", "CustomerId", "EngagementScore" from office_scored"#;
        ctx.sql(scores).await.unwrap().collect().await.unwrap()
    });
    let mut scores: Vec<BTreeMap<usize, f64>> = vec![BTreeMap::new(); periods.len()];
    for batch in batches {
        let period = batch.column(0).as_primitive::<Date32Type>();
        let account = batch.column(1).as_string::<i32>();
        let score: &Float64Array = batch.column(2).as_primitive::<Float64Type>();
        for row in 0..batch.num_rows() {
            let account = account.value(row).parse().unwrap();
            scores[period.value(row) as usize].insert(account, score.value(row));
        }
    }
    scores.into_iter().map(|s| s.into_values().collect()).collect()
}

/// Small numbers, so that ties and zeros are frequent. An engaged account always has an internal person.
fn account() -> impl Strategy<Value = Account> {
    let engaged = (prop::array::uniform8(0..4i64), 0..5i64);
    prop::option::weighted(
        0.8,
        engaged.prop_map(|(counts, days)| {
            let mut counts = counts;
            counts[4] = counts[4].max(i64::from(counts[5] == 0));
            (counts, days)
        }),
    )
}

/// Nine weights that add up to 100, or what remains of them without emails or without meetings.
fn weights() -> impl Strategy<Value = Vec<i64>> {
    let drawn = prop::collection::vec(0..=100i64, COUNTS).prop_map(|mut cuts| {
        cuts.extend([0, 100]);
        cuts.sort_unstable();
        cuts.windows(2).map(|w| w[1] - w[0]).collect()
    });
    let default = Measure::ALL.map(|m| i64::from(m.default_weight)).to_vec();
    let absent = prop_oneof![2 => Just(None), 1 => prop::sample::select(&Source::ALL[..]).prop_map(Some)];
    (prop_oneof![1 => Just(default), 2 => drawn], absent).prop_map(|(mut weights, absent)| {
        for (weight, measure) in weights.iter_mut().zip(&Measure::ALL) {
            *weight *= i64::from(absent.is_none() || measure.source != absent);
        }
        weights
    })
}

/// A period, additional activity of its first account, and how much more recent that is.
fn scene() -> impl Strategy<Value = (Period, [i64; COUNTS], i64)> {
    (prop::collection::vec(account(), 1..9), prop::array::uniform8(0..3i64), 0..3i64)
}

/// The period after the first account has additional activity.
fn after(period: &Period, more: &[i64; COUNTS], fresher: i64) -> Period {
    let (mut counts, days) = period[0].unwrap_or(([0; COUNTS], 4));
    counts.iter_mut().zip(more).for_each(|(c, m)| *c += m);
    counts[4] = counts[4].max(1);
    let mut after = period.clone();
    after[0] = Some((counts, (days - fresher).max(0)));
    after
}

/// The same ranks, but an account that is the only best one in a measure leads by far.
fn with_giants(period: &Period) -> Period {
    let mut giants = period.clone();
    for k in 0..COUNTS {
        let most = period.iter().flatten().map(|a| a.0[k]).max().unwrap_or(0);
        let mut leaders = giants.iter_mut().flatten().filter(|a| a.0[k] == most && most > 0);
        if let (Some(leader), None) = (leaders.next(), leaders.next()) {
            leader.0[k] = GIANT;
        }
    }
    giants
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn laws(scenes in prop::collection::vec(scene(), 1..40), weights in weights()) {
        let mut periods = vec![];
        for (period, more, fresher) in &scenes {
            periods.extend([period.clone(), after(period, more, *fresher), with_giants(period)]);
        }
        let scores = by_sql(&periods, &weights);
        for (period, scores) in periods.iter().zip(&scores) {
            // Identical to the bit.
            prop_assert_eq!(scores, &by_hand(period, &weights));
            for (a, score) in period.iter().zip(scores) {
                prop_assert!((0.0..=100.0).contains(score));
                prop_assert!(a.is_some() || *score == 0.0, "no engagement, no score");
                for (b, other) in period.iter().zip(scores) {
                    prop_assert!(a != b || score == other, "equal accounts score the same");
                }
                let perfect = |mine: [i64; COUNTS + 1]| weights.iter().any(|w| *w > 0) && (0..=COUNTS).filter(|k| weights[*k] > 0).all(|k| {
                    (k == COUNTS || mine[k] > 0) && period.iter().flatten().all(|b| merits(b)[k] <= mine[k])
                });
                prop_assert_eq!(*score == 100.0, a.is_some_and(|a| perfect(merits(&a))), "100: nobody is ahead");
            }
        }
        for scene in scores.chunks(3) {
            prop_assert!(scene[1][0] >= scene[0][0], "activity with one account alone never lowers its score");
            prop_assert_eq!(&scene[2], &scene[0], "size changes nobody's score");
        }
    }
}
