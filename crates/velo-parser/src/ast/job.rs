use super::{JobName, Spanned, Statement};

/// What can be done with a running job; `QUERY` is a synonym of `JOB`.
#[derive(Debug, Clone, PartialEq)]
pub enum JobStatement {
    /// `START JOB name AS statement`.
    Start {
        /// The job.
        name: JobName,
        /// What it runs.
        statement: Box<Statement>,
    },
    /// `STOP JOB name [FORCE]`.
    Stop {
        /// The job.
        name: JobName,
        /// Whether to stop without a last checkpoint.
        force: bool,
    },
    /// `PAUSE JOB name`.
    Pause {
        /// The job.
        name: JobName,
    },
    /// `RESUME JOB name`.
    Resume {
        /// The job.
        name: JobName,
    },
    /// `TERMINATE name | ALL`.
    Terminate {
        /// The job; all of them when absent.
        name: Option<JobName>,
    },
    /// `DEPLOY JOB name VERSION 'v' AS statement [STRATEGY …]`.
    Deploy {
        /// The job.
        name: JobName,
        /// The version that it becomes.
        version: Spanned<String>,
        /// What it runs.
        statement: Box<Statement>,
        /// How the new version takes the old one's place.
        strategy: Option<Spanned<DeployStrategy>>,
    },
    /// `ROLLBACK JOB name [VERSION 'v']`.
    Rollback {
        /// The job.
        name: JobName,
        /// The version to go back to; the one before when absent.
        version: Option<Spanned<String>>,
    },
}

/// How a new version of a job takes the place of the old one.
#[derive(Debug, Clone, PartialEq)]
pub enum DeployStrategy {
    /// `BLUE_GREEN`: both run, then traffic moves at once.
    BlueGreen,
    /// `CANARY(percent)`: the new one gets a share first.
    Canary {
        /// The share, in percent.
        percent: Spanned<u64>,
    },
    /// `ROLLING`: worker by worker.
    Rolling,
    /// `REPLACE`: stop the old, start the new.
    Replace,
}
