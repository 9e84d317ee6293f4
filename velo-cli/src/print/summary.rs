//! What a run has done, for people: on standard error, when it is over.

use std::collections::HashMap;
use std::fmt::{Display, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use indicatif::HumanCount;
use velo_common::format_duration;
use velo_data::{RowErrorCause, UnknownMembers};
use velo_engine::{JobSummary, LateSummary, StatementSummary};
use velo_loader::TableReport;
use velo_planner::plan::{Aggregate, ErrorPolicy, LatePolicy, LogicalPlan, PlannedStatement};

use super::words::rows;

/// What becomes of rows unless something else is done with them.
const SKIPPED: &str = "skipped";

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
            ErrorPolicy::DeadLetter { .. } | ErrorPolicy::SkipSome | ErrorPolicy::Skip | ErrorPolicy::Fail => {
                SKIPPED.to_owned()
            }
        }
    }
}

/// The policies of statements, by their names.
pub(crate) fn policies_by_name<'a>(
    statements: impl IntoIterator<Item = &'a PlannedStatement>,
) -> HashMap<String, StatementPolicies> {
    let named = |statement: &PlannedStatement| (statement.name.clone(), StatementPolicies::of(statement));
    statements.into_iter().map(named).collect()
}

/// What tables lack of the rows that they were loaded from, now or earlier; nothing for those that lack none. `policies` are
/// those of the tables and of the streams that they read.
pub(crate) fn rejected_text(
    reports: &HashMap<String, TableReport>,
    policies: &HashMap<String, StatementPolicies>,
) -> String {
    let mut text = String::new();
    let mut names: Vec<&String> = reports.keys().collect();
    names.sort();
    for name in names {
        let Some(report) = reports.get(name) else {
            continue;
        };
        let mut given_up = String::new();
        for summary in &report.statements {
            if let Some(policies) = policies.get(&summary.name) {
                describe_losses(summary, policies, &mut given_up);
            }
        }
        for skipped in &report.earlier.causes {
            let fate = policies
                .get(&skipped.statement)
                .map(|policies| policies.fate(skipped.cause));
            let fate = fate.unwrap_or_else(|| SKIPPED.to_owned());
            let rejected = (skipped.rows, skipped.samples.as_slice());
            describe_rejected(
                skipped.cause,
                rejected,
                &format!("{fate} by an earlier load"),
                &mut given_up,
            );
        }
        if !given_up.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(text, "{name}:\n{given_up}");
        }
    }
    text
}

/// What became of rows that did not come out of statements as they should; nothing for statements without such rows.
pub(crate) fn losses_text(summary: &JobSummary, policies: &[StatementPolicies]) -> String {
    let mut text = String::new();
    for (statement, policies) in summary.statements.iter().zip(policies) {
        let mut losses = String::new();
        describe_losses(statement, policies, &mut losses);
        if !losses.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(text, "{}:\n{losses}", statement.name);
        }
    }
    text
}

/// What a run has loaded of a table that nothing reads.
pub(crate) fn loaded_text(name: &str, row_count: u64, elapsed: Duration) -> String {
    format!("{name}: {} loaded in {:.2} s\n", rows(row_count), elapsed.as_secs_f64())
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

/// What an interrupted run left of the files that it was to write: they are as they were before.
pub(crate) fn untouched_text(files: &[PathBuf]) -> String {
    let (there, missing): (Vec<&PathBuf>, Vec<&PathBuf>) = files.iter().partition(|path| path.exists());
    let kept = match there.len() {
        1 => " is as it was before the run",
        _ => " are as they were before the run",
    };
    let absent = match missing.len() {
        1 => " was not written",
        _ => " were not written",
    };
    let sentence = |files: &[&PathBuf], words: &str| {
        let names: Vec<String> = files.iter().map(|path| format!("`{}`", path.display())).collect();
        if names.is_empty() {
            String::new()
        } else {
            format!("  {}{words}\n", names.join(", "))
        }
    };
    sentence(&there, kept) + &sentence(&missing, absent)
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
            describe_rejected(*cause, (rejected.rows, &rejected.samples), &policies.fate(*cause), text);
        }
    }
    if let Some(late) = statement.late {
        describe_late(late, &policies.fate(RowErrorCause::Late), text);
    }
    describe_unknown(&statement.unknown, text);
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

fn describe_rejected<T: Display>(cause: RowErrorCause, (count, samples): (u64, &[T]), fate: &str, text: &mut String) {
    let _ = writeln!(text, "  {} {fate}, {}:", rows(count), words(cause));
    for sample in samples.iter().take(SAMPLES_MAX) {
        let _ = writeln!(text, "    {sample}");
    }
    let shown = samples.len().min(SAMPLES_MAX) as u64;
    if count > shown {
        let _ = writeln!(text, "    and {} more", HumanCount(count - shown));
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

/// What no column was for, although nobody said that it is not wanted.
fn describe_unknown(unknown: &UnknownMembers, text: &mut String) {
    if unknown.is_empty() {
        return;
    }
    let counted = |values: u64| match values {
        1 => "1 value".to_owned(),
        values => format!("{} values", HumanCount(values)),
    };
    let values = counted(unknown.values());
    let _ = writeln!(
        text,
        "  {values} left out, since the columns were found out from other records; to read them, declare the columns:"
    );
    let shown = unknown.members().iter().take(SAMPLES_MAX);
    for member in shown {
        let _ = writeln!(
            text,
            "    `{}`: {}, the first in {}",
            member.name,
            counted(member.values),
            member.first
        );
    }
    let names_left = unknown.members().len().saturating_sub(SAMPLES_MAX);
    if names_left > 0 || unknown.others() > 0 {
        text.push_str("    and others\n");
    }
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
        RowErrorCause::UnknownRow => "that retract a row that does not exist",
        RowErrorCause::Late => "late",
    }
}
