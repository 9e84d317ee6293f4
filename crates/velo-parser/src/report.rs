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
        let found = self.found.filter(|_| at_alias + 1 == self.furthest.position())?;
        let alias = self.session.token(at_alias)?;
        if alias.kind != TokenKind::Word(None) || !self.text(alias).is_ascii() || self.text(alias).len() < 3 {
            return None;
        }
        let similar = self.similar_to(self.text(alias), found)?;
        let word = self.text(alias);
        let diagnostic = Diagnostic::new(&code::SYNTAX, alias.span, format!("unexpected `{word}`"))
            .with_label(format!(
                "read as an alias, but then {} cannot follow",
                self.describe_found()
            ))
            .with_help(format!("did you mean `{similar}`?"));
        Some(diagnostic)
    }

    /// The keyword that a word was meant to be, given the token behind it.
    fn similar_to(&self, word: &str, behind: Token) -> Option<&'static str> {
        let by_follows = self.text(behind).eq_ignore_ascii_case("BY");
        let wanted = self
            .candidates()
            .into_iter()
            .filter(|candidate| by_follows == candidate.ends_with(" BY"));
        let first_words: Vec<&str> = wanted.map(first_word).collect();
        let similar = nearest(word, first_words)?;
        self.candidates()
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
            return "the end of the statement".to_owned();
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
            .or_else(|| self.missing_comma(found))
            .or_else(|| self.missing_semicolon(found))
            .or_else(|| self.unclosed_bracket_before(found))
            .or_else(|| self.reserved_word(found))
            .or_else(|| self.double_quotes(found))
    }

    fn similar_keyword(&self, found: Token) -> Option<String> {
        let word = self.text(found);
        let mistyped = matches!(found.kind, TokenKind::Word(_)) && word.len() > 2;
        let similar = nearest(word, self.candidates()).filter(|_| mistyped)?;
        (!similar.eq_ignore_ascii_case(word)).then(|| format!("did you mean `{similar}`?"))
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

    /// `SELECT a b c`
    fn missing_comma(&self, found: Token) -> Option<String> {
        let behind_alias = self.session.bare_alias()? + 1 == self.furthest.position();
        let starts_item = !matches!(found.kind, TokenKind::Symbol(_)) && !is_keyword(found);
        let alias = self
            .session
            .token(self.session.bare_alias()?)
            .filter(|_| behind_alias && starts_item)?;
        let alias = self.text(alias);
        let comma_fits = self.furthest.wants_symbol(Symbol::Comma);
        let fix = if comma_fits {
            "; is a comma missing before or behind it?"
        } else {
            ""
        };
        Some(format!("`{alias}` is already the alias of what stands before it{fix}"))
    }

    fn missing_semicolon(&self, found: Token) -> Option<String> {
        let word = self.text(found);
        let starts_statement = matches!(found.kind, TokenKind::Word(Some(_)))
            && STATEMENT_WORDS.iter().any(|known| word.eq_ignore_ascii_case(known));
        let fits = starts_statement && self.furthest.wants_thing(Thing::End);
        fits.then(|| format!("is a `;` missing before `{word}`?"))
    }

    fn unclosed_bracket_before(&self, found: Token) -> Option<String> {
        let goes_on = matches!(found.kind, TokenKind::Word(Some(keyword)) if keyword.is_reserved());
        if goes_on { self.unclosed_bracket() } else { None }
    }

    /// Says which bracket is still open, when closing it would have been fine.
    fn unclosed_bracket(&self) -> Option<String> {
        let mut open = Vec::new();
        for position in 0..self.furthest.position() {
            match self.session.token(position)?.kind {
                TokenKind::Symbol(symbol) if symbol.closer().is_some() => open.push((symbol, position)),
                TokenKind::Symbol(symbol) if symbol.is_closer() => drop(open.pop()),
                _ => {}
            }
        }
        let (bracket, position) = open.pop()?;
        let closer = bracket.closer().filter(|closer| self.furthest.wants_symbol(*closer))?;
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

    fn reserved_word(&self, found: Token) -> Option<String> {
        let wants_name = [Thing::Name, Thing::Column, Thing::Field, Thing::Alias, Thing::Source]
            .into_iter()
            .any(|thing| self.furthest.wants_thing(thing));
        let reserved = matches!(found.kind, TokenKind::Word(Some(keyword)) if keyword.is_reserved());
        let word = self.text(found);
        (wants_name && reserved)
            .then(|| format!("`{word}` is a reserved word; to use it as a name, quote it: `\"{word}\"`"))
    }

    /// `"text"` where only `'text'` will do.
    fn double_quotes(&self, found: Token) -> Option<String> {
        let wants_string = self.furthest.wants_thing(Thing::String) && found.kind == TokenKind::QuotedWord;
        wants_string.then(|| "a string stands in single quotes; double quotes are for names".to_owned())
    }
}

fn is_keyword(token: Token) -> bool {
    matches!(token.kind, TokenKind::Word(Some(_)))
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
