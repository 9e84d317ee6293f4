use std::collections::HashMap;

use velo_common::{Diagnostic, Name, Span, code, nearest};
use velo_data::{SqlType, StreamSchema, SystemColumn};
use velo_parser::ast::Ident;

use super::bound::{Bound, column};

/// The columns that an expression may name.
#[derive(Debug)]
pub(crate) struct Scope {
    /// What the query calls the input; `None` without FROM.
    pub(crate) qualifier: Option<Name>,
    /// The input's columns, metadata included.
    pub(crate) schema: StreamSchema,
    /// The columns could not be found out: any name may be one, of any type.
    pub(crate) columns_unknown: bool,
    places: Places,
}

/// Where columns stand, since every name of a query is looked up among what may be ten thousand.
#[derive(Debug)]
struct Places {
    by_name: HashMap<String, usize>,
    /// By the name without regard to case; several columns that differ in case alone have no one place.
    by_folded_name: HashMap<String, Option<usize>>,
}

impl Places {
    fn of(schema: &StreamSchema) -> Self {
        let fields = schema.arrow().fields();
        let mut places = Self {
            by_name: HashMap::with_capacity(fields.len()),
            by_folded_name: HashMap::with_capacity(fields.len()),
        };
        for (index, field) in fields.iter().enumerate() {
            places.by_name.entry(field.name().clone()).or_insert(index);
            let place = places.by_folded_name.entry(field.name().to_lowercase());
            place.and_modify(|place| *place = None).or_insert(Some(index));
        }
        places
    }
}

/// What the first identifiers of a dotted name mean.
pub(crate) struct Resolved {
    pub(crate) bound: Bound,
    /// How many of the identifiers are used up; the rest are fields.
    pub(crate) used: usize,
}

impl Scope {
    pub(crate) fn new(qualifier: Option<Name>, schema: StreamSchema, columns_unknown: bool) -> Self {
        Self {
            places: Places::of(&schema),
            qualifier,
            schema,
            columns_unknown,
        }
    }

    /// The column that `parts` start with.
    ///
    /// # Errors
    ///
    /// When there is none, or several.
    pub(crate) fn resolve(&self, parts: &[Ident], span: Span) -> Result<Resolved, Diagnostic> {
        let qualified = match (parts, &self.qualifier) {
            ([first, _, ..], Some(qualifier)) => first.name.matches(&qualifier.text),
            _ => false,
        };
        let at = usize::from(qualified);
        let Some(ident) = parts.get(at) else {
            return Err(self.unknown(parts, span));
        };
        match self.lookup(&ident.name) {
            Lookup::Found(index) => {
                let field = self.schema.arrow().field(index);
                let sql_type = SqlType::of_field(field).unwrap_or(SqlType::Null);
                Ok(Resolved {
                    bound: Bound::new(column(field.name()), sql_type, span),
                    used: at + 1,
                })
            }
            Lookup::Ambiguous => Err(Diagnostic::new(
                &code::AMBIGUOUS_COLUMN,
                ident.span,
                format!("several columns are called `{}` up to case", ident.name),
            )
            .with_help("write it in double quotes, exactly as it is")),
            // Whatever it is, it has some type: NULL is the constant that fits everywhere.
            Lookup::None if self.columns_unknown => Ok(Resolved {
                bound: Bound::literal(datafusion_common::ScalarValue::Null, SqlType::Null, span),
                used: parts.len(),
            }),
            Lookup::None => Err(self.unknown(parts, span)),
        }
    }

    /// Index of a column by name: exact before ignoring case, the user's before metadata.
    fn lookup(&self, name: &Name) -> Lookup {
        // The bytes of the record are for dead letters alone.
        if self.schema.system(SystemColumn::Record).is_some() && name.text == SystemColumn::Record.name() {
            return Lookup::None;
        }
        if let Some(index) = self.places.by_name.get(&name.text) {
            return Lookup::Found(*index);
        }
        let folded = (!name.quoted).then(|| self.places.by_folded_name.get(&name.folded()));
        match folded.flatten() {
            Some(Some(index)) => return Lookup::Found(*index),
            Some(None) => return Lookup::Ambiguous,
            None => {}
        }
        let system = SystemColumn::parse(&name.text).filter(|_| !name.quoted);
        match system.and_then(|column| self.schema.system(column)) {
            Some(index) => Lookup::Found(index),
            None => Lookup::None,
        }
    }

    /// Whether a name is a column, without reporting.
    pub(crate) fn has(&self, name: &Name) -> bool {
        !matches!(self.lookup(name), Lookup::None)
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
        let names: Vec<&str> = self
            .schema
            .user_fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        let system = self.schema.system_columns().iter().map(|(column, _)| *column);
        let system = system
            .filter(|column| *column != SystemColumn::Record)
            .map(|column| -> &str { column.name() });
        let meant = nearest(&last.name.text, names.iter().copied().chain(system));
        if parts.len() > 1
            && self
                .qualifier
                .as_ref()
                .is_some_and(|qualifier| !first.name.matches(&qualifier.text))
        {
            let qualifier = self
                .qualifier
                .as_ref()
                .map(|name| name.text.as_str())
                .unwrap_or_default();
            if !self.has(&first.name) {
                return Diagnostic::new(
                    &code::UNKNOWN_TABLE,
                    first.span,
                    format!("the query reads nothing called `{}`", first.name),
                )
                .with_help(format!("it reads `{qualifier}`"));
            }
        }
        if self.qualifier.is_some() && SystemColumn::parse(&last.name.text) == Some(SystemColumn::EventTime) {
            return Diagnostic::new(&code::UNKNOWN_COLUMN, span, "the rows have no event time")
                .with_help("name the column that holds it: 'event.time.field' = 'column'");
        }
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
