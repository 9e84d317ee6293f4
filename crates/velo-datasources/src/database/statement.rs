use super::columns::Column;
use crate::DatabaseRows;

/// Rows as they stand behind `FROM`.
pub(super) fn relation(rows: &DatabaseRows) -> String {
    match rows {
        DatabaseRows::Table(name) => {
            let parts: Vec<String> = name_parts(name).iter().map(|part| quoted(part)).collect();
            parts.join(".")
        }
        // The line end closes a comment that the query may end with.
        DatabaseRows::Query(query) => {
            let query = query.trim_end().trim_end_matches(';');
            format!("({query}\n) AS velo_rows")
        }
    }
}

/// What selects the values of a column in the form in which they are read.
pub(super) fn column_expression<T>(column: &Column<T>) -> String {
    let name = quoted(&column.name);
    match column.cast {
        Some(cast) => format!("CAST({name} AS {cast}) AS {name}"),
        None => name,
    }
}

/// A statement that reads columns, each given as an expression; without any it still gives its rows.
pub(super) fn select(rows: &DatabaseRows, columns: impl Iterator<Item = String>, condition: Option<&str>) -> String {
    let columns: Vec<String> = columns.collect();
    let columns = if columns.is_empty() {
        "NULL".to_owned()
    } else {
        columns.join(", ")
    };
    let condition = condition.map_or(String::new(), |condition| format!(" WHERE {condition}"));
    format!("SELECT {columns} FROM {}{condition}", relation(rows))
}

/// A name whose letters count as they are.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A name at its points, those within double quotes excepted.
pub(super) fn name_parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut is_quoted = false;
    for character in name.chars() {
        match character {
            '"' => is_quoted = !is_quoted,
            '.' if !is_quoted => parts.push(String::new()),
            _ => {
                if let Some(part) = parts.last_mut() {
                    part.push(character);
                }
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_part_by_part() {
        let cases = [
            ("orders", r#""orders""#),
            ("public.Orders", r#""public"."Orders""#),
            (r#"shop."order.items""#, r#""shop"."order.items""#),
        ];
        for (name, expected) in cases {
            assert_eq!(relation(&DatabaseRows::Table(name.to_owned())), expected);
        }
    }

    #[test]
    fn a_query_may_end_with_a_comment_or_a_semicolon() {
        let query = |text: &str| relation(&DatabaseRows::Query(text.to_owned()));
        assert_eq!(query("SELECT 1; "), "(SELECT 1\n) AS velo_rows");
        assert_eq!(query("SELECT 1 -- all"), "(SELECT 1 -- all\n) AS velo_rows");
    }
}
