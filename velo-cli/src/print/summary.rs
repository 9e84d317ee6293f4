//! What a run has done, for people: on standard error, when it is over.

use std::collections::HashMap;
use std::fmt::Write;
use std::ops::ControlFlow;
use std::time::Duration;

use indicatif::HumanCount;
use velo_common::format_duration;
use velo_data::RowErrorCause;
use velo_engine::{JobSummary, LateSummary, RejectedRows, StatementSummary};
use velo_planner::plan::{Aggregate, ErrorPolicy, LatePolicy, LogicalPlan, PlannedStatement};

use super::words::rows;

/// Samples shown of each cause.
const SAMPLES_MAX: usize = 3;

/// What became of the rows that a statement gave up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StatementPolicies {
    errors: ErrorPolicy,
    late: LatePolicy,
}

impl StatementPolicies {
    /// The policies that a statement runs under.
    pub(crate) fn of(statement: &PlannedStatement) -> Self {
        let late = statement.plan.walk(&mut |plan| match plan {
            LogicalPlan::Aggregate(Aggregate {
                window: Some(window), ..
            }) => ControlFlow::Break(window.late),
            _ => ControlFlow::Continue(()),
        });
        Self {
            errors: statement.settings.error_policy.clone(),
            late: late.break_value().unwrap_or_default(),
        }
    }

    fn fate(&self, cause: RowErrorCause) -> String {
        let is_kept = cause != RowErrorCause::Late || self.late == LatePolicy::DeadLetter;
        match &self.errors {
            ErrorPolicy::DeadLetter { path } if is_kept => format!("written to {}", path.display()),
            ErrorPolicy::DeadLetter { .. } | ErrorPolicy::Skip | ErrorPolicy::Fail => "skipped".to_owned(),
        }
    }
}

/// What tables gave up of the rows that they were loaded from; nothing for those that gave up none.
pub(crate) fn rejected_text(
    summaries: &HashMap<String, StatementSummary>,
    policies: &HashMap<String, StatementPolicies>,
) -> String {
    let mut text = String::new();
    let mut names: Vec<&String> = summaries.keys().collect();
    names.sort();
    for name in names {
        let (Some(summary), Some(policies)) = (summaries.get(name), policies.get(name)) else {
            continue;
        };
        let mut given_up = String::new();
        describe_losses(summary, policies, &mut given_up);
        if !given_up.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(text, "{name}:\n{given_up}");
        }
    }
    text
}

/// The summary of a run; `policies` are those of its statements, in their order.
pub(crate) fn text(summary: &JobSummary, policies: &[StatementPolicies]) -> String {
    let mut text = String::new();
    for (statement, policies) in summary.statements.iter().zip(policies) {
        describe(statement, policies, summary.elapsed, &mut text);
    }
    if summary.interrupted {
        text.push_str("interrupted: the input was not read to its end\n");
    }
    text
}

fn describe(statement: &StatementSummary, policies: &StatementPolicies, elapsed: Duration, text: &mut String) {
    let StatementSummary {
        name,
        rows_in,
        rows_out,
        ..
    } = statement;
    let seconds = elapsed.as_secs_f64();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{name}: {} in, {} out in {seconds:.2} s",
        rows(*rows_in),
        rows(*rows_out)
    );
    describe_losses(statement, policies, text);
}

/// What became of rows that did not come out as they should.
fn describe_losses(statement: &StatementSummary, policies: &StatementPolicies, text: &mut String) {
    for (cause, rejected) in &statement.errors {
        if *cause != RowErrorCause::Late {
            describe_rejected(*cause, rejected, &policies.fate(*cause), text);
        }
    }
    if let Some(late) = statement.late {
        describe_late(late, &policies.fate(RowErrorCause::Late), text);
    }
    note(
        statement.zero_divisions,
        "division by zero gave NULL",
        "divisions by zero gave NULL",
        text,
    );
    let sinks = statement.sinks;
    note(
        sinks.deletes_skipped,
        "delete skipped: the output cannot express it",
        "deletes skipped: the output cannot express them",
        text,
    );
    note(
        sinks.non_finite_as_null,
        "NaN or infinity written as null",
        "NaN or infinities written as null",
        text,
    );
}

fn describe_rejected(cause: RowErrorCause, rejected: &RejectedRows, fate: &str, text: &mut String) {
    let _ = writeln!(text, "  {} {fate}, {}:", rows(rejected.rows), words(cause));
    for sample in rejected.samples.iter().take(SAMPLES_MAX) {
        let _ = writeln!(text, "    {sample}");
    }
    let shown = rejected.samples.len().min(SAMPLES_MAX) as u64;
    if rejected.rows > shown {
        let _ = writeln!(text, "    and {} more", HumanCount(rejected.rows - shown));
    }
}

fn describe_late(late: LateSummary, fate: &str, text: &mut String) {
    let bound = format_duration(late.sufficient_out_of_orderness);
    let them = if late.rows == 1 { "it" } else { "them" };
    let rows = rows(late.rows);
    let _ = writeln!(
        text,
        "  {rows} late, {fate}; 'watermark.max_out_of_orderness' = '{bound}' would keep {them}"
    );
}

fn note(count: u64, one: &str, many: &str, text: &mut String) {
    if count > 0 {
        let _ = writeln!(text, "  {} {}", HumanCount(count), if count == 1 { one } else { many });
    }
}

const fn words(cause: RowErrorCause) -> &'static str {
    match cause {
        RowErrorCause::Malformed => "malformed",
        RowErrorCause::InvalidValue => "with a value that does not fit its column",
        RowErrorCause::MissingValue => "without a value that may not be missing",
        RowErrorCause::MissingTable => "joined with a table that could not be had",
        RowErrorCause::EventTime => "without a usable event time",
        RowErrorCause::Expression => "where an expression failed",
        RowErrorCause::Late => "late",
    }
}
