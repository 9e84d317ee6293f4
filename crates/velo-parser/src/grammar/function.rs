//! Calls of functions, with the forms that have a grammar of their own.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, opt};
use nom::sequence::{delimited, preceded};

use super::expr::{above_comparison, expression};
use super::leaf::{
    any_word, comma_separated, identifier, keyword, keywords, name_list, parenthesized, spanned, symbol,
};
use super::types::data_type;
use super::window::over;
use crate::ast::{Argument, Expr, ExprKind, FunctionCall, Ident, NullTreatment, OrderByItem, TrimSide};
use crate::cursor::{Parsed, Tokens};
use crate::depth::measured;
use crate::expected::Thing;
use crate::keyword::Keyword;
use crate::token::{Symbol, TokenKind};

/// A call whose name is a word of the grammar: a form of its own, or an ordinary call after all.
pub(super) fn special_call(input: Tokens<'_>, word: Keyword) -> Parsed<'_, ExprKind> {
    let behind = input.skip(1);
    match word {
        Keyword::CAST => cut(|input| cast(input, false)).parse(behind),
        Keyword::TRY_CAST => cut(|input| cast(input, true)).parse(behind),
        Keyword::EXTRACT => parenthesized(extract).parse(behind),
        Keyword::TRIM => trim(input),
        Keyword::POSITION => position(input),
        Keyword::SUBSTRING => substring(input),
        _ => call(input),
    }
}

/// `( expr AS type )`
fn cast(input: Tokens<'_>, try_cast: bool) -> Parsed<'_, ExprKind> {
    let (rest, operand) = preceded(symbol(Symbol::OpenParen), expression).parse(input)?;
    let (rest, data_type) = delimited(keyword(Keyword::AS), data_type, symbol(Symbol::CloseParen)).parse(rest)?;
    Ok((
        rest,
        ExprKind::Cast {
            operand: Box::new(operand),
            data_type,
            try_cast,
        },
    ))
}

/// `part FROM expr`
fn extract(input: Tokens<'_>) -> Parsed<'_, ExprKind> {
    let (rest, part) = any_word(input, Thing::TimePart)?;
    let (rest, operand) = preceded(keyword(Keyword::FROM), expression).parse(rest)?;
    Ok((
        rest,
        ExprKind::Extract {
            part,
            operand: Box::new(operand),
        },
    ))
}

/// `TRIM([LEADING | TRAILING | BOTH] [characters] FROM expr)`, else a call.
fn trim(input: Tokens<'_>) -> Parsed<'_, ExprKind> {
    let inside = input.skip(2);
    let side = match inside.keyword() {
        Some(Keyword::LEADING) => Some(TrimSide::Leading),
        Some(Keyword::TRAILING) => Some(TrimSide::Trailing),
        Some(Keyword::BOTH) => Some(TrimSide::Both),
        _ => None,
    };
    // `TRIM(leading)` trims a column of that name.
    let side = side.filter(|_| {
        !matches!(
            inside.skip(1).symbol(),
            Some(Symbol::CloseParen | Symbol::Comma | Symbol::Dot)
        )
    });
    let rest = if side.is_some() { inside.skip(1) } else { inside };
    let (rest, characters) = if rest.at_keyword(Keyword::FROM) {
        (rest, None)
    } else {
        let (rest, first) = cut(expression).parse(rest)?;
        if side.is_none() && !rest.at_keyword(Keyword::FROM) {
            rest.want(Keyword::FROM);
            return call_behind_first(input, first, rest);
        }
        (rest, Some(Box::new(first)))
    };
    let (rest, operand) = cut(delimited(
        keyword(Keyword::FROM),
        expression,
        symbol(Symbol::CloseParen),
    ))
    .parse(rest)?;
    let side = side.unwrap_or(TrimSide::Both);
    Ok((
        rest,
        ExprKind::Trim {
            side,
            characters,
            operand: Box::new(operand),
        },
    ))
}

/// `POSITION(needle IN haystack)`, else a call.
fn position(input: Tokens<'_>) -> Parsed<'_, ExprKind> {
    // `needle IN haystack` cannot be read as one expression, because IN wants a bracket there.
    let inside = input.skip(2);
    if !holds_in(inside) {
        return call(input);
    }
    let (rest, needle) = cut(above_comparison).parse(inside)?;
    let (rest, haystack) = cut(delimited(keyword(Keyword::IN), expression, symbol(Symbol::CloseParen))).parse(rest)?;
    Ok((
        rest,
        ExprKind::Position {
            needle: Box::new(needle),
            haystack: Box::new(haystack),
        },
    ))
}

/// Whether `IN` stands in the first argument, outside of brackets and of CASE.
fn holds_in(inside: Tokens<'_>) -> bool {
    let mut rest = inside;
    let mut open_cases = 0_usize;
    while let Some(token) = rest.peek() {
        match token.kind {
            TokenKind::Symbol(Symbol::CloseParen | Symbol::Comma) if open_cases == 0 => return false,
            TokenKind::Word(Some(Keyword::CASE)) => open_cases += 1,
            TokenKind::Word(Some(Keyword::END)) => open_cases = open_cases.saturating_sub(1),
            TokenKind::Word(Some(Keyword::IN)) if open_cases == 0 => return true,
            _ => {}
        }
        rest = rest.after_bracket().unwrap_or_else(|| rest.skip(1));
    }
    false
}

/// `SUBSTRING(text FROM start [FOR length])`, which is `SUBSTRING(text, start, length)`; else a call.
fn substring(input: Tokens<'_>) -> Parsed<'_, ExprKind> {
    let inside = input.skip(2);
    if inside.at_symbol(Symbol::CloseParen) {
        return call(input);
    }
    let (rest, text) = cut(expression).parse(inside)?;
    if !rest.at_keyword(Keyword::FROM) {
        rest.want(Keyword::FROM);
        return call_behind_first(input, text, rest);
    }
    let (rest, start) = cut(preceded(keyword(Keyword::FROM), expression)).parse(rest)?;
    let (rest, length) = opt(preceded(keyword(Keyword::FOR), cut(expression))).parse(rest)?;
    let (rest, _) = cut(symbol(Symbol::CloseParen)).parse(rest)?;
    let (_, name) = any_word(input, Thing::Name)?;
    let arguments = [Some(text), Some(start), length]
        .into_iter()
        .flatten()
        .map(Argument::Positional)
        .collect();
    Ok((rest, ExprKind::Function(Box::new(plain_call(name, arguments)))))
}

fn plain_call(name: Ident, arguments: Vec<Argument>) -> FunctionCall {
    FunctionCall {
        name,
        distinct: false,
        arguments,
        order_by: Vec::new(),
        within_group: Vec::new(),
        filter: None,
        null_treatment: None,
        over: None,
    }
}

/// A call whose first argument has been read: `, more)` and what follows.
fn call_behind_first<'a>(input: Tokens<'a>, first: Expr, behind: Tokens<'a>) -> Parsed<'a, ExprKind> {
    let (_, name) = any_word(input, Thing::Name)?;
    let mut function = plain_call(name, vec![Argument::Positional(first)]);
    let mut rest = behind;
    while rest.at_symbol(Symbol::Comma) {
        let (next, more) = cut(argument).parse(rest.skip(1))?;
        function.arguments.push(more);
        rest = next;
    }
    call_end(rest, function)
}

/// `name([DISTINCT] arguments [ORDER BY …])` and what may follow; `CURRENT_TIMESTAMP` does without the brackets.
pub(super) fn call(input: Tokens<'_>) -> Parsed<'_, ExprKind> {
    let (rest, name) = any_word(input, Thing::Name)?;
    let mut function = plain_call(name, Vec::new());
    if !rest.at_symbol(Symbol::OpenParen) {
        return Ok((rest, ExprKind::Function(Box::new(function))));
    }
    let mut rest = rest.skip(1);
    if rest.at_keyword(Keyword::DISTINCT) || starts_all(rest) {
        function.distinct = rest.at_keyword(Keyword::DISTINCT);
        rest = rest.skip(1);
    }
    if !rest.at_symbol(Symbol::CloseParen) || function.distinct {
        (rest, function.arguments) = cut(comma_separated(argument)).parse(rest)?;
    }
    call_end(rest, function)
}

/// `f(ALL x)`, which is the default; `all` is also an ordinary name.
fn starts_all(input: Tokens<'_>) -> bool {
    let behind = input.skip(1).peek().map(|token| token.kind);
    let operand_follows = matches!(
        behind,
        Some(TokenKind::Word(None) | TokenKind::QuotedWord | TokenKind::Number(_) | TokenKind::String)
    );
    input.at_keyword(Keyword::ALL) && operand_follows
}

/// `[ORDER BY …] [IGNORE NULLS])` and what may follow the bracket.
fn call_end(input: Tokens<'_>, mut function: FunctionCall) -> Parsed<'_, ExprKind> {
    let (rest, order) = if input.at_keyword(Keyword::ORDER) {
        opt(order_by).parse(input)?
    } else {
        (input, None)
    };
    function.order_by = order.unwrap_or_default();
    let (rest, inner_nulls) = opt(null_treatment).parse(rest)?;
    let (rest, _) = cut(symbol(Symbol::CloseParen)).parse(rest)?;
    let (rest, within_group) = opt(within_group).parse(rest)?;
    function.within_group = within_group.unwrap_or_default();
    let (rest, filter) = opt(filter).parse(rest)?;
    function.filter = filter;
    let (rest, outer_nulls) = opt(null_treatment).parse(rest)?;
    function.null_treatment = inner_nulls.or(outer_nulls);
    let (rest, window) = opt(spanned(over)).parse(rest)?;
    function.over = window;
    Ok((rest, ExprKind::Function(Box::new(function))))
}

/// `*`, `name := expr`, `x => expr`, `(k, v) => expr`, `expr`
fn argument(input: Tokens<'_>) -> Parsed<'_, Argument> {
    if input.at_symbol(Symbol::Star) {
        return Ok((input.skip(1), Argument::Wildcard));
    }
    if input.skip(1).at_symbol(Symbol::ColonEqual) {
        let (rest, name) = identifier(input)?;
        let (rest, value) = cut(expression).parse(rest.skip(1))?;
        return Ok((rest, Argument::Named { name, value }));
    }
    let parser = if starts_lambda(input) { lambda } else { expression };
    parser.map(Argument::Positional).parse(input)
}

fn starts_lambda(input: Tokens<'_>) -> bool {
    let arrow = if input.at_symbol(Symbol::OpenParen) {
        input.after_bracket()
    } else {
        Some(input.skip(1))
    };
    arrow.is_some_and(|arrow| arrow.at_symbol(Symbol::FatArrow))
}

/// `x => body`, `(k, v) => body`
fn lambda(input: Tokens<'_>) -> Parsed<'_, Expr> {
    measured(input, |input| {
        let (rest, parameters) = cut(alt((name_list, identifier.map(|name| vec![name])))).parse(input)?;
        let (rest, body) = cut(preceded(symbol(Symbol::FatArrow), expression)).parse(rest)?;
        Ok((
            rest,
            Expr::new(
                ExprKind::Lambda {
                    parameters,
                    body: Box::new(body),
                },
                input.span_to(rest),
            ),
        ))
    })
}

/// `WITHIN GROUP (ORDER BY …)`; a join's `WITHIN` is not followed by GROUP.
fn within_group(input: Tokens<'_>) -> Parsed<'_, Vec<OrderByItem>> {
    if !input.at_keywords(&[Keyword::WITHIN, Keyword::GROUP]) {
        return input.absent();
    }
    cut(parenthesized(order_by)).parse(input.skip(2))
}

/// `FILTER (WHERE condition)`
fn filter(input: Tokens<'_>) -> Parsed<'_, Expr> {
    if !(input.at_keyword(Keyword::FILTER) && input.skip(1).at_symbol(Symbol::OpenParen)) {
        return input.absent();
    }
    parenthesized(preceded(keyword(Keyword::WHERE), cut(expression))).parse(input.skip(1))
}

/// `IGNORE NULLS`, `RESPECT NULLS`
fn null_treatment(input: Tokens<'_>) -> Parsed<'_, NullTreatment> {
    let treatment = match input.keyword() {
        Some(Keyword::IGNORE) => NullTreatment::Ignore,
        Some(Keyword::RESPECT) => NullTreatment::Respect,
        _ => return input.absent(),
    };
    cut(keyword(Keyword::NULLS)).map(|_| treatment).parse(input.skip(1))
}

/// `ORDER BY item, item`
pub(super) fn order_by(input: Tokens<'_>) -> Parsed<'_, Vec<OrderByItem>> {
    preceded(
        keywords(&[Keyword::ORDER, Keyword::BY]),
        cut(comma_separated(order_by_item)),
    )
    .parse(input)
}

/// `expr [ASC | DESC] [NULLS FIRST | LAST]`
fn order_by_item(input: Tokens<'_>) -> Parsed<'_, OrderByItem> {
    let (rest, expr) = expression(input)?;
    let direction = alt((
        keyword(Keyword::ASC).map(|_| false),
        keyword(Keyword::DESC).map(|_| true),
    ));
    let (rest, descending) = opt(direction).parse(rest)?;
    let first_or_last = alt((
        keyword(Keyword::FIRST).map(|_| true),
        keyword(Keyword::LAST).map(|_| false),
    ));
    let (rest, nulls_first) = opt(preceded(keyword(Keyword::NULLS), cut(first_or_last))).parse(rest)?;
    Ok((
        rest,
        OrderByItem {
            expr,
            descending: descending.unwrap_or(false),
            nulls_first,
        },
    ))
}
