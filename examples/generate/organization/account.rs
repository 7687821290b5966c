//! Accounts: how much activity each has, how it behaves, and which people work together.

use super::{Organization, Party};
use crate::calendar::Day;
use crate::random::Random;

/// How an account behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// Mail and meetings in both directions, all the time.
    Regular,
    /// No engagement.
    Silent,
    /// Was engaged, but not in the last two months.
    Stale,
    /// Mail to the account, none from it.
    OneSided,
    /// One person of the account takes part in everything.
    SingleThreaded,
    /// Much less activity in the as-of month than before.
    Cooling,
}

/// The longest duration of a thread or series in days; a stale account must be silent after that.
pub const LONGEST_THREAD: i64 = 40;
/// Days without contact after which an account is stale.
const STALE_AFTER: i64 = 60;

impl Organization {
    /// How an account behaves. This depends on its rank, so that in data of any size some accounts of each
    /// kind have enough activity to show it.
    pub fn habit(&self, account: u32) -> Habit {
        match self.rank_of[account as usize] % 20 {
            1 => Habit::Cooling,
            3 => Habit::Stale,
            5 => Habit::OneSided,
            6 => Habit::SingleThreaded,
            8 => Habit::Silent,
            _ => Habit::Regular,
        }
    }

    /// Whether a thread or meeting with an account can begin on a day.
    pub fn is_active(&self, account: u32, day: Day, random: &mut Random) -> bool {
        match self.habit(account) {
            Habit::Silent => false,
            Habit::Stale => day < self.plan.as_of.plus(-STALE_AFTER - LONGEST_THREAD),
            Habit::Cooling => day < self.plan.as_of.month_start() || random.chance(500),
            Habit::Regular | Habit::OneSided | Habit::SingleThreaded => true,
        }
    }

    /// A random account, weighted by activity.
    pub fn any_account(&self, random: &mut Random) -> u32 {
        let total = self.weight_until.last().copied().unwrap_or(1);
        let at = random.below(total);
        self.by_rank[self.weight_until.partition_point(|until| *until <= at)]
    }

    /// A random account that is active on a day, weighted by activity.
    pub fn active_account(&self, day: Day, random: &mut Random) -> u32 {
        // Most accounts are always active, so the limit is never reached; it only prevents an endless loop.
        for _ in 0..1_000 {
            let account = self.any_account(random);
            if self.is_active(account, day, random) {
                return account;
            }
        }
        self.by_rank[0]
    }

    /// Whether an account is among the five percent with the most activity.
    fn is_large(&self, account: u32) -> bool {
        u64::from(self.rank_of[account as usize]) * 20 < self.plan.sizes.accounts
    }

    /// How many contacts an account has.
    pub fn contacts_of(&self, account: u32) -> u16 {
        let mean = self.plan.sizes.contacts / self.plan.sizes.accounts;
        let count = if self.is_large(account) {
            2 * mean
        } else {
            1 + self.plan.hash(&[80, u64::from(account)]) % (2 * mean - 1)
        };
        count.min(u64::from(u16::MAX)) as u16
    }

    /// A random contact of an account; the first contacts are more frequent.
    pub fn any_contact(&self, account: u32, random: &mut Random) -> Party {
        let count = match self.habit(account) {
            Habit::SingleThreaded => 1,
            _ => u64::from(self.contacts_of(account)),
        };
        let number = random.below(count).min(random.below(count)) as u16;
        if self.has_second_address(account, number) && random.chance(250) {
            Party::SecondAddress { account, number }
        } else {
            Party::Contact { account, number }
        }
    }

    /// Whether a contact sometimes uses a second address.
    pub fn has_second_address(&self, account: u32, number: u16) -> bool {
        self.plan.hash(&[81, u64::from(account), u64::from(number)]).is_multiple_of(7)
    }

    /// The listed colleague who leads an account (`number` 0) or also works with it (1 and up). There can be
    /// fewer different ones than [`team_size`](Self::team_size).
    pub fn team_member(&self, account: u32, number: u64) -> u32 {
        let lead = self.plan.hash(&[82, u64::from(account)]);
        ((lead >> 8).wrapping_add(number * (1 + lead % 5)) % self.plan.sizes.mailboxes) as u32
    }

    /// How many listed colleagues work with an account.
    pub fn team_size(&self, account: u32) -> u64 {
        if self.is_large(account) { 6 } else { 2 + self.plan.hash(&[83, u64::from(account)]) % 3 }
    }

    /// A random listed colleague who works with an account; the lead is more frequent.
    pub fn any_team_member(&self, account: u32, random: &mut Random) -> Party {
        let size = self.team_size(account);
        let number = random.below(size).min(random.below(size));
        self.spoken_for(self.team_member(account, number), random)
    }

    /// A colleague, sometimes by the alias.
    pub fn spoken_for(&self, colleague: u32, random: &mut Random) -> Party {
        if self.has_alias(colleague) && random.chance(250) {
            Party::Alias(colleague)
        } else {
            Party::Colleague(colleague)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::plan::{Plan, Sizes};

    fn organization(sizes: Sizes) -> Organization {
        Organization::new(Plan::new(sizes, "2026-10-31".parse().unwrap(), 1))
    }

    #[test]
    fn activity_has_a_long_tail() {
        let org = organization(Sizes::scaled(200_000));
        let mut random = Random::new(&[1]);
        let mut count = HashMap::<u32, u32>::new();
        for _ in 0..100_000 {
            *count.entry(org.any_account(&mut random)).or_default() += 1;
        }
        let of_rank = |rank: usize| f64::from(count.get(&org.by_rank[rank]).copied().unwrap_or(0));
        assert!(of_rank(0) / of_rank(18) > 5.0, "the first has ten times the weight of the nineteenth");
        assert!(count.len() > 980, "nearly every account is drawn at times: {}", count.len());
    }

    #[test]
    fn a_stale_account_rests_long_enough() {
        let org = organization(Sizes::BUNDLED);
        let stale = org.by_rank[3];
        let mut random = Random::new(&[1]);
        assert_eq!(org.habit(stale), Habit::Stale);
        assert!(org.is_active(stale, "2026-07-22".parse().unwrap(), &mut random));
        assert!(!org.is_active(stale, "2026-07-23".parse().unwrap(), &mut random));
    }

    #[test]
    fn there_are_as_many_contacts_as_planned() {
        for sizes in [Sizes::BUNDLED, Sizes::scaled(2_000_000)] {
            let org = organization(sizes);
            let sum: u64 =
                (0..sizes.accounts as u32).map(|account| u64::from(org.contacts_of(account))).sum();
            assert!(sum.abs_diff(sizes.contacts) * 8 < sizes.contacts, "{sum} for {}", sizes.contacts);
        }
    }
}
