use std::borrow::Cow;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use unicode_width::UnicodeWidthStr;

use crate::{Diagnostic, Severity, SourceText, Span};

/// What diagnostics are rendered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RenderStyle {
    /// Whether it takes colors.
    pub color: bool,
    /// How many columns a line has, where lines that are longer would be broken anywhere; `None` leaves messages
    /// as they are, on one line each.
    pub columns: Option<usize>,
}

/// Renders a diagnostic with its source line.
pub fn render(diagnostic: &Diagnostic, source: &SourceText, style: RenderStyle) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let prefix = format!("{}[{}]: ", diagnostic.severity.as_str(), diagnostic.code.id);
    let title = wrapped(&diagnostic.message, style.columns, prefix.len());
    let title = level.primary_title(title).id(diagnostic.code.id);
    let mut group = match diagnostic.span {
        Some(span) => Group::with_title(title).element(snippet(diagnostic, source, span)),
        None => Group::with_title(title).element(annotate_snippets::Origin::path(source.name())),
    };
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(wrapped(help, style.columns, HELP_INDENT)));
    }
    let renderer = if style.color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = match style.columns {
        Some(columns) => renderer.term_width(columns),
        None => renderer,
    };
    renderer.render(&[group])
}

/// Renders a diagnostic without colors.
pub fn render_plain(diagnostic: &Diagnostic, source: &SourceText) -> String {
    render(diagnostic, source, RenderStyle::default())
}

/// What stands before a help: line numbers of up to four digits, and `= help: `.
const HELP_INDENT: usize = 13;
/// Narrower than this, lines are not broken: nothing would be easier to read.
const COLUMNS_MIN: usize = 40;

/// The text, broken at blanks so that no line is longer than what is left of `columns` behind the indent.
fn wrapped(text: &str, columns: Option<usize>, indent: usize) -> Cow<'_, str> {
    let Some(width) = columns
        .filter(|columns| *columns >= COLUMNS_MIN)
        .map(|columns| columns.saturating_sub(indent))
        .filter(|width| text.width() > *width)
    else {
        return Cow::Borrowed(text);
    };
    let mut lines = String::with_capacity(text.len() + 8);
    let mut used = 0;
    for word in text.split(' ') {
        if used > 0 && used + 1 + word.width() > width {
            lines.push('\n');
            used = 0;
        } else if used > 0 {
            lines.push(' ');
            used += 1;
        }
        lines.push_str(word);
        used += word.width();
    }
    Cow::Owned(lines)
}

/// Cuts out the lines that the spans touch, so that the cost of rendering is that of the lines shown.
fn snippet<'a>(
    diagnostic: &'a Diagnostic,
    source: &'a SourceText,
    span: Span,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let whole = diagnostic
        .related
        .iter()
        .fold(span, |whole, related| whole.to(related.span));
    let (lines, offset, first_line) = source.lines_of(whole);
    let within = |span: Span| {
        let start = (span.start.saturating_sub(offset) as usize).min(lines.len());
        let end = (span.end.saturating_sub(offset) as usize).clamp(start, lines.len());
        start..end
    };
    let annotation = AnnotationKind::Primary.span(within(span));
    let annotation = match &diagnostic.label {
        Some(label) => annotation.label(label.as_str()),
        None => annotation,
    };
    Snippet::source(lines)
        .path(source.name())
        .line_start(first_line)
        .annotation(annotation)
        .annotations(diagnostic.related.iter().map(|related| {
            AnnotationKind::Context
                .span(within(related.span))
                .label(related.label.as_str())
        }))
}
