use std::collections::HashMap;

use serde::de::DeserializeOwned;
use serde_json::Value;
use velo_datasources::{SinkPosition, SplitId};
use velo_engine::{OperatorState, RestoredInput, RestoredJob, SplitState};
use velo_planner::physical::{InvalidOperatorId, OperatorId};
use velo_state::{CheckpointError, CheckpointManifest, CheckpointStore, StatementEntry};

use crate::RecoveryError;

/// What a job goes on from, while it is read.
#[derive(Debug, Default)]
pub(crate) struct Restoring {
    pub(crate) job: RestoredJob,
    pub(crate) sinks: HashMap<String, SinkPosition>,
}

impl Restoring {
    /// Reads what a checkpoint has of a statement.
    pub(crate) fn statement(
        &mut self,
        store: &CheckpointStore,
        manifest: &CheckpointManifest,
        statement: &StatementEntry,
    ) -> Result<(), RecoveryError> {
        let name = &statement.statement;
        let operators = manifest.operators.iter();
        for operator in operators.filter(|operator| operator.descriptor.statement == *name) {
            let id = operator_id(manifest, &operator.descriptor.id)?;
            if operator.descriptor.ended {
                self.job.ended.insert(id);
            }
            let states = store.read_operator(manifest, operator)?;
            if !states.is_empty() {
                let merged = OperatorState::merge(states).map_err(|error| CheckpointError::OtherForms {
                    id: operator.descriptor.id.clone(),
                    source: error,
                })?;
                self.job.operators.insert(id, merged);
            }
        }
        for input in manifest.details.inputs.iter().filter(|input| input.statement == *name) {
            let mut restored = RestoredInput::default();
            for split in &input.splits {
                let what = || format!("split `{}` of `{}`", split.split, input.relation);
                let state = SplitState {
                    position: understood(manifest, what, &split.position)?,
                    event_time_ms_max: split.event_time_ms_max,
                    ended: split.ended,
                };
                restored.splits.insert(SplitId::from(split.split.as_str()), state);
            }
            self.job.inputs.insert(operator_id(manifest, &input.id)?, restored);
        }
        for output in manifest
            .details
            .outputs
            .iter()
            .filter(|output| statement.sinks.contains(&output.sink))
        {
            let position = understood(manifest, || format!("sink `{}`", output.sink), &output.position)?;
            self.sinks.insert(output.sink.clone(), position);
        }
        Ok(())
    }
}

fn understood<T: DeserializeOwned>(
    manifest: &CheckpointManifest,
    what: impl FnOnce() -> String,
    value: &Value,
) -> Result<T, RecoveryError> {
    T::deserialize(value).map_err(|source| RecoveryError::NotUnderstood {
        number: manifest.number,
        what: what(),
        source: Box::new(source),
    })
}

fn operator_id(manifest: &CheckpointManifest, text: &str) -> Result<OperatorId, RecoveryError> {
    text.parse().map_err(|source| RecoveryError::NotUnderstood {
        number: manifest.number,
        what: "an operator".to_owned(),
        source: Box::<InvalidOperatorId>::new(source),
    })
}
