//! End-to-end cases; see `tests/`.
