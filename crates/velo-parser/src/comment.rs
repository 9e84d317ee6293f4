//! Annotations in comments, and what they belong to.

use velo_common::{Diagnostic, Severity, Span, code};

use crate::ast::{Annotation, Spanned};
use crate::lexer::Comment;

/// An annotation and how many tokens stand before it.
#[derive(Debug, Clone)]
pub(crate) struct PlacedAnnotation {
    pub(crate) annotation: Annotation,
    pub(crate) tokens_before: usize,
}

/// Comments at the top of a file that are annotations by another spelling.
const LEGACY: [(&str, &str); 3] = [
    ("SQL Application:", "app"),
    ("Version:", "version"),
    ("Author:", "author"),
];

/// Annotations that speak about one statement wherever they stand; `metric_type` and its like belong to `metric`.
const OF_STATEMENTS: [&str; 3] = ["name", "depends_on", "metric"];

/// Reads the annotations out of the comments; what looks like one but is none is reported.
pub(crate) fn annotations(
    text: &str,
    comments: &[Comment],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<PlacedAnnotation> {
    let mut found = Vec::new();
    for comment in comments {
        let legacy = (comment.tokens_before == 0).then(|| legacy(text, comment)).flatten();
        let annotation = legacy.or_else(|| annotation(text, comment, diagnostics));
        found.extend(annotation.map(|annotation| PlacedAnnotation {
            annotation,
            tokens_before: comment.tokens_before,
        }));
    }
    found
}

/// `-- @name: value`
fn annotation(text: &str, comment: &Comment, diagnostics: &mut Vec<Diagnostic>) -> Option<Annotation> {
    let body = trimmed(text, Span::new(comment.span.start + 2, comment.span.end));
    let content = text.get(body.range())?.strip_prefix('@')?;
    let is_name_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    let name_length = content.find(|c| !is_name_part(c)).unwrap_or(content.len()) as u32;
    let name_span = Span::new(body.start + 1, body.start + 1 + name_length);
    let name = text.get(name_span.range())?;
    if name.is_empty() {
        return None;
    }
    let behind = trimmed(text, Span::new(name_span.end, body.end));
    let value = match text.get(behind.range())?.strip_prefix(':') {
        Some(_) => trimmed(text, Span::new(behind.start + 1, behind.end)),
        None if behind.is_empty() => Span::new(name_span.end, name_span.end),
        None => {
            let mut diagnostic = Diagnostic::new(
                &code::INVALID_ANNOTATION,
                Span::new(body.start, name_span.end),
                format!("`@{name}` is not followed by `:`, so this is an ordinary comment"),
            )
            .with_help(format!("an annotation is written `-- @{name}: value`"));
            diagnostic.severity = Severity::Warning;
            diagnostics.push(diagnostic);
            return None;
        }
    };
    Some(spanned_annotation(text, name.to_owned(), name_span, value))
}

/// `-- SQL Application: name` and its like.
fn legacy(text: &str, comment: &Comment) -> Option<Annotation> {
    let body = trimmed(text, Span::new(comment.span.start + 2, comment.span.end));
    let content = text.get(body.range())?;
    let (prefix, name) = LEGACY.into_iter().find(|(prefix, _)| {
        content
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    })?;
    let behind_prefix = body.start + prefix.len() as u32;
    let value = trimmed(text, Span::new(behind_prefix, body.end));
    Some(spanned_annotation(
        text,
        name.to_owned(),
        Span::new(body.start, behind_prefix - 1),
        value,
    ))
}

fn spanned_annotation(text: &str, name: String, name_span: Span, value: Span) -> Annotation {
    let value_text = text.get(value.range()).unwrap_or_default().to_owned();
    Annotation {
        name: Spanned::new(name, name_span),
        value: Spanned::new(value_text, value),
    }
}

/// The span without the blanks at its ends.
fn trimmed(text: &str, span: Span) -> Span {
    let content = text.get(span.range()).unwrap_or_default();
    let start = span.start + (content.len() - content.trim_start().len()) as u32;
    let end = start + content.trim().len() as u32;
    Span::new(start.min(span.end), end.min(span.end))
}

/// Splits off the annotations that concern the whole file: those above the last blank line before the first
/// statement, and those of a block that names the application; but never those that can only mean a statement.
///
/// `first_token` is where the first statement starts.
pub(crate) fn split_head(
    text: &str,
    annotations: Vec<PlacedAnnotation>,
    first_token: Option<u32>,
) -> (Vec<Annotation>, Vec<PlacedAnnotation>) {
    let head_end = first_token.map_or(0, |start| last_blank_line(text, start));
    let (leading, later): (Vec<_>, Vec<_>) = annotations.into_iter().partition(|placed| placed.tokens_before == 0);
    let block_is_head = leading
        .iter()
        .any(|placed| placed.annotation.name.span.start >= head_end && placed.annotation.name.node == "app");
    let (head, own): (Vec<_>, Vec<_>) = leading.into_iter().partition(|placed| {
        let above = placed.annotation.name.span.start < head_end || first_token.is_none();
        (above || block_is_head) && !is_of_statement(&placed.annotation.name)
    });
    let head = head.into_iter().map(|placed| placed.annotation).collect();
    (head, own.into_iter().chain(later).collect())
}

fn is_of_statement(name: &str) -> bool {
    OF_STATEMENTS
        .iter()
        .any(|own| name == *own || name.strip_prefix(own).is_some_and(|rest| rest.starts_with('_')))
}

/// Where the last blank line before an offset starts; 0 when there is none.
fn last_blank_line(text: &str, before: u32) -> u32 {
    let mut line_start = 0;
    let mut found = 0;
    for line in text.get(..before as usize).unwrap_or_default().split_inclusive('\n') {
        if line.ends_with('\n') && line.trim().is_empty() {
            found = line_start;
        }
        line_start += line.len() as u32;
    }
    found
}

/// The warning for an annotation with nothing below it.
pub(crate) fn without_statement(annotation: &Annotation) -> Diagnostic {
    let span = annotation.name.span.to(annotation.value.span);
    let message = format!("`@{}` stands above no statement", annotation.name.node);
    let mut diagnostic = Diagnostic::new(&code::INVALID_ANNOTATION, span, message)
        .with_help("move it above the statement that it describes, or to the top of the file");
    diagnostic.severity = Severity::Warning;
    diagnostic
}
