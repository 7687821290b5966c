//! How much data there is, and for which days.

use crate::calendar::Day;
use crate::random::{hash, mix};

/// Days of the window, as in the enrichment file.
const WINDOW_DAYS: i64 = 365;
/// Days of mail before the window; with the days after it, a tenth of all rows.
const DAYS_BEFORE: i64 = 33;
/// Days of mail after the as-of date.
const DAYS_AFTER: i64 = 7;
/// How much mail is sent on each weekday, from Monday.
const WEEKDAYS: [u64; 7] = [100, 112, 110, 106, 86, 9, 7];

/// The size of each kind of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Mail rows, copies included.
    pub mails: u64,
    /// Meeting rows, copies included.
    pub meetings: u64,
    /// Accounts.
    pub accounts: u64,
    /// Contacts, on average.
    pub contacts: u64,
    /// Listed mailboxes.
    pub mailboxes: u64,
    /// How many of 100 people of the accounts the CRM knows.
    pub in_crm: u64,
    /// Whether the enrichment knows people by the domains of the accounts, too.
    pub has_domains: bool,
}

impl Sizes {
    /// The size of the bundled data.
    pub const BUNDLED: Self = Self {
        mails: 5_000,
        meetings: 400,
        accounts: 60,
        contacts: 180,
        mailboxes: 12,
        in_crm: 100,
        has_domains: true,
    };

    /// The sizes that go with this number of mail rows; at least as many accounts as there are kinds of them.
    pub fn scaled(mails: u64) -> Self {
        let accounts = (mails / 200).max(20);
        Self {
            mails,
            meetings: mails / 20,
            accounts,
            contacts: (mails / 25).max(accounts),
            mailboxes: (mails / 1_000).clamp(12, 2_000),
            in_crm: 100,
            has_domains: false,
        }
    }

    /// Data in which domains matter: the CRM knows a tenth of the people.
    pub fn with_domains(self) -> Self {
        Self { in_crm: 10, has_domains: true, ..self }
    }

    /// About one file per 500,000 mails; a small set is also split, into files of about one month.
    pub fn mail_files(&self) -> u64 {
        self.mails.div_ceil(500_000).clamp(12, Plan::DAYS as u64)
    }
}

/// Sizes, days and the seed: everything that the data depends on.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The sizes.
    pub sizes: Sizes,
    /// The last day of the window.
    pub as_of: Day,
    /// The seed of the random numbers.
    pub seed: u64,
    /// For each day, the sum of the weights of all earlier days.
    before: Vec<u64>,
}

impl Plan {
    /// The number of days with mail.
    pub const DAYS: i64 = DAYS_BEFORE + WINDOW_DAYS + DAYS_AFTER;

    /// The plan for these arguments.
    pub fn new(sizes: Sizes, as_of: Day, seed: u64) -> Self {
        let first = as_of.plus(1 - WINDOW_DAYS - DAYS_BEFORE);
        let mut before = vec![0];
        for number in 0..Self::DAYS {
            before.push(before[number as usize] + busyness(first.plus(number)));
        }
        Self { sizes, as_of, seed: mix(seed), before }
    }

    /// The day with this number, from 0 to [`DAYS`](Self::DAYS); earlier days have negative numbers.
    pub fn day(&self, number: i64) -> Day {
        self.as_of.plus(1 - WINDOW_DAYS - DAYS_BEFORE + number)
    }

    /// The first day of the window.
    #[cfg(test)]
    pub fn first_day(&self) -> Day {
        self.as_of.plus(1 - WINDOW_DAYS)
    }

    /// How many of `total` rows are on the days from `from` to `to` (exclusive).
    pub fn rows(&self, total: u64, from: i64, to: i64) -> u64 {
        let last = self.before.len() - 1;
        let until = |number: i64| {
            let weight = self.before[number.clamp(0, last as i64) as usize];
            u128::from(total) * u128::from(weight) / u128::from(self.before[last])
        };
        (until(to) - until(from)) as u64
    }

    /// About how many of `total` rows are on a day, inside or outside the days of the plan.
    pub fn usual(&self, total: u64, day: Day) -> u64 {
        let weight = u128::from(self.before[self.before.len() - 1]);
        (u128::from(total) * u128::from(busyness(day)) / weight) as u64
    }

    /// The days split into `parts` with about the same number of rows, as half-open ranges of numbers.
    pub fn split(&self, parts: u64) -> Vec<(i64, i64)> {
        let days = Self::DAYS;
        let parts = (parts as i64).clamp(1, days);
        let total = self.before[days as usize];
        let mut from = 0;
        (1..=parts)
            .map(|part| {
                let share = total * part as u64 / parts as u64;
                // At least one day for this part and for each later one.
                let to = self.before.partition_point(|before| *before < share) as i64;
                let to = to.clamp(from + 1, days - (parts - part));
                (std::mem::replace(&mut from, to), to)
            })
            .collect()
    }

    /// A hash of `parts` that is specific to this plan.
    pub fn hash(&self, parts: &[u64]) -> u64 {
        hash(&[self.seed, hash(parts)])
    }
}

/// How much mail is sent on a day, relative to other days.
fn busyness(day: Day) -> u64 {
    let season = match day.civil() {
        (_, 12, 22..) | (_, 1, 1) => 25,
        (_, 8, _) => 75,
        (_, 7, _) | (_, 1, _) => 90,
        _ => 100,
    };
    WEEKDAYS[day.weekday()] * season
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan::new(Sizes::BUNDLED, "2026-10-31".parse().unwrap(), 1)
    }

    #[test]
    fn the_window_ends_with_the_as_of_date() {
        let plan = plan();
        assert_eq!(plan.first_day().to_string(), "2025-11-01");
        assert_eq!(plan.day(0).to_string(), "2025-09-29");
        assert_eq!(plan.day(Plan::DAYS - 1).to_string(), "2026-11-07");
    }

    #[test]
    fn the_rows_of_the_days_add_up() {
        let plan = plan();
        assert_eq!((0..Plan::DAYS).map(|day| plan.rows(5_000, day, day + 1)).sum::<u64>(), 5_000);
        let inside = plan.rows(5_000, DAYS_BEFORE, DAYS_BEFORE + WINDOW_DAYS);
        assert!((4_400..4_600).contains(&inside), "{inside}");
    }

    #[test]
    fn parts_follow_each_other_and_are_of_like_size() {
        let plan = plan();
        for parts in [1, 2, 12, 100, Plan::DAYS as u64] {
            let split = plan.split(parts);
            assert_eq!(split.len() as u64, parts);
            assert_eq!((split[0].0, split[split.len() - 1].1), (0, Plan::DAYS));
            assert!(split.windows(2).all(|pair| pair[0].1 == pair[1].0));
            assert!(split.iter().all(|(from, to)| from < to));
        }
        assert!(plan.split(12).iter().all(|(from, to)| (350..480).contains(&plan.rows(5_000, *from, *to))));
    }

    #[test]
    fn the_rest_follows_the_mails() {
        let expected = Sizes {
            mails: 10_000_000,
            meetings: 500_000,
            accounts: 50_000,
            contacts: 400_000,
            mailboxes: 2_000,
            in_crm: 100,
            has_domains: false,
        };
        assert_eq!(Sizes::scaled(10_000_000), expected);
        assert_eq!((expected.mail_files(), Sizes::BUNDLED.mail_files()), (20, 12));
        assert_eq!(Sizes::scaled(100).accounts, 20);
    }
}
