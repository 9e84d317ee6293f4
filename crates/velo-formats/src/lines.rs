/// One line of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// The line without its end.
    pub(crate) text: &'a [u8],
    /// Bytes of the line with its end.
    pub(crate) consumed: usize,
}

impl<'a> Line<'a> {
    /// The line that `input` begins with and that `\n` ends at byte `end`.
    #[inline]
    pub(crate) fn before(input: &'a [u8], end: usize) -> Self {
        Self {
            text: without_return(&input[..end]),
            consumed: end + 1,
        }
    }

    /// Whether there is nothing but white space.
    pub(crate) fn is_blank(&self) -> bool {
        // Most lines begin with something, so that this looks at one byte.
        self.text.iter().all(u8::is_ascii_whitespace)
    }
}

/// The line that `input` begins with: up to `\n` or `\r\n`, or at the end of the text up to there. `None` if the
/// line's end is not there yet, or nothing is left.
pub(crate) fn next_line(input: &[u8], is_end: bool) -> Option<Line<'_>> {
    match memchr::memchr(b'\n', input) {
        Some(end) => Some(Line::before(input, end)),
        None if is_end && !input.is_empty() => Some(Line {
            text: without_return(input),
            consumed: input.len(),
        }),
        None => None,
    }
}

fn without_return(text: &[u8]) -> &[u8] {
    text.strip_suffix(b"\r").unwrap_or(text)
}
