use std::collections::HashMap;

use velo_common::{Diagnostic, Span, code, nearest};
use velo_parser::ast::{Annotation, Script, Spanned, Statement, StatementKind as Syntax, TableKind, comma_separated};

/// What this version does with an annotation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// It describes, and changes nothing.
    Describes,
    /// It says what has to be there first.
    Orders,
    /// It says what state is kept under.
    Names,
    /// It leaves out warnings; whoever collects all of them sees to that.
    Allows,
    /// It would change what is observed, not what is computed; this version does not do so yet.
    ObservesLater,
    /// It describes a metric, about which enough is said with its name.
    PartOfMetric,
    /// It would change how the statement runs; this version cannot honour it yet.
    RunsLater,
}

const ANNOTATIONS: &[(&str, Effect)] = &[
    ("app", Effect::Describes),
    ("version", Effect::Describes),
    ("description", Effect::Describes),
    ("author", Effect::Describes),
    ("name", Effect::Describes),
    ("tag", Effect::Describes),
    ("allow", Effect::Allows),
    ("depends_on", Effect::Orders),
    ("id", Effect::Names),
    ("job_mode", Effect::RunsLater),
    ("batch_size", Effect::RunsLater),
    ("num_partitions", Effect::RunsLater),
    ("partitioning_strategy", Effect::RunsLater),
    ("data_retention", Effect::ObservesLater),
    ("compliance", Effect::ObservesLater),
    ("metric", Effect::ObservesLater),
    ("metric_type", Effect::PartOfMetric),
    ("metric_help", Effect::PartOfMetric),
    ("metric_labels", Effect::PartOfMetric),
    ("metric_condition", Effect::PartOfMetric),
    ("metric_field", Effect::PartOfMetric),
    ("metric_buckets", Effect::PartOfMetric),
    ("metric_sample_rate", Effect::PartOfMetric),
];

/// Families of annotations: any name behind the prefix.
const FAMILIES: &[(&str, Effect)] = &[
    ("deployment.", Effect::ObservesLater),
    ("observability.", Effect::ObservesLater),
    ("sla.", Effect::ObservesLater),
];

/// Says which annotations are unknown, and which have no effect yet.
pub(super) fn check(annotations: &[Annotation], diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.extend(annotations.iter().filter_map(check_one));
    for (index, annotation) in annotations.iter().enumerate() {
        diagnostics.extend(given_twice(annotation, &annotations[..index]));
    }
}

/// As [`check`], for those above a statement; says besides which of them do nothing for a statement of its kind.
pub(super) fn check_above(statement: &Statement, diagnostics: &mut Vec<Diagnostic>) {
    check(&statement.annotations, diagnostics);
    for annotation in &statement.annotations {
        let name = annotation.name.node.to_ascii_lowercase();
        if let Some(reason) = idle(&name, &statement.kind) {
            let message = format!("`@{name}` has no effect here: {reason}");
            // What has no effect anywhere is said to have none once.
            diagnostics.retain(|other| {
                other.span != Some(annotation.name.span) || other.code != &code::PROPERTY_WITHOUT_EFFECT
            });
            diagnostics.push(Diagnostic::new(
                &code::PROPERTY_WITHOUT_EFFECT,
                annotation.name.span,
                message,
            ));
        }
    }
}

/// Why an annotation, in lower case, does nothing above a statement.
fn idle(name: &str, statement: &Syntax) -> Option<&'static str> {
    let is_metric = name.starts_with("metric");
    match statement {
        Syntax::CreateAs(_) | Syntax::Declare(_) | Syntax::CreateView(_) if name == "name" => {
            Some("the statement says itself what it creates; `@name` is for SELECT and INSERT")
        }
        Syntax::CreateView(_) | Syntax::Declare(_) if name == "id" => {
            Some("it keeps no state; write it above the statements that read it")
        }
        Syntax::CreateView(_) if is_metric || ["tag", "depends_on"].contains(&name) => {
            Some("a view is part of the statements that read it; write it above those")
        }
        Syntax::Declare(declare) if declare.kind == TableKind::Stream && ["tag", "depends_on"].contains(&name) => {
            Some("a declared stream is neither loaded nor run; write it above the statements that read or write it")
        }
        Syntax::Declare(_) if is_metric => {
            Some("metrics are of the rows that a query puts out; write it above CREATE … AS, INSERT or SELECT")
        }
        _ => None,
    }
}

/// The words of all annotations of a name above a statement.
pub(super) fn words(annotations: &[Annotation], name: &str) -> Vec<Spanned<String>> {
    let named = annotations
        .iter()
        .filter(|annotation| annotation.name.eq_ignore_ascii_case(name));
    let words = named.flat_map(|annotation| comma_separated(&annotation.value));
    words.filter(|word| !word.is_empty()).collect()
}

/// What `@id` above a statement says.
pub(super) fn state_id(annotations: &[Annotation]) -> Option<&Spanned<String>> {
    let mut given = annotations.iter();
    let id = given.find(|annotation| annotation.name.eq_ignore_ascii_case("id"))?;
    Some(&id.value).filter(|value| !value.is_empty())
}

/// Two statements keep their state apart, so that an `@id` is that of one.
pub(super) fn check_ids(script: &Script, diagnostics: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for statement in &script.statements {
        let Some(id) = state_id(&statement.annotations) else {
            continue;
        };
        if let Some(first) = seen.insert(&id.node, id.span) {
            let message = format!("two statements have the id `{}`", id.node);
            diagnostics.push(
                Diagnostic::new(&code::INVALID_ANNOTATION, id.span, message)
                    .with_related(Some(first), "first given here")
                    .with_help("give each statement an id of its own"),
            );
        }
    }
    for annotation in script
        .head
        .iter()
        .chain(script.statements.iter().flat_map(|statement| &statement.annotations))
    {
        if annotation.name.eq_ignore_ascii_case("id") && annotation.value.is_empty() {
            diagnostics.push(
                Diagnostic::new(
                    &code::INVALID_ANNOTATION,
                    annotation.name.span,
                    "`@id` is without a name",
                )
                .with_help("write `-- @id: name`, or leave it out"),
            );
        }
    }
    for annotation in script
        .head
        .iter()
        .filter(|annotation| annotation.name.eq_ignore_ascii_case("id"))
    {
        let message = "`@id` has no effect here: it is that of one statement; write it above that statement";
        diagnostics.push(Diagnostic::new(
            &code::PROPERTY_WITHOUT_EFFECT,
            annotation.name.span,
            message,
        ));
    }
}

/// Annotations that may stand several times above one statement.
const REPEATABLE: [&str; 3] = ["allow", "depends_on", "tag"];

/// Metrics may be several, and see to themselves.
fn given_twice(annotation: &Annotation, before: &[Annotation]) -> Option<Diagnostic> {
    let name = &annotation.name.node;
    let is_repeatable = REPEATABLE.iter().any(|known| known.eq_ignore_ascii_case(name));
    let is_metric = name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("metric"));
    if is_repeatable || is_metric {
        return None;
    }
    let first = before.iter().find(|other| other.name.eq_ignore_ascii_case(name))?;
    let message = format!("`@{name}` is given twice");
    Some(
        Diagnostic::new(&code::INVALID_ANNOTATION, annotation.name.span, message)
            .with_related(Some(first.name.span), "first given here")
            .with_help("remove one of the two"),
    )
}

fn check_one(annotation: &Annotation) -> Option<Diagnostic> {
    let name = annotation.name.node.to_ascii_lowercase();
    let exact = ANNOTATIONS.iter().find(|(known, _)| *known == name);
    let family = FAMILIES.iter().find(|(prefix, _)| name.starts_with(prefix));
    let span = annotation.name.span;
    match exact.or(family).map(|(_, effect)| *effect) {
        Some(Effect::Describes | Effect::Orders | Effect::Names | Effect::Allows | Effect::PartOfMetric) => None,
        Some(Effect::ObservesLater) => {
            let message = format!("`@{name}` has no effect in this version");
            Some(Diagnostic::new(&code::PROPERTY_WITHOUT_EFFECT, span, message))
        }
        Some(Effect::RunsLater) => Some(Diagnostic::new(
            &code::UNSUPPORTED,
            span,
            format!("`@{name}` is not supported yet"),
        )),
        None => {
            let meant = nearest(&name, ANNOTATIONS.iter().map(|(known, _)| *known));
            Some(
                Diagnostic::new(
                    &code::INVALID_ANNOTATION,
                    span,
                    format!("there is no annotation `@{name}`"),
                )
                .with_help_if(meant.map(|meant| format!("a similar annotation exists: `@{meant}`"))),
            )
        }
    }
}
