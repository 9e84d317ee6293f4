//! Behaviour of sources and sinks, through the public interface.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod chunking;
mod config;
mod config_file;
mod database;
mod dead_letters;
mod file_sink;
mod file_source;
mod file_table_histories;
mod file_tables;
mod follow;
mod generated;
mod http;
mod json_array;
mod many_files;
mod memory;
mod objects;
mod odd_files;
mod packed;
mod resume;
mod resume_histories;
mod shared_sinks;
mod sink_positions;
mod support;
mod table_files;
mod tables;
