//! What a query may read: sources with their schemas, and the outputs of other statements.

use std::collections::HashMap;

use velo_common::Name;
use velo_data::{StreamSchema, SystemColumn};

use crate::bind::RecordKey;
use crate::changelog::{Produced, StatementChanges, produced};
use crate::outline::{DeclaredAs, Outline, SourceOutline};
use crate::plan::{EmitMode, LogicalPlan, Relation, WatermarkPace};

/// What is known of a source once somebody has looked at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceDescription {
    /// Its columns; `None` when they are neither declared nor could be found out.
    pub schema: Option<StreamSchema>,
    /// Metadata that it has values for.
    pub system_columns: Vec<SystemColumn>,
}

/// What another statement's rows look like.
#[derive(Debug, Clone)]
pub(crate) struct StatementOutput {
    /// `None` when the statement could not be planned.
    pub(crate) schema: Option<StreamSchema>,
    pub(crate) columns_unknown: bool,
    pub(crate) changes: StatementChanges,
    /// Its rows never end.
    pub(crate) unbounded: bool,
    /// How the times of its rows may be taken for a watermark.
    pub(crate) pace: WatermarkPace,
    /// The source whose records' own time is the event time of its rows, if so.
    pub(crate) timed_by_records: Option<String>,
    /// The record key, by indexes of the user columns.
    pub(crate) key: RecordKey<usize>,
}

/// A table as those see it who read it.
#[derive(Debug, Clone)]
pub(crate) struct TableDescription {
    /// Its columns, without metadata.
    pub(crate) schema: StreamSchema,
    pub(crate) columns_unknown: bool,
    /// What tells its rows apart, by indexes of its columns.
    pub(crate) key: RecordKey<usize>,
}

fn user_columns_of(schema: &StreamSchema) -> StreamSchema {
    StreamSchema::of_user_columns(schema.user_fields().iter().map(|field| field.as_ref().clone()))
}

/// Everything that queries of a program may read.
#[derive(Debug)]
pub(crate) struct Catalog<'a> {
    sources: HashMap<&'a str, (&'a SourceOutline, &'a SourceDescription)>,
    outputs: HashMap<String, StatementOutput>,
    loaded: &'a HashMap<String, StreamSchema>,
}

impl<'a> Catalog<'a> {
    pub(crate) fn new(outline: &'a Outline<'_>, descriptions: &'a HashMap<String, SourceDescription>) -> Self {
        let described = |source: &'a SourceOutline| {
            let description = descriptions.get(&source.id)?;
            Some((source.id.as_str(), (source, description)))
        };
        Self {
            sources: outline.sources.iter().filter_map(described).collect(),
            outputs: HashMap::new(),
            loaded: &outline.loaded,
        }
    }

    pub(crate) fn source(&self, id: &str) -> Option<(&'a SourceOutline, &'a SourceDescription)> {
        self.sources.get(id).copied()
    }

    pub(crate) fn output(&self, name: &str) -> Option<&StatementOutput> {
        self.outputs.get(name)
    }

    /// A table that something reads: a created one, or a source that is one.
    pub(crate) fn table(&self, name: &str) -> Option<TableDescription> {
        if let Some(output) = self.outputs.get(name) {
            return Some(TableDescription {
                schema: user_columns_of(output.schema.as_ref()?),
                columns_unknown: output.columns_unknown,
                key: output.key.clone(),
            });
        }
        let Some((source, description)) = self.source(name) else {
            let loaded = self.loaded.get(&Name::fold(name))?;
            return Some(TableDescription {
                schema: user_columns_of(loaded),
                columns_unknown: false,
                key: RecordKey {
                    columns: loaded.key().to_vec(),
                    required: false,
                    // What of it may be NULL was known when it was loaded.
                    outer: loaded.key().to_vec(),
                },
            });
        };
        Some(TableDescription {
            schema: description
                .schema
                .as_ref()
                .map_or_else(|| StreamSchema::of_user_columns([]), user_columns_of),
            columns_unknown: description.schema.is_none(),
            key: RecordKey::named(source.key_columns(), Vec::new()),
        })
    }

    /// Whether a source can be a table by being joined: it ends, and is not declared as a stream.
    pub(crate) fn may_be_table(&self, id: &str) -> bool {
        self.source(id)
            .is_some_and(|(source, _)| source.declared_as != DeclaredAs::Stream && !source.is_unbounded())
    }

    pub(crate) fn add_output(&mut self, name: &str, output: StatementOutput) {
        self.outputs.insert(name.to_owned(), output);
    }

    /// Whether the rows of a plan are known never to end.
    pub(crate) fn is_unbounded(&self, plan: &LogicalPlan) -> bool {
        match plan {
            LogicalPlan::Limit(limit) if limit.limit.is_some() && !self.produced(&limit.input).changes => false,
            LogicalPlan::Scan(scan) => match &scan.relation {
                Relation::Source(id) => self.source(id).is_some_and(|(source, _)| source.is_unbounded()),
                Relation::Statement(name) => self.output(name).is_some_and(|output| output.unbounded),
                // It is read as it is at one moment.
                Relation::Table(_) => false,
            },
            other => other.inputs().into_iter().any(|input| self.is_unbounded(input)),
        }
    }

    /// How the times of a plan's rows may be taken for a watermark: whether rows come as they happen, or are held back and
    /// come out together.
    pub(crate) fn pace(&self, plan: &LogicalPlan) -> WatermarkPace {
        match plan {
            LogicalPlan::Scan(scan) => self.pace_of(&scan.relation),
            LogicalPlan::Values(_) | LogicalPlan::Sort(_) => WatermarkPace::Input,
            LogicalPlan::Aggregate(aggregate) if aggregate.emit == EmitMode::Final => WatermarkPace::Input,
            other => {
                let held = |input: &&LogicalPlan| self.pace(input) == WatermarkPace::Input;
                match other.inputs().iter().find(|input| held(input)) {
                    Some(_) => WatermarkPace::Input,
                    None => WatermarkPace::Rows,
                }
            }
        }
    }

    /// As [`Catalog::pace`], of the rows of a relation.
    pub(crate) fn pace_of(&self, relation: &Relation) -> WatermarkPace {
        match relation {
            Relation::Source(_) => WatermarkPace::Rows,
            Relation::Statement(name) => self.output(name).map_or(WatermarkPace::Rows, |output| output.pace),
            Relation::Table(_) => WatermarkPace::Input,
        }
    }

    /// What may become of the rows of a plan once they are out.
    pub(crate) fn produced(&self, plan: &LogicalPlan) -> Produced {
        produced(plan, &|name| self.changes_of(name))
    }

    /// As [`Catalog::produced`], for the readers of the plan's statement.
    pub(crate) fn changes(&self, plan: &LogicalPlan) -> StatementChanges {
        StatementChanges::of(plan, &|name| self.changes_of(name))
    }

    fn changes_of(&self, name: &str) -> Option<&StatementChanges> {
        self.outputs.get(name).map(|output| &output.changes)
    }
}
