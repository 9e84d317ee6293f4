//! Scalar and aggregate functions of the dialect on Arrow: names, synonyms, type rules and kernels.
//!
//! Start at [`resolve_scalar`] and [`resolve_aggregate`]: from a name and the types of the arguments to something
//! that can be called. Operators are in [`arithmetic`], conversions behind [`cast_expr`], and [`common_type`] says
//! where two types meet.
//!
//! Every expression that this crate makes has the one Arrow type that its SQL type names, whatever the function
//! behind it returns. What is not checked or not exact in DataFusion is our own.
//!
//! This crate knows no SQL text and no plans, and does no I/O.
//!
//! ```
//! use velo_data::SqlType;
//! use velo_functions::{ArithmeticOperator, arithmetic};
//!
//! let price = SqlType::Decimal { precision: 10, scale: 2 };
//! let ratio = arithmetic::result_type(ArithmeticOperator::Divide, &price, &price);
//! assert_eq!(ratio, Some(SqlType::Decimal { precision: 38, scale: 8 }));
//! ```

mod aggregate;
pub mod arithmetic;
mod cast;
mod clock;
mod common_type;
mod comparison;
mod error;
mod event_time;
mod kernel;
mod names;
mod reference;
mod required;
mod scalar;

pub use aggregate::{
    AggregateFunction, AggregateKind, ResolvedAggregate, WINDOW_FUNCTIONS, aggregate, aggregate_functions,
    is_window_function, resolve_aggregate,
};
pub use arithmetic::{ArithmeticOperator, take_zero_divisions};
pub use cast::{can_cast, cast_expr, missing_field};
pub use clock::{processing_time, set_processing_time};
pub use common_type::{common_type, common_type_of};
pub use comparison::{comparable, comparable_interval, comparison_key};
pub use error::{FunctionError, error_message};
pub use event_time::{event_time, failing_event_time};
pub use names::function_names;
pub use reference::function_reference;
pub use required::{is_missing_key, key_value, without_key_value};
pub use scalar::{
    Argument, Category, ResolvedFunction, ScalarFunction, is_clock_function, is_header_function, joined_bytes,
    kernel_pattern, like_pattern, resolve_scalar, scalar, scalar_functions,
};
