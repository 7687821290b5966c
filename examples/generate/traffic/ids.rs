//! The ids of messages, threads and meetings, in the formats of Exchange.

use crate::random::bytes;

/// A Message-ID of RFC 5322.
pub fn message_id(message: u64) -> String {
    let host = message % 10_000;
    format!("<{}@DB9PR04MB{host:04}.eurprd04.prod.example>", hex(&bytes::<16>(message)))
}

/// A conversation id.
pub fn conversation_id(thread: u64) -> String {
    base64(&bytes::<33>(thread))
}

/// A conversation index: six bytes of version and time, then the bytes of the thread.
pub fn conversation_index(thread: u64) -> String {
    base64(&[&[1, 0xdc, 0, 0, 0, 0], &bytes::<16>(thread)[..]].concat())
}

/// A conversation id as it is in one mailbox: the bytes of the mailbox, then the bytes of the thread; base64
/// with `-` for `/` and `_` for `+`.
pub fn conversation_id_in(thread: u64, mailbox: Option<u32>) -> String {
    let mailbox = mailbox.map_or([0; 16], |mailbox| bytes::<16>(u64::from(mailbox)));
    base64(&[&mailbox[..], &bytes::<16>(thread)[..]].concat()).replace('/', "-").replace('+', "_")
}

/// An iCalUId.
pub fn meeting_id(meeting: u64) -> String {
    format!("040000008200E00074C5B7101A82E008{}", hex(&bytes::<20>(meeting)))
}

/// Upper-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Standard base64, padded.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            if digit <= chunk.len() {
                text.push(char::from(DIGITS[(group >> (18 - 6 * digit) & 63) as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_as_in_rfc_4648() {
        let expected = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
        for (length, text) in expected.iter().enumerate() {
            assert_eq!(base64(&b"foobar"[..length]), *text);
        }
    }

    #[test]
    fn ids_are_as_long_as_real_ones() {
        assert_eq!((message_id(1).len(), conversation_id(1).len(), meeting_id(1).len()), (70, 44, 72));
        assert_ne!(message_id(1), message_id(2));
    }
}
