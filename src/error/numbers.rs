//! Numbers in words for people: in notes, errors and summaries.

/// A whole number with separated thousands: `12,345`.
pub(crate) fn grouped(number: impl TryInto<i128>) -> String {
    let number = number.try_into().unwrap_or_default();
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "-".to_owned() } else { String::new() };
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number and its noun: `1 row`, `2 used rows`, `3 addresses`, `4 days`, `1,000 entries`.
pub(crate) fn count(number: impl TryInto<i128>, noun: &str) -> String {
    let number = number.try_into().unwrap_or_default();
    let nouns = match noun.strip_suffix('y') {
        _ if number == 1 => noun.to_owned(),
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if noun.ends_with(['s', 'x']) => format!("{noun}es"),
        _ => format!("{noun}s"),
    };
    format!("{} {nouns}", grouped(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        assert_eq!([0, 999, 1000, -1234567].map(|n: i64| grouped(n)), ["0", "999", "1,000", "-1,234,567"]);
        assert_eq!([0, 1, 2000].map(|n: usize| count(n, "row")), ["0 rows", "1 row", "2,000 rows"]);
        assert_eq!([1, 2].map(|n: usize| count(n, "address")), ["1 address", "2 addresses"]);
        assert_eq!([1, 2].map(|n: usize| count(n, "entry")), ["1 entry", "2 entries"]);
        assert_eq!([1, 2].map(|n: usize| count(n, "day")), ["1 day", "2 days"]);
    }
}
