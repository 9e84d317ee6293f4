//! Single tokens, and lists of anything.

use nom::Parser;
use nom::combinator::{cut, opt};
use nom::sequence::{delimited, preceded};
use velo_common::{Diagnostic, Name, Span, code};

use crate::ast::{Ident, NumberKind, ObjectName, Spanned};
use crate::cursor::{Failure, Parsed, Tokens};
use crate::expected::Thing;
use crate::keyword::Keyword;
use crate::lexer::unquote;
use crate::token::{Symbol, TokenKind};

/// One keyword.
pub(super) fn keyword<'a>(wanted: Keyword) -> impl Fn(Tokens<'a>) -> Parsed<'a, Span> {
    move |input| {
        if input.at_keyword(wanted) {
            Ok((input.skip(1), input.span()))
        } else {
            input.unexpected(wanted)
        }
    }
}

/// Several keywords in a row; once the first is there, the others must follow.
pub(super) fn keywords<'a>(wanted: &'static [Keyword]) -> impl Fn(Tokens<'a>) -> Parsed<'a, Span> {
    move |input| {
        let mut rest = input;
        for (index, word) in wanted.iter().enumerate() {
            rest = match (keyword(*word)(rest), index) {
                (Ok((rest, _)), _) => rest,
                (Err(failure), 0) => return Err(failure),
                (Err(_), _) => return Err(nom::Err::Failure(Failure::Unexpected)),
            };
        }
        Ok((rest, input.span_to(rest)))
    }
}

/// Whether the keywords stand here; they are consumed when they do.
pub(super) fn flag<'a>(wanted: &'static [Keyword]) -> impl Parser<Tokens<'a>, Output = bool, Error = Failure> {
    opt(keywords(wanted)).map(|found| found.is_some())
}

/// One symbol.
pub(super) fn symbol<'a>(wanted: Symbol) -> impl Fn(Tokens<'a>) -> Parsed<'a, Span> {
    move |input| {
        if input.at_symbol(wanted) {
            Ok((input.skip(1), input.span()))
        } else {
            input.unexpected(wanted)
        }
    }
}

/// `parser`'s value with its span.
pub(super) fn spanned<'a, T, P>(mut parser: P) -> impl FnMut(Tokens<'a>) -> Parsed<'a, Spanned<T>>
where
    P: Parser<Tokens<'a>, Output = T, Error = Failure>,
{
    move |input| {
        let (rest, node) = parser.parse(input)?;
        Ok((rest, Spanned::new(node, input.span_to(rest))))
    }
}

/// `( parser )`; once the bracket is open, the rest must follow.
pub(super) fn parenthesized<'a, T, P>(parser: P) -> impl Parser<Tokens<'a>, Output = T, Error = Failure>
where
    P: Parser<Tokens<'a>, Output = T, Error = Failure>,
{
    delimited(symbol(Symbol::OpenParen), cut(parser), cut(symbol(Symbol::CloseParen)))
}

/// `item, item, …`, at least one. Unlike nom's own, it does not forgive a comma without an item behind it; one that
/// is followed by the end of the list is reported as what it is, and read over.
pub(super) fn comma_separated<'a, T, P>(mut item: P) -> impl FnMut(Tokens<'a>) -> Parsed<'a, Vec<T>>
where
    P: Parser<Tokens<'a>, Output = T, Error = Failure>,
{
    move |input| {
        let (mut rest, first) = item.parse(input)?;
        let mut items = vec![first];
        while let Ok((behind_comma, comma)) = symbol(Symbol::Comma)(rest) {
            let parsed = if starts_clause(behind_comma) {
                behind_comma.absent()
            } else {
                item.parse(behind_comma)
            };
            match parsed {
                Ok((next, value)) => {
                    items.push(value);
                    rest = next;
                }
                Err(nom::Err::Error(_)) if ends_list(behind_comma) => {
                    report_trailing_comma(comma, behind_comma);
                    rest = behind_comma;
                    break;
                }
                Err(nom::Err::Error(failure)) => return Err(nom::Err::Failure(failure)),
                Err(failure) => return Err(failure),
            }
        }
        Ok((rest, items))
    }
}

/// Whether what stands here, where no item could be read, is what goes on behind a list.
fn ends_list(input: Tokens<'_>) -> bool {
    use Keyword::{EXCEPT, FROM, GROUP, HAVING, INTERSECT, INTO, LIMIT, ON, ORDER, SELECT, UNION, WHERE, WITH};
    let closes = input
        .symbol()
        .is_some_and(|symbol| symbol.is_closer() || symbol == Symbol::Greater);
    let goes_on = matches!(
        input.keyword(),
        Some(EXCEPT | FROM | GROUP | HAVING | INTERSECT | INTO | LIMIT | ON | ORDER | SELECT | UNION | WHERE | WITH)
    );
    closes || goes_on || starts_clause(input) || input.is_end()
}

/// Whether a clause starts here with a word that could also be a name.
fn starts_clause(input: Tokens<'_>) -> bool {
    let next = input.skip(1).keyword();
    match input.keyword() {
        Some(Keyword::EMIT) => matches!(next, Some(Keyword::CHANGES | Keyword::FINAL | Keyword::EVERY)),
        Some(Keyword::WINDOW) => {
            use Keyword::{CUMULATE, HOPPING, SESSION, SLIDING, TUMBLING};
            matches!(next, Some(CUMULATE | HOPPING | SESSION | SLIDING | TUMBLING))
        }
        _ => false,
    }
}

fn report_trailing_comma(comma: Span, behind: Tokens<'_>) {
    let before = if behind.is_end() {
        "the end of the statement".to_owned()
    } else {
        format!("`{}`", behind.text())
    };
    behind.report(
        Diagnostic::new(&code::SYNTAX, comma, format!("trailing comma before {before}"))
            .with_label("nothing follows this comma")
            .with_help("remove the comma"),
    );
}

/// A name: any word that is not reserved, or a quoted one.
pub(super) fn identifier(input: Tokens<'_>) -> Parsed<'_, Ident> {
    name_of(input, Thing::Name)
}

/// Like [`identifier`], with its own word for what is missing.
pub(super) fn name_of(input: Tokens<'_>, thing: Thing) -> Parsed<'_, Ident> {
    if input.keyword().is_some_and(Keyword::is_reserved) {
        input.unexpected(thing)
    } else {
        any_word(input, thing)
    }
}

/// A word behind a dot or arrow, reserved or not; but a reserved word that does not touch it goes on with the query,
/// as in `SELECT t. FROM t`.
pub(super) fn member(input: Tokens<'_>, thing: Thing) -> Parsed<'_, Ident> {
    let goes_on = input.keyword().is_some_and(Keyword::is_reserved) && !input.touches_previous();
    if goes_on {
        input.unexpected(thing)
    } else {
        any_word(input, thing)
    }
}

/// A word, reserved or not.
pub(super) fn any_word(input: Tokens<'_>, thing: Thing) -> Parsed<'_, Ident> {
    let name = match input.peek().map(|token| token.kind) {
        Some(TokenKind::Word(_)) => Name::new(input.text()),
        Some(TokenKind::QuotedWord) => Name::quoted(unquote(input.text())),
        _ => return input.unexpected(thing),
    };
    Ok((input.skip(1), Ident::new(name, input.span())))
}

/// `name`, `schema.name`.
pub(super) fn object_name(input: Tokens<'_>) -> Parsed<'_, ObjectName> {
    let (mut rest, first) = identifier(input)?;
    let mut parts = vec![first];
    while rest.at_symbol(Symbol::Dot) && !rest.skip(1).at_symbol(Symbol::Star) {
        let (next, part) = cut(|input| member(input, Thing::Name)).parse(rest.skip(1))?;
        parts.push(part);
        rest = next;
    }
    Ok((rest, ObjectName { parts }))
}

/// `(name, name)`.
pub(super) fn name_list(input: Tokens<'_>) -> Parsed<'_, Vec<Ident>> {
    parenthesized(comma_separated(|input| name_of(input, Thing::Column))).parse(input)
}

/// `'…'`
pub(super) fn string(input: Tokens<'_>) -> Parsed<'_, Spanned<String>> {
    match input.peek().map(|token| token.kind) {
        Some(TokenKind::String) => Ok((input.skip(1), Spanned::new(unquote(input.text()), input.span()))),
        _ => input.unexpected(Thing::String),
    }
}

/// A whole number without a sign.
pub(super) fn whole_number(input: Tokens<'_>) -> Parsed<'_, Spanned<u64>> {
    if input.peek().map(|token| token.kind) != Some(TokenKind::Number(NumberKind::Integer)) {
        return input.unexpected(Thing::WholeNumber);
    }
    match input.text().parse() {
        Ok(number) => Ok((input.skip(1), Spanned::new(number, input.span()))),
        Err(_) => input.abort(
            Diagnostic::new(&code::INVALID_TOKEN, input.span(), "this number is too large")
                .with_help(format!("the largest number that can stand here is {}", u64::MAX)),
        ),
    }
}

/// A small whole number, such as the precision of a type.
pub(super) fn small_number(input: Tokens<'_>) -> Parsed<'_, u8> {
    let (rest, number) = whole_number(input)?;
    match u8::try_from(number.node) {
        Ok(small) => Ok((rest, small)),
        Err(_) => input.abort(Diagnostic::new(
            &code::INVALID_TOKEN,
            number.span,
            "this number is too large here",
        )),
    }
}

/// `( parser )` where a bracket opens. That one could have is not noted: it is rarely what is missing.
pub(super) fn if_bracket<'a, T, P>(mut parser: P) -> impl FnMut(Tokens<'a>) -> Parsed<'a, Option<T>>
where
    P: Parser<Tokens<'a>, Output = T, Error = Failure>,
{
    move |input| {
        if input.at_symbol(Symbol::OpenParen) {
            cut(|input| parser.parse(input)).map(Some).parse(input)
        } else {
            Ok((input, None))
        }
    }
}

/// `keyword 'string'`.
pub(super) fn keyword_and_string<'a>(
    wanted: &'static [Keyword],
) -> impl Parser<Tokens<'a>, Output = Spanned<String>, Error = Failure> {
    preceded(keywords(wanted), cut(string))
}
