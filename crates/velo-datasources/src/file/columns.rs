use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use velo_data::StreamSchema;
use velo_formats::Projection;

use super::preamble::Preamble;
use crate::{ReadRequest, SourceError};

/// Where a source's columns come from, which says what a file without one of them is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnsFrom {
    /// From the program: a file must have all of them.
    Declaration,
    /// From a sample of some files: another may have fewer, whose rows have NULL there.
    Sample,
}

/// For each field of a CSV record the user column it belongs to.
pub(super) fn field_places(
    path: &Path,
    schema: &StreamSchema,
    from: ColumnsFrom,
    preamble: &Preamble,
) -> Result<Vec<Option<usize>>, SourceError> {
    let columns = 0..schema.user_columns();
    let Some(header) = &preamble.header else {
        return Ok(columns.map(Some).collect());
    };
    check_unique(path, &header.names)?;
    let mut places = vec![None; header.names.len()];
    let mut missing = Vec::new();
    let index = NameIndex::new(&header.names);
    for (column, field) in columns.zip(schema.user_fields()) {
        match index.find(field.name()) {
            Some(place) => places[place] = Some(column),
            None => missing.push(field.name().clone()),
        }
    }
    if missing.is_empty() || from == ColumnsFrom::Sample {
        return Ok(places);
    }
    Err(SourceError::Header {
        path: path.to_owned(),
        missing,
        found: header.names.clone(),
    })
}

/// Fields of CSV records that no column is for, by the places of the others, where nobody said that they are not wanted.
pub(super) fn fields_left_out(from: ColumnsFrom, preamble: &Preamble, places: &[Option<usize>]) -> Vec<String> {
    let names = preamble.header.iter().flat_map(|header| &header.names);
    let left_out = names.zip(places).filter(|(_, place)| place.is_none());
    let left_out = left_out.map(|(name, _)| name.clone());
    match from {
        ColumnsFrom::Declaration => Vec::new(),
        ColumnsFrom::Sample => left_out.collect(),
    }
}

/// A header that names a column twice leaves open which one is meant.
pub(super) fn check_unique(path: &Path, names: &[String]) -> Result<(), SourceError> {
    let mut seen = HashSet::new();
    let twice = names.iter().find(|name| !seen.insert(name.as_str()));
    match twice {
        Some(name) => Err(SourceError::Format {
            path: path.to_owned(),
            message: format!("the header names `{name}` twice"),
        }),
        None => Ok(()),
    }
}

/// Finds names to the letter, else in any case; of equals the first.
struct NameIndex<'a> {
    exact: HashMap<&'a str, usize>,
    folded: HashMap<String, usize>,
}

impl<'a> NameIndex<'a> {
    fn new(names: &'a [String]) -> Self {
        let mut index = Self {
            exact: HashMap::with_capacity(names.len()),
            folded: HashMap::with_capacity(names.len()),
        };
        for (place, name) in names.iter().enumerate() {
            index.exact.entry(name).or_insert(place);
            index.folded.entry(name.to_lowercase()).or_insert(place);
        }
        index
    }

    fn find(&self, wanted: &str) -> Option<usize> {
        let exact = self.exact.get(wanted);
        exact.or_else(|| self.folded.get(&wanted.to_lowercase())).copied()
    }
}

/// What a decoder of one of the files is asked for.
pub(super) fn projection(schema: &StreamSchema, path: &Path, partition: i32, request: &ReadRequest) -> Projection {
    let fields = request.columns.iter();
    Projection {
        fields: fields.map(|index| Arc::clone(&schema.user_fields()[*index])).collect(),
        system: request.system.clone(),
        topic: path.to_string_lossy().into(),
        partition,
    }
}
