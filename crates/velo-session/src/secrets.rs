//! Passwords that stand in a program's text, which no message may show.
//!
//! They are looked for in the text itself, not in what the parser makes of it: a statement that cannot be read is shown
//! too.

use std::ops::Range;

use velo_common::{Diagnostic, SourceText, Span, code, nearest};
use velo_datasources::PostgresConnection;

/// Keys whose whole value is secret.
const SECRET_KEYS: [&str; 5] = [
    "connection.password",
    "auth.bearer",
    "auth.password",
    "headers",
    "s3.secret.access.key",
];

/// Words of keys that no source has, whose values are not shown all the same.
const SECRET_WORDS: [&str; 6] = ["password", "passwd", "secret", "token", "bearer", "credential"];

/// Where passwords stand in the text.
pub(crate) fn secrets(source: &SourceText) -> Vec<Span> {
    let text = source.text();
    let tokens = tokens(text);
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let key = match at.checked_sub(2).and_then(|key| tokens.get(key..at)) {
            Some([key, equal]) if equal.kind == Kind::Equal => Some(key.content(text).to_lowercase()),
            _ => None,
        };
        let value = token.content.clone();
        match key {
            Some(key) if is_secret_key(&key) => {
                found.push(value);
                // A quote that is not doubled ends the text too early: what follows is part of what was meant.
                if !token.is_followed_as_values_are(text) {
                    found.push(token.end..line_end(text, token.end));
                }
            }
            key if token.kind == Kind::Text => {
                let parts = secrets_of_url(&text[value.clone()], key.as_deref().unwrap_or_default());
                found.extend(
                    parts
                        .into_iter()
                        .map(|part| value.start + part.start..value.start + part.end),
                );
            }
            _ => {}
        }
    }
    let span = |range: Range<usize>| Span::new(range.start as u32, range.end as u32);
    found.into_iter().filter(|range| !range.is_empty()).map(span).collect()
}

/// What the parser says of a place with a password in it may quote it.
pub(crate) fn without_quotation(diagnostic: Diagnostic, secrets: &[Span]) -> Diagnostic {
    let is_within = |secret: &Span| {
        let span = diagnostic.span.unwrap_or_default();
        span.start < secret.end && secret.start < span.end
    };
    match diagnostic.span {
        Some(span) if secrets.iter().any(is_within) => {
            Diagnostic::new(&code::SYNTAX, span, "what stands here cannot be read, and is not shown")
                .with_help("a single quote that is part of a text is written twice: ''")
        }
        _ => diagnostic,
    }
}

/// Whether the value of a key is secret: the key itself, or one that was meant to be such a key.
fn is_secret_key(key: &str) -> bool {
    let is_known = |known: &str| {
        key.strip_suffix(known)
            .is_some_and(|name| name.is_empty() || name.ends_with('.'))
    };
    let words = || key.split(['.', '_', '-']);
    SECRET_KEYS.iter().any(|known| is_known(known))
        || words().any(|word| SECRET_WORDS.iter().any(|secret| word.contains(secret)))
        || tails(key).any(|tail| nearest(tail, SECRET_KEYS).is_some())
}

/// The key, and what is left of it without the name of a source before it.
fn tails(key: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(key), |key| key.split_once('.').map(|(_, tail)| tail)).filter(|tail| tail.len() > 4)
}

/// What must not be shown of a text that is a URL, or was meant to be one.
fn secrets_of_url(url: &str, key: &str) -> Vec<Range<usize>> {
    let is_place = |place: &str| key == place || key.ends_with(&format!(".{place}"));
    let Some(scheme_end) = url.find("://") else {
        // Without its slashes it is no URL, but may have been meant as one.
        let is_url_wanted = ["url", "path"].into_iter().any(is_place);
        let (Some(colon), Some(at)) = (url.find(':'), url.rfind('@')) else {
            return Vec::new();
        };
        return Vec::from_iter((is_url_wanted && colon < at).then_some(colon + 1..at));
    };
    let start = scheme_end + 3;
    let all = start..url.len();
    match url[..scheme_end].to_ascii_lowercase().as_str() {
        "file" | "s3" | "sqlite" => credentials(url, start).into_iter().collect(),
        // Where the password is in one that cannot be read, nobody knows.
        "postgres" | "postgresql" if PostgresConnection::parse(url).is_err() => vec![all],
        "postgres" | "postgresql" => {
            let query = url
                .find('?')
                .filter(|query| url[*query..].to_ascii_lowercase().contains("password"));
            let query = query.map(|query| query + 1..url.len());
            let password = userinfo(url, start).and_then(|user| {
                let colon = url[user.clone()].find(':')?;
                Some(user.start + colon + 1..user.end)
            });
            password.into_iter().chain(query).collect()
        }
        "http" | "https" => {
            let query = url.find('?').map_or(url.len(), |query| query + 1);
            let port = authority(url, start).rfind(':').map(|colon| start + colon + 1);
            let is_port = |port: usize| {
                url[port..]
                    .bytes()
                    .take_while(|byte| !b"/?#".contains(byte))
                    .all(|byte| byte.is_ascii_digit())
            };
            let user = userinfo(url, start);
            let cut_off = port
                .filter(|port| user.is_none() && !is_port(*port))
                .map(|port| port..url.len());
            user.into_iter()
                .chain(cut_off)
                .chain(std::iter::once(query..url.len()))
                .collect()
        }
        _ => userinfo(url, start).into_iter().collect(),
    }
}

/// Host and port, as far as they go.
fn authority(url: &str, start: usize) -> &str {
    let rest = &url[start..];
    &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())]
}

/// What stands before the last `@`: in a URL with characters that are not escaped, all of it may be a password.
fn userinfo(url: &str, start: usize) -> Option<Range<usize>> {
    Some(start..start + url[start..].rfind('@')?)
}

/// As [`userinfo`], where an `@` alone is part of a name.
fn credentials(url: &str, start: usize) -> Option<Range<usize>> {
    userinfo(url, start).filter(|range| url[range.clone()].contains(':'))
}

/// Something in a text that properties are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    kind: Kind,
    /// Without its quotes.
    content: Range<usize>,
    /// Behind its quotes.
    end: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// In single or double quotes.
    Text,
    /// Without.
    Bare,
    Equal,
    Other,
}

impl Token {
    fn content<'a>(&self, text: &'a str) -> &'a str {
        &text[self.content.clone()]
    }

    /// Whether what stands behind it is what stands behind the values of properties.
    fn is_followed_as_values_are(&self, text: &str) -> bool {
        let rest = text[self.end..].trim_start();
        rest.is_empty() || rest.starts_with([',', ')', ';']) || rest.starts_with("--") || rest.starts_with("/*")
    }
}

/// What of a text matters here; comments are left out.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        let rest = &text[at..];
        let start = at;
        if rest.starts_with("--") {
            at = line_end(text, at);
            continue;
        }
        if rest.starts_with("/*") {
            at = rest.find("*/").map_or(text.len(), |length| at + length + 2);
            continue;
        }
        let token = match next {
            '\'' | '"' => {
                let (content, end) = quoted(text, at, next);
                Token {
                    kind: Kind::Text,
                    content,
                    end,
                }
            }
            '=' => Token {
                kind: Kind::Equal,
                content: at..at + 1,
                end: at + 1,
            },
            _ if is_bare(next) => {
                let length = rest.find(|character| !is_bare(character)).unwrap_or(rest.len());
                Token {
                    kind: Kind::Bare,
                    content: start..start + length,
                    end: start + length,
                }
            }
            _ => Token {
                kind: Kind::Other,
                content: at..at + next.len_utf8(),
                end: at + next.len_utf8(),
            },
        };
        at = token.end;
        if !next.is_whitespace() {
            tokens.push(token);
        }
    }
    tokens
}

fn is_bare(character: char) -> bool {
    !character.is_whitespace() && !"'\"=,;()".contains(character)
}

/// What stands within quotes, a doubled one being part of it, and where it ends; without the second quote it is the rest of
/// the line.
fn quoted(text: &str, start: usize, quote: char) -> (Range<usize>, usize) {
    let mut at = start + 1;
    while let Some(length) = text[at..].find(quote) {
        at += length;
        if !text[at + 1..].starts_with(quote) {
            return (start + 1..at, at + 1);
        }
        at += 2;
    }
    let end = line_end(text, start);
    (start + 1..end, end)
}

fn line_end(text: &str, start: usize) -> usize {
    text[start..].find('\n').map_or(text.len(), |length| start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with `*` for what is secret.
    fn shown(text: &str) -> String {
        let source = SourceText::new("a.sql", text);
        let secrets = secrets(&source);
        source.masked(&secrets).text().to_owned()
    }

    #[test]
    fn what_is_secret_is_not_shown() {
        let cases = [
            (
                "WITH ('a.connection.password' = 'hunter2')",
                "WITH ('a.connection.password' = '*******')",
            ),
            (
                "WITH (auth.bearer = hunter2, b = c)",
                "WITH (auth.bearer = *******, b = c)",
            ),
            ("WITH ('headers' = '{\"A\": \"b\"}')", "WITH ('headers' = '**********')"),
            (
                "('s3.secret.access.key'='a''b','path'='c')",
                "('s3.secret.access.key'='****','path'='c')",
            ),
            // Keys that are none.
            ("('conection.pasword' = 'hunter2')", "('conection.pasword' = '*******')"),
            ("('a.api_token' = 'hunter2')", "('a.api_token' = '*******')"),
            ("('delimiter' = ';')", "('delimiter' = ';')"),
            // A quote that should have been doubled, and one that is missing.
            ("('auth.password' = 'hun'ter2'\n)", "('auth.password' = '***'*****\n)"),
            ("('auth.password' = 'hunter2\n)", "('auth.password' = '*******\n)"),
            // Comments are no properties.
            ("-- it's 'a'\n('path' = 'b')", "-- it's 'a'\n('path' = 'b')"),
            ("SELECT a FROM b WHERE c = 'd'", "SELECT a FROM b WHERE c = 'd'"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected);
        }
    }

    #[test]
    fn what_is_secret_in_a_url_is_not_shown() {
        let cases = [
            (
                "postgres://ann:hunter2@db:5432/shop",
                "postgres://ann:*******@db:5432/shop",
            ),
            (
                "postgres://u:p@ss/w#r:d%20@host/db",
                "postgres://***********************",
            ),
            ("postgres://u:hunter2", "postgres://*********"),
            ("postgres://db:5432/shop", "postgres://db:5432/shop"),
            (
                "postgres://ann@db/shop?sslmode=require",
                "postgres://ann@db/shop?sslmode=require",
            ),
            (
                "postgres://db/shop?password=hunter2",
                "postgres://db/shop?****************",
            ),
            ("postgres:ann:hunter2@db/shop", "postgres:***********@db/shop"),
            ("mysql://ann:hunter2@db/shop", "mysql://***********@db/shop"),
            ("sqlite:shop.db", "sqlite:shop.db"),
            (
                "https://example.com/data?key=hunter2",
                "https://example.com/data?***********",
            ),
            (
                "https://ann:hunter2@example.com/data?a=b",
                "https://***********@example.com/data?***",
            ),
            ("https://hunter2@example.com/data", "https://*******@example.com/data"),
            ("https://ann:hunter2", "https://ann:*******"),
            ("https://example.com:8080/data", "https://example.com:8080/data"),
            ("s3://bucket/a@b.csv", "s3://bucket/a@b.csv"),
            ("s3://id:hunter2@bucket/a.csv", "s3://**********@bucket/a.csv"),
            ("data/day?.csv", "data/day?.csv"),
            ("é?", "é?"),
        ];
        for (url, expected) in cases {
            assert_eq!(
                shown(&format!("('a.path' = '{url}')")),
                format!("('a.path' = '{expected}')")
            );
            if url.contains("://") {
                assert_eq!(
                    shown(&format!("SELECT * FROM '{url}'")),
                    format!("SELECT * FROM '{expected}'")
                );
            }
        }
    }

    #[test]
    fn the_parser_quotes_no_secret() {
        let secrets = [Span::new(10, 20)];
        let diagnostic = |start, end| Diagnostic::new(&code::SYNTAX, Span::new(start, end), "found `hunter2`");
        let quotes = |start, end| {
            without_quotation(diagnostic(start, end), &secrets)
                .message
                .contains("hunter2")
        };
        assert!(quotes(0, 10) && quotes(20, 30) && quotes(10, 10));
        assert!(!quotes(9, 11) && !quotes(19, 25) && !quotes(12, 14));
    }
}
