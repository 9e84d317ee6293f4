//! Which column a member of an object belongs to.

use std::collections::{HashMap, HashSet};

use super::scanner::{Scanner, SyntaxError, ValueSpan};
use super::string::unescape;

/// Most distinct member names that are remembered without a column; objects used as dictionaries have no end of them.
const NAMES_MAX: usize = 4096;

/// What is wrong with an object that has two members for one column.
const RIVALS: &str = "two members that differ in case alone mean one column, in the object that ends";

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
    /// Names, without regard to case, that are no news although no column is asked for that has them; nothing where no name is.
    known: Option<HashSet<String>>,
    /// Names in `names` that are news and were met since that was told last.
    met: Vec<usize>,
    /// Values since then under names that are news and not remembered.
    unnamed: u64,
    /// Members of the object at hand whose names are not the only ones for their columns: column and name.
    rivals: Vec<(usize, usize)>,
    /// Whether names became rivals since the object at hand began, which may have others of them.
    has_new_rivals: bool,
    /// Whether an object is passed over for the second time, so that its news have been noted.
    looks_again: bool,
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
    /// Whether more is to be done about it than to take its value: it is news, or a rival.
    is_noted: bool,
    /// The name that followed last time.
    next: usize,
    /// What it says.
    text: Box<str>,
    /// Values that were met since that was told last, and the row of the first.
    values: u64,
    first_row: usize,
}

/// What was met under a name that is news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct News<'a> {
    /// The name; none where it is not remembered.
    pub(crate) name: Option<&'a str>,
    /// How many values.
    pub(crate) values: u64,
    /// The row of the first.
    pub(crate) first_row: usize,
}

/// What a name means.
#[derive(Debug, Clone, Copy)]
struct Meaning {
    target: Option<Target>,
    is_news: bool,
}

/// A name that was not the expected one.
#[derive(Debug)]
struct Surprise {
    target: Option<Target>,
    is_noted: bool,
    /// Its place in `names`, where it is remembered.
    name: Option<usize>,
    /// Its end in the text.
    behind: usize,
}

/// Bytes of a name that are compared as one integer, without a call.
const HEAD_BYTES: usize = size_of::<u128>();

impl MemberName {
    fn new(raw: &[u8], text: String, meaning: Meaning, next: usize) -> Self {
        let unused_bits = 8 * HEAD_BYTES.saturating_sub(raw.len()) as u32;
        let bytes = raw.iter().take(HEAD_BYTES).rev();
        Self {
            raw: raw.into(),
            head: bytes.fold(0, |head, byte| head << 8 | u128::from(*byte)),
            head_mask: u128::MAX.checked_shr(unused_bits).unwrap_or(0),
            target: meaning.target,
            is_noted: meaning.is_news,
            next,
            text: text.into(),
            values: 0,
            first_row: 0,
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
            known: None,
            met: Vec::new(),
            unnamed: 0,
            rivals: Vec::new(),
            has_new_rivals: false,
            looks_again: false,
        }
    }

    /// Takes note of members that no column has the name of; `known` are the names of columns that nobody asks for.
    pub(crate) fn watch<'a>(&mut self, known: impl IntoIterator<Item = &'a str>) {
        self.known = Some(known.into_iter().map(str::to_lowercase).collect());
    }

    /// Whether members were met that are news.
    pub(crate) fn has_news(&self) -> bool {
        !self.met.is_empty() || self.unnamed > 0
    }

    /// Tells the members that are news and were met since this was asked last.
    pub(crate) fn take_news(&mut self, mut tell: impl FnMut(News<'_>)) {
        for name in self.met.drain(..) {
            let name = &mut self.names[name];
            tell(News {
                name: Some(&name.text),
                values: std::mem::take(&mut name.values),
                first_row: name.first_row,
            });
        }
        let values = std::mem::take(&mut self.unnamed);
        if values > 0 {
            tell(News {
                name: None,
                values,
                first_row: 0,
            });
        }
    }

    /// Passes over the object at the scanner's place and tells each member's column and value, in the order of the
    /// text. News are noted under the number of the row.
    pub(crate) fn scan(
        &mut self,
        scanner: &mut Scanner<'_>,
        row: usize,
        mut found: impl FnMut(Target, ValueSpan),
    ) -> Result<(), SyntaxError> {
        let behind = self.behind_object(*scanner, row, &mut found)?;
        if self.has_new_rivals {
            self.look_again(*scanner, row, &mut found)?;
        }
        scanner.move_to(behind);
        Ok(())
    }

    /// Passes over an object again whose names became rivals on the way.
    #[cold]
    fn look_again(
        &mut self,
        scanner: Scanner<'_>,
        row: usize,
        found: &mut dyn FnMut(Target, ValueSpan),
    ) -> Result<(), SyntaxError> {
        self.has_new_rivals = false;
        self.looks_again = true;
        let behind = self.behind_object(scanner, row, found);
        self.looks_again = false;
        behind.map(|_| ())
    }

    #[inline]
    fn behind_object(
        &mut self,
        mut scanner: Scanner<'_>,
        row: usize,
        mut found: impl FnMut(Target, ValueSpan),
    ) -> Result<usize, SyntaxError> {
        self.rivals.clear();
        if !scanner.take(b'{') {
            return Err(scanner.error("expected an object"));
        }
        if scanner.take(b'}') {
            return Ok(scanner.position());
        }
        let (mut previous, mut expected) = (None, self.first);
        loop {
            scanner.peek();
            let (target, is_noted) = match self.names.get(expected) {
                Some(name) if name.begins(scanner.rest()) => {
                    scanner.move_to(scanner.position() + name.raw.len());
                    (previous, expected) = (Some(expected), name.next);
                    (name.target, name.is_noted)
                }
                _ => {
                    let surprise = self.surprise(scanner, previous)?;
                    scanner.move_to(surprise.behind);
                    previous = surprise.name;
                    expected = previous.map_or(self.first, |previous| self.names[previous].next);
                    (surprise.target, surprise.is_noted)
                }
            };
            scanner.colon()?;
            let value = scanner.value()?;
            if let Some(target) = target {
                found(target, value);
            }
            if is_noted {
                self.note(previous, row, value.is_null);
            }
            if !scanner.take(b',') {
                break;
            }
        }
        if scanner.take(b'}') {
            // Of new rivals, some may have been passed over before they were any: another look tells.
            if !self.rivals.is_empty() && !self.has_new_rivals && self.is_contested() {
                return Err(scanner.error(RIVALS));
            }
            Ok(scanner.position())
        } else {
            Err(scanner.error("expected `,` or `}`"))
        }
    }

    /// Notes a member that is news, or a rival of another for its column.
    #[cold]
    #[inline(never)]
    fn note(&mut self, name: Option<usize>, row: usize, is_null: bool) {
        let Some(place) = name else {
            self.unnamed += u64::from(!is_null && !self.looks_again);
            return;
        };
        let name = &mut self.names[place];
        match name.target {
            Some(target) => self.rivals.push((target.column, place)),
            None if is_null || self.looks_again => {} // There is nothing to be lost, or it has been counted.
            None => {
                if name.values == 0 {
                    name.first_row = row;
                    self.met.push(place);
                }
                name.values += 1;
            }
        }
    }

    /// Whether a column has several members in the object at hand, none of which has its name to the letter.
    #[cold]
    fn is_contested(&self) -> bool {
        let name = |place: usize| &self.names[place];
        let is_exact = |place: usize| name(place).target.is_some_and(|target| target.is_exact);
        self.rivals.iter().any(|(column, place)| {
            let mut others = self.rivals.iter().filter(|(other, _)| other == column);
            let has_exact = others.clone().any(|(_, other)| is_exact(*other));
            !has_exact && others.any(|(_, other)| name(*other).text != name(*place).text)
        })
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
        let (target, is_noted, name) = self.look_up(raw, is_escaped);
        if let Some(name) = name {
            match previous {
                Some(previous) => self.names[previous].next = name,
                None => self.first = name,
            }
        }
        Ok(Surprise {
            target,
            is_noted,
            name,
            behind: scanner.position(),
        })
    }

    fn look_up(&mut self, raw: &[u8], is_escaped: bool) -> (Option<Target>, bool, Option<usize>) {
        if let Some(known) = self.by_raw.get(raw) {
            let name = &self.names[*known];
            return (name.target, name.is_noted, Some(*known));
        }
        let text = text_of(raw, is_escaped);
        let meaning = self.meaning(&text);
        // Of names in any case, there may be many for one column.
        let names_max = if meaning.target.is_some() {
            2 * NAMES_MAX
        } else {
            NAMES_MAX
        };
        if self.names.len() >= names_max {
            return (meaning.target, meaning.is_news, None);
        }
        let place = self.names.len();
        self.by_raw.insert(raw.into(), place);
        self.names.push(MemberName::new(raw, text, meaning, place));
        if let Some(target) = meaning.target {
            self.note_rivals(target.column);
        }
        (meaning.target, self.names[place].is_noted, Some(place))
    }

    /// Has the names of a column noted as soon as several are not its own.
    fn note_rivals(&mut self, column: usize) {
        let is_of_column = |name: &MemberName| name.target.is_some_and(|target| target.column == column);
        let others = self.names.iter().filter(|name| is_of_column(name));
        let mut inexact = others.filter(|name| name.target.is_some_and(|target| !target.is_exact));
        let Some(first) = inexact.next() else { return };
        if !inexact.any(|other| other.text != first.text) {
            return;
        }
        for name in self.names.iter_mut().filter(|name| is_of_column(name)) {
            self.has_new_rivals |= !name.is_noted;
            name.is_noted = true;
        }
    }

    fn meaning(&self, name: &str) -> Meaning {
        let target = |column: &usize, is_exact| Target {
            column: *column,
            is_exact,
        };
        let exact = self.exact.get(name).map(|column| target(column, true));
        let folded = name.to_lowercase();
        let target = exact.or_else(|| Some(target(self.folded.get(&folded)?, false)));
        let is_news = self.known.as_ref().is_some_and(|known| !known.contains(&folded));
        Meaning {
            is_news: is_news && target.is_none(),
            target,
        }
    }
}

/// What a name says, which comes with its quotes.
fn text_of(raw: &[u8], is_escaped: bool) -> String {
    let inside = raw.get(1..raw.len() - 1).unwrap_or_default();
    let inside = String::from_utf8_lossy(inside);
    if !is_escaped {
        return inside.into_owned();
    }
    let mut text = String::new();
    unescape(&inside, &mut text);
    text
}
