//! Files that survive when a process is killed or the power is lost, and that show when they were damaged.

mod arrow_reader;
mod arrow_writer;
mod checksum;
mod directory_name;
mod early_sync;
mod error;
mod operations;

use serde::{Deserialize, Serialize};

pub(crate) use arrow_reader::{ArrowFileReader, VerifiedFile};
pub(crate) use arrow_writer::ArrowFileWriter;
pub(crate) use checksum::checksum_of;
pub(crate) use directory_name::directory_name;
pub use error::{Damage, FileError};
pub(crate) use operations::{
    create_directory, names_in, persist, remove_directory, remove_file, sync_directory, temporary_in,
};

/// An Arrow IPC file, as a manifest describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrowFile {
    /// Its name in the directory of the manifest.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// Its bytes.
    pub bytes: u64,
    /// The XXH64 of its bytes.
    pub checksum: String,
}
