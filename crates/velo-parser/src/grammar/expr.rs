//! Operators, by precedence climbing: a level of brackets costs one call of each function here, whatever the number
//! of precedence levels.

use nom::Parser;
use nom::combinator::{cut, opt};
use nom::sequence::preceded;

use super::leaf::{comma_separated, flag, keyword, keyword_and_string, keywords, parenthesized, symbol};
use super::primary::{postfix, starts_query, subquery};
use crate::ast::{BinaryOperator, Expr, ExprKind, LogicalOperator, Quantifier, Spanned, UnaryOperator};
use crate::cursor::{Parsed, Tokens};
use crate::depth::{isolated, link, measured, nested};
use crate::expected::Thing;
use crate::keyword::Keyword;
use crate::precedence::Precedence;
use crate::token::{Symbol, TokenKind};

/// `expression`, anything from OR upwards.
pub(crate) fn expression(input: Tokens<'_>) -> Parsed<'_, Expr> {
    binding(input, Precedence::Or)
}

/// An expression whose outermost operator binds more tightly than comparisons do, of which `IN` is one.
pub(super) fn above_comparison(input: Tokens<'_>) -> Parsed<'_, Expr> {
    binding(input, Precedence::Concat)
}

/// An expression whose outermost operator binds at least as tightly as `weakest`.
fn binding(input: Tokens<'_>, weakest: Precedence) -> Parsed<'_, Expr> {
    nested(input, |input| isolated(input, |input| operators(input, weakest)))
}

/// `operand {operator operand}`, as long as the operators bind tightly enough.
fn operators(input: Tokens<'_>, weakest: Precedence) -> Parsed<'_, Expr> {
    let (mut rest, mut left) = prefix(input, weakest)?;
    let mut chain: Option<(Precedence, usize)> = None;
    loop {
        let Some((operator, behind)) = operator_at(rest).filter(|(operator, _)| operator.precedence() >= weakest)
        else {
            rest.want(Thing::Operator);
            return Ok((rest, left));
        };
        let links = match chain {
            Some((precedence, links)) if precedence == operator.precedence() => links + 1,
            _ => 1,
        };
        chain = Some((operator.precedence(), links));
        let (next, kind) = match operator.precedence() {
            precedence if links > NESTED_LINKS_MAX && is_chainable(precedence) => long_chain(left, rest, precedence)?,
            _ => apply(operator, left, rest, behind)?,
        };
        left = Expr::new(kind, input.span_to(next));
        rest = next;
        link(rest)?;
    }
}

/// Operators of one precedence that are nested; more of them are put side by side.
const NESTED_LINKS_MAX: usize = 16;

/// Whether operators of a precedence stand in chains that go on.
fn is_chainable(precedence: Precedence) -> bool {
    matches!(
        precedence,
        Precedence::Concat | Precedence::Additive | Precedence::Multiplicative
    )
}

/// `left {operator operand}` with operators of one precedence, as one node.
fn long_chain(left: Expr, at: Tokens<'_>, precedence: Precedence) -> Parsed<'_, ExprKind> {
    let mut links = Vec::new();
    let mut rest = at;
    while let Some((Operator::Binary(operator), behind)) = operator_at(rest)
        && Precedence::of_binary(operator) == precedence
    {
        let operator = Spanned::new(operator, rest.span_to(behind));
        let (next, right) = operand(behind, precedence.tighter())?;
        links.push((operator, right));
        rest = next;
    }
    let first = Box::new(left);
    Ok((rest, ExprKind::Chain { first, rest: links }))
}

/// Something that continues an expression to its left.
#[derive(Clone, Copy)]
enum Operator {
    Logical(LogicalOperator),
    Binary(BinaryOperator),
    /// `IS …`
    Is,
    /// `[NOT] IN`, `[NOT] BETWEEN`, `[NOT] LIKE`
    Test {
        keyword: Keyword,
        negated: bool,
    },
}

impl Operator {
    fn precedence(self) -> Precedence {
        match self {
            Self::Logical(operator) => Precedence::of_logical(operator),
            Self::Binary(operator) => Precedence::of_binary(operator),
            Self::Is | Self::Test { .. } => Precedence::Comparison,
        }
    }
}

/// The operator that stands here and the place behind it.
fn operator_at(input: Tokens<'_>) -> Option<(Operator, Tokens<'_>)> {
    let behind = input.skip(1);
    match input.peek()?.kind {
        TokenKind::Symbol(symbol) => Some((Operator::Binary(binary_symbol(symbol)?), behind)),
        TokenKind::Word(keyword) => match keyword? {
            Keyword::AND => Some((Operator::Logical(LogicalOperator::And), behind)),
            Keyword::OR => Some((Operator::Logical(LogicalOperator::Or), behind)),
            Keyword::DIV => Some((Operator::Binary(BinaryOperator::IntegerDivide), behind)),
            Keyword::IS => Some((Operator::Is, behind)),
            Keyword::NOT => test_keyword(behind).map(|keyword| (test(keyword, true), behind.skip(1))),
            _ => test_keyword(input).map(|keyword| (test(keyword, false), behind)),
        },
        _ => None,
    }
}

fn test(keyword: Keyword, negated: bool) -> Operator {
    Operator::Test { keyword, negated }
}

fn test_keyword(input: Tokens<'_>) -> Option<Keyword> {
    input
        .keyword()
        .filter(|word| matches!(word, Keyword::IN | Keyword::BETWEEN | Keyword::LIKE | Keyword::ILIKE))
}

fn binary_symbol(symbol: Symbol) -> Option<BinaryOperator> {
    Some(match symbol {
        Symbol::Equal => BinaryOperator::Equal,
        Symbol::NotEqual | Symbol::BangEqual => BinaryOperator::NotEqual,
        Symbol::Less => BinaryOperator::Less,
        Symbol::LessOrEqual => BinaryOperator::LessOrEqual,
        Symbol::Greater => BinaryOperator::Greater,
        Symbol::GreaterOrEqual => BinaryOperator::GreaterOrEqual,
        Symbol::Tilde => BinaryOperator::RegexMatch,
        Symbol::DoublePipe => BinaryOperator::Concat,
        Symbol::Plus => BinaryOperator::Add,
        Symbol::Minus => BinaryOperator::Subtract,
        Symbol::Star => BinaryOperator::Multiply,
        Symbol::Slash => BinaryOperator::Divide,
        Symbol::Percent => BinaryOperator::Modulo,
        Symbol::Caret => BinaryOperator::Power,
        _ => return None,
    })
}

/// Reads what stands behind an operator and puts it together with what stands before it.
fn apply<'a>(operator: Operator, left: Expr, at: Tokens<'a>, behind: Tokens<'a>) -> Parsed<'a, ExprKind> {
    match operator {
        Operator::Logical(operator) => chain(operator, left, at),
        Operator::Binary(operator) => binary(Spanned::new(operator, at.span_to(behind)), left, behind),
        Operator::Is => is_test(left, at),
        Operator::Test {
            keyword: Keyword::IN,
            negated,
        } => in_test(left, negated, behind),
        Operator::Test {
            keyword: Keyword::BETWEEN,
            negated,
        } => between(left, negated, behind),
        Operator::Test { keyword, negated } => like(left, keyword == Keyword::ILIKE, negated, behind),
    }
}

/// `left {AND operand}`: one node for the whole chain.
fn chain(operator: LogicalOperator, left: Expr, at: Tokens<'_>) -> Parsed<'_, ExprKind> {
    let word = if operator == LogicalOperator::And {
        Keyword::AND
    } else {
        Keyword::OR
    };
    let mut operands = vec![left];
    let mut rest = at;
    while rest.at_keyword(word) {
        let (next, operand) = operand(rest.skip(1), Precedence::of_logical(operator).tighter())?;
        operands.push(operand);
        rest = next;
    }
    Ok((rest, ExprKind::Logical { operator, operands }))
}

/// `left operator right`, `left operator ANY (query)`
fn binary(operator: Spanned<BinaryOperator>, left: Expr, behind: Tokens<'_>) -> Parsed<'_, ExprKind> {
    let precedence = Precedence::of_binary(operator.node);
    let left = Box::new(left);
    if precedence == Precedence::Comparison
        && let Some(quantifier) = quantifier_at(behind)
    {
        let (rest, query) = subquery(behind.skip(1))?;
        return Ok((
            rest,
            ExprKind::Quantified {
                left,
                operator,
                quantifier,
                query: Box::new(query),
            },
        ));
    }
    let (rest, right) = operand(behind, precedence.tighter())?;
    Ok((
        rest,
        ExprKind::Binary {
            left,
            operator,
            right: Box::new(right),
        },
    ))
}

/// `ANY (query)`, and not a function of that name.
fn quantifier_at(input: Tokens<'_>) -> Option<Quantifier> {
    let quantifier = match input.keyword()? {
        Keyword::ANY | Keyword::SOME => Quantifier::Any,
        Keyword::ALL => Quantifier::All,
        _ => return None,
    };
    starts_query(input.skip(1)).then_some(quantifier)
}

/// `IS [NOT] (NULL | TRUE | FALSE | UNKNOWN | DISTINCT FROM operand)`
fn is_test(left: Expr, at_is: Tokens<'_>) -> Parsed<'_, ExprKind> {
    let (rest, negated) = flag(&[Keyword::NOT]).parse(at_is.skip(1))?;
    let operand = Box::new(left);
    let value = match rest.keyword() {
        Some(Keyword::DISTINCT) => return distinct_from(operand, negated, at_is, rest),
        Some(Keyword::NULL) => return Ok((rest.skip(1), ExprKind::IsNull { operand, negated })),
        Some(Keyword::TRUE) => Some(true),
        Some(Keyword::FALSE) => Some(false),
        Some(Keyword::UNKNOWN) => None,
        _ => {
            for word in [Keyword::NULL, Keyword::TRUE, Keyword::FALSE, Keyword::UNKNOWN] {
                rest.want(word);
            }
            return rest.fail(Keyword::DISTINCT);
        }
    };
    Ok((
        rest.skip(1),
        ExprKind::IsBoolean {
            operand,
            value,
            negated,
        },
    ))
}

/// `DISTINCT FROM right` behind `IS [NOT]`
fn distinct_from<'a>(left: Box<Expr>, negated: bool, at_is: Tokens<'a>, rest: Tokens<'a>) -> Parsed<'a, ExprKind> {
    let (rest, _) = keywords(&[Keyword::DISTINCT, Keyword::FROM])(rest)?;
    let operator = if negated {
        BinaryOperator::IsNotDistinctFrom
    } else {
        BinaryOperator::IsDistinctFrom
    };
    let operator = Spanned::new(operator, at_is.span_to(rest));
    let (rest, right) = operand(rest, Precedence::Concat)?;
    Ok((
        rest,
        ExprKind::Binary {
            left,
            operator,
            right: Box::new(right),
        },
    ))
}

/// `IN (query)`, `IN (a, b)`
fn in_test(left: Expr, negated: bool, behind: Tokens<'_>) -> Parsed<'_, ExprKind> {
    let operand = Box::new(left);
    if starts_query(behind) {
        let (rest, query) = subquery(behind)?;
        return Ok((
            rest,
            ExprKind::InSubquery {
                operand,
                query: Box::new(query),
                negated,
            },
        ));
    }
    let (rest, list) = cut(parenthesized(comma_separated(expression))).parse(behind)?;
    Ok((rest, ExprKind::InList { operand, list, negated }))
}

/// `BETWEEN low AND high`
fn between(left: Expr, negated: bool, behind: Tokens<'_>) -> Parsed<'_, ExprKind> {
    let (rest, low) = operand(behind, Precedence::Concat)?;
    let (rest, _) = cut(keyword(Keyword::AND)).parse(rest)?;
    let (rest, high) = operand(rest, Precedence::Concat)?;
    let (operand, low, high) = (Box::new(left), Box::new(low), Box::new(high));
    Ok((
        rest,
        ExprKind::Between {
            operand,
            low,
            high,
            negated,
        },
    ))
}

/// `LIKE pattern [ESCAPE 'c']`
fn like(left: Expr, case_insensitive: bool, negated: bool, behind: Tokens<'_>) -> Parsed<'_, ExprKind> {
    let (rest, pattern) = operand(behind, Precedence::Concat)?;
    let (rest, escape) = opt(keyword_and_string(&[Keyword::ESCAPE])).parse(rest)?;
    let (operand, pattern) = (Box::new(left), Box::new(pattern));
    Ok((
        rest,
        ExprKind::Like {
            operand,
            pattern,
            escape,
            case_insensitive,
            negated,
        },
    ))
}

/// What must stand behind an operator.
fn operand(input: Tokens<'_>, weakest: Precedence) -> Parsed<'_, Expr> {
    cut(|input| binding(input, weakest)).parse(input)
}

/// `NOT operand`, `- operand`, `+ operand`, or an operand as it is.
fn prefix(input: Tokens<'_>, weakest: Precedence) -> Parsed<'_, Expr> {
    let operator = match input.peek().map(|token| token.kind) {
        Some(TokenKind::Word(Some(Keyword::NOT))) => UnaryOperator::Not,
        Some(TokenKind::Symbol(Symbol::Minus)) => UnaryOperator::Minus,
        Some(TokenKind::Symbol(Symbol::Plus)) => UnaryOperator::Plus,
        _ => return postfix(input),
    };
    // NOT takes a whole comparison, except behind an operator that binds tighter than it does: `a = NOT b`.
    let reach = match operator {
        UnaryOperator::Not if weakest <= Precedence::Not => Precedence::Not,
        _ => Precedence::Unary,
    };
    measured(input, |input| {
        let (rest, operand) = operand(input.skip(1), reach)?;
        let kind = ExprKind::Unary {
            operator,
            operand: Box::new(operand),
        };
        Ok((rest, Expr::new(kind, input.span_to(rest))))
    })
}

/// `, expr` behind an expression, as in `f(a, b)`.
pub(super) fn next_argument(input: Tokens<'_>) -> Parsed<'_, Expr> {
    preceded(symbol(Symbol::Comma), cut(expression)).parse(input)
}
