//! The values of metric annotations, read one by one.

use velo_common::{Span, nearest};
use velo_parser::ast::{Spanned, comma_separated};

use super::MetricKind;

/// What is wrong with a value, where, and what to write instead.
pub(super) struct ValueError {
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) help: &'static str,
}

impl ValueError {
    fn new(span: Span, message: impl Into<String>, help: &'static str) -> Self {
        Self {
            span,
            message: message.into(),
            help,
        }
    }
}

/// A name as Prometheus takes it.
pub(super) fn metric_name(value: &Spanned<String>) -> Result<(), ValueError> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    if value.chars().all(is_part) && !value.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok(());
    }
    let message = format!("`{}` cannot be the name of a metric", value.node);
    let help = "names have letters, digits, `_` and `:`, and do not start with a digit: `orders_total`";
    Err(ValueError::new(value.span, message, help))
}

/// `counter`, `gauge` or `histogram`.
pub(super) fn metric_kind(value: &Spanned<String>) -> Result<MetricKind, ValueError> {
    let known = MetricKind::ALL
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(value));
    known.map(|(_, kind)| kind).ok_or_else(|| {
        let meant = nearest(value, MetricKind::ALL.map(|(name, _)| name));
        let hint = meant
            .map(|name| format!("; did you mean `{name}`?"))
            .unwrap_or_default();
        let message = format!("`{}` is no type of metric{hint}", value.node);
        ValueError::new(value.span, message, "the types are counter, gauge and histogram")
    })
}

/// Names with commas in between, each as Prometheus takes it and given once.
pub(super) fn labels(value: &Spanned<String>) -> Result<Vec<Spanned<String>>, ValueError> {
    let mut labels: Vec<Spanned<String>> = Vec::new();
    for label in comma_separated(value) {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if label.is_empty() || !label.chars().all(is_part) || label.starts_with(|c: char| c.is_ascii_digit()) {
            let message = format!("`{}` cannot be the name of a label", label.node);
            let help = "labels have letters, digits and `_`, and do not start with a digit: give the column an alias";
            return Err(ValueError::new(label.span, message, help));
        }
        if label.starts_with("__") {
            let message = format!("`{}` cannot be the name of a label", label.node);
            let help = "Prometheus keeps names that start with `__` for itself: give the column an alias";
            return Err(ValueError::new(label.span, message, help));
        }
        if labels.contains(&label) {
            let message = format!("the label `{}` is given twice", label.node);
            return Err(ValueError::new(label.span, message, "remove one of the two"));
        }
        labels.push(label);
    }
    Ok(labels)
}

/// Upper bounds with commas in between, with or without brackets around them, each above the one before.
pub(super) fn buckets(value: &Spanned<String>) -> Result<(), ValueError> {
    let mut before = f64::NEG_INFINITY;
    for piece in comma_separated(&without_brackets(value)) {
        let help = "write numbers with commas in between, smallest first: 0.1, 0.5, 1, 5";
        let bound = piece.parse::<f64>().ok().filter(|bound| bound.is_finite());
        let Some(bound) = bound else {
            let message = format!("`{}` is no bound of a bucket", piece.node);
            return Err(ValueError::new(piece.span, message, help));
        };
        if bound <= before {
            let message = format!("the bucket {} does not come behind {before}", piece.node);
            return Err(ValueError::new(piece.span, message, help));
        }
        before = bound;
    }
    Ok(())
}

/// The share of rows that is looked at.
pub(super) fn sample_rate(value: &Spanned<String>) -> Result<(), ValueError> {
    let is_rate = value.parse::<f64>().is_ok_and(|rate| (0.0..=1.0).contains(&rate));
    if is_rate {
        return Ok(());
    }
    let message = format!("`{}` is no share of rows", value.node);
    Err(ValueError::new(
        value.span,
        message,
        "write a number from 0 to 1: every tenth row is 0.1",
    ))
}

/// The text between `[` and `]`, if it stands between them.
fn without_brackets(value: &Spanned<String>) -> Spanned<String> {
    match value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => Spanned::new(
            inner.to_owned(),
            Span::new(value.span.start + 1, value.span.end.saturating_sub(1)),
        ),
        None => value.clone(),
    }
}
