use std::collections::HashMap;
use std::sync::Arc;

use velo_datasources::{Sink, Source};
use velo_planner::changelog::with_final_groups;
use velo_planner::plan::PlannedStatement;

use super::{JoinedTable, Table, TableBuilder, TableWriter};
use crate::error::EngineError;
use crate::runtime::{Job, JobSink, JobStatement, RestoredJob, RunOptions, SourceStart, run_from};
use crate::summary::JobSummary;

/// What a table is loaded from.
pub struct TableLoadJob {
    /// The table's own statement.
    pub table: PlannedStatement,
    /// Where its rows go besides.
    pub sinks: Vec<Box<dyn Sink>>,
    /// The streams of the program that it reads, directly or through each other; their own sinks get nothing.
    pub streams: Vec<PlannedStatement>,
    /// The sources that all of them read.
    pub sources: HashMap<String, Arc<dyn Source>>,
    /// The tables that they read or look up.
    pub tables: HashMap<String, JoinedTable>,
    /// Whether sources are read behind what has been read of them before, so that it is no failure if no record can be
    /// read of what is new.
    pub is_increment: bool,
}

/// Runs a table's statement to the end of its input, and puts its rows into `builder`.
///
/// A job that is cancelled gives a table that lacks rows: [`JobSummary::interrupted`] tells.
///
/// # Errors
///
/// As [`run`](crate::run).
pub fn load_table(
    job: TableLoadJob,
    builder: TableBuilder,
    options: &RunOptions,
) -> Result<(Table, JobSummary), EngineError> {
    let TableLoadJob {
        mut table,
        mut sinks,
        streams,
        sources,
        tables,
        is_increment,
    } = job;
    let name = table.name.clone();
    if sinks.is_empty() {
        table.plan = with_final_groups(table.plan, &table.key);
    }
    let builder = builder.taking(table.plan.mode());
    let builder = builder.map_err(|source| EngineError::Compile {
        statement: name.clone(),
        source,
    })?;
    let writer = TableWriter::new(builder);
    sinks.push(Box::new(writer.clone()));
    let silent = streams.into_iter().map(|planned| JobStatement {
        planned,
        sinks: Vec::new(),
    });
    let job = Job {
        statements: std::iter::once(JobStatement {
            planned: table,
            sinks: sinks.into_iter().map(JobSink::from).collect(),
        })
        .chain(silent)
        .collect(),
        sources,
        tables,
        restored: RestoredJob::default(),
    };
    let start = if is_increment {
        SourceStart::Increment
    } else {
        SourceStart::Beginning
    };
    let summary = run_from(job, options, start)?;
    let finished = writer.take().map(TableBuilder::finish).transpose();
    match finished {
        Ok(Some(table)) => Ok((table, summary)),
        Ok(None) => Err(EngineError::UnknownRelation {
            statement: name.clone(),
            relation: name,
        }),
        Err(source) => Err(EngineError::Operator {
            statement: name,
            source,
        }),
    }
}
