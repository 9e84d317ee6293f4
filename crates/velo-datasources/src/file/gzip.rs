use std::io::{self, BufRead, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::GzDecoder;

use crate::Compression;
use crate::notice::notice;

/// Unpacks a gzip file, member by member. What stands behind the last one is treated as GNU gzip does: zeros, with which
/// tapes and some tools fill up blocks, are ignored; other bytes are skipped, with a warning.
pub(super) struct GzipMembers<R> {
    path: PathBuf,
    state: State<R>,
}

enum State<R> {
    Member(Box<GzDecoder<Started<R>>>),
    Ended,
}

/// A member, of which the first bytes have been looked at.
type Started<R> = io::Chain<Cursor<Vec<u8>>, R>;

impl<R: BufRead> GzipMembers<R> {
    /// Unpacks what begins as gzip does; `path` is what messages call it.
    pub(super) fn new(path: &Path, packed: R) -> Self {
        Self {
            path: path.to_owned(),
            state: State::Member(member(Vec::new(), packed)),
        }
    }

    /// Begins with what stands behind a member.
    fn go_on(&mut self, mut packed: R) -> io::Result<()> {
        let mut head = Vec::new();
        let magic = Compression::Gzip.magic();
        packed.by_ref().take(magic.len() as u64).read_to_end(&mut head)?;
        if head == magic {
            self.state = State::Member(member(head, packed));
        } else {
            self.pass_over(&head, packed)?;
        }
        Ok(())
    }

    /// Reads what is no member to its end.
    fn pass_over(&self, head: &[u8], mut packed: R) -> io::Result<()> {
        let is_zero = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
        let mut count = head.len() as u64;
        let mut are_zeros = is_zero(head);
        loop {
            let piece = packed.fill_buf()?;
            if piece.is_empty() {
                break;
            }
            let length = piece.len();
            are_zeros = are_zeros && is_zero(piece);
            count += length as u64;
            packed.consume(length);
        }
        if !are_zeros {
            let (bytes, are) = if count == 1 { ("byte", "is") } else { ("bytes", "are") };
            notice!(
                "`{}`: {count} {bytes} behind the end of the gzip stream {are} ignored",
                self.path.display()
            );
        }
        Ok(())
    }
}

fn member<R: BufRead>(head: Vec<u8>, packed: R) -> Box<GzDecoder<Started<R>>> {
    Box::new(GzDecoder::new(Cursor::new(head).chain(packed)))
}

impl<R: BufRead> Read for GzipMembers<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let State::Member(decoder) = &mut self.state {
            let read = decoder.read(into)?;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            if let State::Member(decoder) = std::mem::replace(&mut self.state, State::Ended) {
                let (_, packed) = decoder.into_inner().into_inner();
                self.go_on(packed)?;
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Write as _};

    use flate2::write::GzEncoder;

    use super::*;

    fn packed(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(bytes: &[u8], capacity: usize) -> io::Result<String> {
        let mut text = String::new();
        GzipMembers::new(Path::new("a.gz"), BufReader::with_capacity(capacity, bytes)).read_to_string(&mut text)?;
        Ok(text)
    }

    /// What GNU gzip 1.12 does with the same bytes.
    #[test]
    fn what_stands_behind_the_last_member_is_passed_over() {
        let (one, two) = (packed("one\n"), packed("two\n"));
        let cases: [(Vec<u8>, &str); 8] = [
            (one.clone(), "one\n"),
            ([&one[..], &two].concat(), "one\ntwo\n"),
            ([&one[..], &packed(""), &two].concat(), "one\ntwo\n"),
            ([&one[..], &[0]].concat(), "one\n"),
            ([&one[..], &[0; 10_000]].concat(), "one\n"),
            ([&one[..], b"trailing"].concat(), "one\n"),
            ([&one[..], &[0; 100], b"x"].concat(), "one\n"),
            ([&one[..], &[0x1F]].concat(), "one\n"),
        ];
        for (bytes, expected) in cases {
            for capacity in [1, 7, 4096] {
                assert_eq!(unpacked(&bytes, capacity).unwrap(), expected);
            }
        }
    }

    #[test]
    fn members_that_are_damaged_are_errors() {
        let (one, two) = (packed("one\n"), packed("two\n"));
        let mut wrong = two.clone();
        let checksum = wrong.len() - 8;
        wrong[checksum] ^= 1;
        for bytes in [
            [&one[..], &two[..two.len() - 3]].concat(),
            [&one[..], &wrong].concat(),
            one[..one.len() - 1].to_vec(),
            [&one[..], &[0x1F, 0x8B]].concat(),
        ] {
            assert!(unpacked(&bytes, 4096).is_err());
        }
    }
}
