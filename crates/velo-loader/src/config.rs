use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use crate::{CircuitBreakerConfig, RetryConfig};

/// How tables are loaded: how many at once, in which manner, and what happens when one fails.
///
/// ```
/// use velo_loader::{MaxParallel, ParallelLoadingConfig};
///
/// let config = ParallelLoadingConfig {
///     max_parallel: MaxParallel::Auto,
///     fail_fast: true,
///     ..ParallelLoadingConfig::default()
/// };
/// assert!(config.validate().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ParallelLoadingConfig {
    /// Tables that load at the same time; 4.
    pub max_parallel: MaxParallel,
    /// When a table whose turn has come may start; [`LoadSchedule::Eager`].
    pub schedule: LoadSchedule,
    /// Time from the first start of a table to its end, retries and the waits between them included; 300 s.
    pub table_timeout: Duration,
    /// Time from the start of the whole load to its end; 1800 s.
    pub total_timeout: Duration,
    /// Whether the first table that fails ends the load; off.
    pub fail_fast: bool,
    /// Whether a table is loaded although something that it needs has failed; off, such tables are skipped.
    pub continue_on_dependency_failure: bool,
    /// Further attempts after an error that may pass.
    pub retry: RetryConfig,
    /// Memory that the tables that load at the same time may take together, by their estimated size; without bound.
    ///
    /// A table that is larger than all of it loads alone. One of unknown size counts as an equal share.
    pub max_memory_bytes: Option<u64>,
    /// When an endpoint that keeps failing is left alone for a while.
    pub circuit_breaker: CircuitBreakerConfig,
    /// How long a load that was told to stop is awaited before it is given up; 5 s.
    pub cancellation_grace: Duration,
    /// How often the progress of running tables is told to those who listen; 200 ms.
    pub progress_interval: Duration,
}

impl Default for ParallelLoadingConfig {
    fn default() -> Self {
        Self {
            max_parallel: MaxParallel::default(),
            schedule: LoadSchedule::default(),
            table_timeout: Duration::from_mins(5),
            total_timeout: Duration::from_mins(30),
            fail_fast: false,
            continue_on_dependency_failure: false,
            retry: RetryConfig::default(),
            max_memory_bytes: None,
            circuit_breaker: CircuitBreakerConfig::default(),
            cancellation_grace: Duration::from_secs(5),
            progress_interval: Duration::from_millis(200),
        }
    }
}

impl ParallelLoadingConfig {
    /// Looks whether every value makes sense.
    ///
    /// # Errors
    ///
    /// Names the first one that does not.
    pub fn validate(&self) -> Result<(), LoadingConfigError> {
        let zero = |setting| Err(LoadingConfigError::Zero { setting });
        if self.table_timeout.is_zero() {
            return zero("table timeout");
        }
        if self.total_timeout.is_zero() {
            return zero("total timeout");
        }
        if self.max_memory_bytes == Some(0) {
            return zero("memory for tables that load");
        }
        if self.progress_interval.is_zero() {
            return zero("interval of progress");
        }
        self.retry.validate()?;
        self.circuit_breaker.validate()
    }
}

/// A setting that makes no sense.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LoadingConfigError {
    /// Nothing could ever be loaded, or no end be found.
    #[error("the {setting} must be more than 0")]
    Zero {
        /// The setting, in words.
        setting: &'static str,
    },
    /// A share that is not between nothing and all.
    #[error("the {setting} must be above 0 and at most 1, not {value}")]
    NotAShare {
        /// The setting, in words.
        setting: &'static str,
        /// What was given.
        value: f64,
    },
    /// A factor that would make waits shorter each time.
    #[error("the {setting} must be at least 1, not {value}")]
    BelowOne {
        /// The setting, in words.
        setting: &'static str,
        /// What was given.
        value: f64,
    },
    /// A word that is none of those which a setting takes.
    #[error("`{value}` is no {setting}: write {expected}")]
    UnknownWord {
        /// The setting, in words.
        setting: &'static str,
        /// What was given.
        value: String,
        /// What can be written.
        expected: &'static str,
    },
}

/// How many tables load at the same time.
///
/// ```
/// use velo_loader::MaxParallel;
///
/// assert_eq!(MaxParallel::default().to_string(), "4");
/// assert_eq!("auto".parse(), Ok(MaxParallel::Auto));
/// assert!("0".parse::<MaxParallel>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxParallel {
    /// At most so many.
    Fixed(NonZeroUsize),
    /// As many as processors and free memory allow, looked at again while tables load.
    Auto,
}

impl Default for MaxParallel {
    fn default() -> Self {
        Self::Fixed(const { NonZeroUsize::new(4).unwrap() })
    }
}

impl FromStr for MaxParallel {
    type Err = LoadingConfigError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.eq_ignore_ascii_case("auto") {
            return Ok(Self::Auto);
        }
        text.parse()
            .map(Self::Fixed)
            .map_err(|_| LoadingConfigError::UnknownWord {
                setting: "number of tables to load at the same time",
                value: text.to_owned(),
                expected: "a number above 0, or `auto`",
            })
    }
}

impl fmt::Display for MaxParallel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(tables) => write!(f, "{tables}"),
            Self::Auto => f.write_str("auto"),
        }
    }
}

/// When a table may start.
///
/// ```
/// use velo_loader::LoadSchedule;
///
/// assert_eq!(LoadSchedule::default(), LoadSchedule::Eager);
/// assert_eq!("waves".parse(), Ok(LoadSchedule::Waves));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LoadSchedule {
    /// As soon as what it needs itself is loaded.
    #[default]
    Eager,
    /// When the whole wave before its own has ended.
    Waves,
}

impl FromStr for LoadSchedule {
    type Err = LoadingConfigError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "eager" => Ok(Self::Eager),
            "waves" => Ok(Self::Waves),
            _ => Err(LoadingConfigError::UnknownWord {
                setting: "schedule",
                value: text.to_owned(),
                expected: "`eager` or `waves`",
            }),
        }
    }
}

impl fmt::Display for LoadSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Eager => "eager",
            Self::Waves => "waves",
        })
    }
}
