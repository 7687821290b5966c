//! What an attacker can derive from published numbers by addition and subtraction.
//!
//! The attacker has all publications, and knows on which days there was something with which accounts, which message was
//! an answer to which other one, and when rows arrived. What it was is unknown: a quantity for each part, which is
//! a day and a set of accounts that took part together, for each kind of event. Numbers of emails to and from an account
//! are sums of such quantities, so are numbers of meetings, and so are minutes, which meetings of third parties are in, too.
//! A linear combination of published numbers is a disclosure if the quantities in it are about 1 to k - 1 internal people.
//! Emails, meetings and minutes are other quantities, so the attacker has each of them alone.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::world::{Answer, Event, KINDS, OURS, answers};

/// Linear combinations are computed modulo this prime, where they are exact. Every combination over the rational
/// numbers is also one modulo the prime.
const PRIME: u64 = (1 << 31) - 1;

/// The columns of [`KINDS`].
const COLUMNS: [&str; 4] = ["emails to", "emails from", "meetings from", "meetings to"];

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
    kind: usize,
    sum: Sum,
}

/// What is summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sum {
    Emails,
    Meetings,
    Minutes,
}

impl Part {
    fn of(event: &Event, sum: Sum) -> Self {
        let Event { accounts, day, kind, arrives, copy, .. } = *event;
        Self { day, accounts, arrives, copy, question: None, kind, sum }
    }

    /// The quantities of an event: what a column counts, and the minutes of a meeting.
    fn all(event: &Event) -> impl Iterator<Item = Self> {
        let counted = if event.is_meeting() { Sum::Meetings } else { Sum::Emails };
        let minutes = event.is_meeting().then_some(Sum::Minutes);
        [counted].into_iter().chain(minutes).map(|sum| Self::of(event, sum))
    }

    fn of_answer(answer: &Answer) -> Self {
        let accounts = 1 << answer.account;
        Self { accounts, question: Some(answer.question.day), ..Self::of(&answer.reply, Sum::Emails) }
    }
}

/// One published number: its place, and what it sums.
#[derive(Debug, Clone)]
pub struct Number {
    name: String,
    parts: BTreeSet<Part>,
}

impl Number {
    /// The numbers of these events: of each column of Office that counts some, and of minutes.
    pub fn of(name: &str, events: &[&Event]) -> Vec<Self> {
        let number = |what: &str, parts: BTreeSet<Part>| Self { name: format!("{name} {what}"), parts };
        let column = |column: usize| {
            let counted = events.iter().filter(|event| KINDS[event.kind].0.contains(&column));
            let sum = if column < 2 { Sum::Emails } else { Sum::Meetings };
            number(COLUMNS[column], counted.map(|event| Part::of(event, sum)).collect())
        };
        let meetings = events.iter().filter(|event| event.is_meeting());
        let minutes = number("minutes", meetings.map(|event| Part::of(event, Sum::Minutes)).collect());
        (0..COLUMNS.len()).map(column).chain([minutes]).filter(|number| !number.parts.is_empty()).collect()
    }

    /// The number of all these events, such as of rows.
    pub fn of_rows(name: &str, events: &[&Event]) -> Vec<Self> {
        let all = |sum| {
            let of_sum = events.iter().flat_map(|event| Part::all(event)).filter(|part| part.sum == sum);
            Self { name: name.to_owned(), parts: of_sum.collect() }
        };
        [Sum::Emails, Sum::Meetings].map(all).into_iter().filter(|number| !number.parts.is_empty()).collect()
    }

    /// The sum over the replies among these events: the time until each is in it.
    pub fn of_replies(name: &str, events: &[&Event], replies: &[Answer]) -> Self {
        let replied = events.iter().filter(|event| event.kind == 1).map(|event| Part::of(event, Sum::Emails));
        let parts = replied.chain(replies.iter().map(Part::of_answer)).collect();
        Self { name: format!("{name} replies"), parts }
    }
}

/// The names of published numbers whose combination is about 1 to `min_people` - 1 people; `None` if there is none.
pub fn given_away(numbers: &[Number], events: &[Event], min_people: u32) -> Option<Vec<String>> {
    let mut people: BTreeMap<Part, u8> = BTreeMap::new();
    for event in events {
        Part::all(event).for_each(|part| *people.entry(part).or_default() |= event.ours);
    }
    for answer in answers(events) {
        *people.entry(Part::of_answer(&answer)).or_default() |= answer.question.ours | answer.reply.ours;
    }
    [Sum::Emails, Sum::Meetings, Sum::Minutes].into_iter().find_map(|sum| {
        let of_sum = people.iter().filter(|(part, _)| part.sum == sum);
        let (parts, people): (Vec<&Part>, Vec<u8>) = of_sum.unzip();
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

fn numbers(of: &[(&str, &[&Event])]) -> Vec<Number> {
    of.iter().flat_map(|(name, events)| Number::of(name, events)).collect()
}

/// How many numbers a disclosure is made of; 0 if there is none.
fn used(of: &[(&str, &[&Event])], events: &[Event], min_people: u32) -> usize {
    given_away(&numbers(of), events, min_people).map_or(0, |names| names.len())
}

#[test]
fn what_is_missing_from_a_sum_is_the_difference() {
    let (few, many) = (message(1, 1), message(2, 15));
    let events = [few, many];
    let (year, rest): ((&str, &[&Event]), (&str, &[&Event])) = (("year", &[&few, &many]), ("rest", &[&many]));
    assert_eq!(
        given_away(&numbers(&[year, rest]), &events, 2),
        Some(vec!["year emails to".into(), "rest emails to".into()])
    );
    assert_eq!((used(&[year], &events, 2), used(&[rest], &events, 2)), (0, 0));
}

#[test]
fn a_difference_may_be_of_several_numbers() {
    let events = [message(1, 1), message(2, 3), message(3, 6), message(4, 12)];
    let [a, b, c, d] = &events;
    let all: [(&str, &[&Event]); 4] =
        [("all", &[a, b, c, d]), ("two", &[b, c]), ("other two", &[c, d]), ("one", &[c])];
    // all - two - other two + one
    assert_eq!((used(&all, &events, 2), used(&all[..3], &events, 2)), (4, 0));
    // Days 2 and 4 are about two people each.
    assert_eq!(used(&all[1..], &events, 2), 0);
    assert!(used(&all[1..], &events, 3) > 0);
}

#[test]
fn mail_and_meetings_are_apart() {
    let (mail, meeting) = (message(1, 1), Event { kind: 3, ..message(1, 15) });
    assert_eq!(used(&[("both", &[&mail, &meeting])], &[mail, meeting], 2), 1);
}

/// A meeting of a third party is in the minutes, and not in the number of meetings.
#[test]
fn meetings_of_third_parties_are_no_part_of_their_number() {
    let (ours, theirs) = (Event { kind: 3, ..message(1, 1) }, Event { kind: 6, ..message(1, 15) });
    assert_eq!(used(&[("month", &[&ours, &theirs])], &[ours, theirs], 2), 1);
    let ours = Event { ours: 3, ..ours };
    assert_eq!(used(&[("month", &[&ours, &theirs])], &[ours, theirs], 2), 0);
}

/// What is in both directions is the same in two numbers.
#[test]
fn one_direction_less_the_other_one() {
    let (both, to) = (Event { kind: 4, ..message(1, 15) }, message(1, 1));
    assert_eq!(used(&[("month", &[&both, &to])], &[both, to], 2), 2);
    assert_eq!(used(&[("month", &[&both])], &[both, to], 2), 0);
}

/// Who knows that all messages with one account are also with another one subtracts the one from the other.
#[test]
fn what_accounts_have_in_common() {
    let (common, own) = (Event { accounts: 3, ..message(1, 14) }, message(1, 1));
    let events = [common, own];
    let of: [(&str, &[&Event]); 2] = [("a0", &[&common, &own]), ("a1", &[&common])];
    assert_eq!((used(&of[..1], &events, 2), used(&of, &events, 2)), (0, 2));
    let (own, other) = (message(1, 7), Event { accounts: 2, ..message(1, 14) });
    let common = Event { accounts: 3, ..message(1, 1) };
    let of: [(&str, &[&Event]); 3] =
        [("a0", &[&common, &own]), ("a1", &[&common, &other]), ("total", &[&common, &own, &other])];
    let events = [common, own, other];
    assert_eq!((used(&of[..2], &events, 2), used(&of, &events, 2)), (0, 3));
}

#[test]
fn what_arrives_later_is_the_difference() {
    let (before, late) = (message(1, 15), message(1, 1));
    let late = Event { arrives: late.day.succ_opt().unwrap(), ..late };
    let of: [(&str, &[&Event]); 2] = [("first", &[&before]), ("second", &[&before, &late])];
    let events = [before, late];
    assert_eq!((used(&of, &events, 2), used(&of[1..], &events, 2)), (2, 0));
}

#[test]
fn a_reply_to_another_month_is_the_difference() {
    let question = Event { day: NaiveDate::from_ymd_opt(2023, 5, 31).unwrap(), ..message(1, 1) };
    let reply = Event { kind: 1, ..message(1, 1) };
    // Too late to be a reply.
    let others = Event { kind: 1, day: NaiveDate::from_ymd_opt(2023, 7, 15).unwrap(), ..message(1, 15) };
    let events = [question, reply, others];
    let found = answers(&events);
    assert_eq!(found.len(), 1);
    let mut of_month = Number::of("month", &[&reply, &others]);
    assert_eq!(given_away(&of_month, &events, 2), None);
    of_month.push(Number::of_replies("month", &[&reply, &others], &found));
    assert_eq!(given_away(&of_month, &events, 2).unwrap().len(), 2);
}
