//! Runs a program within this process, in one piece or in several.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use velo_common::render_plain;
use velo_data::{StreamSchema, SystemClock};
use velo_datasources::{FileFormat, FileSinkConfig, SinkConfig, SinkPosition, open_shared_sink};
use velo_engine::{
    Cancel, Checkpoints, EngineError, Job, JobSink, JobStatement, JoinedTable, Metrics, RestoredJob, RunOptions, run,
};
use velo_job::{Fate, JobOutline, JobSinkOutline, Recovery};
use velo_loader::{
    BackgroundLoad, ParallelLoader, ParallelLoadingConfig, ProgramLoadOptions, ProgramLoader, TableChoice,
};
use velo_planner::plan::PlannedStatement;
use velo_session::{CheckedProgram, Mode, Output, Overrides, SessionOptions, check, read_program};
use velo_state::CheckpointStore;

use super::cut_source::{CUT_MESSAGE, Cut, Cutter};

/// The file of a program.
const QUERY: &str = "query.sql";

/// Where the rows of statements without a sink are written, each in a file of its own.
const PRINTED: &str = "printed";

/// A program and its files, in a directory of their own.
pub(super) struct Program {
    directory: TempDir,
    batch_rows: u64,
}

/// One piece of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub(super) parallelism: usize,
    pub(super) cut: Cut,
}

/// How one piece went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ran {
    /// Whether it was cut before it had come to its end.
    pub(super) is_cut: bool,
    /// Batches that it read.
    pub(super) batches: u64,
}

/// A sink of a program, and the statements that write to it, by their indexes.
struct OpenedSink {
    name: String,
    config: SinkConfig,
    writers: Vec<usize>,
}

impl Program {
    /// A program with these input files.
    pub(super) fn new(sql: &str, files: &[(&str, String)], batch_rows: u64) -> Self {
        let program = Self::empty(batch_rows);
        fs::write(program.path(QUERY), sql).unwrap();
        for (name, text) in files {
            fs::write(program.path(name), text).unwrap();
        }
        program
    }

    /// The program in a directory, with its files.
    pub(super) fn copy_of(directory: &Path, batch_rows: u64) -> Self {
        let program = Self::empty(batch_rows);
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                fs::copy(&path, program.path(path.file_name().unwrap().to_str().unwrap())).unwrap();
            }
        }
        program
    }

    fn empty(batch_rows: u64) -> Self {
        let directory = TempDir::new_in(temporary_directory()).unwrap();
        fs::create_dir(directory.path().join(PRINTED)).unwrap();
        Self { directory, batch_rows }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// What a file holds; nothing if it is not there.
    pub(super) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// The rows of all statements without a sink, by their names, in the order of the names.
    pub(super) fn printed(&self) -> Vec<(String, String)> {
        let names = fs::read_dir(self.path(PRINTED)).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut printed: Vec<(String, String)> = names
            .map(|name| {
                let text = self.read(&format!("{PRINTED}/{name}"));
                (name, text)
            })
            .collect();
        printed.sort();
        printed
    }

    /// Why the program cannot be cut, if it cannot.
    pub(super) fn uncuttable(&self) -> Option<String> {
        let mut program = self.check();
        program.take_tables_read();
        let whole = program.sources.iter().filter(|(_, source)| !source.is_resumable());
        let mut reasons: Vec<String> = whole.map(|(name, _)| format!("`{name}` is read whole")).collect();
        let sinks = self.sinks(&program, true);
        reasons.extend(sinks.iter().filter_map(|sink| sink.config.resumes().err()));
        reasons.sort();
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }

    /// Runs it in one piece, without checkpoints, as `run` does; gives back how many batches were read.
    pub(super) fn run_straight(&self) -> u64 {
        let mut program = self.check();
        let tables = Self::load_tables(&mut program);
        let sinks = open_sinks(&program, &self.sinks(&program, false), &HashMap::new());
        let piece = Piece {
            parallelism: 1,
            cut: Cut::Never,
        };
        run_piece(program, tables, sinks, piece, RestoredJob::default(), None)
            .unwrap_or_else(|error| panic!("{}", chain(&error)))
            .batches
    }

    /// Runs it in pieces, as `deploy` does when it is started again after each; the last that runs comes to the end.
    ///
    /// `next` is told how many batches were read in all pieces before, and gives the next piece.
    pub(super) fn run_in_pieces(&self, mut next: impl FnMut(u64) -> Piece) {
        let mut batches = 0;
        for number in 0.. {
            let ran = self.start(number > 0, next(batches));
            batches += ran.batches;
            if !ran.is_cut {
                return;
            }
        }
    }

    /// Starts it, from its newest checkpoint if there is one, until it comes to its end or is cut.
    fn start(&self, was_started: bool, piece: Piece) -> Ran {
        let mut program = self.check();
        let tables = Self::load_tables(&mut program);
        let outputs = self.sinks(&program, true);
        let store = CheckpointStore::open(self.path("state"), "query").unwrap();
        let outline = JobOutline {
            statements: &program.statements,
            sinks: outputs.iter().map(OpenedSink::outline).collect(),
        };
        let recovery = Recovery::plan(&outline, &store).unwrap();
        let expected = if was_started { Fate::Continues } else { Fate::Begins };
        for group in &recovery.groups {
            assert_eq!(group.fate, expected, "{:?}", group.statements);
        }
        let sinks = open_sinks(&program, &outputs, &recovery.sinks);
        let checkpoints = Checkpoints {
            store: Arc::new(store),
            // A job that is asked to stop takes a checkpoint then. One that fails has those that it has taken before.
            interval: match piece.cut {
                Cut::Never | Cut::Stop(_) => Duration::from_hours(1),
                Cut::Failure(_) => Duration::from_micros(100),
            },
            retained: 2,
            last_number: recovery.last_number,
        };
        match run_piece(program, tables, sinks, piece, recovery.restored, Some(checkpoints)) {
            Ok(ran) => ran,
            Err(error) if chain(&error).contains(CUT_MESSAGE) => Ran {
                is_cut: true,
                batches: 0, // What was read behind the checkpoint is read again.
            },
            Err(error) => panic!("{}", chain(&error)),
        }
    }

    fn check(&self) -> CheckedProgram {
        let options = SessionOptions {
            overrides: Overrides {
                set: vec![("batch.size".to_owned(), self.batch_rows.to_string())],
                ..Overrides::default()
            },
            ..SessionOptions::new(Mode::Run)
        };
        let program = check(read_program(&self.path(QUERY)).unwrap(), &options);
        let problems = program.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
        let problems: Vec<String> = problems
            .map(|diagnostic| render_plain(diagnostic, &program.source))
            .collect();
        assert!(program.is_valid(), "{}", problems.join("\n"));
        program
    }

    fn load_tables(program: &mut CheckedProgram) -> HashMap<String, JoinedTable> {
        let tables = program.take_tables_read();
        if tables.is_empty() {
            return HashMap::new();
        }
        let loader = ParallelLoader::new(ParallelLoadingConfig::default()).unwrap();
        let tables = ProgramLoader::new(program, &tables, ProgramLoadOptions::default());
        let loading = BackgroundLoad::start(tables, loader, TableChoice::default(), &Cancel::default()).unwrap();
        let joined = loading.wait_for_tables(&program.statements).unwrap();
        loading.stop();
        joined
    }

    /// The sinks of a program; rows without one go to files, too, so that they can be gone on with.
    fn sinks(&self, program: &CheckedProgram, is_in_place: bool) -> Vec<OpenedSink> {
        let mut sinks: Vec<OpenedSink> = Vec::new();
        for (index, statement) in program.statements.iter().enumerate() {
            for output in program.outputs(statement) {
                let (name, config) = match output {
                    Output::Default | Output::Sink(_, SinkConfig::Stdout { .. }) => {
                        let path = self.path(PRINTED).join(&statement.name);
                        let file = FileSinkConfig::new(path, FileFormat::JsonLines);
                        (format!("printed {}", statement.name), SinkConfig::File(file))
                    }
                    Output::Sink(name, config) => (name.to_lowercase(), config),
                };
                match sinks.iter_mut().find(|sink| sink.name == name) {
                    Some(sink) => sink.writers.push(index),
                    None => sinks.push(OpenedSink {
                        name,
                        config: if is_in_place { config.in_place() } else { config },
                        writers: vec![index],
                    }),
                }
            }
        }
        sinks
    }
}

/// Where the files of programs are: in memory, where there is such a place. Nothing has to outlive the machine, and waiting for a
/// disk at each checkpoint would take most of the time.
fn temporary_directory() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    }
}

impl OpenedSink {
    fn outline(&self) -> JobSinkOutline<'_> {
        JobSinkOutline {
            name: &self.name,
            config: &self.config,
            writers: self.writers.clone(),
        }
    }
}

/// Opens sinks behind their positions; gives back those of each statement.
fn open_sinks(
    program: &CheckedProgram,
    outputs: &[OpenedSink],
    positions: &HashMap<String, SinkPosition>,
) -> Vec<Vec<JobSink>> {
    let schemas = program.statements.iter().map(PlannedStatement::output_schema);
    let schemas: Vec<StreamSchema> = schemas.collect();
    let mut sinks: Vec<Vec<JobSink>> = schemas.iter().map(|_| Vec::new()).collect();
    for output in outputs {
        let written: Vec<&StreamSchema> = output.writers.iter().map(|index| &schemas[*index]).collect();
        let opened = open_shared_sink(&output.config, &written, positions.get(&output.name)).unwrap();
        for (index, sink) in output.writers.iter().zip(opened) {
            sinks[*index].push(JobSink {
                name: output.name.clone(),
                sink,
            });
        }
    }
    sinks
}

fn run_piece(
    program: CheckedProgram,
    tables: HashMap<String, JoinedTable>,
    sinks: Vec<Vec<JobSink>>,
    piece: Piece,
    restored: RestoredJob,
    checkpoints: Option<Checkpoints>,
) -> Result<Ran, EngineError> {
    let cancel = Cancel::default();
    let cutter = Cutter::new(piece.cut, cancel.clone());
    let statements = program.statements.into_iter().zip(sinks);
    let sources = program.sources.into_iter();
    let job = Job {
        statements: statements
            .map(|(planned, sinks)| JobStatement { planned, sinks })
            .collect(),
        sources: sources.map(|(name, source)| (name, cutter.wrap(source))).collect(),
        tables,
        restored,
    };
    let summary = run(
        job,
        &RunOptions {
            parallelism: piece.parallelism,
            follow: false,
            clock: Arc::new(SystemClock),
            cancel,
            progress: Arc::new(Metrics::default()),
            checkpoints,
        },
    )?;
    Ok(Ran {
        is_cut: summary.interrupted,
        batches: cutter.batches(),
    })
}

/// An error with its causes.
fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |error| (*error).source());
    let causes = causes.map(|cause| format!(": {cause}"));
    error.to_string() + &causes.collect::<String>()
}
