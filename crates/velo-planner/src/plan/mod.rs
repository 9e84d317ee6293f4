//! The logical plan: what a statement computes, with names and types resolved.
//!
//! Invariants, kept by the planner and relied on by the engine:
//! - an expression's columns are fields of its input's [`StreamSchema`](velo_data::StreamSchema), by name; field names are unique;
//! - every expression has the canonical Arrow type of a [`velo_data::SqlType`], and both sides of an operator
//!   have been brought to the types that it takes;
//! - a windowed aggregate's input carries [`SystemColumn::EventTime`](velo_data::SystemColumn::EventTime);
//! - an input whose rows change ([`LogicalPlan::mode`]) takes its old values back
//!   ([`ChangelogMode::Retract`](velo_data::ChangelogMode)) wherever a node has to know them: only projections pass any mode on.

mod missing;
mod nodes;
mod rewrite;
mod statement;

pub use missing::{MissingTable, TableMissingDataStrategy, UnknownStrategy};
pub use nodes::{
    Aggregate, AggregateCall, Distinct, DropUpdateBefore, EmitMode, EventTime, Filter, LatePolicy, Limit, LogicalPlan,
    Lookup, LookupKey, LookupKind, Project, Relation, Scan, Sort, SortKey, TableUse, Union, Values, WatermarkPace,
    WatermarkRule, Window, WindowAssigner,
};
pub use statement::{ErrorPolicy, LoadSettings, PlannedStatement, SchemaDrift, StatementKind, StatementSettings};
