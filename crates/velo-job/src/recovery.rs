use std::collections::{BTreeSet, HashMap};
use std::error::Error;

use velo_datasources::{SinkConfig, SinkPosition};
use velo_engine::RestoredJob;
use velo_planner::physical::{Identities, StatementIdentity};
use velo_planner::plan::PlannedStatement;
use velo_state::{CheckpointError, CheckpointManifest, CheckpointStore, StatementEntry};

use crate::component::components;
use crate::restore::Restoring;

/// The statements of a job and the sinks that they write to.
#[derive(Debug, Clone)]
pub struct JobOutline<'a> {
    /// The statements, in any order; they may read each other.
    pub statements: &'a [PlannedStatement],
    /// The sinks.
    pub sinks: Vec<JobSinkOutline<'a>>,
}

/// A sink of a job.
#[derive(Debug, Clone)]
pub struct JobSinkOutline<'a> {
    /// What checkpoints call it.
    pub name: &'a str,
    /// What it is.
    pub config: &'a SinkConfig,
    /// Indexes of the statements that write to it.
    pub writers: Vec<usize>,
}

impl JobOutline<'_> {
    fn names(&self, members: &[usize]) -> Vec<String> {
        members
            .iter()
            .map(|index| self.statements[*index].name.clone())
            .collect()
    }
}

/// What a job goes on from, and what becomes of its statements.
#[derive(Debug)]
pub struct Recovery {
    /// The number of the newest checkpoint; 0 if there is none.
    pub last_number: u64,
    /// When it was taken, in milliseconds since the epoch.
    pub taken_at_ms: Option<i64>,
    /// Each group of statements that are connected, in the order of the program.
    pub groups: Vec<GroupRecovery>,
    /// Statements of the checkpoint that the program does not have any more: their state is let go.
    pub forgotten: Vec<String>,
    /// State and positions of the groups that go on.
    pub restored: RestoredJob,
    /// Where sinks of the groups that go on were, by their names.
    pub sinks: HashMap<String, SinkPosition>,
}

/// What becomes of statements that are connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRecovery {
    /// Their names, in the order of the program.
    pub statements: Vec<String>,
    /// What becomes of them.
    pub fate: Fate,
}

/// What becomes of a group of statements when its job is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It has not run before: it reads its sources from the beginning.
    Begins,
    /// It goes on from the checkpoint.
    Continues,
    /// It reads its sources from the beginning and writes its files anew.
    Rebuilt {
        /// Why, as a sentence without its end.
        reason: String,
    },
    /// It can neither go on nor be rebuilt.
    Refused {
        /// Why, as a sentence without its end.
        reason: String,
    },
}

/// Why nothing can be said of what a job goes on from.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// A checkpoint cannot be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// What a checkpoint says of a position or an operator cannot be understood.
    #[error("checkpoint {number} says something of {what} that this version does not understand")]
    NotUnderstood {
        /// The number of the checkpoint.
        number: u64,
        /// What it says it of.
        what: String,
        /// What is not understood.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The checkpoints are those of another program.
    #[error(
        "the checkpoints of job `{job}` are those of another program, with the statements {}; \
         name this one by `-- @app: name` at its top, or keep its state in another directory",
        statements.join(", ")
    )]
    OtherProgram {
        /// The job.
        job: String,
        /// The statements of that program.
        statements: Vec<String>,
    },
}

impl Recovery {
    /// Of a job that goes on from nothing.
    pub fn begin(job: &JobOutline<'_>) -> Self {
        let groups = components(job).into_iter().map(|members| GroupRecovery {
            statements: job.names(&members),
            fate: Fate::Begins,
        });
        Self {
            last_number: 0,
            taken_at_ms: None,
            groups: groups.collect(),
            forgotten: Vec::new(),
            restored: RestoredJob::default(),
            sinks: HashMap::new(),
        }
    }

    /// Compares a job with its newest checkpoint, if there is one, and reads what it goes on from.
    ///
    /// # Errors
    ///
    /// When the checkpoint cannot be read, or is that of another program.
    pub fn plan(job: &JobOutline<'_>, store: &CheckpointStore) -> Result<Self, RecoveryError> {
        let manifest = store.latest()?;
        let identities = Identities::new(job.statements);
        let current: Vec<StatementIdentity> = job
            .statements
            .iter()
            .map(|statement| identities.of(statement))
            .collect();
        let before = Before::new(manifest.as_ref());
        let matched: Vec<Option<&StatementEntry>> = job
            .statements
            .iter()
            .zip(&current)
            .enumerate()
            .map(|(index, (statement, identity))| before.entry_of(statement, identity, &sinks_of(job, index)))
            .collect();
        let groups: Vec<(Vec<usize>, Fate)> = components(job)
            .into_iter()
            .map(|members| {
                let fate = before.fate(job, &members, &matched);
                (members, fate)
            })
            .collect();
        let is_known = groups.iter().any(|(_, fate)| *fate != Fate::Begins);
        if let Some(manifest) = manifest.as_ref().filter(|_| !is_known && !groups.is_empty()) {
            return Err(RecoveryError::OtherProgram {
                job: manifest.job.clone(),
                statements: names(&manifest.details.statements),
            });
        }
        let continuing = groups.iter().filter(|(_, fate)| *fate == Fate::Continues);
        let continuing: BTreeSet<usize> = continuing.flat_map(|(members, _)| members.iter().copied()).collect();
        let mut restoring = Restoring::default();
        if let Some(manifest) = &manifest {
            for entry in continuing.iter().filter_map(|index| matched[*index]) {
                restoring.statement(store, manifest, entry)?;
            }
        }
        let kept = |name: &String| {
            let is_current = |statement: &PlannedStatement| statement.name.eq_ignore_ascii_case(name);
            job.statements.iter().any(is_current) || matched.iter().flatten().any(|entry| entry.statement == *name)
        };
        let forgotten = before.statements.iter().map(|entry| entry.statement.clone());
        Ok(Self {
            last_number: manifest.as_ref().map_or(0, |manifest| manifest.number),
            taken_at_ms: manifest.as_ref().map(|manifest| manifest.details.taken_at_ms),
            forgotten: forgotten.filter(|name| !kept(name)).collect(),
            groups: groups
                .into_iter()
                .map(|(members, fate)| GroupRecovery {
                    statements: job.names(&members),
                    fate,
                })
                .collect(),
            restored: restoring.job,
            sinks: restoring.sinks,
        })
    }

    /// The groups that can neither go on nor be rebuilt, with the reasons.
    pub fn refused(&self) -> impl Iterator<Item = (&GroupRecovery, &str)> {
        self.groups.iter().filter_map(|group| match &group.fate {
            Fate::Refused { reason } => Some((group, reason.as_str())),
            Fate::Begins | Fate::Continues | Fate::Rebuilt { .. } => None,
        })
    }
}

/// What a checkpoint says of statements.
struct Before<'a> {
    statements: &'a [StatementEntry],
    /// The sinks that it has positions of.
    sinks: BTreeSet<&'a str>,
}

impl<'a> Before<'a> {
    fn new(manifest: Option<&'a CheckpointManifest>) -> Self {
        let details = manifest.map(|manifest| &manifest.details);
        Self {
            statements: details.map_or(&[], |details| &details.statements),
            sinks: details
                .map(|details| details.outputs.iter().map(|output| output.sink.as_str()).collect())
                .unwrap_or_default(),
        }
    }

    /// The entry of a statement that remembers the same: of its name, or, where `@id` fixes what its state is kept under, of
    /// another.
    fn entry_of(
        &self,
        statement: &PlannedStatement,
        identity: &StatementIdentity,
        sinks: &BTreeSet<&str>,
    ) -> Option<&'a StatementEntry> {
        let ids = |entry: &StatementEntry| -> BTreeSet<String> {
            let operators = entry.operators.iter().map(|operator| operator.id.clone());
            operators
                .chain(entry.inputs.iter().map(|input| input.id.clone()))
                .collect()
        };
        let operators = identity.operators.iter().map(|operator| operator.id.to_string());
        let inputs = identity.inputs.iter().map(|input| input.id.to_string());
        let current: BTreeSet<String> = operators.chain(inputs).collect();
        let is_fixed = statement.settings.state_id.is_some() && !current.is_empty();
        self.statements.iter().find(|entry| {
            let is_named = entry.statement.eq_ignore_ascii_case(&statement.name);
            let written: BTreeSet<&str> = entry.sinks.iter().map(String::as_str).collect();
            (is_named || is_fixed) && ids(entry) == current && written == *sinks
        })
    }

    fn fate(&self, job: &JobOutline<'_>, members: &[usize], matched: &[Option<&StatementEntry>]) -> Fate {
        let sinks = || {
            job.sinks
                .iter()
                .filter(|sink| sink.writers.iter().any(|writer| members.contains(writer)))
        };
        let named = |index: &usize| {
            let name = &job.statements[*index].name;
            self.statements
                .iter()
                .any(|entry| entry.statement.eq_ignore_ascii_case(name))
        };
        let is_known = |index: &usize| matched[*index].is_some() || named(index);
        if !members.iter().any(is_known) && !sinks().any(|sink| self.sinks.contains(sink.name)) {
            return Fate::Begins;
        }
        let changed = members.iter().find(|index| matched[**index].is_none());
        let reason = match changed {
            Some(index) if named(index) => format!("`{}` has changed", job.statements[*index].name),
            Some(index) => format!("`{}` is new", job.statements[*index].name),
            None => match sinks().find_map(|sink| sink.config.resumes().err()) {
                Some(reason) => reason,
                None => return Fate::Continues,
            },
        };
        match sinks().find(|sink| !is_rewritable(sink.config)) {
            Some(sink) => Fate::Refused {
                reason: format!("{reason}, and what `{}` holds cannot be taken back", sink.name),
            },
            None => Fate::Rebuilt { reason },
        }
    }
}

/// Whether what was written can be written anew: a file that rows are appended to has others, too.
fn is_rewritable(config: &SinkConfig) -> bool {
    !matches!(config, SinkConfig::File(file) if file.append)
}

fn sinks_of<'a>(job: &JobOutline<'a>, statement: usize) -> BTreeSet<&'a str> {
    let sinks = job.sinks.iter().filter(|sink| sink.writers.contains(&statement));
    sinks.map(|sink| sink.name).collect()
}

fn names(statements: &[StatementEntry]) -> Vec<String> {
    let names: BTreeSet<&str> = statements.iter().map(|entry| entry.statement.as_str()).collect();
    names.into_iter().map(|name| format!("`{name}`")).collect()
}
