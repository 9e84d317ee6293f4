//! A program's SQL files, parsed, configured, sampled and planned: what validate, run and explain share.
//!
//! Start at [`check`]: it takes a text through all stages, collects what is wrong on the way, and hands back
//! statements that are ready to run together with their sources and sinks. [`read_program`] and
//! [`find_programs`] get the text.
//!
//! This crate opens files to look at their columns. It runs nothing and prints nothing.

mod allow;
mod asking;
mod check;
mod config;
mod connection;
mod files;
mod graph;
mod lints;
mod overrides;
mod paths;
mod problems;
mod schema_file;
mod secrets;
mod sinks;
mod sources;
mod waiting;

pub use check::{CheckedProgram, Inference, Mode, Output, SessionOptions, check, check_when_there};
pub use connection::SourceConnection;
pub use files::{ReadError, find_programs, read_program};
pub use graph::{program_graph, table_metadata};
pub use velo_planner::{JoinOutline, Overrides, UnsupportedForm};
pub use waiting::{OnWait, Wait, WaitCause};
