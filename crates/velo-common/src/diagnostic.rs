use crate::{Code, Span};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The program works, but something in it is worth a second look.
    Warning,
    /// The program cannot run.
    Error,
}

impl Severity {
    /// The word that output formats use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A second place of a diagnostic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// Where it is.
    pub span: Span,
    /// What stands there, in a few words.
    pub label: String,
}

/// One thing that is wrong with a program: what, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Identifies the rule; see `docs/diagnostics.md`.
    pub code: &'static Code,
    /// The code's own severity unless raised.
    pub severity: Severity,
    /// Where in the file; `None` when it concerns the file as a whole.
    pub span: Option<Span>,
    /// What is wrong: one sentence, lower case, no full stop.
    pub message: String,
    /// Shown under the marked text.
    pub label: Option<String>,
    /// Another place that has a part in it.
    pub related: Option<Box<Related>>,
    /// What to do: one or more sentences, lower case at the start, no full stop at the end.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A diagnostic that points at `span`.
    pub fn new(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            span: Some(span),
            ..Self::global(code, message)
        }
    }

    /// A diagnostic about a file as a whole.
    pub fn global(code: &'static Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity,
            span: None,
            message: message.into(),
            label: None,
            related: None,
            help: None,
        }
    }

    /// Adds what to do.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds what to do, if there is something to say.
    #[must_use]
    pub fn with_help_if(mut self, help: Option<impl Into<String>>) -> Self {
        self.help = help.map(Into::into).or(self.help);
        self
    }

    /// Adds the words under the marked text.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds another place that has a part in it, if it is in the text.
    #[must_use]
    pub fn with_related(mut self, span: Option<Span>, label: impl Into<String>) -> Self {
        self.related = span.map(|span| {
            Box::new(Related {
                span,
                label: label.into(),
            })
        });
        self
    }

    /// The diagnostic of a piece of text, as one of the text in which the piece starts at `offset`.
    #[must_use]
    pub fn moved_by(mut self, offset: u32) -> Self {
        let moved = |span: Span| Span::new(span.start + offset, span.end + offset);
        self.span = self.span.map(moved);
        if let Some(related) = &mut self.related {
            related.span = moved(related.span);
        }
        self
    }

    /// Whether the program cannot run because of this.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Whether any of them keeps the program from running.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(Diagnostic::is_error)
}
