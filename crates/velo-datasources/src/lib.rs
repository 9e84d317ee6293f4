//! Sources and sinks: where bytes come from and where they go.
