//! From a file to its statements.

use std::iter::Peekable;

use velo_common::{Diagnostic, Span};

use crate::ast::{Annotation, Expr, ObjectName, Script, Statement};
use crate::comment::{annotations, split_head, without_statement};
use crate::cursor::{Failure, Parsed as Production, Session, Tokens};
use crate::expected::Thing;
use crate::grammar::{defined_name, expression, statement};
use crate::lexer::{Lexed, lex};
use crate::report::unexpected;
use crate::token::{Symbol, Token, TokenKind};

/// A parsed file: what could be read, and everything that could not.
#[derive(Debug, Clone, Default)]
pub struct Parsed {
    /// The statements that were read to their end. Those with a mistake whose meaning is clear, such as a clause in
    /// the wrong place, are among them.
    pub script: Script,
    /// The other statements.
    pub failed: Vec<FailedStatement>,
    /// Everything that is wrong, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// A statement that could not be read.
#[derive(Debug, Clone)]
pub struct FailedStatement {
    /// From its first to its last token.
    pub span: Span,
    /// What it creates, as far as its first words tell. Whoever looks that name up later should know that it would
    /// exist, so that one mistake is reported once.
    pub defines: Option<ObjectName>,
}

/// Parses a whole file. Every statement is read on its own, so all errors are found in one run.
///
/// ```
/// let parsed = velo_parser::parse_script("SELECT a FROM t; SELEC b FROM t; SELECT c FROM t WHER d");
/// assert_eq!(parsed.script.statements.len(), 1);
/// assert_eq!(parsed.diagnostics.len(), 2);
/// ```
pub fn parse_script(text: &str) -> Parsed {
    let Lexed {
        tokens,
        comments,
        mut diagnostics,
    } = lex(text);
    let closers = match_brackets(&tokens);
    let annotations = annotations(text, &comments, &mut diagnostics);
    let pieces = split_statements(&tokens);
    let first_token = pieces
        .first()
        .and_then(|piece| tokens.get(piece.start))
        .map(|token| token.span.start);
    let (head, annotations) = split_head(text, annotations, first_token);
    let errors: Vec<Span> = diagnostics
        .iter()
        .filter(|found| found.is_error())
        .filter_map(|found| found.span)
        .collect();
    let mut lexical_errors = errors.into_iter().peekable();
    let mut annotations = annotations.into_iter().peekable();
    let script = Script {
        head,
        statements: Vec::new(),
    };
    let mut parsed = Parsed {
        script,
        failed: Vec::new(),
        diagnostics,
    };
    for piece in pieces {
        let semicolon = tokens
            .get(piece.end)
            .map_or(text.len() as u32, |token| token.span.start);
        let garbled = !take_leading(&mut lexical_errors, |error| error.start < semicolon).is_empty();
        let own = take_leading(&mut annotations, |placed| placed.tokens_before < piece.end);
        let own = own.into_iter().map(|placed| placed.annotation).collect();
        let piece_tokens = tokens.get(piece.clone()).unwrap_or_default();
        parsed.add(
            piece_tokens,
            Session::new(text, piece_tokens, &closers, piece.start),
            own,
            garbled,
        );
    }
    parsed
        .diagnostics
        .extend(annotations.map(|placed| without_statement(&placed.annotation)));
    parsed.diagnostics.sort_by_key(|diagnostic| diagnostic.span);
    parsed
}

/// Takes the items off the front for which `belongs` holds.
fn take_leading<T>(items: &mut Peekable<impl Iterator<Item = T>>, belongs: impl Fn(&T) -> bool) -> Vec<T> {
    std::iter::from_fn(|| items.next_if(&belongs)).collect()
}

/// Parses one statement; a `;` may stand behind it.
///
/// # Errors
///
/// Everything that is wrong with the text, which includes more than one statement in it.
pub fn parse_statement(text: &str) -> Result<Statement, Vec<Diagnostic>> {
    let mut parsed = parse_script(text);
    let has_errors = velo_common::has_errors(&parsed.diagnostics);
    match (has_errors, parsed.script.statements.pop()) {
        (false, Some(statement)) if parsed.script.statements.is_empty() => Ok(statement),
        (true, _) => Err(parsed.diagnostics),
        (false, second) => {
            let span = second.map_or_else(Span::default, |statement| statement.span);
            let message = if span.is_empty() {
                "expected a statement"
            } else {
                "expected one statement, found several"
            };
            Err(vec![Diagnostic::new(&velo_common::code::SYNTAX, span, message)])
        }
    }
}

/// Parses one expression.
///
/// # Errors
///
/// Everything that is wrong with the text, what follows the expression included.
///
/// ```
/// let expr = velo_parser::parse_expression("not a = 1 or b").expect("valid");
/// assert_eq!(expr.to_string(), "NOT a = 1 OR b");
/// ```
pub fn parse_expression(text: &str) -> Result<Expr, Vec<Diagnostic>> {
    let Lexed {
        tokens, diagnostics, ..
    } = lex(text);
    let closers = match_brackets(&tokens);
    let session = Session::of_expression(text, &tokens, &closers);
    let whole = |input| {
        let (rest, expr) = expression(input)?;
        if rest.is_end() {
            Ok((rest, expr))
        } else {
            rest.unexpected(Thing::ExpressionEnd)
        }
    };
    let result = run(&session, whole);
    let reported = session.into_reported();
    match result {
        Ok(expr) if diagnostics.is_empty() && reported.is_empty() => Ok(expr),
        Ok(_) => Err(diagnostics.into_iter().chain(reported).collect()),
        Err(diagnostic) if diagnostics.is_empty() => Err(reported.into_iter().chain([*diagnostic]).collect()),
        Err(_) => Err(diagnostics),
    }
}

impl Parsed {
    /// Parses one statement and files the result.
    fn add(&mut self, tokens: &[Token], session: Session<'_>, annotations: Vec<Annotation>, garbled: bool) {
        let span = match tokens {
            [first, .., last] => first.span.to(last.span),
            [only] => only.span,
            [] => return,
        };

        match run(&session, statement) {
            // A quote that is never closed may swallow half a statement: what is left is not what was meant.
            Ok(_) if garbled => {
                let defines = defined_name(Tokens::start(&session));
                self.failed.push(FailedStatement { span, defines });
            }
            Ok(statement) => self.script.statements.push(Statement {
                annotations,
                ..statement
            }),
            Err(diagnostic) => {
                let defines = defined_name(Tokens::start(&session));
                self.failed.push(FailedStatement { span, defines });
                // Where the tokens themselves are wrong, what the grammar makes of them is no news.
                if !garbled {
                    self.diagnostics.push(*diagnostic);
                }
            }
        }
        self.diagnostics.extend(session.into_reported());
    }
}

/// Runs a production over all tokens of a session.
fn run<'a, T>(
    session: &'a Session<'a>,
    production: impl FnOnce(Tokens<'a>) -> Production<'a, T>,
) -> Result<T, Box<Diagnostic>> {
    match production(Tokens::start(session)) {
        Ok((_, built)) => Ok(built),
        Err(nom::Err::Error(Failure::Reported(diagnostic)) | nom::Err::Failure(Failure::Reported(diagnostic))) => {
            Err(diagnostic)
        }
        Err(_) => Err(Box::new(unexpected(session))),
    }
}

/// The ranges of tokens between the semicolons, empty ones left out.
fn split_statements(tokens: &[Token]) -> Vec<std::ops::Range<usize>> {
    let is_end = |index: &usize| tokens[*index].kind == TokenKind::Symbol(Symbol::Semicolon);
    let mut start = 0;
    let mut pieces = Vec::new();
    for end in (0..tokens.len()).filter(is_end).chain([tokens.len()]) {
        if start < end {
            pieces.push(start..end);
        }
        start = end + 1;
    }
    pieces
}

/// For each opening bracket the index of the one that closes it. No bracket reaches over a semicolon, and one that is
/// never closed does not keep those around it from being so.
fn match_brackets(tokens: &[Token]) -> Vec<Option<u32>> {
    let mut closers = vec![None; tokens.len()];
    let mut open: Vec<(usize, Symbol)> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let TokenKind::Symbol(symbol) = token.kind else {
            continue;
        };
        if symbol == Symbol::Semicolon {
            open.clear();
        } else if symbol.closer().is_some() {
            open.push((index, symbol));
        } else if symbol.is_closer() {
            let candidates = open.len().saturating_sub(UNCLOSED_SKIPPED_MAX);
            let found = open
                .iter()
                .skip(candidates)
                .rposition(|(_, bracket)| bracket.closer() == Some(symbol));
            if let Some(position) = found
                && let Some((opener, _)) = open.drain(candidates + position..).next()
            {
                closers[opener] = Some(index as u32);
            }
        }
    }
    closers
}

/// How many brackets that are never closed are skipped in search of the one that a closing bracket fits. Without a
/// limit, a text of mismatched brackets would take time that grows with its square.
const UNCLOSED_SKIPPED_MAX: usize = 16;
