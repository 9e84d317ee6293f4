//! What can be seen only in the data.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use velo_common::{Diagnostic, Severity, code};
use velo_data::{RowError, SqlType};
use velo_datasources::{FileSample, SampledColumn, Source, unreadable_advice};
use velo_planner::plan::{PlannedStatement, Relation};
use velo_planner::{Outline, SourceOutline};

use crate::problems::place_of;

/// Words in the names of columns that hold money.
const MONEY_WORDS: [&str; 8] = [
    "price", "amount", "cost", "fee", "balance", "revenue", "salary", "total",
];

/// Columns that look like money, were found to be DOUBLE, and are read by some statement.
pub(crate) fn money_in_double(
    sampled: &[(&SourceOutline, FileSample)],
    statements: &[PlannedStatement],
) -> Vec<Diagnostic> {
    let read = columns_read(statements);
    let mut found = Vec::new();
    for (source, sample) in sampled {
        let Some(columns) = read.get(source.id.as_str()) else {
            continue;
        };
        let suspects = sample
            .columns
            .columns
            .iter()
            .enumerate()
            .filter(|(index, column)| columns.contains(index) && looks_like_money(column));
        found.extend(suspects.map(|(_, column)| diagnostic(source, column)));
    }
    found
}

/// The columns of each source that statements read, by its id.
fn columns_read(statements: &[PlannedStatement]) -> HashMap<&str, BTreeSet<usize>> {
    let mut read: HashMap<&str, BTreeSet<usize>> = HashMap::new();
    for scan in statements.iter().flat_map(|statement| statement.plan.scans()) {
        if let Relation::Source(id) = &scan.relation {
            read.entry(id).or_default().extend(&scan.columns);
        }
    }
    read
}

/// Sources of whose first records none can be read.
pub(crate) fn unreadable_records(
    outline: &Outline<'_>,
    opened: &HashMap<String, Arc<dyn Source>>,
    statements: &[PlannedStatement],
) -> Vec<Diagnostic> {
    let read = columns_read(statements);
    let look = |source: &SourceOutline| {
        let columns: Vec<usize> = read.get(source.id.as_str()).into_iter().flatten().copied().collect();
        let diagnostic = match opened.get(&source.id)?.unreadable_beginning(&columns) {
            Ok(unreadable) => unreadable_record(source, &unreadable?),
            Err(error) => {
                let message = format!("`{}`: {error}", source.name);
                let mut diagnostic = Diagnostic::new(&code::UNREADABLE_RECORDS, place_of(source), message);
                diagnostic.severity = Severity::Error; // A run would end there.
                diagnostic
            }
        };
        Some(diagnostic)
    };
    outline.sources.iter().filter_map(look).collect()
}

pub(crate) fn unreadable_record(source: &SourceOutline, error: &RowError) -> Diagnostic {
    let name = &source.name;
    let message = format!("none of the first records of `{name}` can be read: {error}");
    Diagnostic::new(&code::UNREADABLE_RECORDS, place_of(source), message)
        .with_help(unreadable_advice(name, error.cause))
}

fn looks_like_money(column: &SampledColumn) -> bool {
    let name = column.name.to_lowercase();
    column.sql_type == SqlType::Double && MONEY_WORDS.iter().any(|word| name.contains(word))
}

fn diagnostic(source: &SourceOutline, column: &SampledColumn) -> Diagnostic {
    let name = &column.name;
    Diagnostic::new(
        &code::LINT_DOUBLE_MONEY,
        source.span,
        format!("`{name}` was found to be DOUBLE, which cannot hold cents exactly"),
    )
    .with_help(format!(
        "declare it: CREATE STREAM {} (…, {name} DECIMAL(18, 2)) WITH (path = '…')",
        source.name
    ))
}
