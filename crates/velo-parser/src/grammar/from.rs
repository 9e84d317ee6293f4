//! Sources and joins.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, opt};
use nom::sequence::preceded;
use velo_common::{Diagnostic, code};

use super::duration::{duration, grace_period};
use super::expr::expression;
use super::leaf::{
    flag, if_bracket, keyword, keywords, name_list, name_of, object_name, parenthesized, spanned, string, symbol,
};
use super::primary::{starts_query, subquery};
use super::properties::{properties, starts_properties};
use super::select::alias;
use super::window::{starts_windowed_table, windowed_table};
use crate::ast::{
    Expr, FromClause, Join, JoinConstraint, JoinKind, Property, Relation, RelationKind, Spanned, TableAlias, Within,
};
use crate::cursor::{Failure, Parsed, Tokens};
use crate::depth::{measured, nested};
use crate::expected::Thing;
use crate::keyword::Keyword;
use crate::token::{Symbol, TokenKind};

/// `from := relation { join }`, behind the word FROM.
pub(super) fn from_clause(input: Tokens<'_>) -> Parsed<'_, FromClause> {
    let (mut rest, relation) = relation(input)?;
    let mut joins = Vec::new();
    while let Some((kind, behind)) = join_kind(rest)? {
        let (next, join) = cut(|input| join(input, kind)).parse(behind)?;
        joins.push(Spanned::new(join, rest.span_to(next)));
        rest = next;
    }
    rest.want(Thing::Join);
    Ok((rest, FromClause { relation, joins }))
}

/// `[INNER] JOIN`, `LEFT [OUTER] JOIN`, …, or a comma.
fn join_kind(input: Tokens<'_>) -> Result<Option<(JoinKind, Tokens<'_>)>, nom::Err<Failure>> {
    let kind = match input.keyword() {
        Some(Keyword::JOIN) => return Ok(Some((JoinKind::Inner, input.skip(1)))),
        Some(Keyword::INNER) => JoinKind::Inner,
        Some(Keyword::LEFT) => JoinKind::Left,
        Some(Keyword::RIGHT) => JoinKind::Right,
        Some(Keyword::FULL) => JoinKind::Full,
        Some(Keyword::CROSS) => JoinKind::Cross,
        _ if input.at_symbol(Symbol::Comma) => return Ok(Some((JoinKind::Cross, input.skip(1)))),
        _ => return Ok(None),
    };
    let outer_fits = matches!(kind, JoinKind::Left | JoinKind::Right | JoinKind::Full);
    let behind = input.skip(1);
    let (behind, _) = if outer_fits {
        flag(&[Keyword::OUTER]).parse(behind)?
    } else {
        (behind, false)
    };
    let (behind, _) = cut(keyword(Keyword::JOIN)).parse(behind)?;
    Ok(Some((kind, behind)))
}

/// `relation [WITHIN …] [ON … | USING …] [WITHIN …]`
fn join(input: Tokens<'_>, kind: JoinKind) -> Parsed<'_, Join> {
    let (rest, relation) = relation(input)?;
    let (rest, bound_before) = opt(spanned(within)).parse(rest)?;
    if kind == JoinKind::Cross {
        return Ok((
            rest,
            Join {
                kind,
                relation,
                within: bound_before,
                constraint: None,
            },
        ));
    }
    let (rest, constraint) = spanned(join_constraint)(rest)?;
    let (rest, bound_behind) = if bound_before.is_none() {
        opt(spanned(within)).parse(rest)?
    } else {
        (rest, None)
    };
    Ok((
        rest,
        Join {
            kind,
            relation,
            within: bound_before.or(bound_behind),
            constraint: Some(constraint),
        },
    ))
}

/// `ON condition`, `USING (columns)`
fn join_constraint(input: Tokens<'_>) -> Parsed<'_, JoinConstraint> {
    let on = preceded(keyword(Keyword::ON), cut(expression)).map(JoinConstraint::On);
    let using = preceded(keyword(Keyword::USING), cut(name_list)).map(JoinConstraint::Using);
    alt((on, using)).parse(input)
}

/// `WITHIN d`, `WITHIN (before, after)`, with an optional `GRACE PERIOD d`.
fn within(input: Tokens<'_>) -> Parsed<'_, Within> {
    let pair = parenthesized((duration, preceded(symbol(Symbol::Comma), duration)));
    let one = duration.map(|both| (both.clone(), both));
    let (rest, (before, after)) = preceded(keyword(Keyword::WITHIN), cut(alt((pair, one)))).parse(input)?;
    let (rest, grace_period) = opt(grace_period).parse(rest)?;
    Ok((
        rest,
        Within {
            before,
            after,
            grace_period,
        },
    ))
}

/// One source with its alias.
fn relation(input: Tokens<'_>) -> Parsed<'_, Relation> {
    let token = input.peek().map(|token| token.kind);
    match token {
        Some(TokenKind::String) => named_source(input, Source::Uri),
        Some(TokenKind::Symbol(Symbol::OpenParen)) => aliased(input, bracketed_relation),
        Some(TokenKind::Word(Some(Keyword::UNNEST | Keyword::EXPLODE)))
            if input.skip(1).at_symbol(Symbol::OpenParen) =>
        {
            aliased(input, unnest)
        }
        _ if starts_windowed_table(input) => aliased(input, windowed),
        _ => named_source(input, Source::Table),
    }
}

fn aliased<'a>(input: Tokens<'a>, kind: fn(Tokens<'a>) -> Parsed<'a, RelationKind>) -> Parsed<'a, Relation> {
    let (rest, kind) = kind(input)?;
    let (rest, alias) = opt(table_alias).parse(rest)?;
    Ok((
        rest,
        Relation {
            kind,
            alias,
            span: input.span_to(rest),
        },
    ))
}

/// `(query)`, `(a JOIN b ON …)`
fn bracketed_relation(input: Tokens<'_>) -> Parsed<'_, RelationKind> {
    if starts_query(input) {
        return subquery
            .map(|query| RelationKind::Subquery(Box::new(query)))
            .parse(input);
    }
    let joined = |input| {
        parenthesized(from_clause)
            .map(|from| RelationKind::Nested(Box::new(from)))
            .parse(input)
    };
    nested(input, |input| measured(input, joined))
}

/// `UNNEST(array)`
fn unnest(input: Tokens<'_>) -> Parsed<'_, RelationKind> {
    parenthesized(expression)
        .map(|array| RelationKind::Unnest(Box::new(array)))
        .parse(input.skip(1))
}

/// `TUMBLE(t, column, size)`
fn windowed(input: Tokens<'_>) -> Parsed<'_, RelationKind> {
    windowed_table
        .map(|(table, window)| RelationKind::Windowed {
            table,
            window: Box::new(window),
        })
        .parse(input)
}

/// What a source is named by.
#[derive(Clone, Copy)]
enum Source {
    Table,
    Uri,
}

/// What may follow the name of a source, in any order.
#[derive(Default)]
struct Additions {
    as_of: Option<Box<Spanned<Expr>>>,
    properties: Option<Vec<Property>>,
    alias: Option<TableAlias>,
}

/// `name`, `'uri'`, each with `[FOR SYSTEM_TIME AS OF expr] [WITH (…)] [[AS] alias]` in any order.
fn named_source(input: Tokens<'_>, source: Source) -> Parsed<'_, Relation> {
    let (rest, mut kind) = match source {
        Source::Table => table_name(input)?,
        Source::Uri => string
            .map(|uri| RelationKind::Uri {
                uri,
                properties: Vec::new(),
            })
            .parse(input)?,
    };
    let (rest, additions) = additions(rest, source)?;
    match &mut kind {
        RelationKind::Table { as_of, properties, .. } => {
            *as_of = additions.as_of;
            *properties = additions.properties.unwrap_or_default();
        }
        RelationKind::Uri { properties, .. } => *properties = additions.properties.unwrap_or_default(),
        _ => {}
    }
    Ok((
        rest,
        Relation {
            kind,
            alias: additions.alias,
            span: input.span_to(rest),
        },
    ))
}

fn table_name(input: Tokens<'_>) -> Parsed<'_, RelationKind> {
    if name_of(input, Thing::Source).is_err() {
        return input.unexpected(Thing::Source);
    }
    let (rest, name) = object_name(input)?;
    if rest.at_symbol(Symbol::OpenParen) {
        let message = format!("there is no table function `{}`", name.name().text);
        let help = "the functions that can stand here are UNNEST, TUMBLE, HOP and SESSION";
        return input.abort(Diagnostic::new(&code::SYNTAX, name.span(), message).with_help(help));
    }
    Ok((
        rest,
        RelationKind::Table {
            name,
            as_of: None,
            properties: Vec::new(),
        },
    ))
}

fn additions(input: Tokens<'_>, source: Source) -> Parsed<'_, Additions> {
    let mut found = Additions::default();
    let mut rest = input;
    loop {
        if found.properties.is_none() && starts_properties(rest) && !ends_statement(rest) {
            let (next, list) = properties(rest)?;
            found.properties = Some(list);
            rest = next;
        } else if matches!(source, Source::Table) && found.as_of.is_none() && rest.at_keyword(Keyword::FOR) {
            let (next, time) = as_of(rest)?;
            found.as_of = Some(Box::new(Spanned::new(time, rest.span_to(next))));
            rest = next;
        } else if found.alias.is_none()
            && let (next, Some(alias)) = opt(table_alias).parse(rest)?
        {
            found.alias = Some(alias);
            rest = next;
        } else {
            return Ok((rest, found));
        }
    }
}

/// `FOR SYSTEM_TIME AS OF expr`
fn as_of(input: Tokens<'_>) -> Parsed<'_, Expr> {
    const AS_OF: &[Keyword] = &[Keyword::FOR, Keyword::SYSTEM_TIME, Keyword::AS, Keyword::OF];
    preceded(keywords(AS_OF), cut(expression)).parse(input)
}

/// Whether the property list here is the statement's own, and not that of the source before it: nothing but the
/// end of the statement follows, and no list that would be the statement's.
fn ends_statement(input: Tokens<'_>) -> bool {
    input.skip(1).after_bracket().is_some_and(|behind| {
        let goes_on = matches!(
            behind.keyword(),
            Some(Keyword::EMIT | Keyword::INTO | Keyword::STRATEGY)
        );
        behind.is_end() || (goes_on && !properties_follow(behind))
    })
}

/// Whether a property list stands somewhere behind, outside of brackets.
fn properties_follow(input: Tokens<'_>) -> bool {
    let mut rest = input;
    while !rest.is_end() {
        if starts_properties(rest) {
            return true;
        }
        let behind_bracket = rest
            .at_symbol(Symbol::OpenParen)
            .then(|| rest.after_bracket())
            .flatten();
        rest = behind_bracket.unwrap_or_else(|| rest.skip(1));
    }
    false
}

/// `[AS] name [(columns)]`
fn table_alias(input: Tokens<'_>) -> Parsed<'_, TableAlias> {
    let (rest, name) = alias(input)?;
    let (rest, columns) = if_bracket(name_list)(rest)?;
    Ok((
        rest,
        TableAlias {
            name,
            columns: columns.unwrap_or_default(),
        },
    ))
}
