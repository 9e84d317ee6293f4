//! What `deploy` goes on from when it is started again.

mod changed;
mod failures;
mod kills;
