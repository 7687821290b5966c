//! The mail, day by day.

use std::collections::VecDeque;

use super::mail_copy::MailCopy;
use super::message::Message;
use super::{customer, other};
use crate::calendar::Day;
use crate::organization::{LONGEST_THREAD, Organization};
use crate::random::Random;

/// How many threads with customers begin per 10,000 rows; their messages are a little more than half of the
/// rows.
const THREADS: u64 = 1_260;

/// The mail of a range of days. Each day depends only on the plan, not on the day on which the timeline
/// begins: the messages of threads that began earlier are generated again.
pub struct Timeline<'a> {
    org: &'a Organization,
    next: i64,
    end: i64,
    /// Messages of threads in progress, by day from `next`.
    pending: VecDeque<Vec<Message>>,
}

/// The mail of one day.
pub struct MailDay<'a> {
    org: &'a Organization,
    messages: Vec<Message>,
    /// Message and holder of each row.
    rows: Vec<(u32, u32)>,
}

impl<'a> Timeline<'a> {
    /// The days from number `start` to number `end` (exclusive).
    pub fn new(org: &'a Organization, start: i64, end: i64) -> Self {
        let pending = (0..=LONGEST_THREAD).map(|_| Vec::new()).collect();
        let mut timeline = Self { org, next: start - LONGEST_THREAD, end, pending };
        while timeline.next < start {
            timeline.customer_mail();
        }
        timeline
    }

    /// The messages with customers of the next day.
    fn customer_mail(&mut self) -> Vec<Message> {
        let plan = &self.org.plan;
        let day = plan.day(self.next);
        let rounding = Random::new(&[plan.hash(&[11, day.0 as u64])]).below(10_000);
        for number in 0..(plan.usual(plan.sizes.mails * THREADS, day) + rounding) / 10_000 {
            for message in customer::thread(self.org, day, number) {
                // A draft just after midnight of the first day may be dated a little before it.
                let after = (Day::of(message.sent_at).0 - day.0).max(0) as usize;
                if let Some(of_day) = self.pending.get_mut(after) {
                    of_day.push(message);
                }
            }
        }
        self.next += 1;
        self.pending.push_back(Vec::new());
        self.pending.pop_front().unwrap_or_default()
    }
}

impl<'a> Iterator for Timeline<'a> {
    type Item = MailDay<'a>;

    fn next(&mut self) -> Option<MailDay<'a>> {
        if self.next >= self.end {
            return None;
        }
        let org = self.org;
        let (number, day) = (self.next, org.plan.day(self.next));
        let wanted = org.plan.rows(org.plan.sizes.mails, number, number + 1) as usize;
        let mut messages = self.customer_mail();
        let mut count: usize = messages.iter().map(|message| message.holders.len()).sum();
        for exchange in 0.. {
            if count >= wanted {
                break;
            }
            let exchange = other::exchange(org, day, exchange);
            count += exchange.iter().map(|message| message.holders.len()).sum::<usize>();
            messages.extend(exchange);
        }
        let mut rows = Vec::with_capacity(count);
        for (index, message) in messages.iter().enumerate() {
            rows.extend(message.holders.iter().map(|holder| (index as u32, *holder)));
        }
        // Rows beyond the planned number, mostly of the last exchange, count as deleted before the export.
        rows.truncate(wanted);
        Random::new(&[org.plan.hash(&[12, day.0 as u64])]).shuffle(&mut rows);
        Some(MailDay { org, messages, rows })
    }
}

impl MailDay<'_> {
    /// The messages of the day.
    #[cfg(test)]
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The rows of the day in random order, so that copies of one message are not adjacent.
    pub fn copies(&self) -> impl Iterator<Item = MailCopy> + '_ {
        self.rows
            .iter()
            .map(|(message, holder)| MailCopy::new(self.org, &self.messages[*message as usize], *holder))
    }
}
