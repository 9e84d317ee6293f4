//! Plans and diagnostics of whole programs, as text.

#[macro_use]
mod support;

mod changelog;
mod contradictions;
mod definitions;
mod dependencies;
mod expressions;
mod grouping;
mod identities;
mod keys;
mod lineage;
mod lints;
mod metrics;
mod names;
mod order;
mod properties;
mod rewrites;
mod set_operations;
mod targets;
