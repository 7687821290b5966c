//! One message as it is sent, and which mailboxes have a copy of it.

use crate::organization::{Organization, Party};
use crate::random::Random;

/// The kind of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Written and sent by a person.
    Mail,
    /// A draft.
    Draft,
    /// An out-of-office reply.
    AutoReply,
    /// A meeting invitation or a response to one.
    Invitation,
}

/// One message.
#[derive(Debug, Clone)]
pub struct Message {
    /// The number of the message; it seeds everything that is random about the message.
    pub key: u64,
    /// The number of the thread.
    pub thread: u64,
    /// When it was sent, in microseconds since 1970-01-01 UTC.
    pub sent_at: i64,
    /// The kind of message.
    pub kind: Kind,
    /// Who sent it.
    pub from: Party,
    /// To recipients.
    pub to: Vec<Party>,
    /// Cc recipients.
    pub cc: Vec<Party>,
    /// Bcc recipients, which only the sender sees.
    pub bcc: Vec<Party>,
    /// The colleagues whose mailboxes have a copy.
    pub holders: Vec<u32>,
}

impl Message {
    /// Adds copies to the mailboxes of the listed colleagues who take part and of `others` (recipients
    /// through a group). Some copies are deleted, but never all. If only unlisted colleagues take part, one
    /// copy is exported.
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
