//! Threads with customers, and threads that look like them.

use super::clock::{Pace, answer_time, office_time};
use super::message::{Kind, Message};
use crate::calendar::{Day, MINUTE, SECOND};
use crate::organization::{Habit, LONGEST_THREAD, Organization, Party};
use crate::random::{Random, hash};

/// Weights of the number of messages in a thread, from one.
const LENGTHS: [u64; 7] = [30, 26, 18, 12, 7, 4, 3];
/// Weights of the number of internal people, from one.
const OURS: [u64; 4] = [36, 35, 20, 9];
/// Weights of the number of the account's people, from one.
const THEIRS: [u64; 3] = [60, 28, 12];
/// Weights of: a conversation with the account; mail from a third person to both; mail from an unlisted
/// colleague. The last two are not engagement.
const SHAPES: [u64; 3] = [92, 4, 4];

/// All messages of thread `number`, which begins on `day`, in the order of time.
pub fn thread(org: &Organization, day: Day, number: u64) -> Vec<Message> {
    let key = org.plan.hash(&[10, day.0 as u64, number]);
    let mut random = Random::new(&[key]);
    let shape = random.weighted(&SHAPES);
    let account =
        if shape == 0 { org.active_account(day, &mut random) } else { org.any_account(&mut random) };
    let ours = distinct(1 + random.weighted(&OURS), || org.any_team_member(account, &mut random));
    let theirs = distinct(1 + random.weighted(&THEIRS), || org.any_contact(account, &mut random));
    let at = office_time(day, &mut random);
    let mut thread = Thread { org, key, account, ours, theirs, at, random, messages: Vec::new() };
    match shape {
        0 => thread.converse(day),
        1 => thread.third_party(),
        _ => thread.unlisted_colleague(),
    }
    thread.messages
}

/// Up to `count` different people.
fn distinct(count: usize, mut draw: impl FnMut() -> Party) -> Vec<Party> {
    let mut parties = Vec::with_capacity(count);
    // The most frequent people are drawn repeatedly, so there are more draws than `count`.
    for _ in 0..3 * count {
        let party = draw();
        if parties.len() < count && !parties.contains(&party) {
            parties.push(party);
        }
    }
    parties
}

/// A thread in progress.
struct Thread<'a> {
    org: &'a Organization,
    key: u64,
    account: u32,
    ours: Vec<Party>,
    theirs: Vec<Party>,
    at: i64,
    random: Random,
    messages: Vec<Message>,
}

impl Thread<'_> {
    fn converse(&mut self, day: Day) {
        let habit = self.org.habit(self.account);
        let mut is_ours = self.random.chance(550);
        let pace = match self.account % 3 {
            0 => Pace::Fast,
            1 => Pace::Usual,
            _ => Pace::Slow,
        };
        for position in 0..=self.random.weighted(&LENGTHS) {
            is_ours |= habit == Habit::OneSided;
            if position > 0 {
                let pace = if is_ours { Pace::Usual } else { pace };
                self.at = answer_time(self.at, pace, &mut self.random);
            }
            if Day::of(self.at) >= day.plus(LONGEST_THREAD) {
                break;
            }
            if is_ours {
                self.write_to_account();
            } else {
                self.write_from_account();
            }
            is_ours ^= self.random.chance(820);
        }
    }

    fn write_to_account(&mut self) {
        let (from, rest) = self.speaker(true);
        let (to, mut cc) = self.addressees(&self.theirs.clone());
        cc.extend(rest);
        if self.random.chance(60) {
            // A colleague without a listed mailbox is in cc.
            cc.push(self.unlisted());
        }
        let bcc = if self.random.chance(25) {
            vec![self.org.any_team_member(self.account, &mut self.random)]
        } else {
            Vec::new()
        };
        if self.random.chance(45) {
            let earlier = self.at - self.random.between(1, 20) * MINUTE;
            self.push(Kind::Draft, earlier, from, (to.clone(), cc.clone(), Vec::new()), &[]);
        }
        let kind = if self.random.chance(15) { Kind::Invitation } else { Kind::Mail };
        let first = to[0];
        self.push(kind, self.at, from, (to, cc, bcc), &[]);
        if self.random.chance(50) {
            let later = self.at + self.random.between(1, 50) * SECOND;
            self.push(Kind::AutoReply, later, first, (vec![from], Vec::new(), Vec::new()), &[]);
        }
    }

    fn write_from_account(&mut self) {
        let (from, rest) = self.speaker(false);
        let ours = self.ours.clone();
        let (to, mut cc) = if self.random.chance(80) {
            // To a distribution group: its members are only visible as mailboxes with copies.
            (vec![Party::Group(self.random.below(2) as u8)], Vec::new())
        } else {
            self.addressees(&ours)
        };
        cc.extend(rest);
        self.push(Kind::Mail, self.at, from, (to, cc, Vec::new()), &ours);
        if self.random.chance(20) {
            let later = self.at + self.random.between(1, 50) * SECOND;
            self.push(Kind::AutoReply, later, ours[0], (vec![from], Vec::new(), Vec::new()), &[]);
        }
    }

    fn third_party(&mut self) {
        let from = Party::Outsider(self.random.below(u64::from(self.org.outsiders())) as u32);
        let (mut to, cc) = self.addressees(&self.theirs.clone());
        to.extend(self.ours.clone());
        self.push(Kind::Mail, self.at, from, (to, cc, Vec::new()), &[]);
    }

    fn unlisted_colleague(&mut self) {
        let from = self.unlisted();
        let (to, mut cc) = self.addressees(&self.theirs.clone());
        cc.extend(self.ours.clone());
        self.push(Kind::Mail, self.at, from, (to, cc, Vec::new()), &[]);
    }

    /// The sender on one side, and the people of that side who are in cc.
    fn speaker(&mut self, is_ours: bool) -> (Party, Vec<Party>) {
        let mut side = if is_ours { self.ours.clone() } else { self.theirs.clone() };
        let speaker = if self.random.chance(700) { 0 } else { self.random.below(side.len() as u64) as usize };
        let from = side.swap_remove(speaker);
        side.retain(|_| self.random.chance(650));
        (from, side)
    }

    /// The to recipients (at least one) and the cc recipients.
    fn addressees(&mut self, side: &[Party]) -> (Vec<Party>, Vec<Party>) {
        let (mut to, mut cc) = (vec![side[0]], Vec::new());
        for party in &side[1..] {
            match self.random.below(10) {
                0..5 => to.push(*party),
                5..9 => cc.push(*party),
                _ => {}
            }
        }
        (to, cc)
    }

    fn unlisted(&mut self) -> Party {
        let listed = self.org.plan.sizes.mailboxes;
        Party::Colleague((listed + self.random.below(u64::from(self.org.colleagues()) - listed)) as u32)
    }

    fn push(
        &mut self,
        kind: Kind,
        sent_at: i64,
        from: Party,
        (to, cc, bcc): (Vec<Party>, Vec<Party>, Vec<Party>),
        delivered_to: &[Party],
    ) {
        let key = hash(&[self.key, self.messages.len() as u64]);
        let mut message =
            Message { key, thread: self.key, sent_at, kind, from, to, cc, bcc, holders: Vec::new() };
        if kind == Kind::Draft {
            message.holders.extend(from.colleague());
        } else {
            message.deliver(self.org, delivered_to, &mut self.random);
        }
        self.messages.push(message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Plan, Sizes};

    fn threads() -> (Organization, Vec<Vec<Message>>) {
        let org = Organization::new(Plan::new(Sizes::BUNDLED, "2026-10-31".parse().unwrap(), 1));
        let threads = (0..300).flat_map(|day| (0..5).map(move |number| (day, number)));
        let threads = threads.map(|(day, number)| thread(&org, org.plan.day(day), number)).collect();
        (org, threads)
    }

    fn account(party: &Party) -> Option<u32> {
        match party {
            Party::Contact { account, .. } | Party::SecondAddress { account, .. } => Some(*account),
            _ => None,
        }
    }

    #[test]
    fn a_thread_is_with_one_account_and_in_order() {
        for messages in threads().1 {
            let mails = || messages.iter().filter(|message| message.kind != Kind::Draft);
            assert!(mails().zip(mails().skip(1)).all(|(one, next)| one.sent_at <= next.sent_at));
            let parties = |message: &Message| -> Vec<Party> {
                [message.from].into_iter().chain(message.to.clone()).chain(message.cc.clone()).collect()
            };
            let mut accounts: Vec<u32> =
                messages.iter().flat_map(parties).filter_map(|party| account(&party)).collect();
            accounts.dedup();
            assert_eq!(accounts.len(), 1);
        }
    }

    #[test]
    fn habits_show() {
        let (org, threads) = threads();
        for message in threads.iter().flatten().filter(|message| message.kind == Kind::Mail) {
            let Some(account) = account(&message.from) else { continue };
            assert_ne!(org.habit(account), Habit::OneSided);
            assert_ne!(org.habit(account), Habit::Silent);
        }
        let lengths: usize = threads.iter().map(Vec::len).sum();
        assert!((2_800..4_800).contains(&lengths), "{lengths}");
    }

    #[test]
    fn every_message_has_a_holder_and_only_ours_hide_recipients() {
        for message in threads().1.iter().flatten() {
            assert!(!message.holders.is_empty());
            assert!(message.bcc.is_empty() || message.from.colleague().is_some());
        }
    }
}
