//! State that is written and read again, and what becomes of it when writers are killed and files are damaged.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod checkpoint_crashes;
mod checkpoint_damage;
mod checkpoints;
mod table_damage;
mod tables;
