/// How far a partition has been read: where reading goes on after a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartitionOffset {
    /// In a file.
    File {
        /// First byte not yet handed on.
        byte: u64,
        /// Number of that record, from 0.
        record: u64,
        /// Line on which that record starts, from 1.
        line: u64,
    },
    /// In a list of batches in memory: the next one.
    Batch(usize),
    /// Among rows that are generated: the number of the next one.
    Row(u64),
}
