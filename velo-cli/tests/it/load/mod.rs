//! `load` from beginning to end, over files and real servers: what is loaded, what is kept of it, and what is told when
//! something goes wrong.

mod contents;
mod failures;
mod flaky;
mod incremental;
mod inputs;
mod keys;
mod kill;
mod options;
mod secure;
mod skipped;
mod support;
