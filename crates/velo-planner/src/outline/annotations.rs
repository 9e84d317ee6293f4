use velo_common::{Diagnostic, code, nearest};
use velo_parser::ast::Annotation;

/// What this version does with an annotation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// It describes, and changes nothing.
    Describes,
    /// It leaves out warnings; whoever collects all of them sees to that.
    Allows,
    /// It would change what is observed, not what is computed; this version does not do so yet.
    ObservesLater,
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
    ("depends_on", Effect::RunsLater),
    ("job_mode", Effect::RunsLater),
    ("batch_size", Effect::RunsLater),
    ("num_partitions", Effect::RunsLater),
    ("partitioning_strategy", Effect::RunsLater),
    ("data_retention", Effect::ObservesLater),
    ("compliance", Effect::ObservesLater),
    ("metric", Effect::ObservesLater),
    ("metric_type", Effect::ObservesLater),
    ("metric_help", Effect::ObservesLater),
    ("metric_labels", Effect::ObservesLater),
    ("metric_condition", Effect::ObservesLater),
    ("metric_field", Effect::ObservesLater),
    ("metric_buckets", Effect::ObservesLater),
    ("metric_sample_rate", Effect::ObservesLater),
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
}

fn check_one(annotation: &Annotation) -> Option<Diagnostic> {
    let name = annotation.name.node.to_ascii_lowercase();
    let exact = ANNOTATIONS.iter().find(|(known, _)| *known == name);
    let family = FAMILIES.iter().find(|(prefix, _)| name.starts_with(prefix));
    let span = annotation.name.span;
    match exact.or(family).map(|(_, effect)| *effect) {
        Some(Effect::Describes | Effect::Allows) => None,
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
