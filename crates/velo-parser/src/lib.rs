//! SQL text to a syntax tree with spans, and the tree back to SQL text.

pub mod ast;

/// The greatest height of a tree, and the deepest nesting of brackets and subqueries that is parsed.
///
/// Deeper text is refused with one clear error, so that no recursive function over a tree can run out of stack.
pub const MAX_DEPTH: u32 = 200;
