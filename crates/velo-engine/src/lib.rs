//! Physical operators over Arrow batches, their state, and the driver that runs them.
