use std::fmt::{self, Write};

use crate::aggregate::{WINDOW_FUNCTIONS, aggregate_functions};
use crate::scalar::{Category, ScalarFunction, scalar_functions};

/// The function reference as Markdown, `docs/sql/functions.md`: every function that a call may name.
pub fn function_reference() -> String {
    let mut page = String::new();
    // Writing to a String cannot fail.
    let _ = write_page(&mut page);
    page
}

fn write_page(page: &mut String) -> fmt::Result {
    page.push_str(INTRODUCTION);
    for (category, title) in CHAPTERS {
        write!(page, "\n## {title}\n\n| function | gives | example |\n|---|---|---|\n")?;
        for function in scalar_functions().filter(|function| function.category == *category) {
            write_scalar(page, function)?;
        }
    }
    page.push_str("\n## Aggregates\n\n| function | gives |\n|---|---|\n");
    for function in aggregate_functions() {
        let synonyms = synonyms(function.synonyms);
        writeln!(
            page,
            "| `{}`{synonyms} | {} |",
            cell(function.usage),
            cell(function.summary)
        )?;
    }
    write!(page, "\n## Only with OVER\n\n{}.\n", code(WINDOW_FUNCTIONS))?;
    page.push_str(RUNTIME);
    Ok(())
}

const INTRODUCTION: &str = "# Functions

Names are case-insensitive; synonyms are in brackets. Unless a line says otherwise, a NULL argument makes the result
NULL. Functions of dates and times take TIMESTAMP, DATE, epoch milliseconds and text that a CAST reads. This page is printed
from the table that the planner uses, and a test keeps the two together.
";

const RUNTIME: &str = "
## From the record and its window

`NOW()`, `CURRENT_TIMESTAMP`, `TIMESTAMP()`, `CURRENT_DATE` and `UNIX_TIMESTAMP()` are the time at which the record is
processed. `TUMBLE_START()`, `TUMBLE_END()`, and the same of `HOP` and `SESSION`, are the bounds of the row's window.
`SET_HEADER(key, value)` and `REMOVE_HEADER(key)` change the headers of the output record; they yield the new and the
old value.
";

const CHAPTERS: &[(Category, &str)] = &[
    (Category::Math, "Numbers"),
    (Category::Text, "Text"),
    (Category::Time, "Dates and times"),
    (Category::Conditional, "Choices"),
    (Category::Json, "JSON"),
    (Category::Nested, "Arrays, maps and structs"),
    (Category::Header, "Record headers"),
];

fn write_scalar(page: &mut String, function: &ScalarFunction) -> fmt::Result {
    writeln!(
        page,
        "| `{}`{} | {} | `{}` → `{}` |",
        cell(function.usage),
        synonyms(function.synonyms),
        cell(function.summary),
        cell(function.example),
        cell(function.result)
    )
}

/// Text in a cell of a table, where a bar would end it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn synonyms(names: &[&str]) -> String {
    if names.is_empty() {
        String::new()
    } else {
        format!(" [{}]", names.join(", "))
    }
}

fn code(names: &[impl AsRef<str>]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    quoted.join(", ")
}
