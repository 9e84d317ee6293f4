//! Operands: constants, columns, calls, brackets, and what may follow them directly.

use nom::Parser;
use nom::combinator::{cut, opt};
use nom::sequence::preceded;
use velo_common::{Diagnostic, TimeUnit, code};

use super::duration::{interval, number_and_unit, starts_interval, unknown_unit};
use super::expr::{expression, next_argument};
use super::function::{call, special_call};
use super::leaf::{any_word, comma_separated, keyword, member, name_of, parenthesized, symbol};
use super::query::nested_query;
use super::types::data_type;
use crate::MAX_DEPTH;
use crate::ast::{
    CaseBranch, Expr, ExprKind, Literal, MapEntry, NumberKind, NumberLiteral, Query, StructEntry, TypedLiteralKind,
};
use crate::cursor::{Parsed, Tokens};
use crate::depth::{link, measured};
use crate::expected::Thing;
use crate::keyword::Keyword;
use crate::lexer::unquote;
use crate::token::{Symbol, TokenKind};

/// `postfix := operand { [index] | .field | ->field | ::type }`
pub(super) fn postfix(input: Tokens<'_>) -> Parsed<'_, Expr> {
    let (mut rest, mut expr) = measured(input, operand)?;
    loop {
        let operand = |expr: Expr| Box::new(expr);
        let (next, kind) = match rest.symbol() {
            Some(Symbol::OpenBracket) => {
                let (next, index) = cut(expression).parse(rest.skip(1))?;
                let (next, _) = cut(symbol(Symbol::CloseBracket)).parse(next)?;
                (
                    next,
                    ExprKind::Index {
                        operand: operand(expr),
                        index: Box::new(index),
                    },
                )
            }
            Some(Symbol::Arrow | Symbol::Dot) => {
                let (next, field) = cut(|input| member(input, Thing::Field)).parse(rest.skip(1))?;
                (
                    next,
                    ExprKind::FieldAccess {
                        operand: operand(expr),
                        field,
                    },
                )
            }
            Some(Symbol::DoubleColon) => {
                let (next, data_type) = cut(data_type).parse(rest.skip(1))?;
                (
                    next,
                    ExprKind::Cast {
                        operand: operand(expr),
                        data_type,
                        try_cast: false,
                    },
                )
            }
            _ => return Ok((rest, expr)),
        };
        expr = Expr::new(kind, input.span_to(next));
        rest = next;
        link(rest)?;
    }
}

/// An operand without what may follow it.
fn operand(input: Tokens<'_>) -> Parsed<'_, Expr> {
    let Some(token) = input.peek() else {
        return input.unexpected(Thing::Expression);
    };
    let (rest, kind) = match token.kind {
        TokenKind::Number(kind) => number(input, kind)?,
        TokenKind::String => literal(input.skip(1), Literal::String(unquote(input.text()))),
        TokenKind::Symbol(Symbol::OpenParen) => return parenthesis(input),
        TokenKind::Word(Some(word)) => keyword_operand(input, word)?,
        TokenKind::Word(None) | TokenKind::QuotedWord => name_operand(input)?,
        TokenKind::Symbol(_) => return input.unexpected(Thing::Expression),
    };
    Ok((rest, Expr::new(kind, input.span_to(rest))))
}

fn literal(rest: Tokens<'_>, literal: Literal) -> (Tokens<'_>, ExprKind) {
    (rest, ExprKind::Literal(literal))
}

const NUMBER_HELP: &str =
    "a number with a unit is a duration such as `5m`; a name that starts with a digit needs quotes";

/// `42`, and with a unit that touches it, the interval `5m`.
fn number(input: Tokens<'_>, kind: NumberKind) -> Parsed<'_, ExprKind> {
    let behind = input.skip(1);
    let is_word = behind
        .peek()
        .is_some_and(|token| matches!(token.kind, TokenKind::Word(_)));
    if !(is_word && behind.touches_previous()) {
        return Ok(literal(
            behind,
            Literal::Number(NumberLiteral {
                text: input.text().to_owned(),
                kind,
            }),
        ));
    }
    if kind != NumberKind::Exponent && TimeUnit::parse(behind.text()).is_some() {
        return number_and_unit
            .map(|interval| ExprKind::Literal(Literal::Interval(interval)))
            .parse(input);
    }
    if kind != NumberKind::Exponent && behind.text().chars().all(char::is_alphabetic) {
        return input.abort(unknown_unit(behind.span(), behind.text()).with_help(NUMBER_HELP));
    }
    let span = input.span_to(behind.skip(1));
    let message = format!("`{}` is neither a number nor a name", input.slice(span));
    input.abort(Diagnostic::new(&code::INVALID_TOKEN, span, message).with_help(NUMBER_HELP))
}

/// `(query)`, `(a, b)`, `(expr)`, `(a, b) => body`
fn parenthesis(input: Tokens<'_>) -> Parsed<'_, Expr> {
    if starts_query(input) {
        let (rest, query) = subquery(input)?;
        return Ok((
            rest,
            Expr::new(ExprKind::Subquery(Box::new(query)), input.span_to(rest)),
        ));
    }
    let (rest, first) = cut(expression).parse(input.skip(1))?;
    if rest.at_symbol(Symbol::Comma) {
        return row(input, rest, first);
    }
    let (rest, _) = cut(symbol(Symbol::CloseParen)).parse(rest)?;
    Ok((rest, first))
}

/// `(first, b, c)`
fn row<'a>(input: Tokens<'a>, mut rest: Tokens<'a>, first: Expr) -> Parsed<'a, Expr> {
    let mut items = vec![first];
    while rest.at_symbol(Symbol::Comma) {
        let (next, item) = next_argument(rest)?;
        items.push(item);
        rest = next;
    }
    let (rest, _) = cut(symbol(Symbol::CloseParen)).parse(rest)?;
    Ok((rest, Expr::new(ExprKind::Row(items), input.span_to(rest))))
}

/// Whether a bracket opens here whose content is a query, rather than an expression that starts with one.
///
/// `((SELECT 1))` and `((SELECT 1) UNION …)` are queries, `((SELECT 1) + 1)` is not: what stands behind the inner
/// bracket decides, so nothing is parsed to find out.
pub(super) fn starts_query(input: Tokens<'_>) -> bool {
    let mut inner = input;
    // Looking at all of 100,000 brackets from each of them would be quadratic.
    for _ in 0..MAX_DEPTH {
        if !inner.at_symbol(Symbol::OpenParen) {
            return false;
        }
        inner = inner.skip(1);
        if matches!(inner.keyword(), Some(Keyword::SELECT | Keyword::WITH | Keyword::VALUES)) {
            return starts_query_body(inner) && brackets_hold_queries(input, inner);
        }
    }
    // Too deep whatever it is, and so it will be called.
    true
}

/// `values` is also an ordinary name.
fn starts_query_body(input: Tokens<'_>) -> bool {
    !input.at_keyword(Keyword::VALUES) || input.skip(1).at_symbol(Symbol::OpenParen)
}

/// Whether each bracket between `outer` and `inner` but the outermost is followed by what continues a query.
fn brackets_hold_queries(outer: Tokens<'_>, inner: Tokens<'_>) -> bool {
    use Keyword::{EXCEPT, INTERSECT, LIMIT, OFFSET, ORDER, UNION};
    let mut bracket = outer.skip(1);
    while bracket.position() < inner.position() {
        let Some(behind) = bracket.after_bracket() else {
            return true;
        };
        let continues = behind.at_symbol(Symbol::CloseParen)
            || matches!(
                behind.keyword(),
                Some(EXCEPT | INTERSECT | LIMIT | OFFSET | ORDER | UNION)
            );
        if !continues {
            return false;
        }
        bracket = bracket.skip(1);
    }
    true
}

/// `( query )`
pub(super) fn subquery(input: Tokens<'_>) -> Parsed<'_, Query> {
    measured(input, |input| parenthesized(nested_query).parse(input))
}

/// An operand that starts with a word of the grammar, which may be an ordinary name all the same.
fn keyword_operand(input: Tokens<'_>, word: Keyword) -> Parsed<'_, ExprKind> {
    let behind = input.skip(1);
    let opens = |bracket| behind.at_symbol(bracket);
    match word {
        Keyword::NULL => Ok(literal(behind, Literal::Null)),
        Keyword::TRUE => Ok(literal(behind, Literal::Boolean(true))),
        Keyword::FALSE => Ok(literal(behind, Literal::Boolean(false))),
        Keyword::CASE => cut(case).parse(behind),
        Keyword::INTERVAL if starts_interval(input) => interval
            .map(|interval| ExprKind::Literal(Literal::Interval(interval)))
            .parse(input),
        Keyword::DATE if is_string(behind) => Ok(typed(behind, TypedLiteralKind::Date)),
        Keyword::TIME if is_string(behind) => Ok(typed(behind, TypedLiteralKind::Time)),
        Keyword::TIMESTAMP if is_string(behind) => Ok(typed(behind, TypedLiteralKind::Timestamp)),
        Keyword::EXISTS if starts_query(behind) => {
            subquery.map(|query| ExprKind::Exists(Box::new(query))).parse(behind)
        }
        Keyword::ARRAY if opens(Symbol::OpenBracket) => array(behind),
        Keyword::MAP if opens(Symbol::OpenBrace) => map(behind, Symbol::CloseBrace),
        Keyword::MAP if opens(Symbol::OpenParen) => map(behind, Symbol::CloseParen),
        Keyword::STRUCT if opens(Symbol::OpenParen) => parenthesized(comma_separated(struct_entry))
            .map(ExprKind::Struct)
            .parse(behind),
        // Reserved where relations are joined, and a function where a value stands.
        Keyword::JOIN if opens(Symbol::OpenParen) => call(input),
        _ if opens(Symbol::OpenParen) && !word.is_reserved() => special_call(input, word),
        Keyword::CURRENT_DATE | Keyword::CURRENT_TIME | Keyword::CURRENT_TIMESTAMP | Keyword::LOCALTIMESTAMP
            if !opens(Symbol::Dot) =>
        {
            call(input)
        }
        _ => name_operand(input),
    }
}

fn is_string(input: Tokens<'_>) -> bool {
    input.peek().is_some_and(|token| token.kind == TokenKind::String)
}

fn typed(at_string: Tokens<'_>, kind: TypedLiteralKind) -> (Tokens<'_>, ExprKind) {
    literal(
        at_string.skip(1),
        Literal::Typed {
            kind,
            text: unquote(at_string.text()),
        },
    )
}

/// `f(…)`, `a`, `t.a`
fn name_operand(input: Tokens<'_>) -> Parsed<'_, ExprKind> {
    let (mut rest, first) = name_of(input, Thing::Expression)?;
    if rest.at_symbol(Symbol::OpenParen) {
        return call(input);
    }
    let mut parts = vec![first];
    while rest.at_symbol(Symbol::Dot) {
        let (next, part) = cut(|input| member(input, Thing::Column)).parse(rest.skip(1))?;
        parts.push(part);
        rest = next;
    }
    Ok((rest, ExprKind::Column(parts)))
}

/// `CASE [operand] WHEN condition THEN result … [ELSE result] END`, behind its first word.
fn case(input: Tokens<'_>) -> Parsed<'_, ExprKind> {
    let (mut rest, operand) = if input.at_keyword(Keyword::WHEN) {
        (input, None)
    } else {
        expression.map(|operand| Some(Box::new(operand))).parse(input)?
    };
    let mut branches = Vec::new();
    while branches.is_empty() || rest.at_keyword(Keyword::WHEN) {
        let (next, branch) = case_branch(rest)?;
        branches.push(branch);
        rest = next;
    }
    rest.want(Keyword::WHEN);
    let (rest, otherwise) = opt(preceded(keyword(Keyword::ELSE), cut(expression))).parse(rest)?;
    let (rest, _) = keyword(Keyword::END)(rest)?;
    Ok((
        rest,
        ExprKind::Case {
            operand,
            branches,
            otherwise: otherwise.map(Box::new),
        },
    ))
}

/// `WHEN condition THEN result`
fn case_branch(input: Tokens<'_>) -> Parsed<'_, CaseBranch> {
    let (rest, condition) = preceded(keyword(Keyword::WHEN), cut(expression)).parse(input)?;
    let (rest, result) = cut(preceded(keyword(Keyword::THEN), expression)).parse(rest)?;
    Ok((rest, CaseBranch { condition, result }))
}

/// `[a, b]` behind `ARRAY`, also empty.
fn array(input: Tokens<'_>) -> Parsed<'_, ExprKind> {
    list_until(input.skip(1), expression, Symbol::CloseBracket, ExprKind::Array)
}

/// `{key: value}` or `(key := value)` behind `MAP`, also empty.
fn map(input: Tokens<'_>, closer: Symbol) -> Parsed<'_, ExprKind> {
    list_until(input.skip(1), map_entry, closer, ExprKind::Map)
}

/// A list that may be empty, up to its closing bracket.
fn list_until<'a, T>(
    input: Tokens<'a>,
    item: fn(Tokens<'a>) -> Parsed<'a, T>,
    closer: Symbol,
    build: fn(Vec<T>) -> ExprKind,
) -> Parsed<'a, ExprKind> {
    if let Ok((rest, _)) = symbol(closer)(input) {
        return Ok((rest, build(Vec::new())));
    }
    let (rest, items) = cut(comma_separated(item)).parse(input)?;
    let (rest, _) = cut(symbol(closer)).parse(rest)?;
    Ok((rest, build(items)))
}

/// `key: value`, `key := value`
fn map_entry(input: Tokens<'_>) -> Parsed<'_, MapEntry> {
    let (rest, key) = expression(input)?;
    let separator = nom::branch::alt((symbol(Symbol::Colon), symbol(Symbol::ColonEqual)));
    let (rest, value) = cut(preceded(separator, expression)).parse(rest)?;
    Ok((rest, MapEntry { key, value }))
}

/// `name := value`
fn struct_entry(input: Tokens<'_>) -> Parsed<'_, StructEntry> {
    let (rest, name) = any_word(input, Thing::Field)?;
    let (rest, value) = cut(preceded(symbol(Symbol::ColonEqual), expression)).parse(rest)?;
    Ok((rest, StructEntry { name, value }))
}
