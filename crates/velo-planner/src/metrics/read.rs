//! From annotations to metrics, each checked by itself.

use velo_common::{Diagnostic, Span, code};
use velo_parser::ast::{Annotation, Spanned};

use super::values::{self, ValueError};
use super::{Condition, MetricKind, MetricOutline};

/// The metrics of a statement. What is wrong with them goes to `diagnostics`.
pub(crate) fn metrics_of(annotations: &[Annotation], diagnostics: &mut Vec<Diagnostic>) -> Vec<MetricOutline> {
    let mut metrics: Vec<Draft<'_>> = Vec::new();
    for annotation in annotations {
        let name = annotation.name.to_ascii_lowercase();
        if name == "metric" {
            metrics.push(Draft::new(&annotation.value, annotation.name.span));
        } else if let Some(part) = name.strip_prefix("metric_") {
            match metrics.last_mut() {
                Some(metric) => metric.add(part, annotation, diagnostics),
                None => diagnostics.push(without_metric(annotation)),
            }
        }
    }
    metrics.into_iter().map(|draft| draft.finish(diagnostics)).collect()
}

/// A metric and the annotations below it.
struct Draft<'a> {
    name: &'a Spanned<String>,
    /// The word `metric`.
    word: Span,
    parts: Vec<(String, &'a Annotation)>,
}

impl<'a> Draft<'a> {
    fn new(name: &'a Spanned<String>, word: Span) -> Self {
        Self {
            name,
            word,
            parts: Vec::new(),
        }
    }

    fn add(&mut self, part: &str, annotation: &'a Annotation, diagnostics: &mut Vec<Diagnostic>) {
        if let Some((_, first)) = self.parts.iter().find(|(known, _)| known == part) {
            let message = format!("`@metric_{part}` is given twice for one metric");
            diagnostics.push(
                Diagnostic::new(&code::INVALID_ANNOTATION, annotation.name.span, message)
                    .with_related(Some(first.name.span), "first given here")
                    .with_help("remove one of the two, or write `-- @metric: name` above the second"),
            );
            return;
        }
        if annotation.value.is_empty() {
            let message = format!("`@metric_{part}` has no value");
            diagnostics.push(Diagnostic::new(
                &code::INVALID_ANNOTATION,
                annotation.name.span,
                message,
            ));
            return;
        }
        self.parts.push((part.to_owned(), annotation));
    }

    fn part(&self, name: &str) -> Option<&'a Spanned<String>> {
        let (_, annotation) = self.parts.iter().find(|(known, _)| known == name)?;
        Some(&annotation.value)
    }

    fn finish(self, diagnostics: &mut Vec<Diagnostic>) -> MetricOutline {
        let mut check = Checker { diagnostics };
        if self.name.is_empty() {
            check.problem(
                self.word,
                "`@metric` has no name",
                "write it behind: `-- @metric: orders_total`",
            );
        } else {
            check.value(values::metric_name(self.name));
        }
        let kind = match self.part("type") {
            Some(value) => check.value(values::metric_kind(value)),
            None => Some(MetricKind::Counter),
        };
        let field = self.part("field").cloned();
        if let (Some(MetricKind::Gauge | MetricKind::Histogram), None) = (kind, &field) {
            let place = self.part("type").unwrap_or(self.name);
            let message = format!("a {} shows the values of a column, and none is named", place.node);
            check.problem(place.span, message, "add `-- @metric_field: column`");
        }
        if let Some(value) = self.part("buckets") {
            check.value(values::buckets(value));
            if kind.is_some_and(|kind| kind != MetricKind::Histogram) {
                check.idle(
                    value.span,
                    "`@metric_buckets` has no effect: only histograms have buckets",
                );
            }
        }
        if let Some(value) = self.part("sample_rate") {
            check.value(values::sample_rate(value));
        }
        let labels = self.part("labels").and_then(|value| check.value(values::labels(value)));
        let condition = self.part("condition").and_then(|value| check.condition(value));
        MetricOutline {
            name: self.name.clone(),
            labels: labels.unwrap_or_default(),
            field,
            condition,
        }
    }
}

/// Collects what is wrong.
struct Checker<'d> {
    diagnostics: &'d mut Vec<Diagnostic>,
}

impl Checker<'_> {
    fn value<T>(&mut self, result: Result<T, ValueError>) -> Option<T> {
        result
            .map_err(|error| self.problem(error.span, error.message, error.help))
            .ok()
    }

    fn problem(&mut self, span: Span, message: impl Into<String>, help: &str) {
        self.diagnostics
            .push(Diagnostic::new(&code::INVALID_ANNOTATION, span, message).with_help(help));
    }

    fn idle(&mut self, span: Span, message: &str) {
        self.diagnostics
            .push(Diagnostic::new(&code::PROPERTY_WITHOUT_EFFECT, span, message));
    }

    fn condition(&mut self, value: &Spanned<String>) -> Option<Condition> {
        match velo_parser::parse_expression(value) {
            Ok(expr) => Some(Condition { expr, span: value.span }),
            Err(problems) => {
                let placed = problems.into_iter().map(|problem| problem.moved_by(value.span.start));
                self.diagnostics.extend(placed);
                None
            }
        }
    }
}

fn without_metric(annotation: &Annotation) -> Diagnostic {
    let message = format!(
        "`@{}` belongs to a metric, and none stands above it",
        annotation.name.node
    );
    Diagnostic::new(&code::INVALID_ANNOTATION, annotation.name.span, message)
        .with_help("write `-- @metric: name` above it")
}
