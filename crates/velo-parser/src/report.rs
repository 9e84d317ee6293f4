//! What a person is told when a statement does not go on as it should.

use velo_common::{Diagnostic, Span, code, nearest};

use crate::ast::NumberKind;
use crate::cursor::Session;
use crate::expected::{Furthest, Thing};
use crate::grammar::STATEMENT_WORDS;
use crate::keyword::Keyword;
use crate::token::{Symbol, Token, TokenKind};

/// Clauses are named as one in messages, but a mistyped one is compared with each of these.
const CLAUSE_WORDS: [&str; 14] = [
    "WHERE",
    "GROUP BY",
    "WINDOW",
    "HAVING",
    "QUALIFY",
    "ORDER BY",
    "LIMIT",
    "OFFSET",
    "EMIT",
    "INTO",
    "WITH",
    "UNION",
    "EXCEPT",
    "INTERSECT",
];

/// Joins likewise.
const JOIN_WORDS: [&str; 6] = ["JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS"];

/// Longer texts are cut in messages.
const SHOWN_CHARS_MAX: usize = 30;

/// The error of a statement that could not be read to its end.
pub(crate) fn unexpected(session: &Session<'_>) -> Diagnostic {
    let furthest = session.furthest();
    let report = Report {
        session,
        found: session.token(furthest.position()),
        furthest,
    };
    report.misspelled_before().unwrap_or_else(|| report.unexpected_token())
}

struct Report<'a> {
    session: &'a Session<'a>,
    furthest: Furthest,
    found: Option<Token>,
}

impl Report<'_> {
    fn text(&self, token: Token) -> &str {
        self.session.token_text(token)
    }

    /// `FROM t WHER x = 1`: the mistyped keyword has been read as an alias, and the word behind it is in the way.
    fn misspelled_before(&self) -> Option<Diagnostic> {
        let at_alias = self.session.bare_alias()?;
        let (alias, behind) = (self.session.token(at_alias)?, self.session.token(at_alias + 1)?);
        let behind_bracket = behind.kind == TokenKind::Symbol(Symbol::OpenParen);
        let near = at_alias + 1..=at_alias + 1 + usize::from(behind_bracket);
        let word = self.text(alias);
        if !near.contains(&self.furthest.position()) || alias.kind != TokenKind::Word(None) || word.len() < 3 {
            return None;
        }
        // Where the error lies within a bracket, what could stand in place of the alias is no longer known.
        let similar = self
            .similar_to(word, Some(behind))
            .or_else(|| nearest(word, ["WITH"]).filter(|_| behind_bracket))?;
        let behind = self.text(behind);
        let diagnostic = Diagnostic::new(&code::SYNTAX, alias.span, format!("unexpected `{word}`"))
            .with_label(format!("read as an alias, but then `{behind}` cannot follow"))
            .with_help(format!("did you mean `{similar}`?"));
        Some(diagnostic)
    }

    /// The keyword that a word was meant to be, given the token behind it.
    fn similar_to(&self, word: &str, behind: Option<Token>) -> Option<&'static str> {
        let by_follows = behind.is_some_and(|behind| self.text(behind).eq_ignore_ascii_case("BY"));
        // Comparing is costly, and words of very different lengths are never similar.
        let fits = |candidate: &&'static str| {
            let difference = first_word(candidate).len().abs_diff(word.len());
            (!candidate.contains(' ') || by_follows) && difference <= word.len().div_ceil(3)
        };
        let candidates: Vec<&str> = self.candidates().into_iter().filter(fits).collect();
        let similar = nearest(word, candidates.iter().map(|candidate| first_word(candidate)))?;
        candidates
            .into_iter()
            .find(|candidate| first_word(candidate) == similar)
    }

    fn unexpected_token(&self) -> Diagnostic {
        let expected = self.furthest.describe();
        let message = format!("expected {expected}, found {}", self.describe_found());
        let diagnostic = Diagnostic::new(&code::SYNTAX, self.span(), message).with_help_if(self.help());
        if expected.matches('`').count() <= 6 && expected.len() <= 60 {
            diagnostic.with_label(format!("expected {expected}"))
        } else {
            diagnostic.with_label("not expected here")
        }
    }

    /// The token in the way; the empty place behind the last one when the statement ends too early.
    fn span(&self) -> Span {
        self.found.map_or_else(
            || {
                let last = self
                    .session
                    .len()
                    .checked_sub(1)
                    .and_then(|last| self.session.token(last));
                let end = last.map_or(0, |token| token.span.end);
                Span::new(end, end)
            },
            |token| token.span,
        )
    }

    fn describe_found(&self) -> String {
        let Some(token) = self.found else {
            return format!("the end of the {}", self.session.whole());
        };
        let text = shortened(self.text(token));
        match token.kind {
            TokenKind::String => format!("the string {text}"),
            TokenKind::Number(NumberKind::Integer) => format!("the number {text}"),
            _ => format!("`{text}`"),
        }
    }

    /// What to do about it, where that can be told.
    fn help(&self) -> Option<String> {
        let Some(found) = self.found else {
            return self.unclosed_bracket();
        };
        self.similar_keyword(found)
            .or_else(|| self.query_in_the_way(found))
            .or_else(|| self.missing_semicolon(found))
            .or_else(|| self.unclosed_bracket())
            .or_else(|| self.unopened_bracket(found))
            .or_else(|| self.missing_comma(found))
            .or_else(|| self.reserved_word(found))
            .or_else(|| self.double_quotes(found))
    }

    fn similar_keyword(&self, found: Token) -> Option<String> {
        let word = self.text(found);
        let mistyped = matches!(found.kind, TokenKind::Word(keyword) if !keyword.is_some_and(Keyword::is_reserved));
        let behind = self.session.token(self.furthest.position() + 1);
        let similar = if mistyped && word.len() > 2 {
            self.similar_to(word, behind)?
        } else {
            return None;
        };
        (!similar.eq_ignore_ascii_case(word)).then(|| format!("did you mean `{similar}`?"))
    }

    /// A SELECT where a query cannot stand as it is.
    fn query_in_the_way(&self, found: Token) -> Option<String> {
        let is_query = matches!(found.kind, TokenKind::Word(Some(Keyword::SELECT)));
        let wants_as = self.furthest.keywords().any(|keyword| keyword == Keyword::AS);
        let wants_operand =
            self.furthest.wants_thing(Thing::Expression) || self.furthest.wants_symbol(Symbol::OpenParen);
        match (is_query, wants_as, wants_operand) {
            (true, true, _) => Some("a query needs `AS` before it here".to_owned()),
            (true, _, true) => Some("a query within a statement stands in parentheses: `(SELECT …)`".to_owned()),
            _ => None,
        }
    }

    /// Every keyword that would have been accepted, those that messages sum up included.
    fn candidates(&self) -> Vec<&'static str> {
        let mut words: Vec<&str> = self.furthest.keywords().map(Keyword::as_str).collect();
        let groups: [(Thing, &[&str]); 4] = [
            (Thing::Statement, &STATEMENT_WORDS),
            (Thing::Clause, &CLAUSE_WORDS),
            (Thing::Join, &JOIN_WORDS),
            (
                Thing::WindowKind,
                &["TUMBLING", "SLIDING", "HOPPING", "SESSION", "CUMULATE"],
            ),
        ];
        for (thing, group) in groups {
            if self.furthest.wants_thing(thing) {
                words.extend(group);
            }
        }
        words
    }

    /// `SELECT a b c`, `f(a b)`
    fn missing_comma(&self, found: Token) -> Option<String> {
        let starts_item = match found.kind {
            TokenKind::Symbol(_) => false,
            TokenKind::Word(keyword) => !keyword.is_some_and(Keyword::is_reserved),
            _ => true,
        };
        let before = self.furthest.position().checked_sub(1).filter(|_| starts_item)?;
        let comma_fits = self.furthest.wants_symbol(Symbol::Comma);
        if self.session.bare_alias() == Some(before) {
            let fix = if comma_fits {
                "; is a comma missing before or behind it?"
            } else {
                ""
            };
            let alias = self.text(self.session.token(before)?);
            return Some(format!("`{alias}` is already the alias of what stands before it{fix}"));
        }
        comma_fits.then(|| format!("is a comma missing before {}?", self.describe_found()))
    }

    fn missing_semicolon(&self, found: Token) -> Option<String> {
        let word = self.text(found);
        let starts_statement = matches!(found.kind, TokenKind::Word(Some(_)))
            && STATEMENT_WORDS.iter().any(|known| word.eq_ignore_ascii_case(known));
        let fits = starts_statement && self.furthest.wants_thing(Thing::End);
        fits.then(|| format!("is a `;` missing before `{word}`?"))
    }

    /// Says which bracket is still open, when closing it would have been fine.
    fn unclosed_bracket(&self) -> Option<String> {
        let opener = |position: usize| match self.session.token(position).map(|token| token.kind) {
            Some(TokenKind::Symbol(symbol)) if !self.session.is_closed(position) => {
                Some((symbol, symbol.closer()?, position))
            }
            _ => None,
        };
        let (bracket, closer, position) = (0..self.furthest.position()).rev().find_map(opener)?;
        if !self.furthest.wants_symbol(closer) {
            return None;
        }
        let (bracket, closer) = (bracket.as_str(), closer.as_str());
        let before = position.checked_sub(1).and_then(|before| self.session.token(before));
        Some(match before {
            Some(before) => format!(
                "the `{bracket}` behind `{}` is not closed: add `{closer}`",
                shortened(self.text(before))
            ),
            None => format!("the first `{bracket}` is not closed: add `{closer}`"),
        })
    }

    /// `a + b)`
    fn unopened_bracket(&self, found: Token) -> Option<String> {
        let TokenKind::Symbol(symbol) = found.kind else {
            return None;
        };
        let fits = symbol.is_closer() && self.furthest.wants_thing(Thing::End);
        fits.then(|| format!("no bracket is open that this `{}` could close", symbol.as_str()))
    }

    /// `SELECT order FROM t`: a reserved word where it can only be meant as a name.
    fn reserved_word(&self, found: Token) -> Option<String> {
        let names = [
            Thing::Name,
            Thing::Column,
            Thing::Field,
            Thing::Alias,
            Thing::Source,
            Thing::Expression,
        ];
        let wants_name = names.into_iter().any(|thing| self.furthest.wants_thing(thing));
        let reserved = matches!(found.kind, TokenKind::Word(Some(keyword)) if keyword.is_reserved());
        if !(wants_name && reserved && self.is_followed_like_a_name()) {
            return None;
        }
        let word = self.text(found);
        Some(format!(
            "`{word}` is a reserved word; to use it as a name, quote it: `\"{word}\"`"
        ))
    }

    /// Whether the token behind the one in the way is one that a name would have behind it.
    fn is_followed_like_a_name(&self) -> bool {
        self.session
            .token(self.furthest.position() + 1)
            .is_none_or(|behind| match behind.kind {
                TokenKind::Symbol(symbol) => {
                    matches!(symbol, Symbol::Comma | Symbol::Dot | Symbol::Equal | Symbol::CloseParen)
                }
                TokenKind::Word(keyword) => matches!(keyword, Some(Keyword::FROM | Keyword::AS)),
                _ => false,
            })
    }

    /// `"text"` where only `'text'` will do.
    fn double_quotes(&self, found: Token) -> Option<String> {
        let wants_string = self.furthest.wants_thing(Thing::String) && found.kind == TokenKind::QuotedWord;
        wants_string.then(|| "a string stands in single quotes; double quotes are for names".to_owned())
    }
}

fn first_word(text: &'static str) -> &'static str {
    text.split(' ').next().unwrap_or(text)
}

/// The text on one line and at most [`SHOWN_CHARS_MAX`] characters long.
fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.len() == text.len() && text.chars().count() <= SHOWN_CHARS_MAX {
        return text.to_owned();
    }
    let kept: String = line.chars().take(SHOWN_CHARS_MAX).collect();
    format!("{kept}…")
}
