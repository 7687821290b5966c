//! Crediting one message or meeting to accounts: which internal people and which people of each account take
//! part.

use datafusion::arrow::array::ListArray;
use datafusion::common::Result;

use super::codec::PeopleSlice;
use crate::functions::address::book::{AddressBook, INTERNAL, PersonNo};
use crate::functions::id_hash::Key;

/// Merges the copies in a buffer into messages or meetings, and credits these to accounts. The address book
/// that the person numbers come from contains the account of each person.
pub(crate) trait Merge: Default {
    /// The SQL function that partitions the result by account, for its error messages.
    const PARTITIONED_BY: &str;

    /// Merges the copies in one row of a column of buffers. Calls `f` once for each message or meeting and
    /// each account to which it is credited, ordered by key (of meetings: key and start) and account.
    ///
    /// # Errors
    /// A damaged buffer; person numbers that are not in this book; the errors of `f`.
    fn for_each_engaged(
        &mut self,
        book: &AddressBook,
        buffers: &ListArray,
        row: usize,
        f: impl FnMut(&Engaged) -> Result<()>,
    ) -> Result<()>;
}

/// A message or meeting that is credited to an account.
pub(crate) struct Engaged<'a> {
    pub(crate) key: Key,
    /// When the message was sent or the meeting began, in microseconds since 1970-01-01 UTC.
    pub(crate) at: i64,
    /// The duration of a meeting in microseconds; `None` for a message.
    pub(crate) meeting_micros: Option<i128>,
    /// The hashes of a message's conversations, each once; empty for a meeting.
    pub(crate) conversations: &'a [u64],
    pub(crate) to_account: bool,
    pub(crate) from_account: bool,
    /// True for the first account to which a message or meeting is credited: a count of these counts each
    /// message and meeting once.
    pub(crate) is_first: bool,
    pub(crate) sides: Sides<'a>,
}

/// A person in a message or meeting, in one of two roles. The lowest bit is set for a recipient or attendee,
/// and clear for a sender or organizer. The other bits are the person number. Sorted roles are ordered by
/// person number, so that the roles of one person are adjacent, and internal people come before people of
/// accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Role(u32);

impl Role {
    fn new(person: u32, received: bool) -> Self {
        // A larger number is damage. It becomes `LAST`, which is not in any address book and is rejected
        // later.
        Self(person.min(PersonNo::LAST.0) << 1 | u32::from(received))
    }

    pub(crate) fn person(self) -> u32 {
        self.0 >> 1
    }

    pub(crate) fn received(self) -> bool {
        self.0 & 1 != 0
    }
}

/// Adds people in one role.
pub(crate) fn add(roles: &mut Vec<Role>, people: PeopleSlice, received: bool) {
    roles.extend(people.iter().map(|person| Role::new(person, received)));
}

/// The internal people in a message or meeting, and the people of one account in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sides<'a> {
    pub(crate) account: i32,
    pub(crate) internal: &'a [Role],
    pub(crate) external: &'a [Role],
}

/// Calls `f` for each account with people among `roles`, in the order of accounts. It is not called if there
/// are no internal people among `roles`. `roles` may be in any order and contain duplicates; it is sorted
/// here.
///
/// # Errors
/// A person number that is not in this book; an internal person number of a person whom the book assigns to
/// an account, or the reverse; the errors of `f`.
pub(crate) fn for_each_account(
    book: &AddressBook,
    roles: &mut Vec<Role>,
    mut f: impl FnMut(Sides) -> Result<()>,
) -> Result<()> {
    roles.iter().for_each(|role| book.fetch_account(PersonNo(role.person())));
    roles.sort_unstable();
    roles.dedup();
    let (internal, mut external) =
        roles.split_at(roles.partition_point(|r| r.person() < PersonNo::FIRST_OF_ACCOUNTS.0));
    if internal.is_empty() {
        return Ok(());
    }
    // Internal people have the first numbers of an address book: if the last of these is internal, all are.
    let last = PersonNo(internal[internal.len() - 1].person());
    if !external.is_empty() && book.account(last)? != INTERNAL {
        return book.unknown(last);
    }
    let account = |role: &Role| match book.account(PersonNo(role.person()))? {
        INTERNAL => book.unknown(PersonNo(role.person())),
        account => Ok(account),
    };
    while let [first, rest @ ..] = external {
        let first = account(first)?;
        let mut end = 1;
        for role in rest {
            if account(role)? != first {
                break;
            }
            end += 1;
        }
        let (of_account, others) = external.split_at(end);
        f(Sides { account: first, internal, external: of_account })?;
        external = others;
    }
    Ok(())
}

/// Whether at least one person has this role.
pub(crate) fn any(roles: &[Role], received: bool) -> bool {
    roles.iter().any(|r| r.received() == received)
}

/// The people among sorted roles, each once: the two roles of one person are adjacent.
pub(crate) fn people(roles: &[Role]) -> impl Iterator<Item = u32> + Clone {
    roles.chunk_by(|a, b| a.person() == b.person()).map(|same| same[0].person())
}
