//! Who writes to whom and who meets whom, day after day, and the copies that mailboxes hold of it.
//!
//! A [`Timeline`] yields the mail of one day after the other, a [`MeetingWeeks`] the meetings of
//! one week after the other. Both can begin anywhere. What a mailbox holds ([`MailCopy`],
//! [`MeetingCopy`]) has the spellings and faults of real exports, but no file format.

mod clock;
mod customer;
pub mod ids;
mod mail_copy;
mod meeting;
mod meeting_copy;
mod message;
mod other;
mod spelling;
mod timeline;

pub use mail_copy::MailCopy;
pub use meeting::MeetingWeeks;
pub use meeting_copy::MeetingCopy;
pub use message::Kind;
pub use timeline::Timeline;
