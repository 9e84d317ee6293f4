//! Behaviour of decoders, encoders and samples, through the public interface.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod avro;
mod csv;
mod dead_letter;
mod encode;
mod envelope;
mod json;
mod json_array;
mod json_layout;
mod metadata;
mod parquet;
mod properties;
mod sample;
mod support;
mod unknown_members;
