//! One snapshot for each file of cases: inputs with their canonical SQL and tree, or with their rendered errors.

use velo_common::{Diagnostic, SourceText, render_plain};
use velo_parser::parse_script;

use crate::compact::compact;

/// The cases of a file; an empty line separates them.
fn cases(file: &str) -> Vec<&str> {
    file.split("\n\n")
        .map(str::trim_end)
        .filter(|case| !case.is_empty())
        .collect()
}

/// The input, what it prints as, and its tree. Printing must be stable and lose nothing.
fn tree(input: &str) -> String {
    let parsed = parse_script(input);
    assert!(
        parsed.diagnostics.is_empty(),
        "{input}\n{}",
        rendered(input, &parsed.diagnostics)
    );
    let printed = parsed.script.to_string();
    let again = parse_script(&printed);
    assert!(
        again.diagnostics.is_empty(),
        "{printed}\n{}",
        rendered(&printed, &again.diagnostics)
    );
    assert_eq!(parsed.script, again.script, "{printed}");
    assert_eq!(printed, again.script.to_string());
    let trees: Vec<String> = parsed
        .script
        .statements
        .iter()
        .map(|statement| compact(&statement.kind))
        .collect();
    format!(
        "{input}\n  => {}\n  {}\n",
        printed.trim_end().replace('\n', "\n     "),
        trees.join("\n  ")
    )
}

/// The input and everything that is wrong with it.
fn errors(input: &str) -> String {
    let parsed = parse_script(input);
    assert!(!parsed.diagnostics.is_empty(), "no error: {input}");
    format!("{}\n", rendered(input, &parsed.diagnostics))
}

fn rendered(input: &str, diagnostics: &[Diagnostic]) -> String {
    let source = SourceText::new("q.sql", input);
    diagnostics
        .iter()
        .map(|diagnostic| render_plain(diagnostic, &source))
        .collect::<Vec<_>>()
        .join("\n\n")
}

fn expression(input: &str) -> String {
    let expr =
        velo_parser::parse_expression(input).unwrap_or_else(|errors| panic!("{input}\n{}", rendered(input, &errors)));
    let printed = expr.to_string();
    let again = velo_parser::parse_expression(&printed)
        .unwrap_or_else(|errors| panic!("{printed}\n{}", rendered(&printed, &errors)));
    assert_eq!(expr, again, "{printed}");
    assert_eq!(printed, again.to_string());
    format!("{input}\n  => {printed}\n  {}\n", compact(&expr))
}

macro_rules! case_files {
    ($($check:ident: $($file:ident)*;)*) => {
        $($(
            #[test]
            fn $file() {
                let snapshots: Vec<String> =
                    cases(include_str!(concat!("cases/", stringify!($file), ".sql"))).into_iter().map($check).collect();
                insta::assert_snapshot!(stringify!($file), snapshots.join("\n"));
            }
        )*)*
    };
}

case_files! {
    expression: literals operators operands functions over;
    tree: selects sources windows queries creates statements ksqldb annotations;
    errors:
        errors_tokens errors_select errors_clauses errors_expressions errors_durations errors_creates errors_types
        errors_statements errors_annotations;
}
