//! Waiting for files that are not there yet, and for sources that fail for the moment.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use velo_data::StreamSchema;
use velo_datasources::{
    BulkSource, FileSample, FileSourceConfig, Source, SourceConfig, SourceError, TableDataSource,
    connect_remote_source, open_sampled_source, open_source, sample_source,
};

/// A source that cannot be opened yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// The source, by its name in the program.
    pub source: String,
    /// What is waited for.
    pub cause: WaitCause,
    /// How long it has been waited for; 0 the first time.
    pub waited: Duration,
}

/// Why a source cannot be opened yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitCause {
    /// Its files are not there.
    Files {
        /// The file, pattern or directory.
        path: PathBuf,
        /// How long it is waited for at most.
        timeout: Duration,
    },
    /// It failed in a way that may pass, and is asked again.
    Failure {
        /// How it failed.
        error: String,
        /// How long it is left alone before it is asked again.
        delay: Duration,
    },
    /// It has been asked, and has not answered yet.
    Answer,
}

/// Told of a wait before it begins and several times a second while it goes on; a break ends it.
pub type OnWait<'a> = dyn FnMut(&Wait) -> ControlFlow<()> + 'a;

/// How long a wait goes on before it is told of again.
pub(crate) const TICK: Duration = Duration::from_millis(50);

/// How long a source that failed is left alone: this long the first time, twice as long each further time.
const FIRST_DELAY: Duration = Duration::from_millis(250);

/// How long it is left alone at most, unless it asks for more.
const DELAY_MAX: Duration = Duration::from_secs(30);

/// A source that is open.
pub(crate) struct Opened {
    pub(crate) source: Arc<dyn Source>,
    /// The sample that told its columns.
    pub(crate) sample: Option<FileSample>,
    /// What tables are loaded from it by, where that has been asked for its columns.
    pub(crate) asked: Option<Arc<dyn TableDataSource>>,
}

impl Opened {
    /// Its columns, if it is known what they are: of an empty file nobody knows them, of records without members there are none.
    pub(crate) fn columns(&self) -> Option<&StreamSchema> {
        let schema = self.source.schema();
        let has_records = self.sample.as_ref().is_some_and(|sample| sample.columns.records > 0);
        Some(schema).filter(|schema| schema.user_columns() > 0 || has_records)
    }
}

/// A source that cannot be opened.
#[derive(Debug)]
pub(crate) struct Unopened {
    pub(crate) error: SourceError,
    /// How long its files were waited for.
    pub(crate) waited: Duration,
    /// How often it failed in a way that may pass.
    failures: u32,
}

impl Unopened {
    /// Nobody waited for its answer.
    pub(crate) fn given_up(waited: Duration) -> Self {
        let message = "nobody waits for its answer any more".to_owned();
        Self {
            error: SourceError::Task { message },
            waited,
            failures: 0,
        }
    }

    /// The error with its cause.
    pub(crate) fn described(&self) -> String {
        let error = described(&self.error);
        match self.failures {
            0 | 1 => error,
            attempts => format!("gave up after {attempts} attempts: {error}"),
        }
    }
}

/// An error with its cause.
pub(crate) fn described(error: &SourceError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// Opens a source, again and again as long as its files are not there and its configuration says to wait for them, and
/// up to `retries` times more when it fails in a way that may pass.
pub(crate) fn open_when_there(
    name: &str,
    config: &SourceConfig,
    declared: Option<&StreamSchema>,
    retries: u32,
    on_wait: &mut OnWait<'_>,
) -> Result<Opened, Unopened> {
    let mut opening = Opening {
        name,
        config,
        retries,
        began: Instant::now(),
        has_waited: false,
        failures: 0,
    };
    loop {
        let error = match open_now(config, declared) {
            Ok(opened) => return Ok(opened),
            Err(error) => error,
        };
        let is_over = match opening.wait_after(&error) {
            Some((wait, pause)) => pass_time(wait, pause, on_wait).is_break(),
            None => true,
        };
        if is_over {
            let (waited, failures) = (opening.began.elapsed(), opening.failures);
            return Err(Unopened {
                error,
                waited,
                failures,
            });
        }
    }
}

/// A source on its way to being open.
struct Opening<'a> {
    name: &'a str,
    config: &'a SourceConfig,
    retries: u32,
    began: Instant,
    has_waited: bool,
    /// How often it failed in a way that may pass.
    failures: u32,
}

impl Opening<'_> {
    /// What is waited for after an error, and how long until the next attempt; nothing, if the error is the end.
    fn wait_after(&mut self, error: &SourceError) -> Option<(Wait, Duration)> {
        let waited = self.began.elapsed();
        self.failures += u32::from(error.is_transient());
        let (cause, waited, pause) = match self.config {
            SourceConfig::File(file) if error.is_not_there() && waited < file.wait_timeout => {
                let pause = file.retry_interval.min(file.wait_timeout.saturating_sub(waited));
                let waited = if self.has_waited { waited } else { Duration::ZERO };
                (files_awaited(file), waited, pause)
            }
            _ if error.is_transient() && self.failures <= self.retries => {
                let delay = delay(error, self.failures);
                let error = described(error);
                (WaitCause::Failure { error, delay }, Duration::ZERO, delay)
            }
            _ => return None,
        };
        self.has_waited = true;
        let source = self.name.to_owned();
        Some((Wait { source, cause, waited }, pause))
    }
}

fn files_awaited(file: &FileSourceConfig) -> WaitCause {
    WaitCause::Files {
        path: file.path.clone(),
        timeout: file.wait_timeout,
    }
}

/// How long a source is left alone after so many failures.
fn delay(error: &SourceError, failures: u32) -> Duration {
    let growth = 1 << failures.saturating_sub(1).min(16);
    let delay = FIRST_DELAY.saturating_mul(growth).min(DELAY_MAX);
    error.retry_after().map_or(delay, |asked| delay.max(asked))
}

fn pass_time(mut wait: Wait, pause: Duration, on_wait: &mut OnWait<'_>) -> ControlFlow<()> {
    let (began, before) = (Instant::now(), wait.waited);
    loop {
        on_wait(&wait)?;
        let left = pause.saturating_sub(began.elapsed());
        if left.is_zero() {
            return ControlFlow::Continue(());
        }
        std::thread::sleep(left.min(TICK));
        wait.waited = before + began.elapsed();
    }
}

fn open_now(config: &SourceConfig, declared: Option<&StreamSchema>) -> Result<Opened, SourceError> {
    if declared.is_none() {
        if let Some(sample) = sample_source(config)? {
            return Ok(Opened {
                source: open_sampled_source(config, &sample)?,
                sample: Some(sample),
                asked: None,
            });
        }
        if let Some(asked) = connect_remote_source(config)? {
            return Ok(Opened {
                source: Arc::new(BulkSource::new(Arc::clone(&asked))),
                sample: None,
                asked: Some(asked),
            });
        }
    }
    Ok(Opened {
        source: open_source(config, declared)?,
        sample: None,
        asked: None,
    })
}
