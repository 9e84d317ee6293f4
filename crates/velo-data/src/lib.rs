//! SQL types and schemas on Arrow, system columns, batches and row kinds.
