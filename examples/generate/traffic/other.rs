//! Mail without customers: almost half of the mail in a mailbox.

use super::clock::office_time;
use super::message::{Kind, Message};
use crate::calendar::{Day, MINUTE};
use crate::organization::{Organization, Party};
use crate::random::{Random, hash};

/// Weights of: between colleagues; from newsletters and suppliers; to suppliers.
const SHAPES: [u64; 3] = [62, 26, 12];

/// The messages of a short exchange within one day.
pub fn exchange(org: &Organization, day: Day, number: u64) -> Vec<Message> {
    let key = org.plan.hash(&[20, day.0 as u64, number]);
    let mut random = Random::new(&[key]);
    let shape = random.weighted(&SHAPES);
    let listed = |random: &mut Random| {
        let colleague = random.below(org.plan.sizes.mailboxes) as u32;
        org.spoken_for(colleague, random)
    };
    let anybody = |random: &mut Random| {
        if random.chance(600) {
            return listed(random);
        }
        Party::Colleague(random.below(u64::from(org.colleagues())) as u32)
    };
    let outsider = Party::Outsider(random.below(u64::from(org.outsiders())) as u32);
    let mut sent_at = office_time(day, &mut random);
    let (mut from, mut to, mut cc) = (listed(&mut random), Vec::new(), Vec::new());
    let count = match shape {
        0 => {
            to.push(if random.chance(40) { Party::Group(2) } else { anybody(&mut random) });
            for _ in 0..random.weighted(&[50, 28, 15, 7]) {
                let side = if random.chance(500) { &mut to } else { &mut cc };
                side.push(anybody(&mut random));
            }
            1 + random.weighted(&[60, 30, 10])
        }
        1 => {
            to.push(std::mem::replace(&mut from, outsider));
            for _ in 0..random.weighted(&[70, 20, 10]) {
                to.push(listed(&mut random));
            }
            1
        }
        _ => {
            to.push(outsider);
            for _ in 0..random.weighted(&[60, 40]) {
                cc.push(anybody(&mut random));
            }
            1
        }
    };
    let mut messages = Vec::with_capacity(count);
    for position in 0..count {
        let kind = match random.below(1_000) {
            0..12 => Kind::Invitation,
            12..20 if from.colleague().is_some() => Kind::Draft,
            20..32 => Kind::AutoReply,
            _ => Kind::Mail,
        };
        let mut message = Message {
            key: hash(&[key, position as u64]),
            thread: key,
            sent_at,
            kind,
            from,
            to: to.clone(),
            cc: cc.clone(),
            bcc: Vec::new(),
            holders: Vec::new(),
        };
        message.deliver(org, &[], &mut random);
        if kind == Kind::Draft {
            message.holders = from.colleague().into_iter().collect();
        }
        messages.push(message);
        // The first to recipient replies on the same day, if there is time.
        sent_at += random.between(2, 180) * MINUTE;
        if Day::of(sent_at) != day || matches!(to[0], Party::Group(_)) {
            break;
        }
        std::mem::swap(&mut from, &mut to[0]);
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Plan, Sizes};

    #[test]
    fn no_customer_takes_part_and_the_day_is_kept() {
        let org = Organization::new(Plan::new(Sizes::BUNDLED, "2026-10-31".parse().unwrap(), 1));
        let day = org.plan.day(100);
        for message in (0..500).flat_map(|number| exchange(&org, day, number)) {
            assert_eq!(Day::of(message.sent_at), day);
            assert!(!message.holders.is_empty());
            let parties = [&message.from].into_iter().chain(&message.to).chain(&message.cc);
            for party in parties {
                assert!(!matches!(party, Party::Contact { .. } | Party::SecondAddress { .. }));
            }
        }
    }
}
