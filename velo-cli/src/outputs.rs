//! Where the rows of a program's statements go, and the sinks that take them there.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use velo_data::StreamSchema;
use velo_datasources::{SinkConfig, SinkError, SinkPosition, TextFormat, open_shared_sink};
use velo_engine::{JobSink, JobStatement};
use velo_job::JobSinkOutline;
use velo_planner::plan::PlannedStatement;
use velo_session::{CheckedProgram, Output};

use crate::args::RowFormat;
use crate::print::rows::RowPrinter;
use crate::terminal::Terminal;

/// Sinks of each statement, in the order of the statements.
pub(crate) type StatementSinks = Vec<Vec<JobSink>>;

/// The outputs of all statements of a program.
pub(crate) struct JobOutputs {
    statements: Vec<StatementOutput>,
    sinks: Vec<NamedSink>,
}

struct StatementOutput {
    name: String,
    schema: StreamSchema,
    /// The form that the program gives to rows on standard output; `None` when they do not go there.
    printed_as: Option<TextFormat>,
}

/// A sink and the statements that feed it.
struct NamedSink {
    /// Folded.
    name: String,
    config: SinkConfig,
    /// Indexes of the statements.
    writers: Vec<usize>,
}

impl JobOutputs {
    /// What the program says. Rows of a job that is not expected to end are to be seen in files while it runs.
    pub(crate) fn of(program: &CheckedProgram, is_open_ended: bool) -> Self {
        let mut outputs = Self {
            statements: Vec::new(),
            sinks: Vec::new(),
        };
        for (index, statement) in program.statements.iter().enumerate() {
            let mut printed_as = None;
            for output in program.outputs(statement) {
                match output {
                    Output::Default => printed_as = Some(TextFormat::JsonLines),
                    Output::Sink(_, SinkConfig::Stdout { format }) => printed_as = Some(format),
                    Output::Sink(name, config) => {
                        let config = if is_open_ended { config.in_place() } else { config };
                        outputs.add_writer(index, name.to_lowercase(), config);
                    }
                }
            }
            let schema = statement.output_schema();
            outputs.statements.push(StatementOutput {
                name: statement.name.clone(),
                schema,
                printed_as,
            });
        }
        outputs
    }

    fn add_writer(&mut self, statement: usize, name: String, config: SinkConfig) {
        match self.sinks.iter_mut().find(|sink| sink.name == name) {
            Some(sink) => sink.writers.push(statement),
            None => self.sinks.push(NamedSink {
                name,
                config,
                writers: vec![statement],
            }),
        }
    }

    /// Names of the statements whose rows go to standard output.
    pub(crate) fn streams(&self) -> impl Iterator<Item = &str> {
        let printed = self
            .statements
            .iter()
            .filter(|statement| statement.printed_as.is_some());
        printed.map(|statement| statement.name.as_str())
    }

    /// The files that the program writes, dead letters left out. Pipes and devices are none.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let paths = self.sinks.iter().filter_map(|sink| match &sink.config {
            SinkConfig::File(file) => Some(&file.path),
            SinkConfig::Stdout { .. } | SinkConfig::Discard | SinkConfig::Memory(_) => None,
        });
        paths
            .filter(|path| fs::metadata(path).map_or(true, |metadata| metadata.is_file()))
            .cloned()
            .collect()
    }

    /// Whether rows on standard output need the name of their stream.
    pub(crate) fn has_several_streams(&self) -> bool {
        self.streams().nth(1).is_some()
    }

    /// The form of rows on standard output: as asked for, else as the program says, else as suits the reader.
    pub(crate) fn row_format(&self, asked: Option<RowFormat>, terminal: Terminal) -> RowFormat {
        let is_csv = self
            .statements
            .iter()
            .any(|statement| statement.printed_as == Some(TextFormat::Csv));
        match asked {
            Some(format) => format,
            None if is_csv => RowFormat::Csv,
            None if terminal.stdout.is_terminal => RowFormat::Table,
            None => RowFormat::Jsonl,
        }
    }

    /// The sinks, as a job that is started again knows them.
    pub(crate) fn outlines(&self) -> Vec<JobSinkOutline<'_>> {
        let sinks = self.sinks.iter().map(|sink| JobSinkOutline {
            name: &sink.name,
            config: &sink.config,
            writers: sink.writers.clone(),
        });
        sinks.collect()
    }

    /// Opens everything, each sink behind its position if it has one; nothing has been written yet when that fails.
    ///
    /// # Errors
    ///
    /// When a destination cannot be written, or does not hold what was written before a position.
    pub(crate) fn open(
        &self,
        printer: &RowPrinter,
        positions: &HashMap<String, SinkPosition>,
    ) -> Result<StatementSinks, SinkError> {
        let printed = |statement: &StatementOutput| {
            let sink = statement
                .printed_as
                .map(|_| printer.sink(&statement.name, &statement.schema).into());
            sink.into_iter().collect()
        };
        let mut sinks: StatementSinks = self.statements.iter().map(printed).collect();
        for sink in &self.sinks {
            let schemas: Vec<&StreamSchema> = sink
                .writers
                .iter()
                .map(|index| &self.statements[*index].schema)
                .collect();
            let writers = open_shared_sink(&sink.config, &schemas, positions.get(&sink.name))?;
            for (index, writer) in sink.writers.iter().zip(writers) {
                sinks[*index].push(JobSink {
                    name: sink.name.clone(),
                    sink: writer,
                });
            }
        }
        Ok(sinks)
    }
}

/// The statements, each with its sinks.
pub(crate) fn with_sinks(statements: Vec<PlannedStatement>, sinks: StatementSinks) -> Vec<JobStatement> {
    statements
        .into_iter()
        .zip(sinks)
        .map(|(planned, sinks)| JobStatement { planned, sinks })
        .collect()
}
