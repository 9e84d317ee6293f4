//! Plans and diagnostics of whole programs, as text.

mod dependencies;
mod expressions;
mod grouping;
mod names;
mod properties;
mod rewrites;
mod support;
mod targets;
