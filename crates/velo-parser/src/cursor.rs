//! The input of the grammar: a place in the tokens of one statement, and what all productions share.

use std::cell::{Cell, RefCell};

use nom::IResult;
use nom::error::{ErrorKind, ParseError};
use velo_common::{Diagnostic, Span};

use crate::depth::Depth;
use crate::expected::{Furthest, Wanted};
use crate::keyword::Keyword;
use crate::token::{Symbol, Token, TokenKind};

/// What a production returns.
pub(crate) type Parsed<'a, T> = IResult<Tokens<'a>, T, Failure>;

/// Why a production does not apply.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The session has noted what would have been accepted, and where. Branches that nom gives up are noted too,
    /// which is why the failure itself carries nothing.
    Unexpected,
    /// Something is wrong that no other branch could make right.
    Reported(Box<Diagnostic>),
}

impl<'a> ParseError<Tokens<'a>> for Failure {
    fn from_error_kind(_: Tokens<'a>, _: ErrorKind) -> Self {
        Self::Unexpected
    }

    fn append(_: Tokens<'a>, _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// What the productions of one statement share.
pub(crate) struct Session<'a> {
    text: &'a str,
    /// What the tokens are in messages: a statement or an expression.
    whole: &'static str,
    tokens: &'a [Token],
    /// For each opening bracket the index of the bracket that closes it.
    closers: &'a [Option<u32>],
    /// Index of `tokens[0]` in `closers`.
    first: usize,
    furthest: RefCell<Furthest>,
    reported: RefCell<Vec<Diagnostic>>,
    depth: Depth,
    bare_alias: Cell<Option<usize>>,
}

impl<'a> Session<'a> {
    /// Over the tokens of one statement, which start at index `first` of the file's.
    pub(crate) fn new(text: &'a str, tokens: &'a [Token], closers: &'a [Option<u32>], first: usize) -> Self {
        Self {
            text,
            whole: "statement",
            tokens,
            closers,
            first,
            furthest: RefCell::default(),
            reported: RefCell::default(),
            depth: Depth::default(),
            bare_alias: Cell::new(None),
        }
    }

    /// Over the tokens of a text that is one expression.
    pub(crate) fn of_expression(text: &'a str, tokens: &'a [Token], closers: &'a [Option<u32>]) -> Self {
        Self {
            whole: "expression",
            ..Self::new(text, tokens, closers, 0)
        }
    }

    /// What the tokens are in messages.
    pub(crate) fn whole(&self) -> &'static str {
        self.whole
    }

    /// The whole source.
    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    /// The token at a position.
    pub(crate) fn token(&self, position: usize) -> Option<Token> {
        self.tokens.get(position).copied()
    }

    /// Whether the bracket at a position is closed.
    pub(crate) fn is_closed(&self, position: usize) -> bool {
        self.closers.get(self.first + position).is_some_and(Option::is_some)
    }

    /// The text of a token.
    pub(crate) fn token_text(&self, token: Token) -> &'a str {
        self.text.get(token.span.range()).unwrap_or_default()
    }

    /// How many tokens the statement has.
    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The furthest place that any production reached, and what would have been accepted there.
    pub(crate) fn furthest(&self) -> Furthest {
        self.furthest.borrow().clone()
    }

    /// Where the latest alias without `AS` stands.
    pub(crate) fn bare_alias(&self) -> Option<usize> {
        self.bare_alias.get()
    }

    /// What was reported without giving up the statement.
    pub(crate) fn into_reported(self) -> Vec<Diagnostic> {
        self.reported.into_inner()
    }
}

/// A place in the tokens of a statement.
#[derive(Clone, Copy)]
pub(crate) struct Tokens<'a> {
    session: &'a Session<'a>,
    position: usize,
}

impl<'a> Tokens<'a> {
    /// The start of a statement.
    pub(crate) fn start(session: &'a Session<'a>) -> Self {
        Self { session, position: 0 }
    }

    /// How deep the statement is nested here.
    pub(crate) fn depth(self) -> &'a Depth {
        &self.session.depth
    }

    /// The token at this place.
    pub(crate) fn peek(self) -> Option<Token> {
        self.session.token(self.position)
    }

    /// The place behind `count` more tokens.
    pub(crate) fn skip(self, count: usize) -> Self {
        Self {
            position: self.position + count,
            ..self
        }
    }

    /// Whether no token is left.
    pub(crate) fn is_end(self) -> bool {
        self.position >= self.session.len()
    }

    /// How many tokens stand before this place.
    pub(crate) fn position(self) -> usize {
        self.position
    }

    /// The keyword at this place.
    pub(crate) fn keyword(self) -> Option<Keyword> {
        match self.peek()?.kind {
            TokenKind::Word(keyword) => keyword,
            _ => None,
        }
    }

    /// The symbol at this place.
    pub(crate) fn symbol(self) -> Option<Symbol> {
        match self.peek()?.kind {
            TokenKind::Symbol(symbol) => Some(symbol),
            _ => None,
        }
    }

    /// Whether the keyword stands here.
    pub(crate) fn at_keyword(self, keyword: Keyword) -> bool {
        self.keyword() == Some(keyword)
    }

    /// Whether the symbol stands here.
    pub(crate) fn at_symbol(self, symbol: Symbol) -> bool {
        self.symbol() == Some(symbol)
    }

    /// Whether these keywords stand here, one behind the other.
    pub(crate) fn at_keywords(self, keywords: &[Keyword]) -> bool {
        keywords
            .iter()
            .enumerate()
            .all(|(ahead, keyword)| self.skip(ahead).at_keyword(*keyword))
    }

    /// The text of the token at this place.
    pub(crate) fn text(self) -> &'a str {
        self.peek()
            .map(|token| self.session.token_text(token))
            .unwrap_or_default()
    }

    /// The source under a span.
    pub(crate) fn slice(self, span: Span) -> &'a str {
        self.session.text().get(span.range()).unwrap_or_default()
    }

    /// The place behind the bracket that closes the one here.
    pub(crate) fn after_bracket(self) -> Option<Self> {
        let closer = (*self.session.closers.get(self.session.first + self.position)?)? as usize;
        let position = closer.checked_sub(self.session.first)? + 1;
        Some(Self { position, ..self })
    }

    /// Whether the token here touches the one before it.
    pub(crate) fn touches_previous(self) -> bool {
        let previous = self.position.checked_sub(1).and_then(|at| self.session.token(at));
        matches!((previous, self.peek()), (Some(previous), Some(next)) if previous.span.end == next.span.start)
    }

    /// The span of the token here; at the end, the empty span behind the last token.
    pub(crate) fn span(self) -> Span {
        self.peek().map_or_else(|| self.end_of_previous(), |token| token.span)
    }

    /// The span from this place up to `after`.
    pub(crate) fn span_to(self, after: Self) -> Span {
        let end = after.end_of_previous().end;
        let start = self.span().start;
        Span::new(start.min(end), end)
    }

    fn end_of_previous(self) -> Span {
        let previous = self
            .position
            .min(self.session.len())
            .checked_sub(1)
            .and_then(|at| self.session.token(at));
        let end = previous.map_or(0, |token| token.span.end);
        Span::new(end, end)
    }

    /// Notes that `wanted` would have been accepted here.
    pub(crate) fn want(self, wanted: impl Into<Wanted>) {
        self.session.furthest.borrow_mut().note(self.position, wanted.into());
    }

    /// Fails because `wanted` is not here.
    pub(crate) fn unexpected<T>(self, wanted: impl Into<Wanted>) -> Parsed<'a, T> {
        self.want(wanted);
        Err(nom::Err::Error(Failure::Unexpected))
    }

    /// Fails without a word: what is missing here is rare enough that listing it would only bury the rest.
    #[expect(
        clippy::unused_self,
        reason = "reads like its siblings, and ties the result to the input"
    )]
    pub(crate) fn absent<T>(self) -> Parsed<'a, T> {
        Err(nom::Err::Error(Failure::Unexpected))
    }

    /// Fails because nothing of what has been noted is here, and no other branch can help.
    #[expect(
        clippy::unused_self,
        reason = "reads like its siblings, and ties the result to the input"
    )]
    pub(crate) fn stop<T>(self) -> Parsed<'a, T> {
        Err(nom::Err::Failure(Failure::Unexpected))
    }

    /// Fails because `wanted` is not here, and no other branch can help.
    pub(crate) fn fail<T>(self, wanted: impl Into<Wanted>) -> Parsed<'a, T> {
        self.want(wanted);
        self.stop()
    }

    /// Gives up the statement.
    #[expect(
        clippy::unused_self,
        reason = "reads like its siblings, and ties the result to the input"
    )]
    pub(crate) fn abort<T>(self, diagnostic: Diagnostic) -> Parsed<'a, T> {
        Err(nom::Err::Failure(Failure::Reported(Box::new(diagnostic))))
    }

    /// Reports a mistake whose meaning is clear, so that the statement can be read on.
    pub(crate) fn report(self, diagnostic: Diagnostic) {
        self.session.reported.borrow_mut().push(diagnostic);
    }

    /// Remembers that the token here became an alias without `AS`, in case it was meant to be a keyword.
    pub(crate) fn note_bare_alias(self) {
        self.session.bare_alias.set(Some(self.position));
    }
}
