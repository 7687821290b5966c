//! Decompresses gzip. A file may consist of several members, because compressed files are put together by
//! appending one to another.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use flate2::bufread::GzDecoder;

/// How many compressed bytes are read at a time.
const CHUNK: usize = 64 * 1024;

/// Reads gzip members one after another as one text. Zero bytes behind a member are padding.
pub(crate) struct Members<R> {
    /// The member that is read now; `None` at the end.
    member: Option<GzDecoder<BufReader<R>>>,
}

impl<R: Read> Members<R> {
    pub(crate) fn new(bytes: R) -> Self {
        Self { member: Some(GzDecoder::new(BufReader::with_capacity(CHUNK, bytes))) }
    }
}

impl<R: Read> Read for Members<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let Some(mut member) = self.member.take() {
            let read = member.read(into).map_err(described)?;
            if read > 0 || into.is_empty() {
                self.member = Some(member);
                return Ok(read);
            }
            let mut rest = member.into_inner();
            self.member = has_member(&mut rest)?.then(|| GzDecoder::new(rest));
        }
        Ok(0)
    }
}

/// Skips padding. Returns whether another member follows.
///
/// # Errors
/// Something else follows.
fn has_member(rest: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let bytes = rest.fill_buf()?;
        if bytes.is_empty() {
            return Ok(false);
        }
        match bytes.iter().position(|byte| *byte != 0) {
            Some(at) if bytes[at] == 0x1f => {
                rest.consume(at);
                return Ok(true);
            }
            Some(_) => {
                let what = "behind the end of the gzip data there is something else; compress the file again";
                return Err(io::Error::new(ErrorKind::InvalidData, what));
            }
            None => {
                let padding = bytes.len();
                rest.consume(padding);
            }
        }
    }
}

/// Adds to an error of the decoder what is wrong with the file.
fn described(e: io::Error) -> io::Error {
    let what = match e.kind() {
        ErrorKind::UnexpectedEof => "the gzip data are cut short; copy the file again".to_owned(),
        ErrorKind::InvalidData | ErrorKind::InvalidInput => {
            format!("the gzip data are damaged ({e}); copy the file again")
        }
        _ => return e,
    };
    io::Error::new(e.kind(), what)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> Result<Vec<u8>, String> {
        let mut text = vec![];
        Members::new(bytes).read_to_end(&mut text).map_err(|e| e.to_string())?;
        Ok(text)
    }

    #[test]
    fn members_and_padding() {
        let (a, b, padding) = (gzip(b"{}\n"), gzip(b"[]"), vec![0; 3 * CHUNK]);
        assert_eq!(read(&a), Ok(b"{}\n".to_vec()));
        assert_eq!(read(&[&a[..], &b, &gzip(b""), &b].concat()), Ok(b"{}\n[][]".to_vec()));
        assert_eq!(read(&[&a[..], &padding].concat()), Ok(b"{}\n".to_vec()));
        assert_eq!(read(&[&a[..], &padding, &b].concat()), Ok(b"{}\n[]".to_vec()));
        let something = "behind the end of the gzip data there is something else; compress the file again";
        assert_eq!(read(&[&a[..], b"{}"].concat()), Err(something.to_owned()));
    }

    #[test]
    fn damage_is_described() {
        let text: Vec<u8> = (0..5000u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let whole = gzip(&text);
        for length in [5, 12, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
            let cut = "the gzip data are cut short; copy the file again";
            assert_eq!(read(&whole[..length]), Err(cut.to_owned()), "{length} bytes");
        }
        let mut flipped = whole.clone();
        flipped[whole.len() - 6] ^= 1;
        assert!(read(&flipped).unwrap_err().starts_with("the gzip data are damaged ("));
        assert!(read(&[&whole[..], &[0x1f, 0x8b]].concat()).is_err(), "a member that ends in its header");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = (read(&bytes), read(&[&gzip(b"{}")[..], &bytes].concat()));
        }
    }
}
