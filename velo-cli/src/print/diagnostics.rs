//! Diagnostics in the three formats of `validate`.

use std::fmt::Write;

use serde::Serialize;
use velo_common::{Diagnostic, RenderStyle, SourceText, Span, render};
use velo_datasources::GeneratedDescription;
use velo_session::{CheckedProgram, Inference, JoinOutline};

use super::joins::{self, JsonJoin};
use super::system_columns::{self, SystemColumnEntry};

/// A program and what is wrong with it.
#[derive(Debug)]
pub(crate) struct Finding {
    /// The program's text; only its name where it could not be read.
    pub(crate) source: SourceText,
    /// In the order of the text.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// How many warnings are left out because the program allows them.
    pub(crate) allowed: usize,
    /// How the columns of undeclared sources were found out.
    pub(crate) inferred: Vec<Inference>,
    /// What is generated for the program's sources, by their names.
    pub(crate) generated: Vec<(String, GeneratedDescription)>,
    /// What the program's joins are and keep.
    pub(crate) joins: Vec<JoinOutline>,
}

impl From<CheckedProgram> for Finding {
    fn from(program: CheckedProgram) -> Self {
        Self {
            source: program.source,
            diagnostics: program.diagnostics,
            allowed: program.allowed,
            inferred: program.inferred,
            generated: program.generated,
            joins: program.joins,
        }
    }
}

/// How many errors and warnings there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Counts {
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
    /// Warnings that are left out because the programs allow them.
    pub(crate) allowed: usize,
}

impl Counts {
    /// Counts over all programs.
    pub(crate) fn of(findings: &[Finding]) -> Self {
        let diagnostics = || findings.iter().flat_map(|finding| &finding.diagnostics);
        let errors = diagnostics().filter(|diagnostic| diagnostic.is_error()).count();
        Self {
            errors,
            warnings: diagnostics().count() - errors,
            allowed: findings.iter().map(|finding| finding.allowed).sum(),
        }
    }
}

/// Every diagnostic with its lines, an empty line behind each.
pub(crate) fn text(finding: &Finding, style: RenderStyle) -> String {
    let mut text = String::new();
    for diagnostic in &finding.diagnostics {
        text.push_str(&render(diagnostic, &finding.source, style));
        text.push_str("\n\n");
    }
    text.push_str(&joins::text(finding));
    text
}

/// The closing line: `2 programs checked: 1 error, no warnings (3 allowed)`.
pub(crate) fn summary(programs: usize, counts: Counts) -> String {
    let errors = count(counts.errors, "error");
    let warnings = count(counts.warnings, "warning");
    let allowed = match counts.allowed {
        0 => String::new(),
        allowed => format!(" ({allowed} allowed)"),
    };
    format!(
        "{programs} {} checked: {errors}, {warnings}{allowed}\n",
        plural(programs, "program")
    )
}

fn count(number: usize, word: &str) -> String {
    if number == 0 {
        format!("no {word}s")
    } else {
        format!("{number} {}", plural(number, word))
    }
}

fn plural(number: usize, word: &str) -> String {
    if number == 1 {
        word.to_owned()
    } else {
        format!("{word}s")
    }
}

/// One workflow command per diagnostic and join, as GitHub Actions reads them from a job's output; per join with a table
/// if more is to be told.
pub(crate) fn github(finding: &Finding, verbose: bool) -> String {
    let mut text = String::new();
    for diagnostic in &finding.diagnostics {
        let level = diagnostic.severity.as_str();
        let file = escape_property(finding.source.name());
        let place = Place::of(diagnostic, &finding.source).map_or_else(String::new, |place| {
            let Place {
                line,
                column,
                end_line,
                end_column,
            } = place;
            format!(",line={line},col={column},endLine={end_line},endColumn={end_column}")
        });
        let message = escape_data(&format!(
            "{}{}",
            diagnostic.message,
            remarks(diagnostic, &finding.source)
        ));
        let _ = writeln!(
            text,
            "::{level} file={file}{place},title={}::{message}",
            diagnostic.code.id
        );
    }
    for join in finding.joins.iter().filter(|join| verbose || !joins::is_lookup(join)) {
        let place = finding.source.position(join.span.start);
        let _ = writeln!(
            text,
            "::notice file={},line={},col={},title=join::{}",
            escape_property(finding.source.name()),
            place.line,
            place.column,
            escape_data(&joins::sentence(join))
        );
    }
    text
}

/// What belongs to the message of a workflow command, which has only one place: the other place, and what to do.
fn remarks(diagnostic: &Diagnostic, source: &SourceText) -> String {
    let mut remarks = String::new();
    if let Some(related) = &diagnostic.related {
        let place = Place::of_span(related.span, source);
        let _ = write!(
            remarks,
            "\nline {}, column {}: {}",
            place.line, place.column, related.label
        );
    }
    if let Some(help) = &diagnostic.help {
        let _ = write!(remarks, "\nhelp: {help}");
    }
    remarks
}

fn escape_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Everything as one JSON object on one line.
pub(crate) fn json(findings: &[Finding], show_system_columns: bool) -> Result<String, serde_json::Error> {
    let report = JsonReport {
        files: findings.iter().map(JsonFile::of).collect(),
        counts: Counts::of(findings),
        system_columns: show_system_columns.then(system_columns::reference),
    };
    Ok(serde_json::to_string(&report)? + "\n")
}

#[derive(Debug, Serialize)]
struct JsonReport<'a> {
    files: Vec<JsonFile<'a>>,
    #[serde(flatten)]
    counts: Counts,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_columns: Option<Vec<SystemColumnEntry>>,
}

#[derive(Debug, Serialize)]
struct JsonFile<'a> {
    file: &'a str,
    valid: bool,
    diagnostics: Vec<JsonDiagnostic<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    joins: Vec<JsonJoin<'a>>,
}

impl<'a> JsonFile<'a> {
    fn of(finding: &'a Finding) -> Self {
        let diagnostics = finding.diagnostics.iter();
        Self {
            file: finding.source.name(),
            valid: !velo_common::has_errors(&finding.diagnostics),
            diagnostics: diagnostics
                .map(|diagnostic| JsonDiagnostic::of(diagnostic, &finding.source))
                .collect(),
            joins: joins::json(finding),
        }
    }
}

#[derive(Debug, Serialize)]
struct JsonDiagnostic<'a> {
    code: &'static str,
    severity: &'static str,
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
    message: &'a str,
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    related: Option<[JsonRelated<'a>; 1]>,
}

/// Another place that has a part in a diagnostic.
#[derive(Debug, Serialize)]
struct JsonRelated<'a> {
    #[serde(flatten)]
    place: Place,
    message: &'a str,
}

impl<'a> JsonDiagnostic<'a> {
    fn of(diagnostic: &'a Diagnostic, source: &SourceText) -> Self {
        let place = Place::of(diagnostic, source);
        let related = diagnostic.related.as_deref().map(|related| JsonRelated {
            place: Place::of_span(related.span, source),
            message: &related.label,
        });
        Self {
            code: diagnostic.code.id,
            severity: diagnostic.severity.as_str(),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            end_line: place.map(|place| place.end_line),
            end_column: place.map(|place| place.end_column),
            message: &diagnostic.message,
            help: diagnostic.help.as_deref(),
            related: related.map(|related| [related]),
        }
    }
}

/// A span as editors count: lines and columns from 1, the end being the first character behind.
#[derive(Debug, Clone, Copy, Serialize)]
struct Place {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

impl Place {
    /// Where a diagnostic points; nowhere when it concerns the file as a whole.
    fn of(diagnostic: &Diagnostic, source: &SourceText) -> Option<Self> {
        diagnostic.span.map(|span| Self::of_span(span, source))
    }

    fn of_span(span: Span, source: &SourceText) -> Self {
        let (start, end) = (source.position(span.start), source.position(span.end));
        Self {
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
        }
    }
}

#[cfg(test)]
mod tests {
    use velo_common::code;

    use super::*;

    fn finding() -> Finding {
        let diagnostic = Diagnostic::new(&code::UNKNOWN_COLUMN, Span::new(7, 10), "there is no column `idd`")
            .with_help("100% sure: a similar column exists");
        let global = Diagnostic::global(&code::FILE_NOT_FOUND, "gone");
        Finding {
            source: SourceText::new("a,b.sql", "SELECT idd\nFROM clicks"),
            diagnostics: vec![diagnostic, global],
            allowed: 0,
            inferred: vec![],
            generated: vec![],
            joins: vec![],
        }
    }

    #[test]
    fn github_commands_escape_what_would_end_them() {
        assert_eq!(
            github(&finding(), false),
            "::error file=a%2Cb.sql,line=1,col=8,endLine=1,endColumn=11,title=V0200::there is no column `idd`%0Ahelp: \
             100%25 sure: a similar column exists\n::error file=a%2Cb.sql,title=V0600::gone\n"
        );
    }

    #[test]
    fn json_counts_lines_and_columns_from_one() {
        let json = json(&[finding()], false).unwrap();
        let report: serde_json::Value = serde_json::from_str(&json).unwrap();
        let found = &report["files"][0]["diagnostics"];
        assert_eq!(
            (report["errors"].as_u64(), report["warnings"].as_u64()),
            (Some(2), Some(0))
        );
        assert_eq!(found[0]["column"], 8);
        assert_eq!(found[0]["end_column"], 11);
        assert!(found[1]["line"].is_null() && found[1]["help"].is_null());
        assert!(found[0].get("related").is_none());
        assert_eq!(report["files"][0]["valid"], false);
    }

    /// The diagnostic points at `clicks`, its other place is `idd`.
    #[test]
    fn the_other_place_is_told_where_there_is_one() {
        let mut finding = finding();
        finding.diagnostics.truncate(1);
        finding.diagnostics[0] = Diagnostic::new(&code::DUPLICATE_NAME, Span::new(16, 22), "twice")
            .with_related(Some(Span::new(7, 10)), "first, here");
        assert_eq!(
            github(&finding, false),
            "::error file=a%2Cb.sql,line=2,col=6,endLine=2,endColumn=12,title=V0204::twice%0Aline 1, column 8: first, here\n"
        );
        let json = json(&[finding], false).unwrap();
        let report: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(
            report["files"][0]["diagnostics"][0]["related"],
            serde_json::json!([{"line": 1, "column": 8, "end_line": 1, "end_column": 11, "message": "first, here"}])
        );
    }

    #[test]
    fn the_summary_counts_in_words() {
        let counts = |errors, warnings, allowed| Counts {
            errors,
            warnings,
            allowed,
        };
        for (programs, counts, expected) in [
            (1, counts(1, 0, 0), "1 program checked: 1 error, no warnings\n"),
            (2, counts(0, 3, 0), "2 programs checked: no errors, 3 warnings\n"),
            (
                1,
                counts(0, 1, 2),
                "1 program checked: no errors, 1 warning (2 allowed)\n",
            ),
        ] {
            assert_eq!(summary(programs, counts), expected);
        }
    }
}
