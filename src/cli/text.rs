//! Text for a terminal: without invisible characters, in aligned columns.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Escapes the characters that a terminal would interpret or hide: control characters, marks of the
/// writing direction, line separators, tags.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{feff}' | '\u{180e}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// How many columns a text takes in a terminal: two for East Asian wide characters and emoji, none
/// for combining marks and joiners.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// Pads the text with blanks to a width: on its left side if it is aligned to the right, else on its right
/// side.
pub fn pad(text: &str, width: usize, right: bool) -> String {
    let blanks = " ".repeat(width.saturating_sub(columns(text)));
    if right { blanks + text } else { text.to_owned() + &blanks }
}

/// One line for each row, with aligned columns and two blanks between them. The columns of these numbers are aligned to
/// the right.
pub fn aligned(rows: &[Vec<String>], right: &[usize]) -> String {
    let number = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |i: usize| {
        rows.iter().filter_map(|row| row.get(i)).map(|cell| columns(cell)).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..number).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().enumerate().map(|(i, cell)| pad(cell, widths[i], right.contains(&i)));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// Cuts the text to a width. An ellipsis shows that something is missing.
pub fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    // A character may join those before it, so that the width of a text is not that of its characters. The
    // characters that belong together are measured together, and once.
    let (mut taken, mut end) = (0, 0);
    for (at, cluster) in text.grapheme_indices(true) {
        taken += columns(cluster);
        if taken >= width {
            break;
        }
        end = at + cluster.len();
    }
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        assert_eq!(visible("Acme Ltd"), "Acme Ltd");
        assert_eq!(visible("Größe 株式会社 عربي"), "Größe 株式会社 عربي");
        assert_eq!(visible("a\u{1b}[31mb\r\n\tc\0"), "a\\u{1b}[31mb\\r\\n\\tc\\u{0}");
        assert_eq!(visible("abc\u{202e}txt.exe\u{2066}"), "abc\\u{202e}txt.exe\\u{2066}");
        assert_eq!(visible("\u{9b}31m\u{feff}\u{2028}\u{e0041}"), "\\u{9b}31m\\u{feff}\\u{2028}\\u{e0041}");
    }

    #[test]
    fn columns_are_those_of_a_terminal() {
        assert_eq!(["abc", "größe", "株式", "e\u{301}", ""].map(columns), [3, 5, 4, 1, 0]);
        assert_eq!(pad("株", 4, false), "株  ");
        assert_eq!(pad("12", 4, true), "  12");
        assert_eq!(pad("long", 2, false), "long");
        assert_eq!(["abc", "abcd", "株式会"].map(|t| cut(t, 3)), ["abc", "ab…", "株…"]);
    }

    #[test]
    fn rows_are_below_each_other() {
        let rows = [["a", "1", ""], ["bcd", "10", "x"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(aligned(&rows, &[1]), "a     1\nbcd  10  x\n");
        assert_eq!(aligned(&[], &[0]), "");
    }

    #[test]
    fn a_text_is_cut_between_characters_however_they_join() {
        assert_eq!(cut("👩‍🚀👩‍🚀👩‍🚀", 5), "👩‍🚀👩‍🚀…");
        assert_eq!(cut("❤️❤️❤️", 4), "❤️…");
        assert_eq!(cut("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
        // Marks have no width of their own: the whole text is four columns wide.
        let marks = "\u{301}".repeat(200_000);
        assert_eq!(cut(&format!("e{marks}xyz"), 3), format!("e{marks}x…"));
        assert_eq!(["", "abc"].map(|text| cut(text, 0)), ["", "…"]);
    }

    proptest::proptest! {
        #[test]
        fn a_cut_text_fits_and_is_a_beginning(text in ".{0,40}", width in 1..30_usize) {
            let cut = cut(&text, width);
            proptest::prop_assert!(columns(&cut) <= width, "{:?} is {} wide", cut, columns(&cut));
            let beginning = cut.strip_suffix('…').unwrap_or(&cut);
            proptest::prop_assert!(cut == text || text.starts_with(beginning));
        }
    }
}
