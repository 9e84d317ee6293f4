//! What can be seen only in the data.

use std::collections::{HashMap, HashSet};

use velo_common::{Diagnostic, code};
use velo_data::SqlType;
use velo_datasources::{FileSample, SampledColumn};
use velo_planner::SourceOutline;
use velo_planner::plan::{PlannedStatement, Relation};

/// Words in the names of columns that hold money.
const MONEY_WORDS: [&str; 8] = [
    "price", "amount", "cost", "fee", "balance", "revenue", "salary", "total",
];

/// Columns that look like money, were found to be DOUBLE, and are read by some statement.
pub(crate) fn money_in_double(
    sampled: &[(&SourceOutline, FileSample)],
    statements: &[PlannedStatement],
) -> Vec<Diagnostic> {
    let mut read: HashMap<&str, HashSet<usize>> = HashMap::new();
    for scan in statements.iter().filter_map(|statement| statement.plan.scan()) {
        if let Relation::Source(id) = &scan.relation {
            read.entry(id).or_default().extend(&scan.columns);
        }
    }
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
