//! What holds for the workspace as a whole: its layers, and the documents that are printed from code.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod config_schema;
mod cuts;
mod docs;
mod layers;
mod properties;
mod time_texts;
