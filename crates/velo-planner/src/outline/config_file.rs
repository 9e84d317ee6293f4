//! Configuration files: values under those that SQL gives, and columns.

use std::collections::{BTreeMap, BTreeSet};

use velo_common::{Diagnostic, Name, Severity, Span, code};

use super::build::{Builder, is_of_statement};
use super::objects::{ObjectKind, Role, kind_of};
use super::{ConfigValue, DeclaredColumn};
use crate::Reported;
use crate::properties::{PREFIXES, Properties, PropertyValue, ValueKind, definition, nearest_key};
use crate::types::named_type;

/// What a configuration file says besides properties.
#[derive(Debug, Default)]
pub(super) struct Configured {
    /// The columns that it declares.
    pub(super) columns: Option<Vec<DeclaredColumn>>,
    /// Whether some of its values are unknown, since they need environment variables that are not set. Each of those has
    /// been reported.
    pub(super) has_gaps: bool,
}

impl Builder<'_, '_> {
    /// Puts the values of an object's configuration file under those that SQL gives it, and tells the columns that
    /// the file declares. What is wrong in the file is reported where SQL names it.
    pub(super) fn add_config_file(
        &mut self,
        role: Role,
        properties: &mut Properties,
        object: Span,
    ) -> Result<Configured, Reported> {
        let Some(file) = properties.remove("config_file") else {
            return Ok(Configured::default());
        };
        let span = file.span.unwrap_or(object);
        let values = match self.config_files.load(&file.text) {
            Ok(values) => values,
            Err(reason) => {
                self.diagnostics.push(Diagnostic::new(&code::CONFIG_FILE, span, reason));
                return Err(Reported);
            }
        };
        let (known, unset): (Vec<_>, Vec<_>) = values.into_iter().partition(|(_, value)| value.unset.is_empty());
        let has_gaps = !unset.is_empty();
        self.report_unset(&unset, &file.text, span);
        let (fields, values): (Vec<_>, Vec<_>) = known
            .into_iter()
            .map(unprefixed)
            .partition(|(key, _)| key.starts_with("schema.fields"));
        let mut unknown = Vec::new();
        let mut unsupported = Vec::new();
        for (key, ConfigValue { text, base, .. }) in values {
            match definition(&key).filter(|definition| !is_of_statement(definition.key)) {
                Some(definition) => {
                    if let Err(reason) = definition.value.check(&text) {
                        let message = format!("`{key}` in `{}` {reason}", file.text);
                        self.diagnostics
                            .push(Diagnostic::new(&code::INVALID_PROPERTY_VALUE, span, message));
                        continue;
                    }
                    let canonical = definition.canonical_key(&key);
                    properties.entry(canonical).or_insert_with(|| {
                        unsupported.extend((!definition.supported).then_some(key));
                        let mut value = PropertyValue::new(text, Some(span));
                        value.locate(definition.value, &base);
                        value
                    });
                }
                None => unknown.push(key),
            }
        }
        let kind = kind_of(role, properties, span);
        // What a client library knows is that library's to check.
        if !matches!(kind, Ok(Some(ObjectKind::Kafka))) {
            self.diagnostics
                .extend(unknown.iter().map(|key| unknown_key(key, &file.text, span)));
        }
        // What cannot be used at all is refused as a whole.
        if !matches!(kind, Ok(Some(kind)) if !kind.is_supported(role)) {
            let message = |key: &String| format!("`{key}` in `{}` is not supported yet", file.text);
            let refused = unsupported.iter().map(message);
            self.diagnostics
                .extend(refused.map(|message| Diagnostic::new(&code::UNSUPPORTED_PROPERTY, span, message)));
        }
        let columns = self.columns(fields, &file.text, span);
        Ok(Configured { columns, has_gaps })
    }

    /// Reports the variables that values of a configuration file need, each once.
    fn report_unset(&mut self, values: &[(String, ConfigValue)], file: &str, span: Span) {
        let variables: BTreeSet<&String> = values.iter().flat_map(|(_, value)| &value.unset).collect();
        for variable in variables {
            let message = format!("`{file}` needs the environment variable `{variable}`, which is not set");
            let mut diagnostic = Diagnostic::new(&code::CONFIG_FILE, span, message);
            diagnostic.severity = Severity::Warning;
            if !self.diagnostics.contains(&diagnostic) {
                self.diagnostics.push(diagnostic);
            }
        }
    }

    /// `schema.fields`: a list of columns with `name`, `type` and, if they may not be NULL, `nullable: false`.
    fn columns(&mut self, fields: Vec<(String, ConfigValue)>, file: &str, span: Span) -> Option<Vec<DeclaredColumn>> {
        let mut columns: BTreeMap<usize, Field> = BTreeMap::new();
        for (key, ConfigValue { text, .. }) in fields {
            let place = key
                .strip_prefix("schema.fields[")
                .and_then(|rest| rest.split_once("]."));
            let place = place.and_then(|(index, attribute)| Some((index.parse::<usize>().ok()?, attribute)));
            let known = place.is_some_and(|(index, attribute)| columns.entry(index).or_default().set(attribute, text));
            if !known {
                self.diagnostics.push(unknown_key(&key, file, span));
            }
        }
        let columns: Vec<DeclaredColumn> = columns
            .into_iter()
            .filter_map(|(index, field)| match field.declared(span) {
                Ok(column) => Some(column),
                Err(reason) => {
                    let message = format!("column {} of `schema.fields` in `{file}`: {reason}", index + 1);
                    self.diagnostics
                        .push(Diagnostic::new(&code::CONFIG_FILE, span, message));
                    None
                }
            })
            .collect();
        (!columns.is_empty()).then_some(columns)
    }
}

/// One item of `schema.fields`.
#[derive(Default)]
struct Field {
    name: Option<String>,
    type_name: Option<String>,
    nullable: Option<String>,
}

impl Field {
    /// Whether there is such an attribute.
    fn set(&mut self, attribute: &str, text: String) -> bool {
        let target = match attribute {
            "name" => &mut self.name,
            "type" => &mut self.type_name,
            "nullable" => &mut self.nullable,
            _ => return false,
        };
        *target = Some(text);
        true
    }

    fn declared(self, span: Span) -> Result<DeclaredColumn, String> {
        let name = self.name.ok_or("it has no `name`")?;
        let type_name = self.type_name.ok_or_else(|| format!("`{name}` has no `type`"))?;
        let sql_type = named_type(&type_name).ok_or_else(|| format!("`{type_name}` is no type"))?;
        let nullable = match self.nullable.as_deref() {
            None | Some("true") => true,
            Some("false") => false,
            Some(other) => return Err(format!("`nullable` takes `true` or `false`, not `{other}`")),
        };
        Ok(DeclaredColumn {
            name: Name::new(name),
            sql_type,
            nullable,
            is_key: false,
            span,
        })
    }
}

fn unprefixed((key, value): (String, ConfigValue)) -> (String, ConfigValue) {
    let bare = PREFIXES
        .iter()
        .find_map(|prefix| key.strip_prefix(prefix)?.strip_prefix('.'))
        .map(str::to_owned);
    (bare.unwrap_or(key), value)
}

fn unknown_key(key: &str, file: &str, span: Span) -> Diagnostic {
    // What is below a key that takes a text may be a password that YAML reads as a list or as keys.
    let mut above = key.match_indices(['.', '[']).map(|(end, _)| &key[..end]);
    if let Some(known) = above.rfind(|above| definition(above).is_some_and(|known| known.value == ValueKind::Text)) {
        let message = format!("`{known}` in `{file}` takes one text, neither a list nor keys");
        return Diagnostic::new(&code::INVALID_PROPERTY_VALUE, span, message).with_help("put it in quotes");
    }
    let message = format!("`{key}` in `{file}` is no property of a source or sink");
    let help = match definition(key) {
        Some(_) => Some(format!("`{key}` belongs to a statement: write it in WITH")),
        None => nearest_key(key).map(|meant| format!("a similar property exists: `{meant}`")),
    };
    Diagnostic::new(&code::UNKNOWN_PROPERTY, span, message).with_help_if(help)
}
