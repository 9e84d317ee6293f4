//! Objects of a store, such as a bucket of S3.

mod failure;
mod keys;
mod listing;
mod outline;
mod read;
mod readers;
mod source;
mod store;
mod wire;

pub use source::ObjectSource;
