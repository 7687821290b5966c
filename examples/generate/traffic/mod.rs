//! Who writes to whom and who meets whom, day by day, and the copies of it in mailboxes.
//!
//! A [`Timeline`] yields mail day by day, a [`MeetingWeeks`] yields meetings week by week. Both can begin
//! anywhere. The copies ([`MailCopy`], [`MeetingCopy`]) have the spellings and errors of real exports, but do
//! not depend on a file format.

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
