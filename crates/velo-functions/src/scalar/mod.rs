//! Scalar functions: from a name and the types of its arguments to something that can be called.

mod catalogue;
mod foreign;
mod form;
mod native;
mod parameter;
mod resolve;

mod math;

pub(crate) use catalogue::CLOCK_FUNCTIONS;
pub use catalogue::{Category, ScalarFunction, is_clock_function, is_header_function, scalar, scalar_functions};
pub(crate) use foreign::names as foreign_names;
pub use resolve::{Argument, ResolvedFunction, resolve_scalar};
