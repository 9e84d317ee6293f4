//! Programs as running jobs.
//!
//! Start at [`Recovery`], which compares a program with the checkpoint of an earlier run and says, for each group of connected
//! statements, whether it goes on, begins anew or cannot be started.
//!
//! This crate knows no command line and draws nothing: the caller prints what [`Recovery`] says.

mod component;
mod recovery;
mod restore;

pub use recovery::{Fate, GroupRecovery, JobOutline, JobSinkOutline, Recovery, RecoveryError};
