//! Queries: CTEs, set operations and what stands around them.

use nom::Parser;
use nom::combinator::{cut, opt};
use nom::sequence::preceded;
use velo_common::{Diagnostic, code};

use super::expr::expression;
use super::leaf::{comma_separated, flag, identifier, keyword, name_list, parenthesized, spanned};
use super::primary::{starts_query, subquery};
use super::properties::starts_properties;
use super::select::{Clauses, Scope, clauses, select};
use crate::ast::{Cte, Emit, Expr, Property, Query, SetExpr, SetOperator, Spanned, With};
use crate::cursor::{Parsed, Tokens};
use crate::depth::{isolated, link, measured, nested};
use crate::expected::Thing;
use crate::keyword::Keyword;

/// The query of a statement.
pub(super) fn query(input: Tokens<'_>) -> Parsed<'_, Query> {
    query_in(input, Scope::Outermost)
}

/// A query in brackets.
pub(super) fn nested_query(input: Tokens<'_>) -> Parsed<'_, Query> {
    query_in(input, Scope::Nested)
}

/// Whether a query starts here, in brackets or not.
pub(super) fn starts_any_query(input: Tokens<'_>) -> bool {
    let starts = matches!(input.keyword(), Some(Keyword::SELECT | Keyword::WITH | Keyword::VALUES));
    (starts && !starts_properties(input)) || starts_query(input)
}

/// `[WITH ctes] body clauses`
fn query_in(input: Tokens<'_>, scope: Scope) -> Parsed<'_, Query> {
    nested(input, |input| {
        measured(input, |input| {
            let (rest, with) = if input.at_keyword(Keyword::WITH) && !starts_properties(input) {
                spanned(with).map(Some).parse(input)?
            } else {
                (input, None)
            };
            let (rest, (body, clauses)) = set_expr(rest, scope, 0)?;
            Ok((rest, assemble(input, rest, with, body, *clauses)))
        })
    })
}

fn assemble(start: Tokens<'_>, end: Tokens<'_>, with: Option<Spanned<With>>, body: SetExpr, clauses: Clauses) -> Query {
    let Clauses {
        order_by,
        limit,
        offset,
        emit,
        into,
        properties,
        ..
    } = clauses;
    let span = start.span_to(end);
    let mut query = Query {
        with,
        body,
        order_by,
        limit,
        offset,
        emit,
        into,
        properties: Vec::new(),
        span,
    };
    add_properties(&mut query, properties, start);
    query
}

/// Gives the query more properties; `EMIT = …` among them is an EMIT clause.
pub(super) fn add_properties(query: &mut Query, properties: Vec<Property>, input: Tokens<'_>) {
    for property in properties {
        if !property.key.eq_ignore_ascii_case("emit") {
            query.properties.push(property);
            continue;
        }
        let span = property.key.span.to(property.value.span);
        match emit_of(&property.value) {
            None => input.report(
                Diagnostic::new(&code::SYNTAX, property.value.span, "expected `CHANGES` or `FINAL`")
                    .with_help("to emit at intervals, write the clause `EMIT EVERY 5s`"),
            ),
            Some(_) if query.emit.is_some() => input.report(
                Diagnostic::new(&code::DUPLICATE_CLAUSE, span, "`EMIT` is given twice")
                    .with_help("keep one of the two"),
            ),
            Some(emit) => query.emit = Some(Spanned::new(emit, span)),
        }
    }
}

fn emit_of(value: &str) -> Option<Emit> {
    if value.eq_ignore_ascii_case("changes") {
        Some(Emit::Changes)
    } else {
        value.eq_ignore_ascii_case("final").then_some(Emit::Final)
    }
}

/// `WITH [RECURSIVE] name AS (query), …`
fn with(input: Tokens<'_>) -> Parsed<'_, With> {
    let (rest, _) = keyword(Keyword::WITH)(input)?;
    let (rest, recursive) = flag(&[Keyword::RECURSIVE]).parse(rest)?;
    let (rest, ctes) = cut(comma_separated(cte)).parse(rest)?;
    Ok((rest, With { recursive, ctes }))
}

/// `name [(columns)] AS (query)`
fn cte(input: Tokens<'_>) -> Parsed<'_, Cte> {
    let (rest, name) = identifier(input)?;
    let (rest, columns) = opt(name_list).parse(rest)?;
    let (rest, query) = cut(preceded(keyword(Keyword::AS), subquery)).parse(rest)?;
    Ok((
        rest,
        Cte {
            name,
            columns: columns.unwrap_or_default(),
            query: Box::new(query),
        },
    ))
}

/// A body and the clauses of the query that stand behind it.
type Body = (SetExpr, Box<Clauses>);

/// `operand { UNION | EXCEPT | INTERSECT operand }`, with operators of at least the rank `weakest`.
fn set_expr(input: Tokens<'_>, scope: Scope, weakest: u8) -> Parsed<'_, Body> {
    isolated(input, |input| {
        let (mut rest, (mut left, mut clauses)) = set_operand(input, scope)?;
        while let Some((operator, rank)) = set_operator(rest).filter(|(_, rank)| *rank >= weakest) {
            report_clauses_inside(rest, operator, &clauses);
            let operator = Spanned::new(operator, rest.span());
            let (next, all) = all_or_distinct(rest.skip(1))?;
            let (next, (right, right_clauses)) = cut(|input| set_expr(input, scope, rank + 1)).parse(next)?;
            left = SetExpr::SetOperation {
                operator,
                all,
                left: Box::new(left),
                right: Box::new(right),
            };
            clauses = right_clauses;
            rest = next;
            link(rest)?;
        }
        Ok((rest, (left, clauses)))
    })
}

/// INTERSECT binds tighter than the others.
fn set_operator(input: Tokens<'_>) -> Option<(SetOperator, u8)> {
    match input.keyword()? {
        Keyword::UNION => Some((SetOperator::Union, 0)),
        Keyword::EXCEPT => Some((SetOperator::Except, 0)),
        Keyword::INTERSECT => Some((SetOperator::Intersect, 1)),
        _ => None,
    }
}

/// `ALL`; DISTINCT is what holds without it.
fn all_or_distinct(input: Tokens<'_>) -> Parsed<'_, bool> {
    let (rest, all) = flag(&[Keyword::ALL]).parse(input)?;
    if all {
        Ok((rest, true))
    } else {
        flag(&[Keyword::DISTINCT]).map(|_| false).parse(rest)
    }
}

/// ORDER BY and its like behind an operand would be those of the whole.
fn report_clauses_inside(input: Tokens<'_>, operator: SetOperator, clauses: &Clauses) {
    let Some((clause, span)) = clauses.first_of_query() else {
        return;
    };
    let operator = match operator {
        SetOperator::Union => "UNION",
        SetOperator::Except => "EXCEPT",
        SetOperator::Intersect => "INTERSECT",
    };
    input.report(
        Diagnostic::new(
            &code::CLAUSE_ORDER,
            span,
            format!("`{clause}` stands before `{operator}`"),
        )
        .with_label("applies to the whole query")
        .with_help("move it behind the last SELECT, or put this SELECT in parentheses"),
    );
}

/// `SELECT …`, `VALUES …`, `(query)`
fn set_operand(input: Tokens<'_>, scope: Scope) -> Parsed<'_, Body> {
    if input.at_keyword(Keyword::SELECT) {
        let (rest, (select, clauses)) = select(input, scope)?;
        return Ok((rest, (SetExpr::Select(select), clauses)));
    }
    let (rest, body) = if input.at_keyword(Keyword::VALUES) {
        spanned(values).map(SetExpr::Values).parse(input)?
    } else if starts_query(input) {
        subquery.map(|query| SetExpr::Query(Box::new(query))).parse(input)?
    } else {
        return input.unexpected(Thing::Query);
    };
    let (rest, clauses) = clauses(rest, scope, false)?;
    Ok((rest, (body, clauses)))
}

/// `VALUES (a, b), (c, d)`
fn values(input: Tokens<'_>) -> Parsed<'_, Vec<Vec<Expr>>> {
    preceded(keyword(Keyword::VALUES), cut(comma_separated(value_row))).parse(input)
}

/// `(a, b)`
pub(super) fn value_row(input: Tokens<'_>) -> Parsed<'_, Vec<Expr>> {
    parenthesized(comma_separated(expression)).parse(input)
}
