use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::{Diagnostic, Severity, SourceText, Span};

/// Renders a diagnostic with its source line for a terminal, with colors when asked.
pub fn render(diagnostic: &Diagnostic, source: &SourceText, color: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.id);
    let mut group = match diagnostic.span {
        Some(span) => Group::with_title(title).element(snippet(diagnostic, source, span)),
        None => Group::with_title(title).element(annotate_snippets::Origin::path(source.name())),
    };
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[group])
}

/// Renders a diagnostic without colors.
pub fn render_plain(diagnostic: &Diagnostic, source: &SourceText) -> String {
    render(diagnostic, source, false)
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
