//! Names and types resolved, statements validated and ordered, logical plans built and rewritten.
//!
//! Planning has two halves, because only somebody who may open files knows the columns of a file:
//!
//! 1. [`outline`] reads a script and says which sources and sinks it uses, how they are configured, and in which
//!    order its statements depend on each other.
//! 2. [`plan_program`] takes the descriptions of those sources and turns every statement into a
//!    [`LogicalPlan`](plan::LogicalPlan), with names and types resolved, conditions pushed down and unread columns
//!    left out.
//!
//! Both report through [`Diagnostic`](velo_common::Diagnostic)s and go on, so that one run finds everything. This
//! crate runs nothing and opens nothing.

mod bind;
mod catalog;
pub mod changelog;
pub mod explain;
pub mod lineage;
mod metrics;
mod optimize;
mod outline;
pub mod physical;
pub mod plan;
mod program;
pub mod properties;
mod target;
mod types;
mod walk;

pub use bind::UnsupportedForm;
pub use catalog::SourceDescription;
pub use outline::{
    ConfigFiles, ConfigValue, DeclaredAs, DeclaredColumn, JoinBound, JoinOutline, JoinRole, JoinSide, ObjectKind,
    Outline, Overrides, QueryOutline, SinkOutline, SourceOutline, outline,
};
pub use program::{PlannedProgram, SinkDescription, plan_program};

/// Something is wrong, and has been reported.
pub(crate) struct Reported;
