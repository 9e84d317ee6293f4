//! What is drawn while something is under way: on standard error, and wiped before results are told.

mod load;
mod run;
mod streams;
mod ticker;

pub(crate) use load::{LoadProgress, LoadProgressStyle};
pub(crate) use run::RunProgress;
pub(crate) use streams::{StreamProgress, StreamProgressStyle};
