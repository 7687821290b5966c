//! The invented organization: colleagues, groups, accounts and their contacts.
//!
//! Almost everything is a function of a number (of the colleague, of the account, of the contact within the
//! account), so only the order of the accounts is held in memory. This module does not depend on a file
//! format.

pub mod account;
pub mod crm;
pub mod directory;
mod names;
pub mod party;

pub use account::{Habit, LONGEST_THREAD};
pub use party::Party;

use crate::plan::Plan;
use crate::random::Random;

/// The organization and its accounts.
#[derive(Debug)]
pub struct Organization {
    /// Sizes, days and the seed.
    pub plan: Plan,
    /// Accounts, the busiest first.
    pub by_rank: Vec<u32>,
    /// The position of each account in [`by_rank`](Self::by_rank).
    rank_of: Vec<u32>,
    /// The sum of the weights of all ranks up to and including this one.
    weight_until: Vec<u64>,
}

impl Organization {
    /// The organization of this plan.
    pub fn new(plan: Plan) -> Self {
        let accounts = plan.sizes.accounts as u32;
        let mut by_rank: Vec<u32> = (0..accounts).collect();
        Random::new(&[plan.hash(&[70])]).shuffle(&mut by_rank);
        let mut rank_of = vec![0; by_rank.len()];
        for (rank, account) in by_rank.iter().enumerate() {
            rank_of[*account as usize] = rank as u32;
        }
        // Zipf's law, a little flatter at the top. Integers give the same result on every machine.
        let mut total = 0;
        let weight_until = (0..u64::from(accounts))
            .map(|rank| {
                total += (1 << 40) / (rank + 2);
                total
            })
            .collect();
        Self { plan, by_rank, rank_of, weight_until }
    }

    /// The number of colleagues; the first ones, as many as there are mailboxes, are listed.
    pub fn colleagues(&self) -> u32 {
        (2 * self.plan.sizes.mailboxes + 8) as u32
    }

    /// Whether a colleague is listed.
    pub fn is_listed(&self, colleague: u32) -> bool {
        u64::from(colleague) < self.plan.sizes.mailboxes
    }

    /// The number of people who are neither internal nor contacts.
    pub fn outsiders(&self) -> u32 {
        (40 + 3 * self.plan.sizes.mailboxes) as u32
    }

    /// The id of an account.
    pub fn account_id(&self, account: u32) -> String {
        format!("A-{}", 1001 + u64::from(account))
    }

    /// The name of an account.
    pub fn account_name(&self, account: u32) -> String {
        names::company_name(u64::from(account))
    }
}
