//! Rewrite rules: each takes a plan and returns one that gives the same rows with less work.
//!
//! - [`push_down_filters`] moves conditions to where the rows come from;
//! - [`merge_projections`] computes columns in one step instead of several;
//! - [`simplify`] lets DataFusion simplify conditions;
//! - [`prune_columns`] leaves out what nobody reads, down to the columns that a source decodes.

mod filters;
mod merge;
mod prune;
mod simplify;

pub(crate) use filters::push_down_filters;
pub(crate) use merge::merge_projections;
pub(crate) use prune::{prune_columns, required_metadata};
pub(crate) use simplify::simplify;
