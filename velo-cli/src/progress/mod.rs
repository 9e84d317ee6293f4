//! What is drawn while something is under way: on standard error, and wiped before results are told.

#[expect(dead_code, reason = "`load` and `deploy` draw it")]
mod load;
mod run;

#[expect(unused_imports, reason = "`load` and `deploy` draw it")]
pub(crate) use load::{LoadProgress, LoadProgressStyle};
pub(crate) use run::RunProgress;
