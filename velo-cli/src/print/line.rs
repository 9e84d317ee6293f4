use unicode_width::UnicodeWidthStr;
use velo_common::RenderStyle;

use super::text::{cut, prefix, printable};

const RESET: &str = "\u{1b}[0m";

/// How a part of a line stands out, where there are colors. Nothing is told by color alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    Plain,
    Bold,
    Dim,
    Cyan,
    Green,
    Yellow,
    Red,
}

impl Paint {
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "\u{1b}[1m",
            Self::Dim => "\u{1b}[2m",
            Self::Cyan => "\u{1b}[36m",
            Self::Green => "\u{1b}[32m",
            Self::Yellow => "\u{1b}[33m",
            Self::Red => "\u{1b}[31m",
        }
    }
}

/// One line of a terminal, made of parts. Whatever is put into it, it stays one line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Line {
    parts: Vec<(Paint, String)>,
    width: usize,
}

impl Line {
    /// The same with one more part.
    #[must_use]
    pub(crate) fn with(mut self, paint: Paint, text: &str) -> Self {
        let text = printable(text).into_owned();
        self.width += text.width();
        self.parts.push((paint, text));
        self
    }

    /// The same with a text of so many columns: cut where it is wider, else filled with spaces.
    #[must_use]
    pub(crate) fn with_column(self, paint: Paint, text: &str, columns: usize) -> Self {
        let text = printable(text);
        let text = cut(&text, columns);
        let padding = columns - text.width();
        self.with(paint, &format!("{text}{:padding$}", ""))
    }

    /// Columns that it takes.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// The line in at most so many columns; one that is wider ends in `…`.
    pub(crate) fn render(&self, columns: usize, color: bool) -> String {
        let is_cut = self.width > columns;
        let mut left = if is_cut { columns.saturating_sub(1) } else { columns };
        let mut rendered = String::new();
        for (paint, text) in &self.parts {
            let text = prefix(text, left);
            left -= text.width();
            if color && *paint != Paint::Plain && !text.is_empty() {
                rendered.extend([paint.code(), text, RESET]);
            } else {
                rendered.push_str(text);
            }
            if left == 0 {
                break;
            }
        }
        if is_cut && columns > 0 {
            rendered.push('…');
        }
        rendered
    }
}

/// Lines as they are printed, each whole however wide it is.
pub(crate) fn text(lines: &[Line], style: RenderStyle) -> String {
    let lines = lines.iter().map(|line| line.render(usize::MAX, style.color) + "\n");
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_across_its_parts() {
        let line = Line::default()
            .with(Paint::Bold, "wave 1")
            .with(Paint::Plain, ": ")
            .with(Paint::Red, "1 failed");
        assert_eq!(line.width(), 16);
        let cases = [
            (16, "wave 1: 1 failed"),
            (15, "wave 1: 1 fail…"),
            (7, "wave 1…"),
            (6, "wave …"),
            (0, ""),
        ];
        for (columns, expected) in cases {
            assert_eq!(line.render(columns, false), expected, "{columns}");
        }
        assert_eq!(
            line.render(11, true),
            "\u{1b}[1mwave 1\u{1b}[0m: \u{1b}[31m1 \u{1b}[0m…"
        );
    }

    #[test]
    fn what_is_put_in_stays_on_the_line() {
        let line = Line::default()
            .with_column(Paint::Plain, "two\nlines", 8)
            .with(Paint::Plain, "|\u{1b}[2J");
        assert_eq!(line.render(80, false), "two\\nli…|\\u{1b}[2J");
    }
}
