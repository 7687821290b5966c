//! `id_hash(text)`: the 128-bit hash of an id.
//!
//! Message, meeting and person ids are only compared for equality, so a 128-bit hash of their bytes
//! replaces them. Among a billion distinct ids, the probability of any collision is about 10^-21
//! (n²/2^129); with 64 bits it would be 3 %. (Conversations have 64-bit keys, see `message_copies`.)
//! Stored state therefore does not contain the ids. The hash is a pseudonym, not encryption: a list of
//! candidate ids is enough to recognize which of them occur.
//!
//! The hash is XXH3-128, <https://github.com/Cyan4973/xxHash>, with seed 0, in big-endian order (its
//! canonical form).

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, FixedSizeBinaryArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};
use xxhash_rust::xxh3::xxh3_128;

use super::udf::declare::{OWN_SQL, Scalar, expect_arguments};
use super::udf::strings::{Text, text_type};

/// The 128-bit hash of an id. The order of keys has no meaning, but it is the same on every machine.
pub type Key = [u8; KEY_BYTES];

/// The size of a key in bytes: 128 bits.
pub const KEY_BYTES: usize = 16;

/// The Arrow type of a column of keys.
pub const KEY_TYPE: DataType = DataType::FixedSizeBinary(KEY_BYTES as i32);

/// Hashes the bytes of an id. The id is neither trimmed nor case-folded.
pub fn id_hash(id: &str) -> Key {
    xxh3_128(id.as_bytes()).to_be_bytes()
}

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "id_hash",
        arguments: |types| {
            expect_arguments("id_hash", types, 1)?;
            Ok(vec![text_type("id_hash", &types[0])?])
        },
        returns: |_| Ok(KEY_TYPE),
        invoke,
        documentation: Documentation::builder(
            OWN_SQL,
            "The 128-bit XXH3 hash of the bytes of an id, for comparing ids without storing them.",
            "id_hash(text)",
        )
        .with_argument("text", "An id in any text encoding, compared as bytes; NULL gives NULL.")
        .with_sql_example("> select id_hash('<1@contoso.com>') = id_hash('<1@CONTOSO.com>');\nfalse")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let array = ColumnarValue::values_to_arrays(&args.args)?.swap_remove(0);
    let text = Text::new(&array)?;
    let key = |id: Option<&str>| id.map_or([0; KEY_BYTES], id_hash);
    let keys: Vec<Key> = match &text {
        Text::View(ids) => ids.iter().map(key).collect(),
        _ => (0..array.len()).map(|row| key(text.get(row))).collect(),
    };
    let (keys, nulls) = (keys.into_flattened().into(), array.logical_nulls());
    Ok(Arc::new(FixedSizeBinaryArray::try_new(KEY_BYTES as i32, keys, nulls)?))
}

#[cfg(test)]
mod tests {
    use super::id_hash;

    /// The expected hash of the empty input is the value in xxHash's own documentation.
    #[test]
    fn is_xxh3_128() {
        assert_eq!(u128::from_be_bytes(id_hash("")), 0x99aa06d3014798d86001c324468d497f);
    }

    #[test]
    fn compares_bytes() {
        assert_ne!(id_hash("a"), id_hash("A"));
        assert_ne!(id_hash("a"), id_hash(" a"));
    }
}
