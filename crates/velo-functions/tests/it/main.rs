//! What functions, operators and casts give, through the public interface.

mod arithmetic;
mod casts;
mod scalars;
mod support;
