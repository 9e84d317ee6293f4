//! Progress of a load: counted by those who load, told to those who listen.

mod event;
mod monitor;
mod stream;
mod tracker;

pub use event::{LoadSummary, ProgressEvent, TableLoadState, TableProgress};
pub use monitor::ProgressMonitor;
pub use stream::ProgressStream;
pub use tracker::{ProgressSample, TableProgressTracker};
