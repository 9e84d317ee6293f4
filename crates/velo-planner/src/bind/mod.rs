//! From the syntax tree of a query to a logical plan.
//!
//! [`QueryBinder`] walks queries clause by clause; [`expr::ExprBinder`] binds the expressions of a clause. Each
//! reports what is wrong and goes on, so that one run finds everything.

mod bound;
mod chain;
mod event_time;
mod expr;
mod fold;
mod from;
mod function;
mod grouping;
mod items;
mod join;
mod key;
mod lint;
mod literal;
mod operators;
mod order;
mod query;
mod scope;
mod select;
mod set_operation;
mod unsupported;
mod window;

pub(crate) use bound::column;
pub(crate) use event_time::Computed;
pub(crate) use expr::ExprBinder;
pub(crate) use key::RecordKey;
pub(crate) use lint::timed_by_records;
pub(crate) use query::{BoundQuery, Nesting, QueryBinder, WindowDefaults};
pub(crate) use scope::Scope;
pub use unsupported::UnsupportedForm;
pub(crate) use window::has_window;
