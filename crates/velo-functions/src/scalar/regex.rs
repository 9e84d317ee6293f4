//! `REGEXP_EXTRACT`; matching and replacing are DataFusion's.

use datafusion_common::{Result, exec_datafusion_err};
use regex::Regex;
use velo_data::SqlType;

use arrow::datatypes::Int64Type;

use super::native::{Native, Returns, collect_text};
use super::parameter::Parameter;

pub(crate) static REGEXP_EXTRACT: Native = Native {
    name: "regexp_extract",
    parameters: &[Parameter::Text, Parameter::Text, Parameter::Integer],
    required: 2,
    returns: Returns::Always(SqlType::String),
    evaluate: |arguments| {
        let (text, pattern) = (arguments.text(0)?, arguments.text(1)?);
        let group = if arguments.len() > 2 {
            Some(arguments.primitive::<Int64Type>(2)?)
        } else {
            None
        };
        let mut cache = PatternCache::default();
        collect_text(arguments, |row, out| {
            let group = match &group {
                Some(group) => group.get(row),
                None => Some(0),
            };
            let (Some(text), Some(pattern), Some(group)) = (text.get(row), pattern.get(row), group) else {
                return Ok(false);
            };
            let captures = cache.compiled(pattern)?.captures(text);
            let found = captures
                .zip(usize::try_from(group).ok())
                .and_then(|(captures, group)| captures.get(group));
            out.push_str(found.map_or("", |found| found.as_str()));
            Ok(true)
        })
    },
};

/// The last pattern, since nearly always all rows have the same.
#[derive(Default)]
struct PatternCache {
    last: Option<(String, Regex)>,
}

impl PatternCache {
    fn compiled(&mut self, pattern: &str) -> Result<&Regex> {
        let entry = match self.last.take() {
            Some((known, regex)) if known == pattern => (known, regex),
            _ => {
                let regex = Regex::new(pattern)
                    .map_err(|error| exec_datafusion_err!("`{pattern}` is not a regular expression: {error}"))?;
                (pattern.to_owned(), regex)
            }
        };
        Ok(&self.last.insert(entry).1)
    }
}
