//! What `validate` tells, when asked for more, about columns that were found out from data.

use std::fmt::Write;

use velo_datasources::SampledColumn;
use velo_session::Inference;

use super::diagnostics::Finding;

/// Columns of a source that are listed, at most.
const COLUMNS_MAX: usize = 50;

/// Longest name or type that others are lined up with.
const ALIGNED_MAX: usize = 24;

/// A line for each source, one for each of its columns, and an empty one behind them.
pub(crate) fn text(finding: &Finding) -> String {
    let mut text = String::new();
    for inference in &finding.inferred {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "columns of `{}`, from {}", inference.source, origin(inference));
        let columns = &inference.sample.columns.columns;
        let listed = &columns[..columns.len().min(COLUMNS_MAX)];
        let width = |length: fn(&SampledColumn) -> usize| listed.iter().map(length).max().unwrap_or(0).min(ALIGNED_MAX);
        let names = width(|column| column.name.chars().count());
        let types = width(|column| column.sql_type.to_string().chars().count());
        for column in listed {
            let line = format!(
                "  {:names$}  {:types$}  {}",
                column.name,
                column.sql_type.to_string(),
                reason(column)
            );
            let _ = writeln!(text, "{}", line.trim_end());
        }
        if columns.len() > listed.len() {
            let _ = writeln!(text, "  and {} more", columns.len() - listed.len());
        }
        text.push('\n');
    }
    text
}

fn origin(inference: &Inference) -> String {
    let sample = &inference.sample;
    let records = sample.columns.records;
    let records = format!("{records} record{}", if records == 1 { "" } else { "s" });
    let files = match sample.files.as_slice() {
        [file] if sample.files_total == 1 => format!("`{}`", file.display()),
        files if files.len() == sample.files_total => format!("{} files", files.len()),
        files => format!("{} of {} files", files.len(), sample.files_total),
    };
    match sample.columns.rejected {
        0 => format!("{records} of {files}"),
        rejected => format!("{records} of {files} ({rejected} could not be read)"),
    }
}

/// What was seen, where the type does not say it.
fn reason(column: &SampledColumn) -> String {
    let kinds: Vec<String> = column.kinds.iter().map(ToString::to_string).collect();
    match (kinds.as_slice(), column.nulls) {
        ([], _) => "never a value".to_owned(),
        ([_], 0) => String::new(),
        ([_], nulls) => format!("{nulls} without a value"),
        (kinds, _) => kinds.join(", "),
    }
}
