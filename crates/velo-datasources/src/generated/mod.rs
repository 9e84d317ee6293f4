//! Sources whose rows are generated.
//!
//! A [`RowGenerator`] computes the values of any row from its number alone, so that rows depend neither on the size of
//! batches nor on where reading began, and splits can share the rows without knowing of each other.

mod generator;
mod random;
mod rate;
mod reader;
mod source;
mod spacing;
mod text;

pub(crate) use generator::{RowGenerator, Rows};
pub(crate) use random::Random;
pub(crate) use rate::Rate;
pub(crate) use source::Generation;
pub use source::{GeneratedDescription, GeneratedSource};
pub(crate) use spacing::Spacing;
pub(crate) use text::{TextColumn, push_letters};
