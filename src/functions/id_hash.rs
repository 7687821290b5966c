//! `id_hash(text)`: an id as 128 bits.
//!
//! Message, meeting and person ids are only ever compared for equality. A 128-bit hash of the
//! bytes stands for them: a billion distinct ids collide with a probability of about 10^-21
//! (n²/2^129), where 64 bits would reach 3 %. (Conversations have 64, see `message_copies`.) It also
//! keeps the ids themselves out of stored state; it is a pseudonym and no encryption: whoever has a
//! list of candidate ids can recognize them.
//!
//! XXH3-128, <https://github.com/Cyan4973/xxHash>, seed 0, big-endian (its canonical form).

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, FixedSizeBinaryArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};
use xxhash_rust::xxh3::xxh3_128;

use super::define::{SECTION, Scalar, expect_arguments};
use super::text::{Text, text_type};

/// An id as 128 bits; the order of keys means nothing but is the same everywhere.
pub type Key = [u8; KEY_BYTES];

/// 128 bits.
pub const KEY_BYTES: usize = 16;

/// The type of a column of keys.
pub const KEY_TYPE: DataType = DataType::FixedSizeBinary(KEY_BYTES as i32);

/// The key of an id, over its bytes: neither trimmed nor case-folded.
pub fn id_hash(id: &str) -> Key {
    xxh3_128(id.as_bytes()).to_be_bytes()
}

pub(super) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "id_hash",
        arguments: |types| {
            expect_arguments("id_hash", types, 1)?;
            Ok(vec![text_type("id_hash", &types[0])?])
        },
        returns: |_| Ok(KEY_TYPE),
        invoke,
        documentation: Documentation::builder(
            SECTION,
            "The 128-bit XXH3 hash of an id's bytes, for comparing ids and keeping them out of stored state.",
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

    /// The empty input's value is the one that xxHash's own documentation publishes.
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
