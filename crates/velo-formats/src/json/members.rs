//! Which column a member of an object belongs to.

use std::collections::{HashMap, HashSet};

use super::lead::Lead;
use super::scanner::{Scanner, SyntaxError, ValueSpan};
use super::string::unescape;

/// Most distinct member names that are remembered without a column; objects used as dictionaries have no end of them.
const NAMES_MAX: usize = 4096;

/// What is wrong with an object that has two members for one column.
const RIVALS: &str = "two members that differ in case alone mean one column, in the object that ends";

/// Why an object is given up about which nothing may be noted. Nobody is told: it is passed over once more.
const TO_BE_NOTED: &str = "something is to be noted about a member";

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
/// Records of one source mostly have the same members in the same order and the same white space, so what led to the
/// next value last time is tried first, by comparing bytes; only a surprise is taken apart.
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
    /// What stood between the previous member's value, or the beginning of the object, and its own value last time.
    lead: Lead,
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

/// A member whose value comes next.
#[derive(Debug, Clone, Copy)]
struct Member {
    target: Option<Target>,
    is_noted: bool,
    /// Its name's place in `names`, where it is remembered.
    name: Option<usize>,
    /// The name that is expected to follow.
    next: usize,
}

/// What comes before a value in an object.
#[derive(Debug, Clone, Copy)]
enum Before {
    /// Nothing: it is the first.
    Nothing,
    /// A member, whose name has a place in `names` where it is remembered.
    Member(Option<usize>),
}

/// What comes where something else was expected.
#[derive(Debug)]
enum Surprise {
    /// A member, and the beginning of its value.
    Member(Member, usize),
    /// The end of the object: the first byte behind it.
    End(usize),
}

/// What is done about members that are to be noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Notes {
    /// They are noted.
    Taken,
    /// The object is given up before anything is noted.
    GiveUp,
}

impl MemberName {
    fn new(raw: &[u8], text: String, meaning: Meaning, next: usize) -> Self {
        Self {
            raw: raw.into(),
            lead: Lead::default(),
            target: meaning.target,
            is_noted: meaning.is_news,
            next,
            text: text.into(),
            values: 0,
            first_row: 0,
        }
    }

    /// A member of this name, whose place is given.
    #[inline]
    fn member(&self, place: usize) -> Member {
        Member {
            target: self.target,
            is_noted: self.is_noted,
            name: Some(place),
            next: self.next,
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
        let behind = self.behind_object(*scanner, row, Notes::Taken, &mut found)?;
        if self.has_new_rivals {
            self.look_again(*scanner, row, &mut found)?;
        }
        scanner.move_to(behind);
        Ok(())
    }

    /// Does the same, unless something is wrong with the object or has to be noted about it. Then nothing has been
    /// noted, and the object can be passed over once more.
    #[inline]
    pub(crate) fn try_scan(&mut self, scanner: &mut Scanner<'_>, found: impl FnMut(Target, ValueSpan)) -> bool {
        match self.behind_object(*scanner, 0, Notes::GiveUp, found) {
            Ok(behind) => {
                scanner.move_to(behind);
                true
            }
            Err(_) => false,
        }
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
        let behind = self.behind_object(scanner, row, Notes::Taken, found);
        self.looks_again = false;
        behind.map(|_| ())
    }

    #[inline]
    fn behind_object(
        &mut self,
        mut scanner: Scanner<'_>,
        row: usize,
        notes: Notes,
        mut found: impl FnMut(Target, ValueSpan),
    ) -> Result<usize, SyntaxError> {
        self.rivals.clear();
        let mut before = Before::Nothing;
        let mut expected = self.first;
        loop {
            let member = match self.names.get(expected) {
                Some(name) if name.lead.is_at(scanner.bytes(), scanner.position()) => {
                    scanner.move_to(scanner.position() + name.lead.length());
                    name.member(expected)
                }
                _ if matches!(before, Before::Member(_)) && scanner.rest().first() == Some(&b'}') => {
                    scanner.move_to(scanner.position() + 1);
                    break;
                }
                _ => match self.surprise(scanner, before, expected)? {
                    Surprise::Member(member, value) => {
                        scanner.move_to(value);
                        member
                    }
                    Surprise::End(behind) => {
                        scanner.move_to(behind);
                        break;
                    }
                },
            };
            before = Before::Member(member.name);
            expected = member.next;
            let value = scanner.value()?;
            if let Some(target) = member.target {
                found(target, value);
            }
            if member.is_noted {
                if notes == Notes::GiveUp {
                    return Err(scanner.error(TO_BE_NOTED));
                }
                self.note(member.name, row, value.is_null);
            }
        }
        // Of new rivals, some may have been passed over before they were any: another look tells.
        if !self.rivals.is_empty() && !self.has_new_rivals && self.is_contested() {
            return Err(scanner.error(RIVALS));
        }
        Ok(scanner.position())
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

    /// Passes over what stands before a value, where it is not what stood there last time.
    #[inline(never)]
    fn surprise(&mut self, mut scanner: Scanner<'_>, before: Before, expected: usize) -> Result<Surprise, SyntaxError> {
        let lead = scanner.rest();
        let start = scanner.position();
        let has_another = match before {
            Before::Nothing if !scanner.take(b'{') => return Err(scanner.error("expected an object")),
            Before::Nothing => !scanner.take(b'}'),
            Before::Member(_) if scanner.take(b',') => true,
            Before::Member(_) if scanner.take(b'}') => false,
            Before::Member(_) => return Err(scanner.error("expected `,` or `}`")),
        };
        if !has_another {
            return Ok(Surprise::End(scanner.position()));
        }
        let member = self.member(&mut scanner, expected)?;
        scanner.colon()?;
        scanner.peek();
        if let Some(name) = member.name {
            match before {
                Before::Member(Some(previous)) => self.names[previous].next = name,
                Before::Member(None) => {}
                Before::Nothing => self.first = name,
            }
            self.names[name].lead.replace(&lead[..scanner.position() - start]);
        }
        Ok(Surprise::Member(member, scanner.position()))
    }

    /// Passes over a name and tells whose it is; the expected one is tried first.
    fn member(&mut self, scanner: &mut Scanner<'_>, expected: usize) -> Result<Member, SyntaxError> {
        if scanner.peek() != Some(b'"') {
            return Err(scanner.error("expected a member name"));
        }
        let text = scanner.rest();
        let start = scanner.position();
        let is_escaped = scanner.string()?;
        let raw = &text[..scanner.position() - start];
        Ok(match self.names.get(expected) {
            Some(name) if *name.raw == *raw => name.member(expected),
            _ => self.look_up(raw, is_escaped),
        })
    }

    fn look_up(&mut self, raw: &[u8], is_escaped: bool) -> Member {
        if let Some(known) = self.by_raw.get(raw) {
            return self.names[*known].member(*known);
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
            return Member {
                target: meaning.target,
                is_noted: meaning.is_news,
                name: None,
                next: self.first,
            };
        }
        let place = self.names.len();
        self.by_raw.insert(raw.into(), place);
        self.names.push(MemberName::new(raw, text, meaning, place));
        if let Some(target) = meaning.target {
            self.note_rivals(target.column);
        }
        self.names[place].member(place)
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
