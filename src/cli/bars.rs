//! Bar charts of block characters, with a resolution of an eighth of a column, and the numbers beside.

use super::text::pad;
use crate::error::numbers::grouped;

const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// One line for each value, with its bar and its number. All lines have the same width, which the longest
/// bar and its number fill.
pub fn bars(values: &[i64], width: usize) -> Vec<String> {
    let largest = values.iter().copied().max().unwrap_or(0).max(1);
    let digits = values.iter().map(|&v| grouped(v).len()).max().unwrap_or(1);
    let room = width.saturating_sub(digits + 1).max(1);
    values.iter().map(|&v| pad(&format!("{} {}", bar(v, largest, room), grouped(v)), width, false)).collect()
}

/// A bar in proportion to the largest value. A value above 0 is always visible.
fn bar(value: i64, largest: i64, room: usize) -> String {
    let parts =
        (i128::from(value.max(0)) * (room as i128) * 8 + i128::from(largest) / 2) / i128::from(largest);
    let parts = if value > 0 { parts.max(1) } else { 0 };
    let (whole, rest) = (usize::try_from(parts / 8).unwrap_or(room).min(room), (parts % 8) as usize);
    let mut bar = "█".repeat(whole);
    if rest > 0 && whole < room {
        bar.push(EIGHTHS[rest]);
    }
    if bar.is_empty() {
        bar.push(if value > 0 { '▏' } else { '·' });
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_in_proportion() {
        // Room is 10 - 2 digits - 1 blank = 7 columns = 56 eighths for 16.
        assert_eq!(bars(&[16, 8, 4, 0], 10), ["███████ 16", "███▌ 8    ", "█▊ 4      ", "· 0       "]);
        // 1 of 10,000 would be less than a hundredth of an eighth.
        assert_eq!(bars(&[10_000, 1], 9), ["██ 10,000", "▏ 1      "]);
    }

    #[test]
    fn nothing_is_no_bar_and_no_division_by_zero() {
        assert_eq!(bars(&[0, 0], 5), ["· 0  ", "· 0  "]);
        assert_eq!(bars(&[], 5), Vec::<String>::new());
        assert_eq!(bars(&[i64::MAX], 0).len(), 1);
    }
}
