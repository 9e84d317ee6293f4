//! Keys with the name of a column in them, such as `fields.amount.min`.
//!
//! The registry has one definition for all columns, in whose key [`COLUMN`] stands for the name.

use std::borrow::Cow;
use std::sync::LazyLock;

use velo_common::nearest;

use super::PropertyKey;
use super::registry::{PropertyDefinition, definitions};

/// What stands for the name of a column in the key of a definition.
pub(crate) const COLUMN: &str = "<column>";

/// A definition whose key has a column in it.
struct FieldKey {
    prefix: &'static str,
    suffix: &'static str,
    definition: &'static PropertyDefinition,
}

static FIELD_KEYS: LazyLock<Vec<FieldKey>> = LazyLock::new(|| {
    let split = |definition: &'static PropertyDefinition| {
        let (prefix, suffix) = definition.key.split_once(COLUMN)?;
        Some(FieldKey {
            prefix,
            suffix,
            definition,
        })
    };
    definitions().iter().filter_map(split).collect()
});

impl FieldKey {
    /// The column in a key; its prefix and suffix may be in any case.
    fn column_of<'k>(&self, key: &'k str) -> Option<&'k str> {
        let (prefix, rest) = key.split_at_checked(self.prefix.len())?;
        let (column, suffix) = rest.split_at_checked(rest.len().checked_sub(self.suffix.len())?)?;
        let is_meant = prefix.eq_ignore_ascii_case(self.prefix) && suffix.eq_ignore_ascii_case(self.suffix);
        (is_meant && !column.is_empty()).then_some(column)
    }
}

/// The definition that a key with a column in it means.
pub(super) fn field_definition(key: &str) -> Option<&'static PropertyDefinition> {
    let meant = FIELD_KEYS.iter().find(|field| field.column_of(key).is_some());
    meant.map(|field| field.definition)
}

impl PropertyDefinition {
    /// The canonical form of a key that means this definition.
    pub(crate) fn canonical_key(&'static self, key: &str) -> PropertyKey {
        let field = FIELD_KEYS.iter().find(|field| field.definition.key == self.key);
        match field.and_then(|field| Some((field, field.column_of(key)?))) {
            Some((field, column)) => Cow::Owned(format!("{}{column}{}", field.prefix, field.suffix)),
            None => Cow::Borrowed(self.key),
        }
    }
}

/// The known key, in any spelling, that a mistyped one most likely means.
pub(crate) fn nearest_key(key: &str) -> Option<String> {
    if let Some(meant) = nearest_field_key(key) {
        return Some(meant);
    }
    let spellings = definitions()
        .iter()
        .flat_map(|definition| std::iter::once(definition.key).chain(definition.aliases.iter().copied()));
    nearest(key, spellings.filter(|spelling| !spelling.contains(COLUMN))).map(str::to_owned)
}

/// The known key with the same column. Only what stands behind the column is compared: names of columns are long, and
/// would let anything pass as a slip.
fn nearest_field_key(key: &str) -> Option<String> {
    let (prefix, rest) = key.split_once('.')?;
    let (column, attribute) = rest.split_once('.')?;
    let of_prefix = FIELD_KEYS
        .iter()
        .filter(|field| field.prefix.trim_end_matches('.').eq_ignore_ascii_case(prefix));
    let attributes = of_prefix.map(|field| field.suffix.trim_start_matches('.'));
    nearest(attribute, attributes).map(|meant| format!("{prefix}.{column}.{meant}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::properties::definition;

    #[test]
    fn a_column_stands_between_prefix_and_suffix() {
        for (key, canonical) in [
            ("fields.amount.kind", "fields.amount.kind"),
            ("FIELDS.Amount.NULL.RATE", "fields.Amount.null.rate"),
            ("fields.a.b.min", "fields.a.b.min"),
            ("Rows.Per.Second", "rows.per.second"),
        ] {
            let found = definition(key).map(|definition| definition.canonical_key(key));
            assert_eq!(found.as_deref(), Some(canonical));
        }
        for key in ["fields.kind", "fields..kind", "fields.amount", "fields.amount.knd"] {
            assert_eq!(definition(key), None, "{key}");
        }
    }

    #[test]
    fn a_mistyped_key_keeps_its_column() {
        for (key, meant) in [
            ("fields.amount.knd", Some("fields.amount.kind")),
            ("fields.amount.nul.rate", Some("fields.amount.null.rate")),
            ("fields.amount.colour", None),
            ("rows.per.secnd", Some("rows.per.second")),
        ] {
            assert_eq!(nearest_key(key).as_deref(), meant, "{key}");
        }
    }
}
