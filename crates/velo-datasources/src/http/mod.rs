//! Documents on the web.

mod client;
mod content;
mod document;
mod failure;
mod fingerprint;
mod link;
mod load;
mod marks;
mod paging;
mod source;

pub(crate) use failure::location;
pub use source::HttpSource;
