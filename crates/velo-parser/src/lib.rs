//! Turns SQL text into a syntax tree, and a syntax tree back into SQL text.
//!
//! Start at [`parse_script`]. The tree is in [`ast`]; every node of it prints as canonical SQL through `Display`, and
//! the printed text parses to an equal tree. The grammar is in `grammar`, one function per production.
//!
//! This crate knows text, tokens and spans. It resolves no names, checks no types and opens no files, so a script can
//! be checked without a server.
//!
//! ```
//! let parsed = velo_parser::parse_script("create stream s as select id from clicks where not bot");
//! assert_eq!(parsed.script.to_string(), "CREATE STREAM s AS SELECT id FROM clicks WHERE NOT bot;\n");
//!
//! let parsed = velo_parser::parse_script("select id from clicks limit 5 where id > 1");
//! assert_eq!(parsed.diagnostics[0].message, "`WHERE` belongs before `LIMIT`");
//! ```

mod script;

pub mod ast;

mod comment;
mod cursor;
mod depth;
mod expected;
mod grammar;
mod keyword;
mod lexer;
mod precedence;
mod print;
mod report;
mod token;

pub use script::{FailedStatement, Parsed, parse_expression, parse_script, parse_statement};

/// The greatest height of a tree, and the deepest nesting of brackets and subqueries that is parsed.
///
/// Deeper text is refused with one clear error, so that no recursive function over a tree can run out of stack.
pub const MAX_DEPTH: u32 = 200;
