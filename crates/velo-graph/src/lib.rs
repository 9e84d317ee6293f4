//! Dependency graph of tables: the order to load them in, waves, circles, selections and drawings.
//!
//! Start at [`TableDependencyGraph`]: tables with what is known about them, and which others each of them needs. It
//! answers in which order and in which waves they can be loaded, who needs whom, what is missing and what goes in a
//! circle. A [`Selection`] stands for some of the tables, as in `+orders tag:daily`; a [`GraphDescription`] draws them
//! all as text, DOT, Mermaid or JSON. [`DependencyGraph`] is the same order for things that have nothing but a name.
//!
//! This crate knows neither SQL nor how a table is loaded: names and edges are handed in. Every answer about the graph
//! takes time in proportion to tables and edges, and nothing recurses, so that a chain may be as long as memory lasts.
//!
//! ```
//! use velo_graph::{NO_DEPENDENCIES, TableDependencyGraph, TableMetadata};
//!
//! let mut graph = TableDependencyGraph::new();
//! graph.add_table("orders", TableMetadata::new("file"), NO_DEPENDENCIES)?;
//! graph.add_table("totals", TableMetadata::default(), ["orders"])?;
//! graph.add_table("alerts", TableMetadata::default(), ["totals"])?;
//! graph.validate_dependencies()?;
//! assert_eq!(graph.topological_load_order()?, ["orders", "totals", "alerts"]);
//! assert_eq!(graph.select(&"+totals".parse()?)?, ["orders", "totals"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cycle;
mod dependency_graph;
mod describe;
mod digraph;
mod error;
mod names;
mod selection;
mod suggest;
mod table;
mod table_graph;

pub use cycle::Cycle;
pub use dependency_graph::DependencyGraph;
pub use describe::{GraphDescription, TableDescription};
pub use error::{DependencyError, MissingTable};
pub use selection::{Selection, SelectionError, UnmatchedTerm};
pub use table::{TableMetadata, TableNode};
pub use table_graph::{NO_DEPENDENCIES, TableDependencyGraph};
