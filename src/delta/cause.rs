//! What an error of a Delta table means for the person who wrote its path.

use crate::error::{one_line, ours};

/// The longest error that is repeated.
const LONGEST: usize = 300;

/// What errors begin with that wrap others.
const WRAPPERS: [&str; 8] = [
    "Kernel error: ",
    "Kernel: ",
    "Generic DeltaTable error: ",
    "Generic delta kernel error: ",
    "Generic error: ",
    "Transaction failed: ",
    "External error: ",
    "Failed to read delta log object: ",
];

/// One line: an error of ours that has passed through, or what the library says.
pub(super) fn tell(error: &(dyn std::error::Error + 'static)) -> String {
    if let Some(told) = ours(error) {
        return told.to_string();
    }
    let text = one_line(&error.to_string());
    let mut text = text.as_str();
    while let Some(rest) = WRAPPERS.iter().find_map(|wrapper| text.strip_prefix(wrapper)) {
        text = rest;
    }
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use deltalake_core::DeltaTableError;

    use super::*;
    use crate::error::Error;

    #[test]
    fn in_one_short_line() {
        let wrapped = DeltaTableError::generic("Generic error: no\nsuch thing");
        assert_eq!(tell(&wrapped), "no such thing");
        let ours = DeltaTableError::GenericError { source: Box::new(Error::input("s3://b/x: denied")) };
        assert_eq!(tell(&ours), "s3://b/x: denied");
        assert_eq!(tell(&DeltaTableError::generic("é".repeat(500))).chars().count(), LONGEST + 3);
    }
}
