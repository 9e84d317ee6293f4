use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::CheckpointError;
use super::directory::JobDirectory;
use super::manifest::{
    CheckpointDetails, CheckpointManifest, OperatorDescriptor, OperatorEntry, StateFile, StateScope,
};
use crate::files::{ArrowFile, ArrowFileWriter, FileError, directory_name, sync_directory};
use crate::lock::Lock;
use crate::manifest::{Manifest, write_manifest};
use crate::{KEY_GROUPS, OperatorState};

/// Bytes of a file that are brought to disk at once while it is written.
const SYNC_BYTES: u64 = 64 << 20;

/// Writes a checkpoint, operator by operator. It is not there before [`CheckpointWriter::commit`]; what a writer has
/// written that is dropped before is removed.
///
/// A writer may be moved to a thread that writes while the job goes on. It keeps the job's lock as long as it lives.
#[derive(Debug)]
pub struct CheckpointWriter {
    /// Lets no other process write to the directory of the job.
    _lock: Arc<Lock>,
    job: String,
    checkpoints: JobDirectory,
    number: u64,
    directory: PathBuf,
    operators: Vec<OperatorEntry>,
    /// What the names of the files of those operators begin with.
    prefixes: HashSet<String>,
    has_manifest: bool,
}

impl CheckpointWriter {
    pub(super) fn new(lock: Arc<Lock>, job: String, checkpoints: JobDirectory, number: u64) -> Self {
        Self {
            _lock: lock,
            job,
            directory: checkpoints.checkpoint(number),
            checkpoints,
            number,
            operators: Vec::new(),
            prefixes: HashSet::new(),
            has_manifest: false,
        }
    }

    /// Writes the state of an operator's instances, which are numbered in the order in which they come. When this
    /// returns, it is on disk.
    ///
    /// # Errors
    ///
    /// When there is such an operator already, when its state is not of one form, or when it cannot be written.
    pub fn write_operator(
        &mut self,
        descriptor: OperatorDescriptor,
        states: &[OperatorState],
    ) -> Result<(), CheckpointError> {
        let id = &descriptor.id;
        let prefix = directory_name(id);
        if !self.prefixes.insert(prefix.clone()) {
            return Err(CheckpointError::OperatorTwice { id: id.clone() });
        }
        let mut files = Vec::new();
        for (instance, state) in states.iter().enumerate() {
            if let Some(schema) = schema_of_keyed(id, &state.key_groups)? {
                let name = format!("{prefix}-{instance}-keyed.arrow");
                let key_groups = state.key_groups.keys().copied().collect();
                files.push(StateFile {
                    instance,
                    scope: StateScope::Keyed { key_groups },
                    file: self.write_file(name, schema, state.key_groups.values())?,
                });
            }
            if let Some(shared) = &state.shared {
                let name = format!("{prefix}-{instance}-shared.arrow");
                files.push(StateFile {
                    instance,
                    scope: StateScope::Shared,
                    file: self.write_file(name, shared.schema(), [shared])?,
                });
            }
        }
        self.operators.push(OperatorEntry { descriptor, files });
        Ok(())
    }

    /// Makes this the newest checkpoint of the job, and then removes all but the newest `retained` ones; this one stays in
    /// any case. Old ones that cannot be removed are logged: this one is there all the same.
    ///
    /// # Errors
    ///
    /// When the checkpoint cannot be brought to disk. It is then not there, unless the error is
    /// [`CheckpointError::Undecided`].
    pub fn commit(
        mut self,
        details: CheckpointDetails,
        retained: usize,
    ) -> Result<CheckpointManifest, CheckpointError> {
        let manifest = CheckpointManifest {
            format_version: CheckpointManifest::FORMAT_VERSION,
            job: self.job.clone(),
            number: self.number,
            key_groups: KEY_GROUPS,
            details,
            operators: std::mem::take(&mut self.operators),
        };
        // A manifest must not survive a loss of power that the names of files before it do not survive.
        sync_directory(&self.directory)?;
        sync_directory(self.checkpoints.path())?;
        write_manifest(&manifest, &self.directory)?;
        self.has_manifest = true;
        let number = self.number;
        sync_directory(&self.directory).map_err(|source| CheckpointError::Undecided { number, source })?;
        if let Err(error) = self.checkpoints.retain_newest(retained.max(1)) {
            tracing::warn!("an old checkpoint stays: {error}");
        }
        Ok(manifest)
    }

    fn write_file<'b>(
        &self,
        name: String,
        schema: SchemaRef,
        batches: impl IntoIterator<Item = &'b RecordBatch>,
    ) -> Result<ArrowFile, FileError> {
        let mut writer = ArrowFileWriter::begin(&self.directory, schema, SYNC_BYTES)?;
        for batch in batches {
            writer.write(batch)?;
        }
        writer.finish(name)
    }
}

impl Drop for CheckpointWriter {
    fn drop(&mut self) {
        if self.has_manifest {
            return;
        }
        // What stays is a directory without a manifest, which is removed when the store is opened again.
        if let Err(error) = self.checkpoints.remove(self.number) {
            tracing::warn!("a checkpoint that was given up stays: {error}");
        }
    }
}

/// The schema that the rows of all key groups have; `None` without any key group.
fn schema_of_keyed(id: &str, key_groups: &BTreeMap<u16, RecordBatch>) -> Result<Option<SchemaRef>, CheckpointError> {
    let Some((&last, _)) = key_groups.last_key_value() else {
        return Ok(None);
    };
    let id = || id.to_owned();
    if last >= KEY_GROUPS {
        let key_group = last;
        return Err(CheckpointError::NoSuchKeyGroup { id: id(), key_group });
    }
    let mut schema: Option<SchemaRef> = None;
    for (&key_group, batch) in key_groups {
        match &schema {
            Some(schema) if *schema != batch.schema() => {
                return Err(CheckpointError::OtherColumns { id: id(), key_group });
            }
            Some(_) => {}
            None => schema = Some(batch.schema()),
        }
    }
    Ok(schema)
}
