//! What runs have published about months while numbers were suppressed, so that no later run publishes something else
//! about them.

use std::collections::BTreeMap;

use chrono::{Months, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::views::PublishedMonth;

/// How long a run remembers what was published about a month, in months before the as-of date: two windows.
const MONTHS: u32 = 24;

/// What is remembered, as a part of the record of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// The months of accounts. A month can be there twice, if it was published in both formats.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub months: Vec<PublishedMonth>,
    /// The steps in which internal people were counted, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// The last day of which what was published can be forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgotten: Option<NaiveDate>,
}

/// A step in which internal people were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Step {
    /// `[privacy] min_people`.
    pub min_people: u32,
    /// The newest as-of date with it.
    pub as_of: NaiveDate,
}

impl Remembered {
    /// Whether nothing was published while numbers were suppressed, or everything is forgotten.
    pub(crate) fn is_empty(&self) -> bool {
        self.months.is_empty() && self.steps.is_empty()
    }

    /// Adds what other runs have published.
    pub(crate) fn add(&mut self, other: Self) {
        self.add_months(other.months);
        for step in other.steps {
            self.add_step(step.min_people, step.as_of);
        }
        self.forgotten = self.forgotten.max(other.forgotten);
    }

    /// Adds months, which say themselves in which steps their people were counted.
    pub(crate) fn add_months(&mut self, months: Vec<PublishedMonth>) {
        let steps = months.iter().filter_map(|known| Some((known.step()?, known.month)));
        for (step, month) in steps.collect::<BTreeMap<_, _>>() {
            self.add_step(step, month);
        }
        self.months.extend(months);
    }

    fn add_step(&mut self, min_people: u32, as_of: NaiveDate) {
        match self.steps.iter_mut().find(|step| step.min_people == min_people) {
            Some(known) => known.as_of = as_of.max(known.as_of),
            None => self.steps.push(Step { min_people, as_of }),
        }
        self.steps.sort_unstable();
    }

    /// A step in which people were counted and that tells single people together with this one: neither is a multiple of
    /// the other.
    pub(crate) fn step_against(&self, step: u32) -> Option<u32> {
        self.steps.iter().map(|known| known.min_people).find(|known| is_against(*known, step))
    }

    /// What still counts if the command line permits to publish months differently (`--publish-changed`): nothing was
    /// forgotten, and people were not counted in steps against this one.
    pub(crate) fn if_permitted(self, step: u32) -> Self {
        let mut months = self.months;
        months.retain(|known| !known.step().is_some_and(|known| is_against(known, step)));
        Self { months, ..Self::default() }
    }

    /// What is to be remembered after a run that publishes these months. Months that no window of this as-of date or a later
    /// one contains, nor one of the year before it, are forgotten.
    pub(crate) fn with(self, now: Vec<PublishedMonth>, as_of: NaiveDate, min_people: u32) -> Self {
        let Self { months, mut steps, forgotten } = self;
        let first = as_of.checked_sub_months(Months::new(MONTHS)).unwrap_or(NaiveDate::MIN);
        steps.retain(|step| step.as_of > first);
        let was_published = !months.is_empty() || forgotten.is_some();
        let forgotten = if was_published || min_people > 1 { forgotten.max(Some(first)) } else { None };
        let known = months.into_iter().filter(|known| known.month > first);
        let by_month = known.chain(now).map(|known| ((known.account.clone(), known.month), known));
        let months = by_month.collect::<BTreeMap<_, _>>().into_values().collect();
        let mut remembered = Self { months, steps, forgotten };
        if min_people > 1 {
            remembered.add_step(min_people, as_of);
        }
        remembered
    }
}

fn is_against(one: u32, other: u32) -> bool {
    !one.is_multiple_of(other) && !other.is_multiple_of(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn month(account: &str, month: &str, numbers: &str) -> PublishedMonth {
        let (month, numbers) = (day(month), numbers.into());
        PublishedMonth { account: account.into(), month, numbers, people: "2 0 0".into() }
    }

    #[test]
    fn months_are_remembered_for_two_windows() {
        let more = vec![month("a", "2026-09-01", "3"), month("b", "2026-09-01", "4")];
        let mut old = Remembered::default();
        assert!(old.is_empty() && old.clone().with(vec![], day("2026-10-31"), 1).is_empty());
        old.add_months(vec![
            month("a", "2026-09-01", "1"),
            month("b", "2024-10-01", "5"),
            month("b", "2024-11-01", "6"),
        ]);
        let all = old.with(more.clone(), day("2026-10-31"), 2);
        assert_eq!(all.months, [more[0].clone(), month("b", "2024-11-01", "6"), more[1].clone()]);
        assert_eq!(all.forgotten, Some(day("2024-10-31")));
        // A run of an earlier date does not remember again what is forgotten.
        let earlier = all.clone().with(vec![], day("2024-12-31"), 1);
        assert_eq!((earlier.forgotten, &earlier.steps), (all.forgotten, &all.steps));
        let later = all.with(vec![], day("2029-12-31"), 1);
        assert_eq!((later.steps.len(), later.months.len()), (0, 0));
        assert_eq!(later.forgotten, Some(day("2027-12-31")));
    }

    #[test]
    fn steps_that_do_not_divide_each_other_tell_single_people() {
        let mut known = Remembered::default().with(vec![], day("2026-09-30"), 6);
        assert_eq!([2, 3, 6, 12].map(|step| known.step_against(step)), [None; 4]);
        assert_eq!([4, 5].map(|step| known.step_against(step)), [Some(6); 2]);
        known = known.with(vec![], day("2026-10-31"), 3);
        assert_eq!(known.step_against(2), Some(3));
        let mut other = Remembered::default();
        other.add_months(vec![month("a", "2026-08-01", "1")]);
        known.add(other);
        let permitted = |step| known.clone().if_permitted(step).months.len();
        assert_eq!([permitted(3), permitted(2)], [0, 1]);
        let steps = [(2, "2026-08-01"), (3, "2026-10-31"), (6, "2026-09-30")];
        assert_eq!(known.steps, steps.map(|(min_people, as_of)| Step { min_people, as_of: day(as_of) }));
    }
}
