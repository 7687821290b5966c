//! The file of a deletion vector. The log of a Delta table contains its name in an encoded form.

/// The alphabet of Z85. Five characters encode four bytes.
const Z85: &[u8; 85] =
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/// The length of an encoded UUID, in characters.
const ENCODED_UUID: usize = 20;

/// The path of a deletion vector, relative to the folder of the table. `encoded` is a random prefix, which may be
/// empty, and a UUID in Z85. `None` if it cannot be decoded.
pub(crate) fn relative_path(encoded: &str) -> Option<String> {
    let (prefix, uuid) = encoded.split_at_checked(encoded.len().checked_sub(ENCODED_UUID)?)?;
    let mut digits = String::new();
    for five in uuid.as_bytes().chunks(5) {
        let value = five.iter().try_fold(0_u32, |value, character| {
            let digit = Z85.iter().position(|c| c == character)?;
            value.checked_mul(85)?.checked_add(u32::try_from(digit).ok()?)
        });
        digits += &format!("{:08x}", value?);
    }
    let groups = [0..8, 8..12, 12..16, 16..20, 20..32].map(|group| &digits[group]);
    let file = format!("deletion_vector_{}.bin", groups.join("-"));
    Some(if prefix.is_empty() { file } else { format!("{prefix}/{file}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Delta protocol.
    #[test]
    fn names() {
        let file = "deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin";
        assert_eq!(relative_path("^-aqEH.-t@S}K{vb[*k^").as_deref(), Some(file));
        assert_eq!(relative_path("ab^-aqEH.-t@S}K{vb[*k^"), Some(format!("ab/{file}")));
        for wrong in ["", "ab", "####################", "^-aqEH.-t@S}K{vb[*k~", "é-aqEH.-t@S}K{vb[*k"] {
            assert_eq!(relative_path(wrong), None, "{wrong}");
        }
    }
}
