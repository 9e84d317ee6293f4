//! Scalar functions: from a name and the types of its arguments to something that can be called.

mod catalogue;
mod foreign;
mod form;
mod native;
mod notation;
mod parameter;
mod resolve;

mod bytes;
mod encoding;
mod fill;
mod header;
mod json;
mod like;
mod math;
mod regex;
mod round;
mod text;
mod time;

pub use bytes::joined_bytes;
pub(crate) use catalogue::CLOCK_FUNCTIONS;
pub use catalogue::{Category, ScalarFunction, is_clock_function, is_header_function, scalar, scalar_functions};
pub use like::{kernel_pattern, like_pattern};
pub use resolve::{Argument, ResolvedFunction, resolve_scalar};
