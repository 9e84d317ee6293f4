//! The binary as its users see it: what goes in, what comes out, and how it exits.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod bootstrap;
mod cases;
mod changing;
mod checkpoints;
mod commands;
mod databases;
mod demo;
mod deploy;
mod diagnostics;
mod envelopes;
mod forms;
mod functions;
mod generated;
mod graph;
mod load;
mod missing_tables;
mod network;
mod paths;
mod policies;
mod programs;
mod query;
mod refused;
mod rejected;
mod row_groups;
mod samples;
mod schema_files;
mod secrets;
mod settings;
mod sink_formats;
mod support;
mod watched_files;
