//! Finds the ends of strings in JSON text, 64 bytes at a time.

use wide::u8x16;

use super::fault::Fault;

const BLOCK: usize = 64;
/// The largest byte that cannot occur in a string.
const LAST_CONTROL: u8 = 0x1f;

/// The end of the string whose first byte behind the opening quote is at `at`: the position behind the closing
/// quote. The text within is not checked to be UTF-8.
///
/// # Errors
/// The string is cut short, or has a control character or an escape sequence that JSON does not have.
pub(crate) fn string_end(text: &[u8], mut at: usize) -> Result<usize, Fault> {
    while let Some(block) = text.get(at..).and_then(|rest| rest.first_chunk::<BLOCK>()) {
        let marks = Marks::of(block);
        let mut next = BLOCK;
        let mut stops = marks.quotes | marks.controls | marks.backslashes;
        while stops != 0 {
            let stop = stops & stops.wrapping_neg();
            let place = stops.trailing_zeros() as usize;
            if marks.quotes & stop != 0 {
                return Ok(at + place + 1);
            }
            if marks.controls & stop != 0 {
                return Err(Fault::NoJson(at + place));
            }
            let end = place + escape_length(text, at + place)?;
            if end >= BLOCK {
                next = end;
                break;
            }
            stops &= u64::MAX << end;
        }
        at += next;
    }
    loop {
        match text.get(at) {
            None => return Err(Fault::CutShort),
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at += escape_length(text, at)?,
            Some(..=LAST_CONTROL) => return Err(Fault::NoJson(at)),
            Some(_) => at += 1,
        }
    }
}

/// The number of bytes of the escape sequence that begins with the backslash at `at`.
fn escape_length(text: &[u8], at: usize) -> Result<usize, Fault> {
    match text.get(at + 1) {
        None => Err(Fault::CutShort),
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
        Some(b'u') => match text.get(at + 2..).and_then(|rest| rest.first_chunk::<4>()) {
            None => Err(Fault::CutShort),
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => Ok(6),
            Some(_) => Err(Fault::NoJson(at + 1)),
        },
        Some(_) => Err(Fault::NoJson(at + 1)),
    }
}

/// Where in a block there are bytes of three kinds: bit `i` stands for byte `i`.
struct Marks {
    quotes: u64,
    backslashes: u64,
    controls: u64,
}

impl Marks {
    #[inline]
    fn of(block: &[u8; BLOCK]) -> Self {
        let (quote, backslash, control) =
            (u8x16::splat(b'"'), u8x16::splat(b'\\'), u8x16::splat(LAST_CONTROL));
        let mut marks = Self { quotes: 0, backslashes: 0, controls: 0 };
        for (i, part) in block.as_chunks::<16>().0.iter().enumerate() {
            let part = u8x16::new(*part);
            let bits = |found: u8x16| u64::from(found.to_bitmask()) << (16 * i);
            marks.quotes |= bits(part.simd_eq(quote));
            marks.backslashes |= bits(part.simd_eq(backslash));
            marks.controls |= bits(part.min(control).simd_eq(part));
        }
        marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(text: &str) -> Result<usize, Fault> {
        string_end(text.as_bytes(), 0)
    }

    #[test]
    fn ends_at_every_offset_of_a_block() {
        for before in 0..3 * BLOCK {
            for after in [0, 1, BLOCK, 2 * BLOCK] {
                let (a, b) = ("é".repeat(before / 2) + &"x".repeat(before % 2), "y".repeat(after));
                let n = a.len();
                assert_eq!(end(&format!("{a}\"{b}")), Ok(n + 1));
                assert_eq!(end(&format!("{a}\\\"\"{b}")), Ok(n + 3));
                assert_eq!(end(&format!("{a}\\\\\"{b}")), Ok(n + 3));
                assert_eq!(end(&format!("{a}\\u00e9\"{b}")), Ok(n + 7));
                assert_eq!(end(&format!("{a}\\\"{b}")), Err(Fault::CutShort));
                assert_eq!(end(&format!("{a}{b}")), Err(Fault::CutShort));
                assert_eq!(end(&format!("{a}\n{b}\"")), Err(Fault::NoJson(n)));
                assert_eq!(end(&format!("{a}\\x{b}\"")), Err(Fault::NoJson(n + 1)));
                assert_eq!(end(&format!("{a}\\u00g9{b}\"")), Err(Fault::NoJson(n + 1)));
            }
        }
        assert_eq!(end("\\u12"), Err(Fault::CutShort));
        assert_eq!(end("\u{7f}\u{80}\u{ff}\""), Ok(6));
    }
}
