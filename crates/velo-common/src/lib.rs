//! Spans, diagnostics, names and durations: the vocabulary that every Velostream crate shares.
//!
//! Start at [`Diagnostic`]: whatever is wrong with a program is said through it, with a [`Code`] that
//! never changes its meaning and a [`Span`] into the text that caused it.
//!
//! This crate knows neither Arrow nor SQL, does no I/O and is never asynchronous.
//!
//! ```
//! use velo_common::{Diagnostic, SourceText, Span, code, render_plain};
//!
//! let source = SourceText::new("clicks.sql", "SELECT idd FROM clicks");
//! let diagnostic = Diagnostic::new(&code::UNKNOWN_COLUMN, Span::new(7, 10), "there is no column `idd`")
//!     .with_help("a similar column exists: `id`");
//! assert!(render_plain(&diagnostic, &source).contains("clicks.sql:1:8"));
//! ```

pub mod code;
mod diagnostic;
mod duration;
mod name;
mod render;
mod source;
mod span;
mod suggest;

pub use code::Code;
pub use diagnostic::{Diagnostic, Related, Severity, has_errors};
pub use duration::{DurationError, TimeUnit, format_duration, parse_duration};
pub use name::Name;
pub use render::{RenderStyle, render, render_plain};
pub use source::{Position, SourceText};
pub use span::Span;
pub use suggest::nearest;
