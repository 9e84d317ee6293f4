use std::fmt;

use super::Compression;

/// How text is written in bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TextEncoding(&'static encoding_rs::Encoding);

impl TextEncoding {
    /// The encoding of a name, by the list that browsers use (WHATWG Encoding): `utf-16le`, `latin1`, `windows-1252`,
    /// `shift_jis`, in any case. ASCII is read as UTF-8, of which it is a part, and not as browsers do.
    pub fn of_label(label: &str) -> Option<Self> {
        let label = label.trim();
        if label.eq_ignore_ascii_case("us-ascii") || label.eq_ignore_ascii_case("ascii") {
            return Some(Self(encoding_rs::UTF_8));
        }
        encoding_rs::Encoding::for_label_no_replacement(label.as_bytes()).map(Self)
    }

    /// The usual name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// Whether its bytes are text as they stand.
    pub fn is_utf8(self) -> bool {
        self.0 == encoding_rs::UTF_8
    }

    /// What turns its bytes into UTF-8. A byte order mark goes before what was said, as everywhere on the web.
    pub(crate) fn decoder(self) -> encoding_rs::Decoder {
        self.0.new_decoder()
    }
}

impl fmt::Debug for TextEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for TextEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the bytes of a file have to go through before they are text in UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packing {
    /// How they are compressed.
    pub(crate) compression: Compression,
    /// How text is written in what comes out; `None` where that is UTF-8.
    pub(crate) encoding: Option<TextEncoding>,
}

impl Packing {
    /// The bytes are the text.
    pub(crate) const NONE: Self = Self {
        compression: Compression::None,
        encoding: None,
    };

    /// Whether a place in the text is the same place in the file.
    pub(crate) fn is_none(self) -> bool {
        self == Self::NONE
    }
}

/// Reads the value of `encoding`.
pub(super) fn parse_encoding(value: &str) -> Result<TextEncoding, String> {
    TextEncoding::of_label(value).ok_or_else(|| {
        "the name of an encoding, such as utf-8, utf-16le, utf-16be, iso-8859-15, windows-1252, shift_jis or gb18030"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names and what they mean: <https://encoding.spec.whatwg.org/#names-and-labels>.
    #[test]
    fn names_are_those_of_the_web() {
        let cases = [
            ("UTF-8", Some("UTF-8")),
            ("utf8", Some("UTF-8")),
            ("us-ascii", Some("UTF-8")),
            (" utf-16 ", Some("UTF-16LE")),
            ("UTF-16BE", Some("UTF-16BE")),
            ("iso-8859-1", Some("windows-1252")),
            ("latin1", Some("windows-1252")),
            ("cp1252", Some("windows-1252")),
            ("ISO-8859-15", Some("ISO-8859-15")),
            ("sjis", Some("Shift_JIS")),
            ("utf-7", None),
            ("iso-2022-kr", None),
            ("", None),
        ];
        for (label, name) in cases {
            assert_eq!(TextEncoding::of_label(label).map(TextEncoding::name), name, "{label}");
        }
    }
}
