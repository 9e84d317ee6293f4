//! Text to tokens.
//!
//! Nothing stops the lexer: what it cannot read is reported and skipped, so that every problem of a file is found
//! in one run.

use velo_common::{Diagnostic, Span, code};

use crate::ast::NumberKind;
use crate::keyword::Keyword;
use crate::token::{Symbol, Token, TokenKind};

/// What became of a text.
#[derive(Debug, Default)]
pub(crate) struct Lexed {
    /// All tokens, in order; their spans do not overlap.
    pub(crate) tokens: Vec<Token>,
    /// All `--` comments, in order.
    pub(crate) comments: Vec<Comment>,
    /// What could not be read, in order.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// A `--` comment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Comment {
    /// From its dashes to the end of the line.
    pub(crate) span: Span,
    /// How many tokens stand before it.
    pub(crate) tokens_before: usize,
}

/// Splits a text into tokens and comments.
pub(crate) fn lex(text: &str) -> Lexed {
    let mut lexer = Lexer {
        text,
        position: 0,
        lexed: Lexed::default(),
        first_multiline: None,
        rewound: false,
    };
    while let Some(next) = lexer.rest().chars().next() {
        lexer.token(next);
    }
    lexer.lexed
}

/// Some editors put it at the start of a file.
const BYTE_ORDER_MARK: char = '\u{feff}';

struct Lexer<'a> {
    text: &'a str,
    position: usize,
    lexed: Lexed,
    /// The first string that runs over the end of a line: the culprit when a later string turns out to be open.
    first_multiline: Option<Checkpoint>,
    /// Whether that has been made use of.
    rewound: bool,
}

/// The state of a lexer before a token.
#[derive(Clone, Copy)]
struct Checkpoint {
    position: usize,
    tokens: usize,
    comments: usize,
    diagnostics: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    fn span_from(&self, start: usize) -> Span {
        Span::new(start as u32, self.position as u32)
    }

    fn push(&mut self, kind: TokenKind, start: usize) {
        let span = self.span_from(start);
        self.lexed.tokens.push(Token { kind, span });
    }

    fn token(&mut self, next: char) {
        match next {
            _ if next.is_whitespace() || next == BYTE_ORDER_MARK => self.position += next.len_utf8(),
            '-' if self.rest().starts_with("--") => self.line_comment(),
            '/' if self.rest().starts_with("/*") => self.block_comment(),
            '\'' => self.string(),
            '"' | '`' => self.quoted_word(next),
            '0'..='9' => self.number(),
            '.' if self.starts_fraction() => self.number(),
            _ if is_word_start(next) => self.word(),
            _ => self.symbol(next),
        }
    }

    fn line_comment(&mut self) {
        let start = self.position;
        self.position += line_length(self.rest());
        let span = self.span_from(start);
        self.lexed.comments.push(Comment {
            span,
            tokens_before: self.lexed.tokens.len(),
        });
    }

    fn block_comment(&mut self) {
        let start = self.position;
        if let Some(length) = comment_length(self.rest()) {
            self.position += length;
            return;
        }
        let is_nested = self.rest().contains("*/");
        self.position = self.text.len();
        let opener = Span::new(start as u32, start as u32 + 2);
        self.lexed.diagnostics.push(
            Diagnostic::new(&code::UNTERMINATED, opener, "unterminated comment")
                .with_label("opened here and never closed")
                .with_help(if is_nested {
                    "comments nest: close each `/*` in it with a `*/` of its own"
                } else {
                    "close it with `*/`"
                }),
        );
    }

    /// A string, which may run over several lines.
    fn string(&mut self) {
        let start = self.position;
        let Some(length) = quoted_length(self.rest(), '\'') else {
            self.rewind_to_culprit();
            return self.unterminated(TokenKind::String, "string", '\'');
        };
        let multiline = self.rest().get(..length).is_some_and(|string| string.contains('\n'));
        if multiline && self.first_multiline.is_none() && !self.rewound {
            self.first_multiline = Some(self.checkpoint());
        }
        self.position += length;
        self.push(TokenKind::String, start);
    }

    /// When a string is open at the end of the text, the quote that is missing is most likely that of an earlier
    /// string which ran over the end of its line: everything behind it has been read inside out.
    fn rewind_to_culprit(&mut self) {
        let Some(culprit) = self.first_multiline.take() else {
            return;
        };
        // Once is enough: from here on the quotes pair up as they were meant to.
        self.rewound = true;
        self.position = culprit.position;
        self.lexed.tokens.truncate(culprit.tokens);
        self.lexed.comments.truncate(culprit.comments);
        self.lexed.diagnostics.truncate(culprit.diagnostics);
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            position: self.position,
            tokens: self.lexed.tokens.len(),
            comments: self.lexed.comments.len(),
            diagnostics: self.lexed.diagnostics.len(),
        }
    }

    fn quoted_word(&mut self, quote: char) {
        let start = self.position;
        let rest = self.rest();
        let on_one_line = |length: &usize| rest.get(..*length).is_some_and(|word| !word.contains('\n'));
        let Some(length) = quoted_length(rest, quote).filter(on_one_line) else {
            return self.unterminated(TokenKind::QuotedWord, "identifier", quote);
        };
        self.position += length;
        if length == 2 {
            let span = self.span_from(start);
            self.lexed.diagnostics.push(
                Diagnostic::new(&code::INVALID_TOKEN, span, "an identifier cannot be empty")
                    .with_help("a string stands in single quotes: `''`"),
            );
        }
        self.push(TokenKind::QuotedWord, start);
    }

    /// Reports an open quote and takes the rest of its line as the token, except a `;` at its end.
    fn unterminated(&mut self, kind: TokenKind, what: &str, quote: char) {
        let start = self.position;
        let quote_name = match quote {
            '\'' => "single quote",
            '"' => "double quote",
            _ => "backtick",
        };
        let line = self
            .rest()
            .get(..line_length(self.rest()))
            .unwrap_or_default()
            .trim_end();
        let body = line.strip_suffix(';').unwrap_or(line);
        self.position += body.len().max(1);
        let span = self.span_from(start);
        self.push(kind, start);
        self.lexed.diagnostics.push(
            Diagnostic::new(&code::UNTERMINATED, span, format!("unterminated {what}"))
                .with_label("opened here and never closed")
                .with_help(format!(
                    "close it with a {quote_name}; one that is part of the {what} is written twice"
                )),
        );
    }

    /// Whether the point at the position starts a number such as `.5`, rather than following a name or bracket.
    fn starts_fraction(&self) -> bool {
        let digit_follows = self.rest().as_bytes().get(1).is_some_and(u8::is_ascii_digit);
        let touches = self
            .lexed
            .tokens
            .last()
            .filter(|token| token.span.end as usize == self.position);
        let after_operand = touches.is_some_and(|token| match token.kind {
            TokenKind::Symbol(symbol) => symbol.is_closer(),
            _ => true,
        });
        digit_follows && !after_operand
    }

    fn number(&mut self) {
        let start = self.position;
        let mut kind = NumberKind::Integer;
        self.digits();
        if self.rest().starts_with('.') {
            kind = NumberKind::Decimal;
            self.position += 1;
            self.digits();
        }
        if let Some(length) = exponent_length(self.rest()) {
            kind = NumberKind::Exponent;
            self.position += length;
        }
        self.push(TokenKind::Number(kind), start);
    }

    fn digits(&mut self) {
        let rest = self.rest();
        self.position += rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    }

    fn word(&mut self) {
        let start = self.position;
        let rest = self.rest();
        let length = rest.find(|c: char| !is_word_part(c)).unwrap_or(rest.len());
        self.position += length;
        let keyword = rest.get(..length).and_then(Keyword::of);
        self.push(TokenKind::Word(keyword), start);
    }

    fn symbol(&mut self, next: char) {
        let start = self.position;
        if self.rest().starts_with("==") {
            self.position += 2;
            return self.invalid(start, Some("equality is written `=`"));
        }
        if let Some(symbol) = Symbol::at_start_of(self.rest()) {
            self.position += symbol.as_str().len();
            return self.push(TokenKind::Symbol(symbol), start);
        }
        let doubled = self.rest().starts_with("&&");
        self.position += if doubled { 2 } else { next.len_utf8() };
        let help = match next {
            '&' => Some("a logical and is written `AND`"),
            '|' => Some("a logical or is written `OR`, and strings are joined with `||`"),
            '!' => Some("a negation is written `NOT`"),
            '#' => Some("a comment starts with `--`"),
            '‘' | '’' | '‚' | '′' | '´' => Some("strings stand in straight single quotes: `'`"),
            '“' | '”' | '„' | '″' => Some("quoted identifiers stand in straight double quotes: `\"`"),
            _ => None,
        };
        self.invalid(start, help);
    }

    fn invalid(&mut self, start: usize, help: Option<&str>) {
        let span = self.span_from(start);
        let text = self.text.get(span.range()).unwrap_or_default();
        let shown = if text.chars().all(char::is_control) {
            text.escape_debug().to_string()
        } else {
            text.to_owned()
        };
        self.lexed.diagnostics.push(
            Diagnostic::new(&code::INVALID_TOKEN, span, format!("`{shown}` has no meaning in SQL"))
                .with_label("unexpected character")
                .with_help_if(help),
        );
    }
}

fn is_word_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

/// Whether an unquoted identifier may hold this character behind its first.
pub(crate) fn is_word_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a text can stand as an identifier without quotes, reserved words aside.
pub(crate) fn is_word(text: &str) -> bool {
    text.chars().next().is_some_and(is_word_start) && text.chars().all(is_word_part)
}

/// Length of the block comment at the start, with those that are nested in it; `None` when it is not closed.
fn comment_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut open) = (0, 0_usize);
    while let Some(pair) = bytes.get(at..at + 2) {
        match pair {
            b"/*" => (at, open) = (at + 2, open + 1),
            b"*/" => (at, open) = (at + 2, open - 1),
            _ => at += 1,
        }
        if open == 0 {
            return Some(at);
        }
    }
    None
}

/// Bytes up to the end of the line.
fn line_length(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

/// Length of the quoted text at the start, quotes included; `None` when it is not closed. A doubled quote is part
/// of the text.
fn quoted_length(text: &str, quote: char) -> Option<usize> {
    let mut from = quote.len_utf8();
    loop {
        let end = from + text.get(from..)?.find(quote)? + quote.len_utf8();
        if !text.get(end..)?.starts_with(quote) {
            return Some(end);
        }
        from = end + quote.len_utf8();
    }
}

/// Length of an exponent such as `e5` or `E-3` at the start.
fn exponent_length(text: &str) -> Option<usize> {
    let after_e = text.strip_prefix(['e', 'E'])?;
    let digits = after_e.strip_prefix(['+', '-']).unwrap_or(after_e);
    let digit_count = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let more_word = digits
        .get(digit_count..)
        .and_then(|rest| rest.chars().next())
        .is_some_and(is_word_part);
    (digit_count > 0 && !more_word).then(|| text.len() - digits.len() + digit_count)
}

/// The text of a string or quoted identifier without its quotes, doubled ones undone.
pub(crate) fn unquote(text: &str) -> String {
    let Some(quote) = text.chars().next() else {
        return String::new();
    };
    let body = text.strip_prefix(quote).unwrap_or(text);
    let body = body.strip_suffix(quote).unwrap_or(body);
    if body.contains(quote) {
        body.replace(&format!("{quote}{quote}"), &quote.to_string())
    } else {
        body.to_owned()
    }
}
