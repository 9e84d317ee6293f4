use std::fmt::Write as _;
use std::io::{self, Write};

use crate::print::line::Line;

/// Erases to the end of the line.
const ERASE_LINE: &str = "\u{1b}[K";
/// Erases to the end of the screen.
const ERASE_BELOW: &str = "\u{1b}[J";

/// Lines at the end of a terminal that are drawn over and over.
///
/// The cursor rests below them, in a line of its own. There the terminal echoes Ctrl-C, and there a shell goes on after a
/// process that was killed; neither tears the lines apart, as it would if the cursor stood at the end of the last one.
#[derive(Debug)]
pub(super) struct Canvas<W> {
    output: W,
    color: bool,
    /// Columns that each line takes that is on the screen.
    drawn: Vec<usize>,
}

impl<W: Write> Canvas<W> {
    /// A canvas on which nothing is drawn yet.
    pub(super) fn new(output: W, color: bool) -> Self {
        Self {
            output,
            color,
            drawn: Vec::new(),
        }
    }

    /// Puts these lines in the place of those drawn before, in one piece, so that nothing flickers.
    ///
    /// # Errors
    ///
    /// When the terminal cannot be written to.
    pub(super) fn draw(&mut self, lines: &[Line], columns: usize) -> io::Result<()> {
        if lines.is_empty() && self.drawn.is_empty() {
            return Ok(());
        }
        let mut frame = self.back_to_the_top(columns);
        for line in lines {
            frame.extend([&line.render(columns, self.color), ERASE_LINE, "\n"]);
        }
        frame.push_str(ERASE_BELOW);
        self.drawn = lines.iter().map(|line| line.width().min(columns)).collect();
        self.output.write_all(frame.as_bytes())?;
        self.output.flush()
    }

    /// Takes away what was drawn.
    ///
    /// # Errors
    ///
    /// When the terminal cannot be written to.
    pub(super) fn wipe(&mut self, columns: usize) -> io::Result<()> {
        self.draw(&[], columns)
    }

    /// A terminal that has become narrower since has broken lines in two.
    fn back_to_the_top(&self, columns: usize) -> String {
        let rows: usize = self
            .drawn
            .iter()
            .map(|width| width.div_ceil(columns.max(1)).max(1))
            .sum();
        let mut frame = String::from("\r");
        if rows > 0 {
            // Writing to a String cannot fail.
            let _ = write!(frame, "\u{1b}[{rows}A");
        }
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::print::line::Paint;

    fn line(text: &str) -> Line {
        Line::default().with(Paint::Plain, text)
    }

    #[test]
    fn frames_replace_each_other_and_nothing_stays() {
        let mut canvas = Canvas::new(Vec::new(), false);
        canvas.wipe(80).unwrap();
        assert_eq!(canvas.output, b"");
        canvas.draw(&[line("wave 1"), line("total")], 80).unwrap();
        canvas.draw(&[line("total")], 80).unwrap();
        canvas.wipe(80).unwrap();
        let drawn = String::from_utf8(canvas.output).unwrap().replace('\u{1b}', "␛");
        assert_eq!(drawn, "\rwave 1␛[K\ntotal␛[K\n␛[J\r␛[2Atotal␛[K\n␛[J\r␛[1A␛[J");
    }

    #[test]
    fn lines_that_a_narrower_terminal_has_broken_are_counted() {
        let mut canvas = Canvas::new(Vec::new(), false);
        canvas.draw(&[line("0123456789"), line("")], 10).unwrap();
        canvas.wipe(4).unwrap();
        let drawn = String::from_utf8(canvas.output).unwrap();
        assert!(drawn.ends_with("\r\u{1b}[4A\u{1b}[J"), "{drawn:?}");
    }
}
