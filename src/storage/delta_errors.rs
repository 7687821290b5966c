//! Describes an error of a Delta table for the person who wrote its path.

use crate::error::engine_words::LOG_GAP;
use crate::error::{one_line, own_error};

/// How many characters of the library's error text are shown.
const LONGEST: usize = 300;

/// How the texts of errors begin that wrap other errors.
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

/// Describes an error on one line: with the text of the error of this crate that passed through the
/// library, if there is one, otherwise with the text of the library.
pub(crate) fn describe(error: &(dyn std::error::Error + 'static)) -> String {
    if let Some(own) = own_error(error) {
        return own.to_string();
    }
    let text = one_line(&error.to_string());
    if text.contains(LOG_GAP) {
        return "a commit is missing between others in its folder _delta_log; restore it".to_owned();
    }
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
        assert_eq!(describe(&wrapped), "no such thing");
        let ours = DeltaTableError::GenericError { source: Box::new(Error::input("s3://b/x: denied")) };
        assert_eq!(describe(&ours), "s3://b/x: denied");
        assert_eq!(describe(&DeltaTableError::generic("é".repeat(500))).chars().count(), LONGEST + 3);
    }
}
