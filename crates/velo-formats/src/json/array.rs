use super::members::MemberIndex;
use super::scanner::{Scanner, SyntaxError};
use crate::column::Problem;
use crate::record::{Outcome, RowCells, ScannedRecord};

/// Why the rest of a text cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The line where it shows, from 1.
    pub line: u64,
    /// What is wrong there.
    pub message: String,
}

/// Walks over the elements of a JSON array without looking into them.
///
/// An element reaches to the comma or bracket behind it, so that a malformed one costs itself alone. A quote that no
/// other follows on its line opens no string, so that a missing one does not turn everything behind it inside out.
#[derive(Debug, Clone, Default)]
pub(crate) struct ArrayWalk {
    place: Place,
    broken: Option<Fault>,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    /// The bracket that opens the array.
    #[default]
    Start,
    /// The first element, or the closing bracket.
    First,
    /// An element.
    Element,
    /// A comma or the closing bracket.
    Behind,
    /// Any of the above or below: reading goes on from a place where it stopped before, which was looked at then.
    Resumed,
    /// White space.
    Done,
    /// Nothing that is looked at.
    Broken,
}

/// What a walk finds at the start of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Bytes between elements.
    Skip(usize),
    /// The bytes of an element.
    Element(usize),
    /// What cannot be told without more input; or nothing is left.
    Incomplete,
}

impl ArrayWalk {
    /// Goes on behind an element of an array whose beginning was read before.
    pub(crate) fn resume(&mut self) {
        self.place = Place::Resumed;
    }

    /// Whether the text may end here.
    pub(crate) fn may_end(&self) -> bool {
        matches!(self.place, Place::Start | Place::Resumed | Place::Done | Place::Broken)
    }

    /// What is wrong with the array.
    pub(crate) fn broken(&self) -> Option<&Fault> {
        self.broken.as_ref()
    }

    /// Gives the array up: nothing that follows is looked at.
    pub(crate) fn give_up(&mut self, line: u64, message: String) {
        self.place = Place::Broken;
        self.broken = Some(Fault { line, message });
    }

    /// The next step. The input begins on the given line; `is_end` says that nothing follows it.
    pub(crate) fn step(&mut self, input: &[u8], is_end: bool, line: u64) -> Step {
        if self.place == Place::Broken {
            return if input.is_empty() {
                Step::Incomplete
            } else {
                Step::Skip(input.len())
            };
        }
        let is_white = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        let white = input.iter().take_while(is_white).count();
        let Some(next) = input.get(white) else {
            if is_end && !self.may_end() {
                self.give_up(
                    line + lines_in(input),
                    "the array is never closed: `]` is missing".to_owned(),
                );
            }
            return if white == 0 {
                Step::Incomplete
            } else {
                Step::Skip(white)
            };
        };
        let (place, is_element) = match (self.place, next) {
            (Place::Start, b'[') => (Place::First, false),
            (Place::First | Place::Behind | Place::Resumed, b']') => (Place::Done, false),
            (Place::Behind | Place::Resumed, b',') => (Place::Element, false),
            (Place::First | Place::Element | Place::Resumed, byte) if *byte != b']' => (Place::Behind, true),
            (place, byte) => {
                self.give_up(line + lines_in(&input[..white]), complaint(place, *byte));
                return Step::Skip(input.len());
            }
        };
        if !is_element {
            self.place = place;
            return Step::Skip(white + 1);
        }
        if white > 0 {
            return Step::Skip(white); // An element's place is where it begins.
        }
        match element_bytes(input, is_end) {
            Some(bytes) => {
                self.place = place;
                Step::Element(bytes)
            }
            None if is_end => {
                let message = "the array is never closed: its last element has no end".to_owned();
                self.give_up(line, message);
                Step::Skip(input.len())
            }
            None => Step::Incomplete,
        }
    }
}

/// What is wrong with a byte that cannot stand at a place.
fn complaint(place: Place, byte: u8) -> String {
    match (place, byte) {
        (Place::Start, b'{') => {
            "this is one object, not an array; if it has one object a line, use the format `jsonlines`".to_owned()
        }
        (Place::Start, _) => "expected `[`, which an array begins with".to_owned(),
        (Place::Element, b']') => "a comma stands before `]`".to_owned(),
        (Place::Done, _) => "text goes on behind the `]` that closes the array".to_owned(),
        _ => "expected `,` or `]`".to_owned(),
    }
}

/// Bytes of the element that the input begins with, without white space behind it; `None` if its end is not there.
fn element_bytes(input: &[u8], is_end: bool) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_usize);
    loop {
        let Some(found) = input.get(at..)?.iter().position(|byte| is_structural(*byte)) else {
            // Cut off behind a whole element, or within one.
            return (is_end && depth == 0).then_some(input.trim_ascii_end().len());
        };
        at += found;
        match input[at] {
            b'"' => {
                at = behind_string(input, at + 1)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b',' if depth > 0 => {}
            b',' => break,
            b']' if depth == 0 => break,
            _ => depth = depth.saturating_sub(1),
        }
        at += 1;
    }
    Some(input[..at].trim_ascii_end().len())
}

fn is_structural(byte: u8) -> bool {
    matches!(byte, b'"' | b'{' | b'}' | b'[' | b']' | b',')
}

/// The place behind the quote that closes a string; if none does on its line, the place behind the one that opens it.
fn behind_string(input: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        at += memchr::memchr3(b'"', b'\\', b'\n', input.get(at..)?)?;
        match input[at] {
            b'\\' => at += 2,
            b'\n' => return Some(start),
            _ => return Some(at + 1),
        }
    }
}

fn lines_in(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// Records that are the elements of one JSON array.
#[derive(Debug)]
pub(crate) struct JsonArray {
    pub(crate) walk: ArrayWalk,
    pub(crate) members: MemberIndex,
}

impl JsonArray {
    /// Looks for the members with the columns' names.
    pub(crate) fn new<'a>(columns: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            walk: ArrayWalk::default(),
            members: MemberIndex::new(columns),
        }
    }

    /// Scans the record that `input` begins with; `None` if its end is not there yet.
    pub(crate) fn next<'a>(
        &mut self,
        input: &'a [u8],
        is_end: bool,
        cells: &mut RowCells<'_>,
        line: u64,
    ) -> Option<ScannedRecord<'a>> {
        let (consumed, is_element) = match self.walk.step(input, is_end, line) {
            Step::Skip(bytes) => (bytes, false),
            Step::Element(bytes) => (bytes, true),
            Step::Incomplete => return None,
        };
        let bytes = &input[..consumed];
        let outcome = if is_element {
            self.element(bytes, cells)
        } else {
            Outcome::Blank
        };
        Some(ScannedRecord {
            bytes: if is_element { bytes } else { &[] },
            consumed,
            lines: lines_in(bytes),
            outcome,
        })
    }

    fn element(&mut self, bytes: &[u8], cells: &mut RowCells<'_>) -> Outcome {
        match self.scan(bytes, cells) {
            Ok(()) => Outcome::Row,
            Err(error) => Outcome::Rejected(Box::new(Problem::from(error))),
        }
    }

    fn scan(&mut self, element: &[u8], cells: &mut RowCells<'_>) -> Result<(), SyntaxError> {
        let mut scanner = Scanner::new(element, 0);
        let row = cells.number();
        self.members
            .scan(&mut scanner, row, |target, value| cells.take_member(target, value))?;
        scanner.end()
    }
}
