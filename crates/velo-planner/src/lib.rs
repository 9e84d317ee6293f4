//! Names and types resolved, statements validated and ordered, logical plans built and rewritten.

pub mod plan;
