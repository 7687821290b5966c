//! The copy of a message in one mailbox.

use super::ids::message_id;
use super::message::{Kind, Message};
use super::spelling::spelled;
use crate::organization::{Organization, Party};
use crate::random::Random;

/// A copy of a message, with the spellings and gaps of an export.
#[derive(Debug, Clone, PartialEq)]
pub struct MailCopy {
    /// The Message-ID; sometimes missing or blank.
    pub message_id: Option<String>,
    /// The number of the thread; `None` if it is missing.
    pub thread: Option<u64>,
    /// Microseconds since 1970-01-01 UTC.
    pub sent_at: Option<i64>,
    /// The kind of message.
    pub kind: Kind,
    /// Who sent it.
    pub sender: Option<String>,
    /// To recipients.
    pub to: Vec<Option<String>>,
    /// Cc recipients.
    pub cc: Vec<Option<String>>,
    /// Bcc recipients: only the sender's copy contains them.
    pub bcc: Vec<Option<String>>,
    /// The colleague who owns the mailbox; `None` if that is unknown.
    pub holder: Option<u32>,
}

impl MailCopy {
    /// The copy in the mailbox of `holder`.
    pub fn new(org: &Organization, message: &Message, holder: u32) -> Self {
        let mut random = Random::new(&[message.key, u64::from(holder)]);
        let missing = random.below(1_000);
        let mut spell = |party: &Party| spelled(org, *party, &mut random);
        let sender = spell(&message.from);
        let to = message.to.iter().map(&mut spell).collect();
        let cc = message.cc.iter().map(&mut spell).collect();
        let is_sender = message.from.colleague() == Some(holder);
        let bcc = if is_sender { message.bcc.iter().map(&mut spell).collect() } else { Vec::new() };
        Self {
            message_id: match missing {
                0..2 => None,
                2..4 => Some(" ".to_owned()),
                _ => Some(message_id(message.key)),
            },
            thread: (!(4..20).contains(&missing)).then_some(message.thread),
            sent_at: (!(20..23).contains(&missing)).then_some(message.sent_at),
            kind: message.kind,
            sender,
            to,
            cc,
            bcc,
            holder: (!(23..28).contains(&missing)).then_some(holder),
        }
    }
}
