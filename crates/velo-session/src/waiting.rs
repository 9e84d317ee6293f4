//! Waiting for files that are not there yet.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use velo_data::StreamSchema;
use velo_datasources::{
    FileSample, Source, SourceConfig, SourceError, open_sampled_source, open_source, sample_source,
};

/// A file that is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// The source that reads it, by its name in the program.
    pub source: String,
    /// The file, pattern or directory.
    pub path: PathBuf,
    /// How long it is waited for at most.
    pub timeout: Duration,
    /// How long it has been waited for; 0 the first time.
    pub waited: Duration,
}

/// Told of a wait before it begins and several times a second while it goes on; a break ends it.
pub type OnWait<'a> = dyn FnMut(&Wait) -> ControlFlow<()> + 'a;

/// How long a wait goes on before it is told of again.
const TICK: Duration = Duration::from_millis(50);

/// A source that is open, with the sample that told its columns.
pub(crate) type Opened = (Arc<dyn Source>, Option<FileSample>);

/// A source that cannot be opened.
pub(crate) struct Unopened {
    pub(crate) error: SourceError,
    /// How long its files were waited for.
    pub(crate) waited: Duration,
}

/// Opens a source, again and again as long as its files are not there and its configuration says to wait for them.
pub(crate) fn open_when_there(
    name: &str,
    config: &SourceConfig,
    declared: Option<&StreamSchema>,
    on_wait: &mut OnWait<'_>,
) -> Result<Opened, Unopened> {
    let began = Instant::now();
    let mut is_first = true;
    loop {
        let error = match open_now(config, declared) {
            Ok(opened) => return Ok(opened),
            Err(error) => error,
        };
        let waited = began.elapsed();
        let file = match config {
            SourceConfig::File(file) if error.is_not_there() && waited < file.wait_timeout => file,
            _ => return Err(Unopened { error, waited }),
        };
        let wait = Wait {
            source: name.to_owned(),
            path: file.path.clone(),
            timeout: file.wait_timeout,
            waited: if is_first { Duration::ZERO } else { waited },
        };
        is_first = false;
        let pause = file.retry_interval.min(file.wait_timeout.saturating_sub(waited));
        if pass_time(wait, pause, began, on_wait).is_break() {
            let waited = began.elapsed();
            return Err(Unopened { error, waited });
        }
    }
}

fn pass_time(mut wait: Wait, pause: Duration, began: Instant, on_wait: &mut OnWait<'_>) -> ControlFlow<()> {
    let until = wait.waited + pause;
    loop {
        on_wait(&wait)?;
        let left = until.saturating_sub(began.elapsed());
        if left.is_zero() {
            return ControlFlow::Continue(());
        }
        std::thread::sleep(left.min(TICK));
        wait.waited = began.elapsed();
    }
}

fn open_now(config: &SourceConfig, declared: Option<&StreamSchema>) -> Result<Opened, SourceError> {
    if declared.is_none()
        && let Some(sample) = sample_source(config)?
    {
        return Ok((open_sampled_source(config, &sample)?, Some(sample)));
    }
    Ok((open_source(config, declared)?, None))
}
