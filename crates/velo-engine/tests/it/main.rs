//! The engine through its public interface: plans built by hand, run over batches in memory.

mod aggregates;
mod driver;
mod grouping;
mod properties;
mod restore;
mod support;
mod windows;
