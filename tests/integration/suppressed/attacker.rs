//! What an attacker can derive from published numbers by addition and subtraction.
//!
//! A number is a sum of parts that are not published: what one account did on one day. Everyone can know
//! which parts a number sums, and how often it counts each. A suppressed number is disclosed if it is a linear
//! combination of published numbers.

use std::collections::BTreeMap;

/// Linear combinations are computed modulo this prime, where they are exact. Every combination over the
/// rational numbers is also one modulo the prime.
const PRIME: u64 = (1 << 61) - 1;

/// One number of a published table.
#[derive(Debug, Clone)]
pub struct Number {
    /// Its location: table, account and period.
    pub name: String,
    /// The parts that it sums, and how often it counts each.
    pub parts: BTreeMap<usize, u64>,
    /// The published value; `None` if it is suppressed.
    pub shown: Option<i64>,
}

/// The suppressed numbers that are linear combinations of published ones. A number without parts is not a
/// secret: everyone can see that nothing happened.
pub fn given_away(numbers: &[Number]) -> Vec<&str> {
    let parts = numbers.iter().flat_map(|n| n.parts.keys().copied()).max().map_or(0, |most| most + 1);
    let row =
        |number: &Number| (0..parts).map(|p| number.parts.get(&p).copied().unwrap_or(0)).collect::<Vec<_>>();
    let mut shown = Span::default();
    numbers.iter().filter(|n| n.shown.is_some()).for_each(|n| shown.add(row(n)));
    let suppressed = numbers.iter().filter(|n| n.shown.is_none() && !n.parts.is_empty());
    suppressed.filter(|n| shown.has(row(n))).map(|n| n.name.as_str()).collect()
}

/// All linear combinations of some rows, in echelon form: each row begins with a 1 in a different column.
#[derive(Default)]
struct Span(Vec<(usize, Vec<u64>)>);

impl Span {
    fn add(&mut self, row: Vec<u64>) {
        let mut row = self.rest(row);
        let Some(lead) = row.iter().position(|&x| x != 0) else { return };
        let inverse = power(row[lead], PRIME - 2);
        row.iter_mut().for_each(|x| *x = times(*x, inverse));
        self.0.push((lead, row));
        self.0.sort();
    }

    fn has(&self, row: Vec<u64>) -> bool {
        self.rest(row).iter().all(|&x| x == 0)
    }

    /// The rest of a row after all known rows are subtracted from it.
    fn rest(&self, mut row: Vec<u64>) -> Vec<u64> {
        for (lead, known) in &self.0 {
            let factor = PRIME - row[*lead];
            row.iter_mut().zip(known).for_each(|(x, y)| *x = (*x + times(factor, *y)) % PRIME);
        }
        row
    }
}

fn times(a: u64, b: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(PRIME)) as u64
}

fn power(base: u64, exponent: u64) -> u64 {
    let half = if exponent == 0 { return 1 } else { power(times(base, base), exponent / 2) };
    if exponent % 2 == 1 { times(half, base) } else { half }
}

/// A number of one account. Parts are its days: 0 and 1 are in May and in one week, 2 is in June and in the
/// same week as day 1.
fn of_days(name: &str, parts: &[usize], shown: bool) -> Number {
    Number {
        name: name.to_string(),
        parts: parts.iter().map(|part| (*part, 1)).collect(),
        shown: shown.then_some(parts.len() as i64),
    }
}

#[test]
fn a_single_suppressed_month_is_the_year_less_the_others() {
    let numbers = |june: bool| {
        [of_days("year", &[0, 1, 2], true), of_days("May", &[0, 1], true), of_days("June", &[2], june)]
    };
    assert_eq!(given_away(&numbers(false)), ["June"]);
    assert!(given_away(&numbers(true)).is_empty(), "what is shown is not given away");
}

#[test]
fn what_counts_twice_is_known_from_its_double() {
    let twice = Number { parts: BTreeMap::from([(0, 2)]), ..of_days("twice", &[0], true) };
    assert_eq!(given_away(&[twice, of_days("once", &[0], false)]), ["once"]);
}

#[test]
fn weeks_give_months_away_that_they_share_days_with() {
    let mut numbers = vec![
        of_days("year", &[0, 1, 2, 3], true),
        of_days("May", &[0, 1], false),
        of_days("June", &[2, 3], false),
    ];
    assert!(given_away(&numbers).is_empty());
    numbers.push(of_days("first week", &[0], true));
    numbers.push(of_days("second week", &[1, 2], true));
    assert!(given_away(&numbers).is_empty(), "who knows to which month the second week belongs");
    numbers.push(of_days("weekend", &[1], true));
    assert_eq!(given_away(&numbers), ["May", "June"]);
}
