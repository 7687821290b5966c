//! Who of us and of each account takes part in one message or meeting.

use crate::functions::address_book::Party;

use super::bytes::Parties;

/// Somebody in a message or meeting, in one of two roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Role {
    pub(super) party: u64,
    /// Recipient or attendee; otherwise sender or organizer.
    pub(super) received: bool,
}

/// Adds parties in one role.
pub(super) fn add(roles: &mut Vec<Role>, parties: Parties, received: bool) {
    roles.extend(parties.iter().map(|party| Role { party: u64::from_le_bytes(*party), received }));
}

/// We and one account.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sides<'a> {
    pub(super) account: i32,
    pub(super) ours: &'a [Role],
    pub(super) theirs: &'a [Role],
}

/// Calls `f` for each account that takes part, if any of us does; `roles` may come in any order and
/// repeat.
pub(super) fn for_each_account(roles: &mut Vec<Role>, mut f: impl FnMut(Sides)) {
    roles.sort_unstable();
    roles.dedup();
    let (ours, theirs) = roles.split_at(roles.partition_point(|r| r.party < Party::FIRST_OF_ACCOUNTS.0));
    if ours.is_empty() {
        return;
    }
    let account = |role: &Role| Party(role.party).account();
    for theirs in theirs.chunk_by(|a, b| account(a) == account(b)) {
        f(Sides { account: account(&theirs[0]), ours, theirs });
    }
}

/// Whether anybody has this role.
pub(super) fn any(roles: &[Role], received: bool) -> bool {
    roles.iter().any(|r| r.received == received)
}

/// The people among roles, each once: who sent and received stands twice, side by side.
pub(super) fn people(roles: &[Role]) -> impl Iterator<Item = u64> {
    roles.chunk_by(|a, b| a.party == b.party).map(|same| same[0].party)
}
