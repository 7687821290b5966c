//! What every step through JSON text needs: its faults, white space, and expected bytes.

/// What is wrong with a JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The text ends too early.
    CutShort,
    /// The text is not JSON at this byte offset.
    NoJson(usize),
}

/// The position of the first byte at or after `at` that is not JSON white space.
pub(crate) fn skip_white(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|b| matches!(b, b' ' | b'\n' | b'\r' | b'\t')).count()
}

/// The position after `byte`, which must be at `at`.
pub(crate) fn expect(text: &[u8], at: usize, byte: u8) -> Result<usize, Fault> {
    match text.get(at) {
        Some(b) if *b == byte => Ok(at + 1),
        Some(_) => Err(Fault::NoJson(at)),
        None => Err(Fault::CutShort),
    }
}
