//! Which column a member of an object belongs to.

use std::collections::HashMap;

use super::scanner::{Scanner, SyntaxError, ValueSpan};
use super::string::unescape;

/// Most distinct member names that are remembered; objects used as dictionaries have no end of them.
const NAMES_MAX: usize = 4096;

/// The column that a member's value goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    /// Index of the column.
    pub(crate) column: usize,
    /// Whether the name is the column's to the letter. If not, a member whose name is goes first.
    pub(crate) is_exact: bool,
}

/// Finds the columns of members.
///
/// Records of one source mostly have the same members in the same order, so the member that followed the same
/// one last time is tried first, by comparing bytes; only a surprise is hashed.
#[derive(Debug)]
pub(crate) struct MemberIndex {
    exact: HashMap<String, usize>,
    folded: HashMap<String, usize>,
    names: Vec<MemberName>,
    by_raw: HashMap<Box<[u8]>, usize>,
    first: usize,
}

#[derive(Debug)]
struct MemberName {
    /// As it stands in the text, quotes included.
    raw: Box<[u8]>,
    /// The first bytes of `raw`, behind them zeros.
    head: u128,
    /// Ones where `head` has bytes.
    head_mask: u128,
    target: Option<Target>,
    /// The name that followed last time.
    next: usize,
}

/// A name that was not the expected one.
#[derive(Debug)]
struct Surprise {
    target: Option<Target>,
    /// Its place in `names`, where it is remembered.
    name: Option<usize>,
    /// Its end in the text.
    behind: usize,
}

/// Bytes of a name that are compared as one integer, without a call.
const HEAD_BYTES: usize = size_of::<u128>();

impl MemberName {
    fn new(raw: &[u8], target: Option<Target>, next: usize) -> Self {
        let unused_bits = 8 * HEAD_BYTES.saturating_sub(raw.len()) as u32;
        let bytes = raw.iter().take(HEAD_BYTES).rev();
        Self {
            raw: raw.into(),
            head: bytes.fold(0, |head, byte| head << 8 | u128::from(*byte)),
            head_mask: u128::MAX.checked_shr(unused_bits).unwrap_or(0),
            target,
            next,
        }
    }

    /// Whether the text begins with the name.
    #[inline]
    fn begins(&self, text: &[u8]) -> bool {
        match text.first_chunk::<HEAD_BYTES>() {
            Some(head) if u128::from_le_bytes(*head) & self.head_mask != self.head => false,
            Some(_) if self.raw.len() <= HEAD_BYTES => true,
            _ => text.starts_with(&self.raw),
        }
    }
}

impl MemberIndex {
    /// An index of columns by name: to the letter, else in any case.
    pub(crate) fn new<'a>(columns: impl IntoIterator<Item = &'a str>) -> Self {
        let mut exact = HashMap::new();
        let mut folded = HashMap::new();
        for (column, name) in columns.into_iter().enumerate() {
            exact.entry(name.to_owned()).or_insert(column);
            folded.entry(name.to_lowercase()).or_insert(column);
        }
        Self {
            exact,
            folded,
            names: Vec::new(),
            by_raw: HashMap::new(),
            first: 0,
        }
    }

    /// Passes over the object at the scanner's place and tells each member's column and value, in the order of the
    /// text.
    pub(crate) fn scan(
        &mut self,
        scanner: &mut Scanner<'_>,
        found: impl FnMut(Target, ValueSpan),
    ) -> Result<(), SyntaxError> {
        let behind = self.behind_object(*scanner, found)?;
        scanner.move_to(behind);
        Ok(())
    }

    #[inline]
    fn behind_object(
        &mut self,
        mut scanner: Scanner<'_>,
        mut found: impl FnMut(Target, ValueSpan),
    ) -> Result<usize, SyntaxError> {
        if !scanner.take(b'{') {
            return Err(scanner.error("expected an object"));
        }
        if scanner.take(b'}') {
            return Ok(scanner.position());
        }
        let (mut previous, mut expected) = (None, self.first);
        loop {
            scanner.peek();
            let target = match self.names.get(expected) {
                Some(name) if name.begins(scanner.rest()) => {
                    scanner.move_to(scanner.position() + name.raw.len());
                    (previous, expected) = (Some(expected), name.next);
                    name.target
                }
                _ => {
                    let surprise = self.surprise(scanner, previous)?;
                    scanner.move_to(surprise.behind);
                    previous = surprise.name;
                    expected = previous.map_or(self.first, |previous| self.names[previous].next);
                    surprise.target
                }
            };
            scanner.colon()?;
            let value = scanner.value()?;
            if let Some(target) = target {
                found(target, value);
            }
            if !scanner.take(b',') {
                break;
            }
        }
        if scanner.take(b'}') {
            Ok(scanner.position())
        } else {
            Err(scanner.error("expected `,` or `}`"))
        }
    }

    /// Reads a name that another one was expected for.
    #[inline(never)]
    fn surprise(&mut self, mut scanner: Scanner<'_>, previous: Option<usize>) -> Result<Surprise, SyntaxError> {
        if scanner.peek() != Some(b'"') {
            return Err(scanner.error("expected a member name"));
        }
        let text = scanner.rest();
        let start = scanner.position();
        let is_escaped = scanner.string()?;
        let raw = &text[..scanner.position() - start];
        let (target, name) = self.look_up(raw, is_escaped);
        if let Some(name) = name {
            match previous {
                Some(previous) => self.names[previous].next = name,
                None => self.first = name,
            }
        }
        Ok(Surprise {
            target,
            name,
            behind: scanner.position(),
        })
    }

    fn look_up(&mut self, raw: &[u8], is_escaped: bool) -> (Option<Target>, Option<usize>) {
        if let Some(known) = self.by_raw.get(raw) {
            return (self.names[*known].target, Some(*known));
        }
        let target = self.resolve(raw, is_escaped);
        if self.names.len() == NAMES_MAX {
            return (target, None);
        }
        let place = self.names.len();
        self.by_raw.insert(raw.into(), place);
        self.names.push(MemberName::new(raw, target, place));
        (target, Some(place))
    }

    fn resolve(&self, raw: &[u8], is_escaped: bool) -> Option<Target> {
        let inside = raw.get(1..raw.len() - 1).unwrap_or_default();
        let inside = std::str::from_utf8(inside).ok()?;
        let mut name = String::new();
        if is_escaped {
            unescape(inside, &mut name);
        } else {
            name.push_str(inside);
        }
        let target = |column: &usize, is_exact| Target {
            column: *column,
            is_exact,
        };
        let exact = self.exact.get(&name).map(|column| target(column, true));
        exact.or_else(|| {
            let column = self.folded.get(&name.to_lowercase())?;
            Some(target(column, false))
        })
    }
}
