use std::collections::BTreeMap;
use std::path::Path;

use arrow::array::RecordBatch;

use super::manifest::{StateFile, StateScope};
use crate::OperatorState;
use crate::files::{Damage, FileError, VerifiedFile};

/// The state in the files of an operator, one for each instance that wrote any, in the order of the instances.
pub(super) fn read_states(directory: &Path, files: &[StateFile]) -> Result<Vec<OperatorState>, FileError> {
    let mut states: BTreeMap<usize, OperatorState> = BTreeMap::new();
    for file in files {
        let batches = read_batches(directory, file)?;
        let state = states.entry(file.instance).or_default();
        match &file.scope {
            StateScope::Keyed { key_groups } => state.key_groups.extend(key_groups.iter().copied().zip(batches)),
            StateScope::Shared => state.shared = batches.into_iter().next(),
        }
    }
    Ok(states.into_values().collect())
}

/// The batches of a file, which are as many as its scope says and have as many rows as was written.
fn read_batches(directory: &Path, file: &StateFile) -> Result<Vec<RecordBatch>, FileError> {
    let batches: Vec<RecordBatch> = VerifiedFile::open(directory, &file.file)?
        .read()?
        .collect::<Result<_, _>>()?;
    let expected = match &file.scope {
        StateScope::Keyed { key_groups } => key_groups.len(),
        StateScope::Shared => 1,
    };
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let message = if batches.len() != expected {
        format!("there are {} batches instead of {expected}", batches.len())
    } else if rows as u64 != file.file.rows {
        format!("there are {rows} instead of {}", file.file.rows)
    } else {
        return Ok(batches);
    };
    let path = directory.join(&file.file.name);
    Err(FileError::damaged(&path, Damage::Rows { message }))
}
