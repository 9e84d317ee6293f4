use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult};

use crate::TextEncoding;

/// Bytes that are turned into UTF-8 at a time.
const PIECE_BYTES: usize = 64 << 10;

/// What stands for a character that is not one in the text's encoding: a byte that UTF-8 never has, so that the record
/// with it is rejected as text that cannot be read, and only that record.
const INVALID: u8 = 0xFF;

/// Turns text in another encoding into UTF-8 as it is read.
pub(super) struct Transcoder {
    decoder: Decoder,
    /// Bytes as they came.
    source: Vec<u8>,
    /// Text in UTF-8.
    text: Vec<u8>,
    /// First byte of `text` that has not been handed on.
    start: usize,
    is_end: bool,
}

impl Transcoder {
    pub(super) fn new(encoding: TextEncoding) -> Self {
        Self {
            decoder: encoding.decoder(),
            source: Vec::new(),
            text: Vec::new(),
            start: 0,
            is_end: false,
        }
    }

    /// Reads on from `source`, as text.
    pub(super) fn read(&mut self, source: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
        while self.start == self.text.len() && !self.is_end {
            self.read_piece(source)?;
        }
        let ready = &self.text[self.start..];
        let count = ready.len().min(into.len());
        into[..count].copy_from_slice(&ready[..count]);
        self.start += count;
        Ok(count)
    }

    fn read_piece(&mut self, source: &mut impl Read) -> io::Result<()> {
        self.source.resize(PIECE_BYTES, 0);
        let read = loop {
            match source.read(&mut self.source) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.is_end = read == 0;
        self.text.clear();
        self.start = 0;
        self.decode(read);
        Ok(())
    }

    fn decode(&mut self, source_bytes: usize) {
        let mut source = &self.source[..source_bytes];
        loop {
            let end = self.text.len();
            let needed = self.decoder.max_utf8_buffer_length_without_replacement(source.len());
            self.text.resize(end + needed.unwrap_or(PIECE_BYTES), 0);
            let (result, read, written) =
                self.decoder
                    .decode_to_utf8_without_replacement(source, &mut self.text[end..], self.is_end);
            self.text.truncate(end + written);
            source = &source[read..];
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => self.text.push(INVALID),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that hands out so many bytes at a time.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(into.len()).min(self.0.len());
            let (head, tail) = self.0.split_at(count);
            into[..count].copy_from_slice(head);
            self.0 = tail;
            Ok(count)
        }
    }

    fn transcoded(label: &str, bytes: &[u8], piece: usize, asked: usize) -> Vec<u8> {
        let mut transcoder = Transcoder::new(TextEncoding::of_label(label).unwrap());
        let (mut source, mut all) = (Pieces(bytes, piece), Vec::new());
        let mut buffer = vec![0; asked];
        loop {
            let read = transcoder.read(&mut source, &mut buffer).unwrap();
            if read == 0 {
                return all;
            }
            all.extend_from_slice(&buffer[..read]);
        }
    }

    /// The bytes are those that Python's `str.encode` gives.
    #[test]
    fn text_comes_out_however_it_is_cut() {
        let cases: [(&str, &[u8], &[u8]); 9] = [
            ("iso-8859-1", b"caf\xE9;1\n", "café;1\n".as_bytes()),
            ("iso-8859-15", b"\xA4", "€".as_bytes()),
            ("windows-1252", b"\x80", "€".as_bytes()),
            ("utf-16le", b"a\0\n\0", b"a\n"),
            ("utf-16", b"\xFE\xFF\0a\x26\x3A", "a☺".as_bytes()),
            ("utf-16le", b"\x3D\xD8\x00\xDE", "😀".as_bytes()),
            ("shift_jis", b"\x93\xFA\x96\x7B", "日本".as_bytes()),
            // A half of a surrogate pair, and half of a unit at the end.
            ("utf-16le", b"\x3D\xD8a\0", b"\xFFa"),
            ("utf-16le", b"a\0b", b"a\xFF"),
        ];
        for (label, bytes, expected) in cases {
            for piece in [1, 2, 3, 100] {
                for asked in [1, 2, 100] {
                    assert_eq!(transcoded(label, bytes, piece, asked), expected, "{label} {bytes:?}");
                }
            }
        }
    }

    #[test]
    fn long_text_comes_out_whole() {
        let text: String = (0..100_000).map(|number| format!("zeile {number} äöü\n")).collect();
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(transcoded("utf-16be", &units, 70_001, 4099), text.as_bytes());
    }
}
