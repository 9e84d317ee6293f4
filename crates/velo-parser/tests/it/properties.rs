//! What holds for every input.

use proptest::prelude::*;
use velo_parser::ast::StatementKind;
use velo_parser::{parse_expression, parse_script, parse_statement};

use crate::generate::{expr, statement};

/// Whatever the text, parsing ends, spans lie within the text, and what could be read prints as something that reads
/// the same.
fn assert_sound(text: &str) {
    let parsed = parse_script(text);
    for diagnostic in &parsed.diagnostics {
        let span = diagnostic.span.expect("syntax errors have a place");
        assert!(text.get(span.range()).is_some(), "{span:?} in {text:?}");
        velo_common::render_plain(diagnostic, &velo_common::SourceText::new("x.sql", text));
    }
    if parsed.diagnostics.is_empty() {
        let printed = parsed.script.to_string();
        let again = parse_script(&printed);
        assert!(
            again.diagnostics.is_empty(),
            "{text:?} prints as {printed:?}: {:?}",
            again.diagnostics
        );
        assert_eq!(again.script, parsed.script, "{text:?} prints as {printed:?}");
        assert_eq!(again.script.to_string(), printed);
    }
}

/// How many cases to try unless the environment says so.
fn cases(default: u32) -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(default)
}

/// Words, symbols and fragments that the grammar knows, in any order.
fn token_soup() -> impl Strategy<Value = String> {
    let pieces = "SELECT FROM WHERE GROUP BY HAVING ORDER LIMIT EMIT CHANGES FINAL EVERY WITH AS CREATE STREAM TABLE VIEW \
        INSERT INTO VALUES WINDOW TUMBLING SLIDING SESSION SIZE ADVANCE GRACE PERIOD JOIN LEFT ON USING WITHIN UNION \
        ALL DISTINCT CASE WHEN THEN ELSE END AND OR NOT IN IS NULL LIKE BETWEEN CAST INTERVAL DATE OVER PARTITION ROWS \
        EXISTS ARRAY MAP STRUCT FILTER PRIMARY KEY FOR SYSTEM_TIME OF SHOW DROP EXPLAIN START JOB SET ASSERT PRINT a b \
        t.c \"q\" 'x' 1 5m 0.5 1e3 ( ) ( ) [ ] { } , ; . + - * / % ^ ~ = <> < <= || :: := => -> : -- /* */ \n @a: ' \"";
    let pieces: Vec<&str> = pieces.split(' ').filter(|piece| !piece.is_empty()).collect();
    let separator = prop::sample::select(vec![" ", " ", "", "\n"]);
    let piece = (prop::sample::select(pieces), separator);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| {
        pieces
            .into_iter()
            .flat_map(|(piece, separator)| [piece, separator])
            .collect()
    })
}

/// A valid statement with a few of its words lost, doubled or swapped.
fn mangled() -> impl Strategy<Value = String> {
    let change = (any::<prop::sample::Index>(), 0..3u8);
    (statement(), prop::collection::vec(change, 0..4)).prop_map(|(statement, changes)| {
        let text = statement.to_string();
        let mut words: Vec<&str> = text.split(' ').collect();
        for (index, change) in changes {
            let at = index.index(words.len());
            match change {
                0 if words.len() > 1 => drop(words.remove(at)),
                1 => words.insert(at, words[at]),
                _ => words.swap(at, 0),
            }
        }
        words.join(" ")
    })
}

proptest! {
    // Building these trees takes most of the time; `PROPTEST_CASES` asks for more.
    #![proptest_config(ProptestConfig { cases: cases(40), ..ProptestConfig::default() })]

    #[test]
    fn expressions_print_and_parse_back(tree in expr()) {
        let printed = tree.to_string();
        let parsed = parse_expression(&printed);
        prop_assert_eq!(parsed.as_ref(), Ok(&tree), "{}", printed);
    }

    #[test]
    fn statements_print_and_parse_back(tree in statement()) {
        let printed = tree.to_string();
        let parsed: Result<StatementKind, _> = parse_statement(&printed).map(|statement| statement.kind);
        prop_assert_eq!(parsed.as_ref(), Ok(&tree), "{}", printed);
        prop_assert_eq!(parsed.map(|kind| kind.to_string()), Ok(printed));
    }

    #[test]
    fn any_change_to_a_statement_is_fine(text in mangled()) {
        assert_sound(&text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(500), ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_fine(text in any::<String>()) {
        assert_sound(&text);
    }

    #[test]
    fn any_sql_like_text_is_fine(text in "[a-zA-Z0-9'\"`;(),.=<>|:*/%^~{}\\[\\] \n@#é-]{0,80}") {
        assert_sound(&text);
    }

    #[test]
    fn any_sequence_of_tokens_is_fine(text in token_soup()) {
        assert_sound(&text);
    }
}
