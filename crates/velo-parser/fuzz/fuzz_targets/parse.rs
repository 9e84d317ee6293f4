//! No text panics, every span lies within its text, and what parses prints as something that parses the same.
//!
//! Run with `cargo +nightly fuzz run parse` in `crates/velo-parser`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use velo_parser::parse_script;

fuzz_target!(|text: &str| {
    let parsed = parse_script(text);
    for diagnostic in &parsed.diagnostics {
        assert!(diagnostic.span.is_some_and(|span| text.get(span.range()).is_some()));
    }
    if parsed.diagnostics.is_empty() {
        let printed = parsed.script.to_string();
        let again = parse_script(&printed);
        assert_eq!(again.script, parsed.script);
        assert_eq!(again.script.to_string(), printed);
    }
});
