use std::collections::HashMap;

use velo_loader::ProgressEvent;

use crate::print::line::{Line, Paint};
use crate::print::words;

/// Says in one line each what happens to tables, for logs and for those who cannot see bars.
#[derive(Debug, Default)]
pub(super) struct PlainLines {
    /// The attempt of each table that was told last.
    attempts: HashMap<String, u32>,
}

impl PlainLines {
    /// The line for an event that changes the state of a table.
    pub(super) fn line(&mut self, event: &ProgressEvent) -> Option<Line> {
        let (table, paint, words) = match event {
            ProgressEvent::TableUpdate(progress) => {
                let last = self.attempts.insert(progress.table.clone(), progress.attempt);
                if last == Some(progress.attempt) {
                    return None;
                }
                (&progress.table, Paint::Plain, started(progress.attempt))
            }
            ProgressEvent::TableRetrying {
                table,
                attempt,
                delay_ms,
                error,
                ..
            } => (table, Paint::Yellow, words::retrying(*attempt, *delay_ms, error)),
            ProgressEvent::TableCompleted {
                table,
                rows,
                attempts,
                duration_ms,
                outcome,
                ..
            } => {
                let words = words::completed(outcome, *rows, *attempts, *duration_ms);
                (table, Paint::Green, words)
            }
            ProgressEvent::TableFailed { table, error, .. } => (table, Paint::Red, words::failed(error)),
            ProgressEvent::TableSkipped {
                table, needs, cause, ..
            } => (table, Paint::Yellow, words::skipped(needs.as_deref(), cause)),
            ProgressEvent::InitialSnapshot { .. } | ProgressEvent::SummaryUpdate(_) | ProgressEvent::KeepAlive => {
                return None;
            }
        };
        let line = Line::default().with(Paint::Plain, table).with(Paint::Plain, ": ");
        Some(line.with(paint, &words))
    }
}

fn started(attempt: u32) -> String {
    match attempt {
        0 | 1 => "loading".to_owned(),
        attempt => format!("loading, attempt {attempt}"),
    }
}
