//! Bytes to Arrow and back: JSON lines, CSV, envelopes.
