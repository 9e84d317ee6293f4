//! `SHOW …`, `DESCRIBE …`.

use nom::Parser;
use nom::combinator::{cut, opt};

use super::leaf::{flag, keyword_and_string, object_name};
use crate::ast::{Describe, DescribeKind, ObjectName, Show, ShowObject, Spanned};
use crate::cursor::{Parsed, Tokens};
use crate::keyword::Keyword;
use crate::token::{Symbol, TokenKind};

/// The keywords behind SHOW, with what they mean and whether a name may follow.
const OBJECTS: [(Keyword, ShowObject, bool); 14] = [
    (Keyword::STREAMS, ShowObject::Streams, false),
    (Keyword::TABLES, ShowObject::Tables, false),
    (Keyword::VIEWS, ShowObject::Views, false),
    (Keyword::TOPICS, ShowObject::Topics, false),
    (Keyword::FUNCTIONS, ShowObject::Functions, false),
    (Keyword::JOBS, ShowObject::Jobs, false),
    (Keyword::QUERIES, ShowObject::Jobs, false),
    (Keyword::STATUS, ShowObject::Status, true),
    (Keyword::VERSIONS, ShowObject::Versions, true),
    (Keyword::METRICS, ShowObject::Metrics, true),
    (Keyword::SCHEMA, ShowObject::Schema, true),
    (Keyword::PROPERTIES, ShowObject::Properties, true),
    (Keyword::PARTITIONS, ShowObject::Partitions, true),
    (Keyword::VARIABLES, ShowObject::Variables, false),
];

/// `(SHOW | LIST) [ALL] object [[kind] name] [LIKE 'pattern'] [EXTENDED]`
pub(super) fn show(input: Tokens<'_>) -> Parsed<'_, Show> {
    let behind = input.skip(1);
    let all = behind.at_keyword(Keyword::ALL);
    let at_object = behind.skip(usize::from(all));
    let Some((_, object, takes_name)) = OBJECTS.iter().find(|(keyword, ..)| at_object.at_keyword(*keyword)) else {
        for (keyword, ..) in OBJECTS {
            at_object.want(keyword);
        }
        return at_object.stop();
    };
    let object = Spanned::new(*object, at_object.span());
    let rest = at_object.skip(1);
    let (rest, name) = if *takes_name && starts_name(rest) {
        object_of(rest)?
    } else {
        (rest, None)
    };
    let (rest, like) = opt(keyword_and_string(&[Keyword::LIKE])).parse(rest)?;
    let (rest, extended) = flag(&[Keyword::EXTENDED]).parse(rest)?;
    Ok((
        rest,
        Show {
            object,
            name,
            like,
            extended: extended || all,
        },
    ))
}

fn starts_name(input: Tokens<'_>) -> bool {
    let is_word = matches!(
        input.peek().map(|token| token.kind),
        Some(TokenKind::Word(_) | TokenKind::QuotedWord)
    );
    is_word && !input.keyword().is_some_and(Keyword::is_reserved)
}

/// `[STREAM | TABLE | JOB | …] name`
fn object_of(input: Tokens<'_>) -> Parsed<'_, Option<ObjectName>> {
    let (rest, _) = kind(input);
    cut(object_name).map(Some).parse(rest)
}

/// `DESCRIBE [kind] name [EXTENDED]`
pub(super) fn describe(input: Tokens<'_>) -> Parsed<'_, Describe> {
    let (rest, kind) = kind(input.skip(1));
    let (rest, name) = cut(object_name).parse(rest)?;
    let (rest, extended) = flag(&[Keyword::EXTENDED]).parse(rest)?;
    Ok((rest, Describe { kind, name, extended }))
}

/// The kind of an object before its name. Without a name behind it, the word is itself the name.
fn kind(input: Tokens<'_>) -> (Tokens<'_>, Option<DescribeKind>) {
    let kind = match input.keyword() {
        Some(Keyword::STREAM) => DescribeKind::Stream,
        Some(Keyword::TABLE) => DescribeKind::Table,
        Some(Keyword::VIEW) => DescribeKind::View,
        Some(Keyword::JOB | Keyword::QUERY) => DescribeKind::Job,
        Some(Keyword::FUNCTION) => DescribeKind::Function,
        _ => return (input, None),
    };
    let behind = input.skip(1);
    let is_name = behind.is_end() || behind.at_symbol(Symbol::Dot);
    if is_name { (input, None) } else { (behind, Some(kind)) }
}
