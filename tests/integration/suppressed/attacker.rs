//! What an attacker can derive from published numbers by addition and subtraction.
//!
//! The attacker has all publications, and knows on which days which accounts were engaged. What happened there is
//! unknown: a quantity for each day, each set of accounts that took part together, and mail and meetings apart. Every
//! published count and every sum of minutes is a sum of such quantities. A linear combination of published numbers is
//! a disclosure if the quantities in it are about 1 to k - 1 internal people. Mail and meetings are never added in a
//! published number, so the attacker does it for each alone.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::world::{ACCOUNTS, Event, OURS};

/// Linear combinations are computed modulo this prime, where they are exact. Every combination over the rational
/// numbers is also one modulo the prime.
const PRIME: u64 = (1 << 31) - 1;

/// One unknown quantity: a day and a set of accounts, one bit for each.
type Part = (NaiveDate, u8);

/// One published number: its place, and what it sums.
#[derive(Debug, Clone)]
pub struct Number {
    name: String,
    /// The account; `None` for a number about everything.
    account: Option<usize>,
    days: BTreeSet<NaiveDate>,
}

impl Number {
    /// The number of these events of an account, or any other sum over them.
    pub fn of_account(name: String, account: usize, events: &[&Event]) -> Self {
        Self { name, account: Some(account), days: events.iter().map(|event| event.day).collect() }
    }

    /// The number of these events of any accounts.
    pub fn of_all(name: String, events: &[&Event]) -> Self {
        Self { name, account: None, days: events.iter().map(|event| event.day).collect() }
    }

    fn has(&self, (day, accounts): &Part) -> bool {
        self.days.contains(day) && self.account.is_none_or(|account| accounts >> account & 1 == 1)
    }
}

/// The unknown quantities of mail or of meetings, each with the people in it: those of accounts that are engaged on the
/// same day. Some of them are 0, which the attacker does not know.
fn unknown(events: &[Event], is_meeting: bool) -> BTreeMap<Part, u8> {
    let mut engaged: BTreeMap<NaiveDate, u8> = BTreeMap::new();
    let mut people: BTreeMap<Part, u8> = BTreeMap::new();
    for event in events.iter().filter(|event| event.is_meeting() == is_meeting) {
        *engaged.entry(event.day).or_default() |= event.accounts;
        *people.entry((event.day, event.accounts)).or_default() |= event.ours;
    }
    for (day, engaged) in engaged {
        for accounts in (1..1 << ACCOUNTS).filter(|accounts| accounts & !engaged == 0) {
            people.entry((day, accounts)).or_default();
        }
    }
    people
}

/// The names of published numbers whose combination is about 1 to `min_people` - 1 people; `None` if there is none.
pub fn given_away(numbers: &[Number], events: &[Event], min_people: u32) -> Option<Vec<String>> {
    [false, true].into_iter().find_map(|side| {
        let (parts, people): (Vec<Part>, Vec<u8>) = unknown(events, side).into_iter().unzip();
        let mut rows: BTreeMap<Vec<usize>, &str> = BTreeMap::new();
        for number in numbers {
            let row = (0..parts.len()).filter(|part| number.has(&parts[*part]));
            rows.insert(row.collect(), &number.name);
        }
        rows.remove(&vec![]);
        let few = (1u8..1 << OURS).filter(|few| few.count_ones() == min_people - 1);
        few.into_iter().find_map(|few| {
            let is_theirs = |part: usize| people[part] != 0 && people[part] & !few == 0;
            // Quantities that are 0 belong to a combination only if it is the number of certain messages, which it is
            // if nothing is subtracted in it.
            combination(&rows, &parts, is_theirs, |_| true).or_else(|| {
                let is_positive = |factors: &[u64]| {
                    let signs: BTreeSet<bool> = factors.iter().map(|factor| *factor < PRIME / 2).collect();
                    signs.len() == 1
                };
                let of_nobody_else = |part: usize| people[part] & !few == 0;
                let about_somebody = |used: &[(usize, u64)]| {
                    let factors: Vec<u64> = used.iter().map(|(_, factor)| *factor).collect();
                    is_positive(&factors) && used.iter().any(|(part, _)| is_theirs(*part))
                };
                combination(&rows, &parts, of_nobody_else, about_somebody)
            })
        })
    })
}

/// The names of the numbers of a combination that has only these parts, and that is accepted, given its parts and
/// their factors.
fn combination(
    rows: &BTreeMap<Vec<usize>, &str>,
    parts: &[Part],
    is_theirs: impl Fn(usize) -> bool,
    is_accepted: impl Fn(&[(usize, u64)]) -> bool,
) -> Option<Vec<String>> {
    // The other quantities come first: what remains without them has only these.
    let (theirs, others): (Vec<_>, Vec<_>) = (0..parts.len()).partition(|part| is_theirs(*part));
    let order: Vec<usize> = others.iter().chain(&theirs).copied().collect();
    let mut place = vec![0; parts.len()];
    order.iter().enumerate().for_each(|(at, part)| place[*part] = at);
    let mut span = Span { columns: parts.len(), rows: BTreeMap::new() };
    let mut names = vec![];
    for (number, (row, name)) in rows.iter().enumerate() {
        names.push(*name);
        let mut factors = vec![0; parts.len() + rows.len()];
        row.iter().map(|part| place[*part]).chain([parts.len() + number]).for_each(|at| factors[at] = 1);
        let Some(lead) = span.add(factors) else { continue };
        let (of_parts, of_numbers) = span.rows[&lead].split_at(parts.len());
        let used = || of_parts.iter().enumerate().filter(|(_, factor)| **factor != 0);
        if lead >= others.len()
            && is_accepted(&used().map(|(at, factor)| (order[at], *factor)).collect::<Vec<_>>())
        {
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

/// A message of one account on a day of June 2027, in which these people take part.
fn message(day: u32, ours: u8) -> Event {
    Event { accounts: 1, day: NaiveDate::from_ymd_opt(2027, 6, day).unwrap(), kind: 0, ours }
}

fn number(name: &str, events: &[&Event]) -> Number {
    Number::of_account(name.to_owned(), 0, events)
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

/// Who does not know that all messages with one account are also with another one learns nothing from the difference,
/// but a total says how many they have in common.
#[test]
fn what_accounts_have_in_common() {
    let (common, own) = (Event { accounts: 3, ..message(1, 1) }, message(1, 14));
    let events = [common, own];
    let of = |account: usize, of: &[&Event]| Number::of_account(format!("a{account}"), account, of);
    let numbers = [of(0, &[&common, &own]), of(1, &[&common])];
    assert_eq!(given_away(&numbers[..1], &events, 2), None);
    assert_eq!(given_away(&numbers, &events, 2).unwrap(), ["a1"], "which is about one person itself");
    let other = Event { accounts: 2, ..message(1, 14) };
    let events = [common, own, other];
    let numbers = [of(0, &[&common, &own]), of(1, &[&common, &other])];
    assert_eq!(given_away(&numbers, &events, 2), None);
    let total = Number::of_all("total".to_owned(), &[&common, &own, &other]);
    assert_eq!(given_away(&[&numbers[..], &[total]].concat(), &events, 2).unwrap().len(), 3);
}
