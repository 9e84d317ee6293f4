//! Objects of a store, such as a bucket of S3.

mod failure;
mod listing;
mod outline;
mod read;
mod readers;
mod source;
mod store;

pub use source::ObjectSource;
