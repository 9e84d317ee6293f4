//! The binary as its users see it: what goes in, what comes out, and how it exits.

mod cases;
mod commands;
mod demo;
mod diagnostics;
mod policies;
mod refused;
mod support;
