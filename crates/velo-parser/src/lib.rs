//! SQL text to a syntax tree with spans, and the tree back to SQL text.
