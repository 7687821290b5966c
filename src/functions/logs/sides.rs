//! Who of us and of each account takes part in one message or meeting.

use datafusion::arrow::array::ListArray;
use datafusion::common::Result;

use super::bytes::Parties;
use crate::functions::address_book::{AddressBook, OURS, Party};
use crate::functions::id_hash::Key;

/// Merges the copies in logs to messages or meetings, and credits them to accounts. The parties in them
/// are those of a book, which knows the account of each.
pub(super) trait Merge: Default {
    /// The function that deals out what is credited.
    const DEALT_BY: &str;

    /// Calls `f` for each message or meeting of a log and account that it is credited to, in the order
    /// of their keys and the account.
    ///
    /// # Errors
    /// A damaged log, or one with parties of another book; what `f` gives.
    fn for_each_engaged(
        &mut self,
        book: &AddressBook,
        logs: &ListArray,
        row: usize,
        f: impl FnMut(&Engaged) -> Result<()>,
    ) -> Result<()>;
}

/// A message or meeting that is credited to an account.
pub(super) struct Engaged<'a> {
    pub(super) key: Key,
    /// When the message was sent, or the meeting began.
    pub(super) at: i64,
    /// How long it took, if it is a meeting.
    pub(super) meeting_micros: Option<i128>,
    /// The conversations of a message, each once.
    pub(super) conversations: &'a [u64],
    pub(super) to_account: bool,
    pub(super) from_account: bool,
    /// One account of each message or meeting is its first.
    pub(super) is_first: bool,
    pub(super) sides: Sides<'a>,
}

/// Somebody in a message or meeting, in one of two roles: the party, then one bit, which is set for a
/// recipient or attendee and not for a sender or organizer. In order, the roles of a party stand
/// together, and the parties as they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Role(u32);

impl Role {
    fn new(party: u32, received: bool) -> Self {
        // What is no party becomes one that no book has.
        Self(party.min(Party::LAST.0) << 1 | u32::from(received))
    }

    pub(super) fn party(self) -> u32 {
        self.0 >> 1
    }

    pub(super) fn received(self) -> bool {
        self.0 & 1 != 0
    }
}

/// Adds parties in one role.
pub(super) fn add(roles: &mut Vec<Role>, parties: Parties, received: bool) {
    roles.extend(parties.iter().map(|party| Role::new(party, received)));
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
///
/// # Errors
/// A party that is not from this book; what `f` gives.
pub(super) fn for_each_account(
    book: &AddressBook,
    roles: &mut Vec<Role>,
    mut f: impl FnMut(Sides) -> Result<()>,
) -> Result<()> {
    roles.iter().for_each(|role| book.fetch_account(Party(role.party())));
    roles.sort_unstable();
    roles.dedup();
    let (ours, mut theirs) =
        roles.split_at(roles.partition_point(|r| r.party() < Party::FIRST_OF_ACCOUNTS.0));
    if ours.is_empty() {
        return Ok(());
    }
    // Our people come first in a book: if the last is one of ours, so are all.
    let last = Party(ours[ours.len() - 1].party());
    if !theirs.is_empty() && book.account(last)? != OURS {
        return book.unknown(last);
    }
    let account = |role: &Role| match book.account(Party(role.party()))? {
        OURS => book.unknown(Party(role.party())),
        account => Ok(account),
    };
    while let [first, rest @ ..] = theirs {
        let first = account(first)?;
        let mut end = 1;
        for role in rest {
            if account(role)? != first {
                break;
            }
            end += 1;
        }
        let (of_account, others) = theirs.split_at(end);
        f(Sides { account: first, ours, theirs: of_account })?;
        theirs = others;
    }
    Ok(())
}

/// Whether anybody has this role.
pub(super) fn any(roles: &[Role], received: bool) -> bool {
    roles.iter().any(|r| r.received() == received)
}

/// The people among roles, each once: who sent and received stands twice, side by side.
pub(super) fn people(roles: &[Role]) -> impl Iterator<Item = u32> + Clone {
    roles.chunk_by(|a, b| a.party() == b.party()).map(|same| same[0].party())
}
