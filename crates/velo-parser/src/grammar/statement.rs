//! The dispatch by first words, and the statements that have no file of their own.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, opt};
use nom::sequence::preceded;

use super::create::{create, create_prefix, declaration};
use super::duration::duration;
use super::expr::expression;
use super::job::{deploy, pause, resume, rollback, start, stop, terminate};
use super::leaf::{
    comma_separated, flag, identifier, keyword, name_list, object_name, parenthesized, string, symbol, whole_number,
};
use super::properties::{properties, property, property_key, starts_properties};
use super::query::{add_properties, query, starts_any_query};
use super::show::{describe, show};
use crate::ast::{
    Assert, AssertKind, DropKind, DropObject, Explain, Expr, Ident, Insert, ObjectName, Print, Spanned, Statement,
    StatementKind,
};
use crate::cursor::{Parsed, Tokens};
use crate::depth::{measured, nested};
use crate::expected::Thing;
use crate::keyword::Keyword;
use crate::token::{Symbol, TokenKind};

/// The words that statements start with, for suggestions.
pub(crate) const STATEMENT_WORDS: [&str; 26] = [
    "SELECT",
    "CREATE",
    "DROP",
    "INSERT",
    "WITH",
    "VALUES",
    "SHOW",
    "LIST",
    "DESCRIBE",
    "EXPLAIN",
    "START",
    "STOP",
    "PAUSE",
    "RESUME",
    "TERMINATE",
    "DEPLOY",
    "ROLLBACK",
    "SET",
    "UNSET",
    "DEFINE",
    "UNDEFINE",
    "ASSERT",
    "PRINT",
    "STREAM",
    "TABLE",
    "VIEW",
];

/// A statement and the end of the text.
pub(crate) fn statement(input: Tokens<'_>) -> Parsed<'_, Statement> {
    let (rest, statement) = inner_statement(input)?;
    if rest.is_end() {
        Ok((rest, statement))
    } else {
        rest.unexpected(Thing::End)
    }
}

/// A statement, perhaps within another one.
pub(super) fn inner_statement(input: Tokens<'_>) -> Parsed<'_, Statement> {
    let (rest, kind) = nested(input, |input| measured(input, kind))?;
    Ok((
        rest,
        Statement {
            kind,
            annotations: Vec::new(),
            span: input.span_to(rest),
        },
    ))
}

fn kind(input: Tokens<'_>) -> Parsed<'_, StatementKind> {
    if starts_any_query(input) {
        return query.map(|query| StatementKind::Query(Box::new(query))).parse(input);
    }
    match input.keyword() {
        Some(Keyword::CREATE) => create(input),
        Some(Keyword::DROP) => drop(input),
        Some(Keyword::INSERT) => insert(input),
        Some(Keyword::SHOW | Keyword::LIST) => show.map(StatementKind::Show).parse(input),
        Some(Keyword::DESCRIBE) => describe.map(StatementKind::Describe).parse(input),
        Some(Keyword::EXPLAIN) => explain(input),
        Some(Keyword::START) => start.map(StatementKind::Job).parse(input),
        Some(Keyword::STOP) => stop.map(StatementKind::Job).parse(input),
        Some(Keyword::PAUSE) => pause.map(StatementKind::Job).parse(input),
        Some(Keyword::RESUME) => resume.map(StatementKind::Job).parse(input),
        Some(Keyword::TERMINATE) => terminate.map(StatementKind::Job).parse(input),
        Some(Keyword::DEPLOY) => deploy.map(StatementKind::Job).parse(input),
        Some(Keyword::ROLLBACK) => rollback.map(StatementKind::Job).parse(input),
        Some(Keyword::SET) => cut(property).map(StatementKind::Set).parse(input.skip(1)),
        Some(Keyword::UNSET) => cut(property_key)
            .map(|key| StatementKind::Unset { key })
            .parse(input.skip(1)),
        Some(Keyword::DEFINE) => define(input),
        Some(Keyword::UNDEFINE) => cut(identifier)
            .map(|name| StatementKind::Undefine { name })
            .parse(input.skip(1)),
        Some(Keyword::ASSERT) => assert(input),
        Some(Keyword::PRINT) => print(input),
        _ => input.unexpected(Thing::Statement),
    }
}

/// `DROP STREAM | TABLE | VIEW | JOB [IF EXISTS] name [DELETE TOPIC]`
fn drop(input: Tokens<'_>) -> Parsed<'_, StatementKind> {
    let kind = alt((
        keyword(Keyword::STREAM).map(|_| DropKind::Stream),
        keyword(Keyword::TABLE).map(|_| DropKind::Table),
        keyword(Keyword::VIEW).map(|_| DropKind::View),
        alt((keyword(Keyword::JOB), keyword(Keyword::QUERY))).map(|_| DropKind::Job),
    ));
    let (rest, kind) = cut(kind).parse(input.skip(1))?;
    let (rest, if_exists) = flag(&[Keyword::IF, Keyword::EXISTS]).parse(rest)?;
    let (rest, name) = cut(object_name).parse(rest)?;
    let (rest, delete_topic) = flag(&[Keyword::DELETE, Keyword::TOPIC]).parse(rest)?;
    Ok((
        rest,
        StatementKind::Drop(DropObject {
            kind,
            if_exists,
            name,
            delete_topic,
        }),
    ))
}

/// `INSERT INTO name [(columns)] [WITH (…)] query`
fn insert(input: Tokens<'_>) -> Parsed<'_, StatementKind> {
    let (rest, _) = cut(keyword(Keyword::INTO)).parse(input.skip(1))?;
    let (rest, target) = cut(object_name).parse(rest)?;
    let (rest, columns) = if starts_any_query(rest) {
        (rest, None)
    } else {
        opt(name_list).parse(rest)?
    };
    let (rest, before) = if starts_properties(rest) {
        properties(rest)?
    } else {
        (rest, Vec::new())
    };
    let (rest, mut query) = cut(query).parse(rest)?;
    add_properties(&mut query, before, input);
    let columns = columns.unwrap_or_default();
    Ok((
        rest,
        StatementKind::Insert(Insert {
            target,
            columns,
            query: Box::new(query),
        }),
    ))
}

/// `EXPLAIN statement`, `EXPLAIN name`
fn explain(input: Tokens<'_>) -> Parsed<'_, StatementKind> {
    let behind = input.skip(1);
    let is_name = behind.skip(1).is_end() && !behind.keyword().is_some_and(Keyword::is_reserved) && !behind.is_end();
    let (rest, explain) = if is_name {
        cut(object_name).map(Explain::Job).parse(behind)?
    } else {
        cut(inner_statement)
            .map(|statement| Explain::Statement(Box::new(statement)))
            .parse(behind)?
    };
    Ok((rest, StatementKind::Explain(explain)))
}

/// `DEFINE name = 'value'`
fn define(input: Tokens<'_>) -> Parsed<'_, StatementKind> {
    let (rest, name) = cut(identifier).parse(input.skip(1))?;
    let (rest, value) = cut(preceded(symbol(Symbol::Equal), string)).parse(rest)?;
    Ok((rest, StatementKind::Define { name, value }))
}

/// `PRINT topic [FROM BEGINNING] [INTERVAL | SAMPLE n] [LIMIT n]`
fn print(input: Tokens<'_>) -> Parsed<'_, StatementKind> {
    let (rest, topic) = cut(topic_name).parse(input.skip(1))?;
    let (rest, from_beginning) = flag(&[Keyword::FROM, Keyword::BEGINNING]).parse(rest)?;
    let every = alt((keyword(Keyword::INTERVAL), keyword(Keyword::SAMPLE)));
    let (rest, interval) = opt(preceded(every, cut(whole_number))).parse(rest)?;
    let (rest, limit) = opt(preceded(keyword(Keyword::LIMIT), cut(whole_number))).parse(rest)?;
    Ok((
        rest,
        StatementKind::Print(Print {
            topic,
            from_beginning,
            interval,
            limit,
        }),
    ))
}

/// A topic: a string, a quoted name, or words with dots and dashes between them.
fn topic_name(input: Tokens<'_>) -> Parsed<'_, Spanned<String>> {
    let starts = matches!(
        input.peek().map(|token| token.kind),
        Some(TokenKind::String | TokenKind::QuotedWord | TokenKind::Word(_))
    );
    if starts {
        property_key(input)
    } else {
        input.unexpected(Thing::Name)
    }
}

/// `ASSERT [NOT EXISTS] what [TIMEOUT duration]`
fn assert(input: Tokens<'_>) -> Parsed<'_, StatementKind> {
    let (rest, negated) = flag(&[Keyword::NOT, Keyword::EXISTS]).parse(input.skip(1))?;
    let (rest, kind) = cut(asserted).parse(rest)?;
    let (rest, timeout) = opt(preceded(keyword(Keyword::TIMEOUT), cut(duration))).parse(rest)?;
    Ok((rest, StatementKind::Assert(Assert { negated, kind, timeout })))
}

fn asserted(input: Tokens<'_>) -> Parsed<'_, AssertKind> {
    let behind = input.skip(1);
    match input.keyword() {
        Some(Keyword::TOPIC) => cut(asserted_topic).parse(behind),
        Some(Keyword::SCHEMA) => cut(asserted_schema).parse(behind),
        Some(Keyword::STREAM | Keyword::TABLE) => declaration.map(AssertKind::Declaration).parse(input),
        Some(Keyword::VALUES) => cut(|input| asserted_row(input, Keyword::VALUES))
            .map(|(name, columns, values)| AssertKind::Values { name, columns, values })
            .parse(behind),
        Some(Keyword::NULL) => cut(preceded(keyword(Keyword::VALUES), |input| {
            asserted_row(input, Keyword::KEY)
        }))
        .map(|(name, columns, values)| AssertKind::Tombstone { name, columns, values })
        .parse(behind),
        _ => {
            for word in [
                Keyword::TOPIC,
                Keyword::SCHEMA,
                Keyword::STREAM,
                Keyword::TABLE,
                Keyword::NULL,
            ] {
                input.want(word);
            }
            input.unexpected(Keyword::VALUES)
        }
    }
}

/// `name [WITH (…)]`
fn asserted_topic(input: Tokens<'_>) -> Parsed<'_, AssertKind> {
    let (rest, name) = topic_name(input)?;
    let (rest, properties) = if starts_properties(rest) {
        properties(rest)?
    } else {
        (rest, Vec::new())
    };
    Ok((rest, AssertKind::Topic { name, properties }))
}

/// `[SUBJECT 's'] [ID n]`
fn asserted_schema(input: Tokens<'_>) -> Parsed<'_, AssertKind> {
    let (rest, subject) = opt(preceded(keyword(Keyword::SUBJECT), cut(topic_name))).parse(input)?;
    let (rest, id) = opt(preceded(keyword(Keyword::ID), cut(whole_number))).parse(rest)?;
    if subject.is_none() && id.is_none() {
        return rest.unexpected(Keyword::ID);
    }
    Ok((rest, AssertKind::Schema { subject, id }))
}

/// `name [(columns)] introducer (values)`
fn asserted_row(input: Tokens<'_>, introducer: Keyword) -> Parsed<'_, (ObjectName, Vec<Ident>, Vec<Expr>)> {
    let (rest, name) = object_name(input)?;
    let (rest, columns) = opt(name_list).parse(rest)?;
    let (rest, values) = preceded(keyword(introducer), parenthesized(comma_separated(expression))).parse(rest)?;
    Ok((rest, (name, columns.unwrap_or_default(), values)))
}

/// The name that a statement defines, read off its first words even where the rest is wrong.
pub(crate) fn defined_name(input: Tokens<'_>) -> Option<ObjectName> {
    let (rest, _) = create_prefix(input).ok()?;
    object_name(rest).ok().map(|(_, name)| name)
}
