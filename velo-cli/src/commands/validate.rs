use std::io::{self, Write};

use velo_session::{Mode, Overrides, SessionOptions, check, find_programs};

use super::{query_program, read_and_check, unreadable};
use crate::args::{DiagnosticsFormat, ValidateArgs};
use crate::exit::Exit;
use crate::print::diagnostics::{self, Counts, Finding};
use crate::print::generated;
use crate::print::inferences;
use crate::print::joins;
use crate::print::system_columns::reference_text;
use crate::terminal::Terminal;

/// Checks programs and prints everything that is wrong with them. The diagnostics are this command's result, so
/// that they go to standard output.
pub(crate) fn validate(args: &ValidateArgs, terminal: Terminal) -> io::Result<Exit> {
    let findings = find(args);
    let report = match args.format {
        DiagnosticsFormat::Text => text_report(&findings, args, terminal),
        DiagnosticsFormat::Json => diagnostics::json(&findings, args.show_system_columns)?,
        DiagnosticsFormat::Github => {
            let finding = |finding| diagnostics::github(finding, terminal.verbose);
            findings.iter().map(finding).collect()
        }
    };
    io::stdout().write_all(report.as_bytes())?;
    Ok(exit_of(Counts::of(&findings), args.strict))
}

fn exit_of(counts: Counts, strict: bool) -> Exit {
    let is_invalid = counts.errors > 0 || (strict && counts.warnings > 0);
    if is_invalid { Exit::Invalid } else { Exit::Success }
}

/// Everything that is wrong with every program named, in the order of the arguments.
fn find(args: &ValidateArgs) -> Vec<Finding> {
    let options = SessionOptions {
        overrides: Overrides {
            allow_missing_env: args.allow_missing_env,
            ..(&args.overrides).into()
        },
        ..SessionOptions::new(Mode::Validate)
    };
    let mut findings = Vec::new();
    for path in &args.programs {
        match find_programs(path) {
            Ok(programs) => findings.extend(programs.iter().map(|program| match read_and_check(program, &options) {
                Ok(checked) => checked.into(),
                Err(unreadable) => *unreadable,
            })),
            Err(error) => findings.push(unreadable(path, &error)),
        }
    }
    if let Some(sql) = &args.query {
        findings.push(check(query_program(sql), &options).into());
    }
    findings
}

fn text_report(findings: &[Finding], args: &ValidateArgs, terminal: Terminal) -> String {
    let mut report: String = findings
        .iter()
        .map(|finding| diagnostics::text(finding, terminal.stdout.style))
        .collect();
    if terminal.verbose {
        report.extend(findings.iter().map(joins::text_of_lookups));
        report.extend(findings.iter().map(inferences::text));
        report.extend(findings.iter().map(generated::text));
    }
    if args.show_system_columns {
        report.push_str(&reference_text());
        report.push_str(if findings.is_empty() { "" } else { "\n" });
    }
    if !findings.is_empty() && !terminal.quiet {
        report.push_str(&diagnostics::summary(findings.len(), Counts::of(findings)));
    }
    report
}
