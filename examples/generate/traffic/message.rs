//! One message, as it was sent, and who holds a copy of it.

use crate::organization::{Organization, Party};
use crate::random::Random;

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Written and sent by a person.
    Mail,
    /// Written, not sent.
    Draft,
    /// "I am out of the office."
    AutoReply,
    /// A meeting invitation or the answer to one.
    Invitation,
}

/// One message.
#[derive(Debug, Clone)]
pub struct Message {
    /// The number of the message; whatever else is to be drawn for it is drawn from this.
    pub key: u64,
    /// The number of the thread.
    pub thread: u64,
    /// When it was sent, in microseconds since 1970-01-01 UTC.
    pub sent_at: i64,
    /// What it is.
    pub kind: Kind,
    /// Who sent it.
    pub from: Party,
    /// First recipients.
    pub to: Vec<Party>,
    /// Recipients in copy.
    pub cc: Vec<Party>,
    /// Recipients that only the sender sees.
    pub bcc: Vec<Party>,
    /// The colleagues whose mailboxes hold a copy.
    pub holders: Vec<u32>,
}

impl Message {
    /// Puts a copy into the mailboxes of the listed colleagues who take part and of `others`
    /// (those a group delivers to). Some copies are deleted, but not all; of what only unlisted
    /// colleagues have, one copy is exported.
    pub fn deliver(&mut self, org: &Organization, others: &[Party], random: &mut Random) {
        let parties =
            || [&self.from].into_iter().chain(&self.to).chain(&self.cc).chain(&self.bcc).chain(others);
        let mut holders: Vec<u32> = Vec::with_capacity(4);
        for colleague in parties().filter_map(|party| party.colleague()) {
            if org.is_listed(colleague) && !holders.contains(&colleague) {
                holders.push(colleague);
            }
        }
        if holders.is_empty() {
            holders.extend(parties().find_map(|party| party.colleague()));
        }
        let kept = holders.first().copied();
        holders.retain(|_| !random.chance(50));
        if holders.is_empty() {
            holders.extend(kept);
        }
        self.holders = holders;
    }
}
