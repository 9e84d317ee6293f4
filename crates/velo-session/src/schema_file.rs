//! Columns that a file with an Avro schema declares.

use velo_common::{Diagnostic, Span, code};
use velo_data::StreamSchema;
use velo_datasources::AvroSchema;
use velo_planner::SourceOutline;

use crate::problems::without_effect;

/// The key that names the file.
pub(crate) const SCHEMA_FILE_KEY: &str = "value.schema.file";

/// What the schema file of a source declares.
pub(crate) enum SchemaFile {
    /// There is none, or the program declares the columns itself.
    None,
    /// These columns.
    Columns(StreamSchema),
    /// It cannot be used, which is said.
    Unusable,
}

/// Reads the schema file of a source.
pub(crate) fn read_schema_file(source: &SourceOutline, diagnostics: &mut Vec<Diagnostic>) -> SchemaFile {
    let Some(value) = source.properties.get(SCHEMA_FILE_KEY) else {
        return SchemaFile::None;
    };
    if source.declared.is_some() {
        diagnostics.push(
            without_effect(SCHEMA_FILE_KEY, &source.properties, source.span, &source.name)
                .with_help("the declared columns come first; leave out one of the two"),
        );
        return SchemaFile::None;
    }
    let span = value.span.unwrap_or(source.span);
    match columns(&value.text) {
        Ok(columns) => SchemaFile::Columns(columns),
        Err(problems) => {
            let describe = |problem: &String| diagnostic(source, &value.text, problem, span);
            diagnostics.extend(problems.iter().map(describe));
            SchemaFile::Unusable
        }
    }
}

fn columns(path: &str) -> Result<StreamSchema, Vec<String>> {
    let text = std::fs::read_to_string(path).map_err(|error| vec![error.to_string()])?;
    let schema = AvroSchema::parse(&text).map_err(|error| vec![error.to_string()])?;
    let columns = schema.columns();
    columns.map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

fn diagnostic(source: &SourceOutline, path: &str, problem: &str, span: Span) -> Diagnostic {
    let message = format!("`{}`: schema file `{path}`: {problem}", source.name);
    Diagnostic::new(&code::SCHEMA_FILE, span, message)
        .with_help("it is an Avro schema in JSON: {\"type\": \"record\", \"name\": \"…\", \"fields\": […]}")
}
