//! What can be seen only in the data.

use velo_common::{Diagnostic, code};
use velo_data::SqlType;
use velo_datasources::{SampledColumn, SampledSchema};
use velo_planner::SourceOutline;

/// Words in the names of columns that hold money.
const MONEY_WORDS: [&str; 8] = [
    "price", "amount", "cost", "fee", "balance", "revenue", "salary", "total",
];

/// Columns that look like money and were found to be DOUBLE.
pub(crate) fn money_in_double<'a>(
    source: &'a SourceOutline,
    sample: &'a SampledSchema,
) -> impl Iterator<Item = Diagnostic> + 'a {
    let looks_like_money = |column: &&SampledColumn| {
        let name = column.name.to_lowercase();
        column.sql_type == SqlType::Double && MONEY_WORDS.iter().any(|word| name.contains(word))
    };
    let describe = |column: &SampledColumn| {
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
    };
    sample.columns.iter().filter(looks_like_money).map(describe)
}
