use nom::Parser;
use nom::combinator::cut;
use nom::sequence::{preceded, terminated};
use velo_common::Span;

use super::leaf::{keyword, parenthesized, symbol};
use crate::ast::{Property, Spanned};
use crate::cursor::{Parsed, Tokens};
use crate::expected::Thing;
use crate::keyword::Keyword;
use crate::lexer::unquote;
use crate::token::{Symbol, TokenKind};

/// Whether a property list stands here, rather than the `WITH` of a query.
pub(super) fn starts_properties(input: Tokens<'_>) -> bool {
    input.at_keyword(Keyword::WITH) && input.skip(1).at_symbol(Symbol::OpenParen)
}

/// `properties := WITH ( property {, property} [,] )`
pub(super) fn properties(input: Tokens<'_>) -> Parsed<'_, Vec<Property>> {
    preceded(keyword(Keyword::WITH), cut(parenthesized(property_list))).parse(input)
}

/// Properties with commas between them; here one more at the end is fine.
fn property_list(input: Tokens<'_>) -> Parsed<'_, Vec<Property>> {
    let (mut rest, first) = property(input)?;
    let mut list = vec![first];
    while let Ok((behind_comma, _)) = symbol(Symbol::Comma)(rest) {
        rest = behind_comma;
        if rest.at_symbol(Symbol::CloseParen) {
            break;
        }
        let (next, value) = cut(property).parse(rest)?;
        list.push(value);
        rest = next;
    }
    Ok((rest, list))
}

/// `property := key = value`
pub(super) fn property(input: Tokens<'_>) -> Parsed<'_, Property> {
    let (rest, key) = terminated(property_key, cut(symbol(Symbol::Equal))).parse(input)?;
    let (rest, value) = cut(property_value).parse(rest)?;
    Ok((rest, Property { key, value }))
}

/// `'auto.offset.reset'`, `"auto.offset.reset"` or `auto.offset.reset`.
pub(super) fn property_key(input: Tokens<'_>) -> Parsed<'_, Spanned<String>> {
    let bare = matches!(input.peek().map(|token| token.kind), Some(TokenKind::Word(_)));
    quoted_or_bare(input, bare, Thing::PropertyKey)
}

/// A string, or a number or word with all that touches it, such as `-1`, `5s` or `a.b-c`.
fn property_value(input: Tokens<'_>) -> Parsed<'_, Spanned<String>> {
    let bare = match input.peek().map(|token| token.kind) {
        Some(TokenKind::Word(_) | TokenKind::Number(_)) => true,
        Some(TokenKind::Symbol(Symbol::Minus)) => input.skip(1).touches_previous(),
        _ => false,
    };
    quoted_or_bare(input, bare, Thing::PropertyValue)
}

fn quoted_or_bare(input: Tokens<'_>, bare: bool, thing: Thing) -> Parsed<'_, Spanned<String>> {
    match input.peek().map(|token| token.kind) {
        Some(TokenKind::String | TokenKind::QuotedWord) => {
            Ok((input.skip(1), Spanned::new(unquote(input.text()), input.span())))
        }
        _ if bare => {
            let (rest, span) = touching(input);
            Ok((rest, Spanned::new(input.slice(span).to_owned(), span)))
        }
        _ => input.unexpected(thing),
    }
}

/// The token here and those that touch it, up to what ends a key or value.
fn touching(input: Tokens<'_>) -> (Tokens<'_>, Span) {
    let mut rest = input.skip(1);
    let ends = |input: Tokens<'_>| {
        matches!(
            input.symbol(),
            Some(Symbol::Equal | Symbol::Comma | Symbol::OpenParen | Symbol::CloseParen)
        )
    };
    while rest.touches_previous() && !ends(rest) {
        rest = rest.skip(1);
    }
    (rest, input.span_to(rest))
}
