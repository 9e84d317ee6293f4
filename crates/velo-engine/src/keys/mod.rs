//! Group keys: encoded and hashed once per batch, then looked up in the table of each window.

mod ascent;
mod encoder;
mod hash;
mod table;

pub(crate) use ascent::Ascent;
pub(crate) use encoder::{EncodedKeys, KeyEncoder};
pub(crate) use hash::{combine, hash_bytes};
pub(crate) use table::{KeyTable, RowSet};
pub use velo_state::{KEY_GROUPS, KeyGroups, key_group};
