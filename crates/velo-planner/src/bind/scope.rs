use std::collections::HashMap;

use velo_common::{Diagnostic, Name, Span, code, nearest};
use velo_data::{SqlType, StreamSchema, SystemColumn, unreadable_reason};
use velo_parser::ast::Ident;

use super::bound::Bound;
use super::join::BothSides;

/// The columns that an expression may name.
#[derive(Debug)]
pub(crate) struct Scope {
    /// What the query reads: one relation, or those of a join from left to right. None without FROM.
    sides: Vec<Side>,
    /// The input's columns, metadata included.
    pub(crate) schema: StreamSchema,
    /// The columns could not be found out: any name may be one, of any type.
    pub(crate) columns_unknown: bool,
}

/// One relation of a query, and its columns as the query names them.
#[derive(Debug, Clone)]
pub(crate) struct Side {
    /// What the query calls it.
    pub(crate) qualifier: Option<Name>,
    /// Names of its user columns, and their indexes in the scope's schema.
    columns: Vec<(String, usize)>,
    /// Columns that `USING` has put together with those of an earlier side: they have a name only behind the qualifier.
    merged: Vec<String>,
    places: Places,
}

/// Where columns stand, since every name of a query is looked up among what may be ten thousand.
#[derive(Debug, Clone)]
struct Places {
    by_name: HashMap<String, usize>,
    /// By the name without regard to case; several columns that differ in case alone have no one place.
    by_folded_name: HashMap<String, Option<usize>>,
}

impl Places {
    fn of(columns: &[(String, usize)]) -> Self {
        let mut places = Self {
            by_name: HashMap::with_capacity(columns.len()),
            by_folded_name: HashMap::with_capacity(columns.len()),
        };
        for (name, index) in columns {
            places.by_name.entry(name.clone()).or_insert(*index);
            let place = places.by_folded_name.entry(name.to_lowercase());
            place.and_modify(|place| *place = None).or_insert(Some(*index));
        }
        places
    }

    /// Index of a column by name: exact before ignoring case.
    fn lookup(&self, name: &Name) -> Lookup {
        if let Some(index) = self.by_name.get(&name.text) {
            return Lookup::Found(*index);
        }
        let folded = (!name.quoted).then(|| self.by_folded_name.get(&name.folded()));
        match folded.flatten() {
            Some(Some(index)) => Lookup::Found(*index),
            Some(None) => Lookup::Ambiguous,
            None => Lookup::None,
        }
    }
}

impl Side {
    /// A relation whose columns have these names, at these places of the scope's schema.
    pub(crate) fn new(qualifier: Option<Name>, columns: Vec<(String, usize)>) -> Self {
        Self {
            places: Places::of(&columns),
            qualifier,
            columns,
            merged: Vec::new(),
        }
    }

    /// Its user columns: their names here, and their indexes in the scope's schema.
    pub(crate) fn columns(&self) -> &[(String, usize)] {
        &self.columns
    }

    /// Whether `*` leaves a column out, since an earlier side has it.
    pub(crate) fn is_merged(&self, name: &str) -> bool {
        self.merged.iter().any(|merged| merged == name)
    }

    /// Leaves a column to an earlier side.
    pub(crate) fn merge(&mut self, name: String) {
        self.merged.push(name);
    }

    fn is_called(&self, name: &Name) -> bool {
        self.qualifier.as_ref().is_some_and(|own| name.matches(&own.text))
    }
}

/// What the first identifiers of a dotted name mean.
pub(crate) struct Resolved {
    pub(crate) bound: Bound,
    /// How many of the identifiers are used up; the rest are fields.
    pub(crate) used: usize,
}

impl Scope {
    /// What one relation offers.
    pub(crate) fn new(qualifier: Option<Name>, schema: StreamSchema, columns_unknown: bool) -> Self {
        let fields = schema.user_fields().iter().enumerate();
        let columns = fields.map(|(index, field)| (field.name().clone(), index)).collect();
        Self::joined(vec![Side::new(qualifier, columns)], schema, columns_unknown)
    }

    /// What several relations offer together.
    pub(crate) fn joined(sides: Vec<Side>, schema: StreamSchema, columns_unknown: bool) -> Self {
        Self {
            sides,
            schema,
            columns_unknown,
        }
    }

    /// The relations, from left to right.
    pub(crate) fn sides(&self) -> &[Side] {
        &self.sides
    }

    /// The relation that the query calls so.
    pub(crate) fn side(&self, qualifier: &Name) -> Option<&Side> {
        self.sides.iter().find(|side| side.is_called(qualifier))
    }

    /// What the query calls a column of the schema.
    pub(crate) fn name_of(&self, index: usize) -> &str {
        let own = self.schema.arrow().field(index).name().as_str();
        // One relation has its names as they are.
        let sides = if self.sides.len() > 1 {
            self.sides.as_slice()
        } else {
            &[]
        };
        let mut columns = sides.iter().flat_map(|side| &side.columns);
        columns.find(|(_, place)| *place == index).map_or(own, |(name, _)| name)
    }

    /// The column that `parts` start with.
    ///
    /// # Errors
    ///
    /// When there is none, or several.
    pub(crate) fn resolve(&self, parts: &[Ident], span: Span) -> Result<Resolved, Diagnostic> {
        let qualified = match parts {
            [first, _, ..] => self.side(&first.name),
            _ => None,
        };
        let at = usize::from(qualified.is_some());
        let Some(ident) = parts.get(at) else {
            return Err(self.unknown(parts, span));
        };
        match self.lookup(&ident.name, qualified) {
            Lookup::Found(index) => Ok(Resolved {
                bound: self.value(index, span)?,
                used: at + 1,
            }),
            Lookup::Ambiguous => Err(self.ambiguous(ident)),
            // Whatever it is, it has some type: NULL is the constant that fits everywhere.
            Lookup::None if self.columns_unknown => Ok(Resolved {
                bound: Bound::literal(datafusion_common::ScalarValue::Null, SqlType::Null, span),
                used: parts.len(),
            }),
            Lookup::None => Err(self.unknown(parts, span)),
        }
    }

    /// The value of the column at an index of the schema.
    ///
    /// # Errors
    ///
    /// When the source has no values of one type there.
    pub(crate) fn value(&self, index: usize, span: Span) -> Result<Bound, Diagnostic> {
        let field = self.schema.arrow().field(index);
        if let Some(reason) = unreadable_reason(field) {
            return Err(Diagnostic::new(&code::SCHEMA_UNKNOWN, span, reason));
        }
        Ok(Bound::of_field(field, span))
    }

    /// Index of a column by name, of one side or of all: the user's before metadata, which is that of the leftmost.
    fn lookup(&self, name: &Name, only: Option<&Side>) -> Lookup {
        // The bytes of the record are for dead letters alone.
        if self.schema.system(SystemColumn::Record).is_some() && name.text == SystemColumn::Record.name() {
            return Lookup::None;
        }
        let mut found = Lookup::None;
        let sides = self
            .sides
            .iter()
            .filter(|side| only.is_none_or(|only| std::ptr::eq(*side, only)));
        for side in sides {
            found = match (found, side.places.lookup(name)) {
                (found, Lookup::None) => found,
                (Lookup::None, here) => here,
                (found, Lookup::Found(index)) if only.is_none() && side.is_merged(self.name_of(index)) => found,
                _ => Lookup::Ambiguous,
            };
        }
        if !matches!(found, Lookup::None) || only.is_some_and(|only| !self.is_leftmost(only)) {
            return found;
        }
        let system = SystemColumn::parse(&name.text).filter(|_| !name.quoted);
        match system.and_then(|column| self.schema.system(column)) {
            Some(index) => Lookup::Found(index),
            None => Lookup::None,
        }
    }

    /// A column that the last side has in common with those before it.
    ///
    /// # Errors
    ///
    /// When one of them does not have it.
    pub(super) fn on_both_sides(&self, ident: &Ident) -> Result<BothSides, Diagnostic> {
        let Some((last, before)) = self.sides.split_last() else {
            return Err(self.unknown(std::slice::from_ref(ident), ident.span));
        };
        let value = |index: usize| self.value(index, ident.span);
        let left = before.iter().find_map(|side| match side.places.lookup(&ident.name) {
            Lookup::Found(index) => Some(value(index)),
            _ => None,
        });
        match (left, last.places.lookup(&ident.name)) {
            (Some(left), Lookup::Found(index)) => Ok((left?, (value(index)?, self.name_of(index).to_owned()))),
            (None, _) => Err(missing_on("left", ident)),
            _ => Err(missing_on("right", ident)),
        }
    }

    /// Leaves a column of the last side to those before it.
    pub(super) fn merge_last(&mut self, name: String) {
        if let Some(last) = self.sides.last_mut() {
            last.merge(name);
        }
    }

    fn is_leftmost(&self, side: &Side) -> bool {
        self.sides.first().is_some_and(|first| std::ptr::eq(first, side))
    }

    /// Whether a name is a column, without reporting.
    pub(crate) fn has(&self, name: &Name) -> bool {
        !matches!(self.lookup(name, None), Lookup::None)
    }

    /// Several columns have the name: of one relation up to case, or of several relations.
    fn ambiguous(&self, ident: &Ident) -> Diagnostic {
        let having = self
            .sides
            .iter()
            .filter(|side| !matches!(side.places.lookup(&ident.name), Lookup::None));
        let having: Vec<&str> = having
            .filter_map(|side| side.qualifier.as_ref())
            .map(|name| name.text.as_str())
            .collect();
        let diagnostic = |message| Diagnostic::new(&code::AMBIGUOUS_COLUMN, ident.span, message);
        match having.as_slice() {
            [first, second, ..] => diagnostic(format!("`{}` is a column of `{first}` and of `{second}`", ident.name))
                .with_help(format!("say which is meant: {first}.{0} or {second}.{0}", ident.name)),
            _ => diagnostic(format!("several columns are called `{}` up to case", ident.name))
                .with_help("write it in double quotes, exactly as it is"),
        }
    }

    fn unknown(&self, parts: &[Ident], span: Span) -> Diagnostic {
        let text = parts
            .iter()
            .map(|part| part.name.text.as_str())
            .collect::<Vec<_>>()
            .join(".");
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
            return Diagnostic::new(&code::UNKNOWN_COLUMN, span, "a column is missing");
        };
        let called: Vec<&str> = self
            .sides
            .iter()
            .filter_map(|side| side.qualifier.as_ref())
            .map(|name| name.text.as_str())
            .collect();
        let side = self.side(&first.name).filter(|_| parts.len() > 1);
        if parts.len() > 1 && side.is_none() && !called.is_empty() && !self.has(&first.name) {
            let read: Vec<String> = called.iter().map(|name| format!("`{name}`")).collect();
            return Diagnostic::new(
                &code::UNKNOWN_TABLE,
                first.span,
                format!("the query reads nothing called `{}`", first.name),
            )
            .with_help(format!("it reads {}", read.join(" and ")));
        }
        if !called.is_empty() && SystemColumn::parse(&last.name.text) == Some(SystemColumn::EventTime) {
            return Diagnostic::new(&code::UNKNOWN_COLUMN, span, "the rows have no event time")
                .with_help("name the column that holds it: 'event.time.field' = 'column'");
        }
        let sides = side.map_or(self.sides.as_slice(), std::slice::from_ref);
        let names: Vec<&str> = sides
            .iter()
            .flat_map(|side| side.columns.iter().filter(|(name, _)| !side.is_merged(name)))
            .map(|(name, _)| name.as_str())
            .collect();
        let system = self.schema.system_columns().iter().map(|(column, _)| *column);
        let system = system
            .filter(|column| *column != SystemColumn::Record)
            .map(|column| -> &str { column.name() });
        let meant = nearest(&last.name.text, names.iter().copied().chain(system));
        let help = match (meant, names.as_slice()) {
            (Some(meant), _) => format!("a similar column exists: `{meant}`; {}", available(&names)),
            (None, []) => "the query reads nothing that has columns".to_owned(),
            (None, _) => available(&names),
        };
        Diagnostic::new(&code::UNKNOWN_COLUMN, span, format!("there is no column `{text}`")).with_help(help)
    }
}

enum Lookup {
    Found(usize),
    Ambiguous,
    None,
}

/// Most columns that a message lists.
const NAMES_LISTED_MAX: usize = 12;

fn available(names: &[&str]) -> String {
    let listed: Vec<String> = names
        .iter()
        .take(NAMES_LISTED_MAX)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = names.len().saturating_sub(NAMES_LISTED_MAX);
    let rest = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("the columns are {}{rest}", listed.join(", "))
}

fn missing_on(side: &str, ident: &Ident) -> Diagnostic {
    let message = format!("the {side} side of the join has no column `{}`", ident.name);
    Diagnostic::new(&code::UNKNOWN_COLUMN, ident.span, message).with_help("USING names columns that both sides have")
}
