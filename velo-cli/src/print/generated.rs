//! What `validate` tells, when asked for more, about sources whose rows are generated.

use std::fmt::Write;

use velo_datasources::GeneratedDescription;

use super::diagnostics::Finding;
use super::words::rows;

/// A line for each source, one for each of its columns, and an empty one behind them.
pub(crate) fn text(finding: &Finding) -> String {
    let mut text = String::new();
    for (source, description) in &finding.generated {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "`{source}` generates {}", amount(description));
        let columns = &description.columns;
        let width = |length: fn(&(String, String)) -> usize, cells: &[(String, String)]| {
            cells.iter().map(length).max().unwrap_or(0)
        };
        let cells: Vec<(String, String)> = columns
            .iter()
            .map(|(name, sql_type, _)| (name.clone(), sql_type.to_string()))
            .collect();
        let names = width(|(name, _)| name.chars().count(), &cells);
        let types = width(|(_, sql_type)| sql_type.chars().count(), &cells);
        for ((name, sql_type), (_, _, values)) in cells.iter().zip(columns) {
            let line = format!("  {name:names$}  {sql_type:types$}  {values}");
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text.push('\n');
    }
    text
}

fn amount(description: &GeneratedDescription) -> String {
    let amount = description.rows.map_or_else(|| "rows without end".to_owned(), rows);
    match description.per_second {
        Some(per_second) => format!("{amount}, at a rate of {per_second} a second"),
        None => amount,
    }
}
