//! The grammar: one function per production.
//!
//! A production takes the tokens in front of it and returns what it built and the tokens behind it. Leaves note
//! what they would have accepted, so the error of a statement is the pooled want of all productions at the furthest
//! place that any of them reached, whichever branches were tried and given up on the way there. `cut` stands behind
//! every token that settles what is being read, so hardly anything is ever read twice.

mod create;
mod duration;
mod expr;
mod from;
mod function;
mod job;
mod leaf;
mod primary;
mod properties;
mod query;
mod select;
mod show;
mod statement;
mod types;
mod window;

pub(crate) use expr::expression;
pub(crate) use statement::{STATEMENT_WORDS, defined_name, statement};
