//! The scans of sources and tables, and what is opened for them.
//!
//! Scans of several statements that read alike are opened once: one stage reads and decodes for all of them.

use std::collections::HashMap;
use std::sync::Arc;

use velo_data::StreamSchema;
use velo_datasources::{MemorySource, Source};
use velo_planner::physical::{Identities, JobGraph, OperatorId, ScanLayout};
use velo_planner::plan::{PlannedStatement, Relation, Scan};

use super::alignment::Alignment;
use super::build::{Program, compile_error, restore_error, unknown};
use super::checkpoint::InputDescription;
use super::ledger::StatementLedger;
use super::readers::Readers;
use super::reading::Reading;
use super::source_input::SourceInput;
use super::split::{OpenSource, ReadOptions};
use crate::compile::scan_chain;
use crate::error::EngineError;
use crate::table::JoinedTable;

/// What is opened for the scans of a job.
pub(super) struct OpenScans {
    /// How each scan is read, by statement, in the order of its scans.
    pub(super) layouts: Vec<Vec<ScanLayout>>,
    /// What was opened; taken when its stage is made.
    opened: Vec<Option<OpenScan>>,
    /// Its place among them, by the ids of all scans that it is read for.
    places: HashMap<OperatorId, usize>,
}

impl OpenScans {
    /// What was opened for the scan of this id, and those that read alike.
    pub(super) fn take(&mut self, id: OperatorId) -> Option<OpenScan> {
        self.opened.get_mut(*self.places.get(&id)?)?.take()
    }

    /// Has the sources be read side by side whose rows meet in a union.
    pub(super) fn align(&mut self, graph: &JobGraph) {
        let groups = graph.meeting_sources();
        let mut alignments: HashMap<usize, Arc<Alignment>> = HashMap::new();
        for (stage, group) in groups {
            let id = graph.stages[stage].operators.first().map(|operator| operator.id);
            let place = id.and_then(|id| self.places.get(&id));
            let Some(open) = place.and_then(|place| self.opened.get_mut(*place)?.as_mut()) else {
                continue;
            };
            let alignment = alignments.entry(group).or_insert_with(Alignment::new);
            open.tasks.iter_mut().for_each(|task| task.align(alignment.join()));
        }
    }
}

/// A source or table that is open.
pub(super) struct OpenScan {
    /// The scans that it is read for.
    pub(super) inputs: Vec<InputDescription>,
    /// What each task reads.
    pub(super) tasks: Vec<SourceInput>,
}

/// A scan of a source or table.
#[derive(Clone, Copy)]
struct PlannedScan<'a> {
    id: OperatorId,
    /// Index of the statement.
    statement: usize,
    /// Its place among the scans of the statement.
    place: usize,
    scan: &'a Scan,
}

/// Scans that read alike.
struct ScanGroup<'a> {
    first: PlannedScan<'a>,
    others: Vec<PlannedScan<'a>>,
}

impl<'a> ScanGroup<'a> {
    fn all(&self) -> impl Iterator<Item = &PlannedScan<'a>> {
        std::iter::once(&self.first).chain(&self.others)
    }

    fn is_shared(&self) -> bool {
        !self.others.is_empty()
    }

    /// The statements that the scans are part of, each once.
    fn readers(&self, ledgers: &[Arc<StatementLedger>]) -> Readers {
        let mut others: Vec<usize> = self.others.iter().map(|scan| scan.statement).collect();
        others.dedup();
        others.retain(|statement| *statement != self.first.statement);
        let others = others.into_iter().map(|statement| Arc::clone(&ledgers[statement]));
        Readers::new(Arc::clone(&ledgers[self.first.statement]), others.collect())
    }
}

impl Program {
    /// Opens the sources and tables that the statements read.
    pub(super) fn open_sources(&self, ledgers: &[Arc<StatementLedger>]) -> Result<OpenScans, EngineError> {
        let mut open = OpenScans {
            layouts: vec![Vec::new(); self.statements.len()],
            opened: Vec::new(),
            places: HashMap::new(),
        };
        let Some(first) = self.statements.first() else {
            return Ok(open);
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(|source| EngineError::Thread {
            statement: first.name.clone(),
            source,
        })?;
        let scans = self.scans();
        self.tell_sizes(&scans, ledgers);
        for scan in &scans {
            open.layouts[scan.statement].push(ScanLayout::alone(1));
        }
        for (number, group) in self.groups(scans).into_iter().enumerate() {
            let opened = runtime.block_on(self.open_group(&group, ledgers))?;
            let layout = ScanLayout {
                instances: opened.tasks.len(),
                group: group.is_shared().then_some(number),
            };
            for scan in group.all() {
                open.layouts[scan.statement][scan.place] = layout;
                open.places.insert(scan.id, number);
            }
            open.opened.push(Some(opened));
        }
        Ok(open)
    }

    /// All scans that read no statement, statement by statement, in their order.
    fn scans(&self) -> Vec<PlannedScan<'_>> {
        let identities = Identities::new(&self.statements);
        let statements = self.statements.iter().enumerate();
        let scans = statements.flat_map(|(index, statement)| {
            let scans = statement.plan.scans().into_iter();
            let scans = scans.filter(|scan| !matches!(scan.relation, Relation::Statement(_)));
            let ids = identities.of(statement).inputs.into_iter().map(|input| input.id);
            scans.zip(ids).enumerate().map(move |(place, (scan, id))| PlannedScan {
                id,
                statement: index,
                place,
                scan,
            })
        });
        scans.collect()
    }

    /// The scans in groups that are read together, each where its first one stands.
    fn groups<'a>(&self, scans: Vec<PlannedScan<'a>>) -> Vec<ScanGroup<'a>> {
        let mut groups: Vec<ScanGroup<'a>> = Vec::new();
        // Most programs have many statements over few sources.
        let mut by_relation: HashMap<&Relation, Vec<usize>> = HashMap::new();
        for scan in scans {
            let of_relation = by_relation.entry(&scan.scan.relation).or_default();
            let mut alike = of_relation.iter().copied();
            match alike.find(|group| self.reads_alike(groups[*group].first, scan)) {
                Some(group) => groups[group].others.push(scan),
                None => {
                    of_relation.push(groups.len());
                    groups.push(ScanGroup {
                        first: scan,
                        others: Vec::new(),
                    });
                }
            }
        }
        groups
    }

    /// Whether what is read for one scan is what is read for the other, and is accounted for alike.
    fn reads_alike(&self, one: PlannedScan<'_>, other: PlannedScan<'_>) -> bool {
        let Relation::Source(name) = &one.scan.relation else {
            return false;
        };
        let settings = |scan: PlannedScan<'_>| {
            let settings = &self.statements[scan.statement].settings;
            (&settings.error_policy, settings.schema_drift, settings.batch_rows)
        };
        let restored = |scan: PlannedScan<'_>| {
            let has_ended = self.restored.ended.contains(&scan.id);
            (self.restored.inputs.get(&scan.id), has_ended)
        };
        one.scan.reads_like(other.scan)
            && settings(one) == settings(other)
            && restored(one) == restored(other)
            && self.sources.get(name).is_some_and(|source| !source.skips_by_bounds())
    }

    /// Tells each statement how much there is to be read for it, if all of it has a size.
    fn tell_sizes(&self, scans: &[PlannedScan<'_>], ledgers: &[Arc<StatementLedger>]) {
        let mut sizes: HashMap<usize, Option<u64>> = HashMap::new();
        for scan in scans {
            let bytes = match &scan.scan.relation {
                Relation::Source(name) => self.sources.get(name).and_then(|source| source.estimated_bytes()),
                Relation::Table(_) | Relation::Statement(_) => None,
            };
            let size = sizes.entry(scan.statement).or_insert(Some(0));
            *size = size.zip(bytes).map(|(size, bytes)| size + bytes);
        }
        for (statement, bytes) in sizes {
            if let Some(bytes) = bytes {
                ledgers[statement].metrics.set_bytes_total(bytes);
            }
        }
    }

    /// Opens what scans read that read alike, and deals its splits out to as many tasks as there may be.
    async fn open_group(
        &self,
        group: &ScanGroup<'_>,
        ledgers: &[Arc<StatementLedger>],
    ) -> Result<OpenScan, EngineError> {
        let PlannedScan {
            id, statement, scan, ..
        } = group.first;
        let readers = group.readers(ledgers);
        let statement = &self.statements[statement];
        let relation = scan.relation.name().to_owned();
        let inputs = group.all().map(|scan| InputDescription {
            id: scan.id,
            statement: self.statements[scan.statement].name.clone(),
            relation: relation.clone(),
        });
        let inputs = inputs.collect();
        let restored = self.restored.inputs.get(&id);
        if let Some(restored) = restored.filter(|_| self.restored.ended.contains(&id)) {
            let reading = Arc::new(Reading::new(relation, 1));
            let ended = SourceInput::ended_before(reading, readers, restored.splits.clone());
            return Ok(OpenScan {
                inputs,
                tasks: vec![ended],
            });
        }
        let source = self.source_of(statement, scan)?;
        let how = ReadOptions {
            batch_rows: statement.settings.batch_rows,
            decode_threads: self.parallelism,
            follow: self.follow,
        };
        let is_resumable = source.is_resumable() && !matches!(scan.relation, Relation::Table(_));
        let restored = restored.filter(|_| is_resumable);
        // Each statement filters what is read for several.
        let unfiltered;
        let scan = if group.is_shared() {
            unfiltered = Scan {
                filters: Vec::new(),
                ..scan.clone()
            };
            &unfiltered
        } else {
            scan
        };
        let opened = OpenSource::open(source.as_ref(), (id, scan), &how, restored).await;
        let mut open = opened.map_err(|source| EngineError::Source {
            statement: statement.name.clone(),
            relation: relation.clone(),
            source,
        })?;
        let splits = std::mem::take(&mut open.splits);
        let count = splits.len().clamp(1, self.parallelism);
        let fed = group.all().map(|scan| &self.statements[scan.statement]);
        let plans: Vec<_> = fed.flat_map(|statement| self.plans_fed_by(statement)).collect();
        let mut tasks: Vec<Vec<_>> = (0..count).map(|_| Vec::new()).collect();
        for (index, split) in splits.into_iter().enumerate() {
            let scan = scan_chain(id, scan, &open.schema, &plans).map_err(compile_error(statement))?;
            let split = open.split(split, scan, restored, &self.clock);
            tasks[index % count].push(split.map_err(restore_error(statement))?);
        }
        let reading = Arc::new(Reading::new(relation, count));
        let tasks = tasks.into_iter().map(|splits| {
            let (reading, readers) = (Arc::clone(&reading), readers.clone());
            SourceInput::new(reading, readers, splits, self.follow, is_resumable)
        });
        Ok(OpenScan {
            inputs,
            tasks: tasks.collect(),
        })
    }

    /// The source that a scan reads; a table has its rows as a source has them.
    fn source_of(&self, statement: &PlannedStatement, scan: &Scan) -> Result<Arc<dyn Source>, EngineError> {
        let name = scan.relation.name();
        let source = match &scan.relation {
            Relation::Source(_) | Relation::Statement(_) => self.sources.get(name).cloned(),
            Relation::Table(_) => self.tables.get(name).map(|table| Arc::new(table_source(table)) as _),
        };
        source.ok_or_else(|| unknown(statement, name))
    }
}

/// Rows of a table that are read at a time.
const TABLE_BATCH_ROWS: usize = 8192;

/// A source with the rows of a table. A missing table has no rows.
fn table_source(table: &JoinedTable) -> MemorySource {
    match table {
        JoinedTable::Loaded(live) => {
            let table = live.current();
            MemorySource::new(table.schema().clone(), vec![table.batches(TABLE_BATCH_ROWS).collect()])
        }
        JoinedTable::Missing => MemorySource::new(StreamSchema::of_user_columns([]), vec![Vec::new()]),
    }
}
