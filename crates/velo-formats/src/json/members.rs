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
    target: Option<Target>,
    /// The name that followed last time.
    next: usize,
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

    /// Passes over the object at the scanner's place and tells each member's column, value and whether it is
    /// escaped, in the order of the text.
    pub(crate) fn scan(
        &mut self,
        scanner: &mut Scanner<'_>,
        mut found: impl FnMut(Target, ValueSpan),
    ) -> Result<(), SyntaxError> {
        if !scanner.take(b'{') {
            return Err(scanner.error("expected an object"));
        }
        if scanner.take(b'}') {
            return Ok(());
        }
        let mut previous = None;
        loop {
            let (target, name) = self.name(scanner, previous)?;
            scanner.colon()?;
            let value = scanner.value()?;
            if let Some(target) = target {
                found(target, value);
            }
            previous = name;
            if !scanner.take(b',') {
                break;
            }
        }
        if scanner.take(b'}') {
            Ok(())
        } else {
            Err(scanner.error("expected `,` or `}`"))
        }
    }

    /// Passes over a member's name; the second result is its place in `names`, where it is remembered.
    #[inline]
    fn name(
        &mut self,
        scanner: &mut Scanner<'_>,
        previous: Option<usize>,
    ) -> Result<(Option<Target>, Option<usize>), SyntaxError> {
        if scanner.peek() != Some(b'"') {
            return Err(scanner.error("expected a member name"));
        }
        let predicted = previous.map_or(self.first, |previous| self.names[previous].next);
        if let Some(name) = self.names.get(predicted)
            && scanner.rest().starts_with(&name.raw)
        {
            scanner.advance(name.raw.len());
            return Ok((name.target, Some(predicted)));
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
        Ok((target, name))
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
        self.names.push(MemberName {
            raw: raw.into(),
            target,
            next: place,
        });
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
