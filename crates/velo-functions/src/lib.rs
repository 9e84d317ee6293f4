//! The SQL functions of the dialect on Arrow arrays: checked arithmetic of our own, everything else by name from DataFusion.
