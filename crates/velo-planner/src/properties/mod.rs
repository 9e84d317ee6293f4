//! Every property that dialect and configuration know: its spellings, what it applies to, what it takes.
//!
//! [`definitions`] is the one table of keys; nothing else in the project spells a key that is not in it.

mod assign;
mod contradictions;
mod descriptions;
mod field_keys;
mod json_schema;
mod location;
mod registry;
mod settings;
mod value;

pub(crate) use assign::{Assignment, KnownNames, NamedProperties, assign, split_key};
pub(crate) use contradictions::contradictions;
pub use descriptions::describe;
pub(crate) use field_keys::{COLUMN, nearest_key};
pub(crate) use json_schema::PREFIXES;
pub use json_schema::config_file_schema;
pub use location::BaseDirectory;
pub use registry::{PropertyDefinition, Scope, definition, definitions};
pub(crate) use settings::{late_policy, missing_table, settings, window_lateness};
pub use value::ValueKind;

use std::borrow::Cow;
use std::collections::BTreeMap;

use velo_common::Span;

/// The value of a property and where it was given; `None` when it came from the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyValue {
    /// As written, without quotes; of a relative path, the path from where the process runs.
    pub text: String,
    /// The relative path as written.
    pub relative: Option<String>,
    /// Key and value in the SQL file.
    pub span: Option<Span>,
}

impl PropertyValue {
    /// A value as written in SQL or a file that SQL names, at `span`, or on the command line.
    pub(crate) fn new(text: impl Into<String>, span: Option<Span>) -> Self {
        Self {
            text: text.into(),
            relative: None,
            span,
        }
    }
}

/// The canonical key of a property; of one with the name of a column in it, with that name as written.
pub type PropertyKey = Cow<'static, str>;

/// Properties of one source, sink or statement by canonical key.
pub type Properties = BTreeMap<PropertyKey, PropertyValue>;
