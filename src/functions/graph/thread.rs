//! `conversation_thread(conversation_index, conversation_id)`: the key of a thread, which is the same in
//! every mailbox.

use std::fmt::Write;
use std::sync::Arc;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use datafusion::arrow::array::{ArrayRef, StringBuilder};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use crate::functions::udf::declare::{OWN_SQL, Scalar, expect_arguments};
use crate::functions::udf::strings::{Text, text_type};

/// Padding may be missing, and the unused bits of the last character may have any value.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
/// In a conversation index, six bytes of version and time precede the GUID of the thread.
const INDEX_HEAD: usize = 6;
/// The size of a GUID in bytes.
const GUID: usize = 16;

/// The thread of a message as 32 hexadecimal digits: the 16 bytes at offset 6 of the conversation index. If
/// the index is missing, too short or not base64, the last 16 bytes of the conversation id, which begins with
/// the mailbox. `None` if the id is missing, too short or not base64, too.
pub fn conversation_thread(index: Option<&str>, id: Option<&str>) -> Option<String> {
    let from_index = || Some(hex(decode(index?)?.get(INDEX_HEAD..INDEX_HEAD + GUID)?));
    let from_id = || {
        let bytes = decode(&id?.replace('-', "/").replace('_', "+"))?;
        Some(hex(bytes.last_chunk::<GUID>()?))
    };
    from_index().or_else(from_id)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.trim()).ok()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * GUID), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "conversation_thread",
        arguments: |types| {
            expect_arguments("conversation_thread", types, 2)?;
            types.iter().map(|t| text_type("conversation_thread", t)).collect()
        },
        returns: |_| Ok(DataType::Utf8),
        invoke,
        documentation: Documentation::builder(
            OWN_SQL,
            "The thread of a message of a Microsoft Graph export, the same in every mailbox: 32 hexadecimal digits from its \
             conversation index. If the index is missing, shorter than 22 bytes or not base64, the digits are from the \
             conversation id. NULL if that is missing, shorter than 16 bytes or not base64, too.",
            "conversation_thread(conversation_index, conversation_id)",
        )
        .with_argument("conversation_index", "conversationIndex in base64; NULL if it is missing.")
        .with_argument("conversation_id", "conversationId in base64 with - for / and _ for +; NULL if it is missing.")
        .with_sql_example(
            "> select conversation_thread('AQHW+cTKQfde9VSk0k+3/TSkpFZD7Q==', null);\n41f75ef554a4d24fb7fd34a4a45643ed",
        )
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let arrays = ColumnarValue::values_to_arrays(&args.args)?;
    let (index, id) = (Text::new(&arrays[0])?, Text::new(&arrays[1])?);
    let mut threads = StringBuilder::new();
    for row in 0..arrays[0].len() {
        threads.append_option(conversation_thread(index.get(row), id.get(row)));
    }
    Ok(Arc::new(threads.finish()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bytes 0 to 21: 00 01 02 .. 15.
    const INDEX: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFQ==";
    const THREAD: &str = "060708090a0b0c0d0e0f101112131415";

    #[test]
    fn the_index_comes_first() {
        assert_eq!(conversation_thread(Some(INDEX), None).unwrap(), THREAD);
        assert_eq!(
            conversation_thread(Some(" AAECAwQFBgcICQoLDA0ODxAREhMUFQ\n"), Some("x")).unwrap(),
            THREAD
        );
        // A reply appends five bytes.
        assert_eq!(conversation_thread(Some("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBka"), None).unwrap(), THREAD);
    }

    #[test]
    fn else_the_end_of_the_id() {
        // Bytes 0 to 16: the last 16 are 01 .. 10.
        let id = "AAECAwQFBgcICQoLDA0ODxA=";
        let thread = "0102030405060708090a0b0c0d0e0f10";
        for index in [None, Some(""), Some("no base64!"), Some("AAECAwQFBgcICQoLDA0ODxAREhMU")] {
            assert_eq!(conversation_thread(index, Some(id)).unwrap(), thread, "{index:?}");
        }
        // fb ff fb ff ..: +//7 in base64, _--7 in an id.
        let id = "_--7_--7_--7_--7_--7_-8=";
        assert_eq!(conversation_thread(None, Some(id)).unwrap(), "fffbfbfffbfbfffbfbfffbfbfffbfbff");
        assert_eq!(conversation_thread(None, Some("AAECAwQFBgcICQoLDA0O")), None, "15 bytes");
        assert_eq!(conversation_thread(None, Some("ä")), None);
        assert_eq!(conversation_thread(None, None), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(index in ".{0,60}", id in "[A-Za-z0-9+/_=-]{0,60}") {
            for thread in [conversation_thread(Some(&index), Some(&id)), conversation_thread(Some(&id), Some(&index))] {
                prop_assert!(thread.is_none_or(|t| t.len() == 32));
            }
        }
    }
}
