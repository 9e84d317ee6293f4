//! The engine through its public interface: plans built by hand, run over batches in memory.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]
#![expect(clippy::disallowed_methods, reason = "files grow while a job runs")]

mod aggregates;
mod alignment;
mod changelogs;
mod changes;
mod driver;
mod follow;
mod grouping;
mod properties;
mod restore;
mod retractions;
mod sort;
mod support;
mod tables;
mod watermarks;
mod windows;
