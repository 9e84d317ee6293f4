use crate::Span;

/// A place in a source text as editors count: both from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// A source text with its name and the places where its lines start.
#[derive(Debug, Clone)]
pub struct SourceText {
    name: String,
    text: String,
    line_starts: Vec<u32>,
}

impl SourceText {
    /// Wraps `text`; `name` is what messages call it, normally its path.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let after_newlines = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n')
            .map(|(at, _)| at as u32 + 1);
        let line_starts = std::iter::once(0).chain(after_newlines).collect();
        Self {
            name: name.into(),
            text,
            line_starts,
        }
    }

    /// What messages call the text.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text that a span covers; empty when the span lies outside.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// The same text with `*` for every byte of some spans, so that all places stay what they were.
    #[must_use]
    pub fn masked(self, spans: &[Span]) -> Self {
        let is_masked = |at: usize| spans.iter().any(|span| span.range().contains(&at));
        if spans.is_empty() {
            return self;
        }
        let mut text = String::with_capacity(self.text.len());
        for (at, character) in self.text.char_indices() {
            if is_masked(at) && character != '\n' {
                text.extend(std::iter::repeat_n('*', character.len_utf8()));
            } else {
                text.push(character);
            }
        }
        Self { text, ..self }
    }

    /// Line and column of a byte offset; offsets past the end are at the end.
    pub fn position(&self, offset: u32) -> Position {
        let line = self.line_of(offset);
        let start = self.line_starts[line] as usize;
        let before = self
            .text
            .get(start..(offset as usize).min(self.text.len()))
            .unwrap_or_default();
        Position {
            line: line + 1,
            column: before.chars().count() + 1,
        }
    }

    /// The lines that a span touches, with the byte offset and number (from 1) of the first.
    pub(crate) fn lines_of(&self, span: Span) -> (&str, u32, usize) {
        let first = self.line_of(span.start);
        let last = self.line_of(span.end.max(span.start));
        let start = self.line_starts[first];
        let end = self
            .line_starts
            .get(last + 1)
            .map_or(self.text.len(), |next| *next as usize);
        (self.text.get(start as usize..end).unwrap_or_default(), start, first + 1)
    }

    /// Index of the line that holds a byte offset.
    fn line_of(&self, offset: u32) -> usize {
        self.line_starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_masked_keeps_its_place() {
        let source = SourceText::new("a.sql", "key = 'pässword'\nrest").masked(&[Span::new(7, 16)]);
        assert_eq!(source.text(), "key = '*********'\nrest");
        assert_eq!(source.position(18), Position { line: 2, column: 1 });
    }

    #[test]
    fn columns_count_characters() {
        let source = SourceText::new("a.sql", "größe\nnaïve x");
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        assert_eq!(source.position(8), Position { line: 2, column: 1 });
        assert_eq!(source.position(15), Position { line: 2, column: 7 });
        assert_eq!(source.position(999), Position { line: 2, column: 8 });
    }
}
