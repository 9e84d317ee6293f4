use std::collections::{BTreeMap, HashMap};
use std::hash::Hasher;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, SchemaRef};
use arrow::error::ArrowError;
use twox_hash::XxHash64;
use velo_data::{Clock, StreamBatch, StreamSchema, SystemClock, record_batch};
use velo_engine::{Table, TableBuilder};
use velo_planner::plan::PlannedStatement;
use velo_state::{SkippedRows, SnapshotDetails, SnapshotError, SnapshotManifest};

use super::Shared;
use super::offsets::MadeOf;
use crate::{LoadError, TableReadyStatus, TableReport};

/// What is kept of a table from an earlier load.
pub(super) enum Kept {
    Nothing,
    /// It cannot be gone on from, and why.
    Useless(String),
    /// It is what the table was when it had been made of this, without the rows that were skipped.
    Usable {
        made_of: MadeOf,
        skipped: SkippedRows,
    },
}

/// A table that is to be kept.
pub(super) struct NewState<'a> {
    pub(super) name: &'a str,
    pub(super) table: &'a Table,
    pub(super) fingerprint: &'a str,
    pub(super) made_of: &'a MadeOf,
    pub(super) skipped: SkippedRows,
}

/// Rows of a file of a snapshot.
const BATCH_ROWS: usize = 64 << 10;

/// Small files of a snapshot that rows are added to; with more, it is written anew.
const SMALL_FILES_MAX: usize = 16;

/// A file of fewer bytes is a small one: what was added.
const SMALL_FILE_BYTES: u64 = 64 << 20;

impl Shared {
    /// What is kept of a table whose definition has this fingerprint, which reads tables with these contents, and whose rows
    /// become what this policy says when they fail.
    pub(super) fn kept(
        &self,
        name: &str,
        fingerprint: &str,
        contents: &BTreeMap<String, String>,
        policy: &str,
    ) -> Kept {
        let Some(store) = &self.store else {
            return Kept::Nothing;
        };
        let manifest = match store.manifest(name) {
            Ok(Some(manifest)) => manifest,
            Ok(None) => return Kept::Nothing,
            Err(error) => return Kept::Useless(unusable(&error)),
        };
        if self.full_refresh {
            return Kept::Useless("a full refresh was asked for".to_owned());
        }
        if manifest.details.definition_fingerprint != fingerprint {
            return Kept::Useless("its definition has changed".to_owned());
        }
        let skipped = manifest.details.skipped;
        if !skipped.is_empty() && skipped.policy != policy {
            return Kept::Useless("it lacks rows that failed, and their `error.policy` has changed".to_owned());
        }
        let Some(made_of) = MadeOf::read(&manifest.details.source_offsets) else {
            return Kept::Useless("what it was made of cannot be told".to_owned());
        };
        match made_of.changed_table(contents) {
            Some(table) => Kept::Useless(format!("`{table}`, which it reads, has changed")),
            None => Kept::Usable { made_of, skipped },
        }
    }

    /// Writes a table down, if tables are kept; gives back what tells its content from others.
    pub(super) fn keep(&self, state: NewState<'_>) -> Result<String, LoadError> {
        let Some(store) = &self.store else {
            return Ok(String::new());
        };
        let NewState { name, table, .. } = state;
        let batches: Vec<RecordBatch> = table.batches(BATCH_ROWS).collect();
        let written = store.write(name, Arc::clone(table.schema().arrow()), &batches, state.details());
        Ok(content_of(&written.map_err(|error| not_kept(name, error))?))
    }

    /// Adds rows to what is kept of a table.
    pub(super) fn keep_added(
        &self,
        state: NewState<'_>,
        added: &[StreamBatch],
        before: &MadeOf,
    ) -> Result<String, LoadError> {
        let Some(store) = &self.store else {
            return Ok(String::new());
        };
        let NewState { name, table, .. } = state;
        let manifest = store.manifest(name).map_err(|error| not_kept(name, error))?;
        let Some(manifest) = manifest else {
            return self.keep(state);
        };
        if added.is_empty() && state.made_of == before {
            return Ok(content_of(&manifest));
        }
        let is_changelog = added.iter().any(|batch| batch.kinds.is_some());
        let small_files = manifest.files.iter().filter(|file| file.bytes < SMALL_FILE_BYTES);
        if small_files.count() >= SMALL_FILES_MAX || is_changelog {
            return self.keep(state);
        }
        let schema = table.schema().arrow();
        let added = added.iter().map(|batch| with_columns(&batch.records, schema));
        let added = added.collect::<Result<Vec<_>, _>>();
        let added =
            added.map_err(|error| LoadError::permanent("rows have other columns than the table").with_source(error))?;
        let details = state.details();
        let write = || {
            let mut writer = store.extend(name, Arc::clone(schema))?;
            for records in &added {
                writer.write(records)?;
            }
            writer.finish(details)
        };
        Ok(content_of(&write().map_err(|error| not_kept(name, error))?))
    }

    /// A builder with the rows that are kept of a table, and what tells its content from others.
    pub(super) fn kept_builder(&self, prepared: &PlannedStatement) -> Result<(TableBuilder, String), String> {
        let unkept = || "nothing is kept of it".to_owned();
        let store = self.store.as_ref().ok_or_else(unkept)?;
        let snapshot = store
            .read(&prepared.name)
            .map_err(|error| unusable(&error))?
            .ok_or_else(unkept)?;
        let mut builder = TableBuilder::new(&prepared.output_schema()).map_err(|error| error.to_string())?;
        let content = content_of(&snapshot.manifest);
        for batch in snapshot.batches {
            let batch = batch.map_err(|error| unusable(&error))?;
            builder
                .add(&StreamBatch::inserts(batch))
                .map_err(|error| error.to_string())?;
        }
        Ok((builder, content))
    }

    /// Takes the tables that a statement needs and that are not loaded from what is kept of them: they were left out by
    /// the selection.
    pub(super) fn take_kept_tables(&self, statement: &PlannedStatement) {
        for name in statement.plan.tables() {
            if self.registry.table(name).is_some() || self.registry.status(name).is_some() {
                continue;
            }
            if let Some((table, content)) = self.kept_table(name)
                && self.registry.register_table(name).is_ok()
            {
                self.publish(name, Arc::new(table), content, TableReport::default());
            }
        }
    }

    /// The tables that a statement needs and that could not be loaded, as they are kept, each with what tells its content
    /// from others. They stay failed for everybody else. Nothing, unless that is asked for.
    pub(super) fn kept_of_failed(&self, statement: &PlannedStatement) -> HashMap<String, (Table, String)> {
        if !self.reads_kept_of_failed {
            return HashMap::new();
        }
        let could_not_be_loaded = |name: &&str| {
            let status = self.registry.status(name);
            let is_over = matches!(
                status,
                Some(TableReadyStatus::Failed { .. } | TableReadyStatus::Skipped { .. })
            );
            is_over && self.registry.table(name).is_none()
        };
        let failed = statement.plan.tables().filter(could_not_be_loaded);
        failed
            .filter_map(|name| Some((name.to_owned(), self.kept_table(name)?)))
            .collect()
    }

    /// What is kept of a table, if it is still defined as it was then: its columns may have been others.
    fn kept_table(&self, name: &str) -> Option<(Table, String)> {
        let statement = self.statement(name)?;
        let manifest = self.store.as_ref()?.manifest(name).ok()??;
        if manifest.details.definition_fingerprint != self.fingerprint(statement, &self.streams_of(statement)) {
            return None;
        }
        let (builder, content) = self.kept_builder(statement).ok()?;
        Some((builder.finish().ok()?, content))
    }

    /// Whether anything is kept of a table.
    pub(super) fn is_kept(&self, name: &str) -> bool {
        let manifest = self.store.as_ref().and_then(|store| store.manifest(name).ok());
        manifest.flatten().is_some()
    }
}

impl NewState<'_> {
    fn details(self) -> SnapshotDetails {
        let schema = self.table.schema();
        let key = schema
            .key()
            .iter()
            .map(|index| schema.arrow().field(*index).name().clone());
        let checksum = self.table.checksum();
        SnapshotDetails {
            definition_fingerprint: self.fingerprint.to_owned(),
            key_columns: key.collect(),
            source_offsets: self.made_of.write(),
            content: checksum.map(|checksum| of_rows(checksum, schema)).unwrap_or_default(),
            skipped: self.skipped,
            loaded_at_ms: SystemClock.now_ms(),
        }
    }
}

/// What tells the rows of a table from others: a checksum of them, and of what their columns are.
fn of_rows(checksum: u64, schema: &StreamSchema) -> String {
    let mut hasher = XxHash64::with_seed(checksum);
    for field in schema.user_fields() {
        hasher.write(format!("{}:{}:{:?}\n", field.name(), field.data_type(), metadata(field)).as_bytes());
    }
    hasher.write(format!("{:?}", schema.key()).as_bytes());
    format!("rows-{checksum:016x}-{:016x}", hasher.finish())
}

/// What a field says beside its type, in an order that does not change.
fn metadata(field: &Field) -> BTreeMap<&String, &String> {
    field.metadata().iter().collect()
}

/// What tells the content of a snapshot from others. Where its rows have no checksum, every snapshot is another one.
pub(super) fn content_of(manifest: &SnapshotManifest) -> String {
    match manifest.details.content.as_str() {
        "" => format!("{}-{}", manifest.details.definition_fingerprint, manifest.generation),
        content => content.to_owned(),
    }
}

/// The first columns of a batch, which are those of `schema`, as the table has them.
fn with_columns(records: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = records.columns()[..schema.fields().len()].to_vec();
    record_batch(schema, columns, records.num_rows())
}

fn unusable(error: &SnapshotError) -> String {
    format!("its snapshot cannot be used: {error}")
}

fn not_kept(name: &str, error: SnapshotError) -> LoadError {
    LoadError::permanent(format!("`{name}` was read, and cannot be kept")).with_source(error)
}
