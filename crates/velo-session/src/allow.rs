//! `-- @allow: CODE`: warnings that the author of a program has seen and does not want to see again.

use velo_common::{Code, Diagnostic, Severity, Span, code, nearest};
use velo_parser::ast::{Annotation, Script, Spanned, comma_separated};

/// One code of one `@allow`.
struct Allowance {
    code: &'static Code,
    /// Where it stands in the annotation.
    span: Span,
    use_: Use,
}

/// What an allowance has met within its reach.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    Nothing,
    /// An error of its code, which stays.
    Error,
    /// A warning of its code, which is left out.
    Warning,
}

/// The allowances above one statement.
struct StatementAllowances {
    /// The statement with its annotations.
    reach: Span,
    allowances: Vec<Allowance>,
}

/// The allowances of a program.
struct Allowances {
    /// For the whole file.
    head: Vec<Allowance>,
    /// In the order of the text; statements without any are missing.
    statements: Vec<StatementAllowances>,
}

/// Leaves out the warnings that the program allows, and says how many they were.
///
/// Codes that do not exist are reported, and so are allowances that leave nothing out.
pub(crate) fn leave_out_allowed(script: &Script, diagnostics: &mut Vec<Diagnostic>) -> usize {
    let mut problems = Vec::new();
    let mut allowances = Allowances::of(script, &mut problems);
    let before = diagnostics.len();
    diagnostics.retain(|diagnostic| !allowances.allow(diagnostic));
    let allowed = before - diagnostics.len();
    // Behind an error some warnings are not looked for, so that nobody knows what an allowance would leave out.
    let is_complete = !velo_common::has_errors(diagnostics);
    problems.extend(allowances.without_effect(is_complete));
    diagnostics.append(&mut problems);
    allowed
}

impl Allowances {
    fn of(script: &Script, problems: &mut Vec<Diagnostic>) -> Self {
        let head = allowances(&script.head, problems);
        let mut statements = Vec::new();
        for statement in &script.statements {
            let allowances = allowances(&statement.annotations, problems);
            if !allowances.is_empty() {
                let annotated = statement.annotations.iter().map(|annotation| annotation.name.span);
                let reach = annotated.fold(statement.span, Span::to);
                statements.push(StatementAllowances { reach, allowances });
            }
        }
        Self { head, statements }
    }

    /// Whether the diagnostic is a warning that is allowed where it points.
    fn allow(&mut self, diagnostic: &Diagnostic) -> bool {
        let found = match diagnostic.severity {
            Severity::Warning => Use::Warning,
            Severity::Error => Use::Error,
        };
        let own = diagnostic
            .span
            .and_then(|span| statement_at(&mut self.statements, span));
        let mut is_allowed = false;
        for allowance in own.into_iter().flatten().chain(&mut self.head) {
            if allowance.code == diagnostic.code {
                allowance.use_ = allowance.use_.max(found);
                is_allowed |= found == Use::Warning;
            }
        }
        is_allowed
    }

    /// What is wrong with the allowances that left nothing out.
    fn without_effect(&self, is_complete: bool) -> impl Iterator<Item = Diagnostic> {
        let own = self.statements.iter().flat_map(|statement| &statement.allowances);
        let diagnostic = move |allowance: &Allowance| {
            let id = allowance.code.id;
            let (message, help) = match allowance.use_ {
                Use::Warning => return None,
                Use::Error => (
                    format!("{id} is an error here, and only warnings can be allowed"),
                    "mend what the error says, and remove this",
                ),
                Use::Nothing if !is_complete => return None,
                Use::Nothing => (format!("there is no warning {id} here to allow"), "remove it"),
            };
            Some(Diagnostic::new(&code::IDLE_ALLOWANCE, allowance.span, message).with_help(help))
        };
        self.head.iter().chain(own).filter_map(diagnostic)
    }
}

/// The allowances above the statement that a span lies in.
fn statement_at(statements: &mut [StatementAllowances], span: Span) -> Option<&mut Vec<Allowance>> {
    let behind = statements.partition_point(|statement| statement.reach.start <= span.start);
    let statement = statements.get_mut(behind.checked_sub(1)?)?;
    (span.start < statement.reach.end).then_some(&mut statement.allowances)
}

fn allowances(annotations: &[Annotation], problems: &mut Vec<Diagnostic>) -> Vec<Allowance> {
    let allows = annotations
        .iter()
        .filter(|annotation| annotation.name.eq_ignore_ascii_case("allow"));
    let mut found = Vec::new();
    for annotation in allows {
        if annotation.value.is_empty() {
            problems.push(
                Diagnostic::new(
                    &code::INVALID_ANNOTATION,
                    annotation.name.span,
                    "`@allow` names no code",
                )
                .with_help("name the codes of the warnings: `-- @allow: V0900, V0901`"),
            );
            continue;
        }
        for word in comma_separated(&annotation.value) {
            match code::find(&word.node) {
                Some(code) => found.push(Allowance {
                    code,
                    span: word.span,
                    use_: Use::Nothing,
                }),
                None => problems.push(unknown_code(&word)),
            }
        }
    }
    found
}

fn unknown_code(word: &Spanned<String>) -> Diagnostic {
    let similar = nearest(&word.node, code::ALL.iter().map(|code| code.id));
    let help = match similar {
        Some(similar) => format!("a similar code exists: `{similar}`"),
        None => "write the codes of warnings with commas between them: `-- @allow: V0900, V0901`".to_owned(),
    };
    let message = format!("there is no code `{}`", word.node);
    Diagnostic::new(&code::INVALID_ANNOTATION, word.span, message).with_help(help)
}
