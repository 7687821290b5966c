//! What an attacker can derive from published numbers by addition and subtraction.
//!
//! The attacker has all publications, and knows on which days there was something with which accounts, which message was
//! an answer to which other one, and when rows arrived. What it was is unknown: a quantity for each part, which is
//! a day and a set of accounts that took part together, mail and meetings apart. Every published count and every sum of
//! minutes is a sum of such quantities. A linear combination of published numbers is a disclosure if the quantities in
//! it are about 1 to k - 1 internal people. Mail and meetings are never added in a published number, so the attacker
//! does it for each alone.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::world::{Answer, Event, OURS, answers};

/// Linear combinations are computed modulo this prime, where they are exact. Every combination over the rational
/// numbers is also one modulo the prime.
const PRIME: u64 = (1 << 31) - 1;

/// One unknown quantity: what the attacker knows to be counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    day: NaiveDate,
    /// One bit for each account.
    accounts: u8,
    arrives: NaiveDate,
    copy: Option<NaiveDate>,
    /// Of a reply to a message of another month: the day of that message.
    question: Option<NaiveDate>,
    is_meeting: bool,
}

impl Part {
    fn of(event: &Event) -> Self {
        let Event { accounts, day, arrives, copy, .. } = *event;
        Self { day, accounts, arrives, copy, question: None, is_meeting: event.is_meeting() }
    }

    fn of_answer(answer: &Answer) -> Self {
        let accounts = 1 << answer.account;
        Self { accounts, question: Some(answer.question.day), ..Self::of(&answer.reply) }
    }
}

/// One published number: its place, and what it sums.
#[derive(Debug, Clone)]
pub struct Number {
    name: String,
    parts: BTreeSet<Part>,
}

impl Number {
    /// The number of these events, or any other sum over them.
    pub fn of(name: String, events: &[&Event]) -> Self {
        Self { name, parts: events.iter().map(|event| Part::of(event)).collect() }
    }

    /// This sum and that of these replies.
    pub fn with_replies(mut self, replies: &[Answer]) -> Self {
        self.parts.extend(replies.iter().map(Part::of_answer));
        self
    }
}

/// The names of published numbers whose combination is about 1 to `min_people` - 1 people; `None` if there is none.
pub fn given_away(numbers: &[Number], events: &[Event], min_people: u32) -> Option<Vec<String>> {
    let mut people: BTreeMap<Part, u8> = BTreeMap::new();
    for event in events {
        *people.entry(Part::of(event)).or_default() |= event.ours;
    }
    for answer in answers(events) {
        *people.entry(Part::of_answer(&answer)).or_default() |= answer.question.ours | answer.reply.ours;
    }
    [false, true].into_iter().find_map(|side| {
        let of_side = people.iter().filter(|(part, _)| part.is_meeting == side);
        let (parts, people): (Vec<&Part>, Vec<u8>) = of_side.unzip();
        let mut rows: BTreeMap<Vec<usize>, &str> = BTreeMap::new();
        for number in numbers {
            let row = (0..parts.len()).filter(|part| number.parts.contains(parts[*part]));
            rows.insert(row.collect(), &number.name);
        }
        rows.remove(&vec![]);
        let few = (1u8..1 << OURS).filter(|few| few.count_ones() == min_people - 1);
        few.into_iter().find_map(|few| combination(&rows, parts.len(), |part| people[part] & !few == 0))
    })
}

/// The names of the numbers of a combination that has only these of a number of parts.
fn combination(
    rows: &BTreeMap<Vec<usize>, &str>,
    parts: usize,
    is_theirs: impl Fn(usize) -> bool,
) -> Option<Vec<String>> {
    // The other quantities come first: what remains without them has only these.
    let (theirs, others): (Vec<_>, Vec<_>) = (0..parts).partition(|part| is_theirs(*part));
    let order: Vec<usize> = others.iter().chain(&theirs).copied().collect();
    let mut place = vec![0; parts];
    order.iter().enumerate().for_each(|(at, part)| place[*part] = at);
    let mut span = Span { columns: parts, rows: BTreeMap::new() };
    let mut names = vec![];
    for (number, (row, name)) in rows.iter().enumerate() {
        names.push(*name);
        let mut factors = vec![0; parts + rows.len()];
        row.iter().map(|part| place[*part]).chain([parts + number]).for_each(|at| factors[at] = 1);
        let Some(lead) = span.add(factors) else { continue };
        if lead >= others.len() {
            let of_numbers = &span.rows[&lead][parts..];
            let of_numbers = names.iter().zip(of_numbers).filter(|(_, factor)| **factor != 0);
            return Some(of_numbers.map(|(name, _)| (*name).to_owned()).collect());
        }
    }
    None
}

/// Linear combinations of rows in echelon form: each row begins with a 1 in a different column. A row also records,
/// behind its columns, of which of the numbers it is made.
struct Span {
    columns: usize,
    rows: BTreeMap<usize, Vec<u64>>,
}

impl Span {
    /// Adds a row, less the known ones. Returns its first column that is not 0 then; `None` if there is none.
    fn add(&mut self, mut row: Vec<u64>) -> Option<usize> {
        for column in 0..self.columns {
            if row[column] == 0 {
                continue;
            }
            let Some(known) = self.rows.get(&column) else {
                let inverse = power(row[column], PRIME - 2);
                row.iter_mut().for_each(|x| *x = *x * inverse % PRIME);
                self.rows.insert(column, row);
                return Some(column);
            };
            let factor = PRIME - row[column];
            row.iter_mut().zip(known).skip(column).for_each(|(x, y)| *x = (*x + factor * *y) % PRIME);
        }
        None
    }
}

fn power(base: u64, exponent: u64) -> u64 {
    let half = if exponent == 0 { return 1 } else { power(base * base % PRIME, exponent / 2) };
    if exponent % 2 == 1 { half * base % PRIME } else { half }
}

/// A message of one account on a day of June 2023, in which these people take part.
fn message(day: u32, ours: u8) -> Event {
    Event::new(1, NaiveDate::from_ymd_opt(2023, 6, day).unwrap(), 0, ours)
}

fn number(name: &str, events: &[&Event]) -> Number {
    Number::of(name.to_owned(), events)
}

#[test]
fn what_is_missing_from_a_sum_is_the_difference() {
    let (few, many) = (message(1, 1), message(2, 15));
    let (year, rest) = (number("year", &[&few, &many]), number("rest", &[&many]));
    let events = [few, many];
    assert_eq!(
        given_away(&[year.clone(), rest.clone()], &events, 2),
        Some(vec!["year".into(), "rest".into()])
    );
    assert_eq!(given_away(&[year], &events, 2), None);
    assert_eq!(given_away(&[rest], &events, 2), None);
}

#[test]
fn a_difference_may_be_of_several_numbers() {
    let events = [message(1, 1), message(2, 3), message(3, 6), message(4, 12)];
    let [a, b, c, d] = &events;
    let numbers = [
        number("all", &[a, b, c, d]),
        number("two", &[b, c]),
        number("other two", &[c, d]),
        number("one", &[c]),
    ];
    // all - two - other two + one
    assert_eq!(given_away(&numbers, &events, 2).unwrap().len(), 4);
    assert_eq!(given_away(&numbers[..3], &events, 2), None);
    // Days 2 and 4 are about two people each.
    assert_eq!(given_away(&numbers[1..], &events, 2), None);
    assert!(given_away(&numbers[1..], &events, 3).is_some());
}

#[test]
fn mail_and_meetings_are_apart() {
    let (mail, meeting) = (message(1, 1), Event { kind: 3, ..message(1, 15) });
    let both = number("both", &[&mail, &meeting]);
    assert_eq!(given_away(&[both], &[mail, meeting], 2), Some(vec!["both".into()]));
}

/// Who knows that all messages with one account are also with another one subtracts the one from the other.
#[test]
fn what_accounts_have_in_common() {
    let (common, own) = (Event { accounts: 3, ..message(1, 14) }, message(1, 1));
    let (all, part) = (number("a0", &[&common, &own]), number("a1", &[&common]));
    let events = [common, own];
    assert_eq!(given_away(std::slice::from_ref(&all), &events, 2), None);
    assert_eq!(given_away(&[all, part], &events, 2).unwrap(), ["a0", "a1"]);
    let (own, other) = (message(1, 7), Event { accounts: 2, ..message(1, 14) });
    let common = Event { accounts: 3, ..message(1, 1) };
    let numbers = [number("a0", &[&common, &own]), number("a1", &[&common, &other])];
    assert_eq!(given_away(&numbers, &[common, own, other], 2), None);
    let total = number("total", &[&common, &own, &other]);
    assert_eq!(given_away(&[&numbers[..], &[total]].concat(), &[common, own, other], 2).unwrap().len(), 3);
}

#[test]
fn what_arrives_later_is_the_difference() {
    let (before, late) = (message(1, 15), message(1, 1));
    let late = Event { arrives: late.day.succ_opt().unwrap(), ..late };
    let numbers = [number("first", &[&before]), number("second", &[&before, &late])];
    assert_eq!(given_away(&numbers, &[before, late], 2).unwrap(), ["first", "second"]);
    assert_eq!(given_away(&numbers[1..], &[before, late], 2), None);
}

#[test]
fn a_reply_to_another_month_is_the_difference() {
    let question = Event { day: NaiveDate::from_ymd_opt(2023, 5, 31).unwrap(), ..message(1, 1) };
    let (reply, others) = (Event { kind: 1, ..message(1, 1) }, message(2, 15));
    let events = [question, reply, others];
    let found = answers(&events);
    assert_eq!(found.len(), 1);
    let of_month = number("without", &[&reply, &others]);
    let with = Number { name: "with".into(), ..of_month.clone() }.with_replies(&found);
    assert_eq!(given_away(std::slice::from_ref(&of_month), &events, 2), None);
    assert_eq!(given_away(&[of_month, with], &events, 2).unwrap().len(), 2);
}
