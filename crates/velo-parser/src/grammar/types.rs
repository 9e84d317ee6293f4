use nom::Parser;
use nom::combinator::{cut, opt};
use nom::sequence::{delimited, preceded};
use velo_common::{Diagnostic, code, nearest};

use super::leaf::{
    any_word, comma_separated, flag, if_bracket, parenthesized, small_number, spanned, symbol, whole_number,
};
use crate::ast::{DataType, Spanned, StructField};
use crate::cursor::{Failure, Parsed, Tokens};
use crate::depth::{measured, nested};
use crate::expected::Thing;
use crate::keyword::Keyword;
use crate::token::{Symbol, TokenKind};

/// What a mistyped type is compared with.
const TYPE_NAMES: [&str; 26] = [
    "BOOLEAN",
    "BOOL",
    "TINYINT",
    "SMALLINT",
    "INT",
    "INTEGER",
    "BIGINT",
    "DOUBLE",
    "FLOAT",
    "REAL",
    "DECIMAL",
    "NUMERIC",
    "STRING",
    "VARCHAR",
    "TEXT",
    "CHAR",
    "BYTES",
    "VARBINARY",
    "DATE",
    "TIME",
    "TIMESTAMP",
    "INTERVAL",
    "JSON",
    "ARRAY",
    "MAP",
    "STRUCT",
];

/// `type := BOOLEAN | INT | DECIMAL(p, s) | ARRAY<type> | …`
pub(super) fn data_type(input: Tokens<'_>) -> Parsed<'_, Spanned<DataType>> {
    nested(input, |input| measured(input, spanned(bare_type)))
}

fn bare_type(input: Tokens<'_>) -> Parsed<'_, DataType> {
    let behind = input.skip(1);
    let simple = |data_type| Ok((behind, data_type));
    match input.keyword() {
        Some(Keyword::BOOLEAN | Keyword::BOOL) => simple(DataType::Boolean),
        Some(Keyword::TINYINT) => simple(DataType::TinyInt),
        Some(Keyword::SMALLINT) => simple(DataType::SmallInt),
        Some(Keyword::INT | Keyword::INTEGER | Keyword::BIGINT) => simple(DataType::BigInt),
        Some(Keyword::FLOAT | Keyword::REAL) => simple(DataType::Double),
        Some(Keyword::DOUBLE) => flag(&[Keyword::PRECISION]).map(|_| DataType::Double).parse(behind),
        Some(Keyword::DECIMAL | Keyword::NUMERIC) => decimal(behind),
        Some(Keyword::STRING | Keyword::VARCHAR | Keyword::TEXT | Keyword::CHAR) => text(behind),
        Some(Keyword::BYTES | Keyword::VARBINARY) => simple(DataType::Bytes),
        Some(Keyword::DATE) => simple(DataType::Date),
        Some(Keyword::TIME) => simple(DataType::Time),
        Some(Keyword::TIMESTAMP) => timestamp(behind),
        Some(Keyword::INTERVAL) => simple(DataType::Interval),
        Some(Keyword::JSON) => simple(DataType::Json),
        Some(Keyword::ARRAY) => angled(data_type)
            .map(|element| DataType::Array(Box::new(element)))
            .parse(behind),
        Some(Keyword::MAP) => angled(map_types).parse(behind),
        Some(Keyword::STRUCT) => angled(comma_separated(struct_field))
            .map(DataType::Struct)
            .parse(behind),
        _ => unknown_type(input),
    }
}

/// `DECIMAL[(precision[, scale])]`
fn decimal(input: Tokens<'_>) -> Parsed<'_, DataType> {
    let scale = opt(preceded(symbol(Symbol::Comma), cut(small_number)));
    let (rest, digits) = if_bracket(parenthesized((small_number, scale)))(input)?;
    let (precision, scale) = digits.map_or((None, None), |(precision, scale)| (Some(precision), scale));
    Ok((rest, DataType::Decimal { precision, scale }))
}

/// `VARCHAR[(length)]`
fn text(input: Tokens<'_>) -> Parsed<'_, DataType> {
    let (rest, length) = if_bracket(parenthesized(whole_number))(input)?;
    Ok((
        rest,
        DataType::String {
            length: length.map(|length| length.node),
        },
    ))
}

/// `TIMESTAMP[(precision)]`
fn timestamp(input: Tokens<'_>) -> Parsed<'_, DataType> {
    if_bracket(parenthesized(small_number))
        .map(|precision| DataType::Timestamp { precision })
        .parse(input)
}

/// `< parser >`
fn angled<'a, T, P>(parser: P) -> impl Parser<Tokens<'a>, Output = T, Error = Failure>
where
    P: Parser<Tokens<'a>, Output = T, Error = Failure>,
{
    delimited(cut(symbol(Symbol::Less)), cut(parser), cut(symbol(Symbol::Greater)))
}

/// `key, value`
fn map_types(input: Tokens<'_>) -> Parsed<'_, DataType> {
    let (rest, key) = data_type(input)?;
    let (rest, value) = preceded(symbol(Symbol::Comma), data_type).parse(rest)?;
    Ok((rest, DataType::Map(Box::new(key), Box::new(value))))
}

/// `name type`
fn struct_field(input: Tokens<'_>) -> Parsed<'_, StructField> {
    let (rest, name) = any_word(input, Thing::Field)?;
    let (rest, data_type) = cut(data_type).parse(rest)?;
    Ok((rest, StructField { name, data_type }))
}

fn unknown_type<T>(input: Tokens<'_>) -> Parsed<'_, T> {
    let is_name = matches!(input.peek().map(|token| token.kind), Some(TokenKind::Word(None)));
    if !is_name {
        return input.unexpected(Thing::Type);
    }
    let help = match nearest(input.text(), TYPE_NAMES) {
        Some(similar) => format!("did you mean `{similar}`?"),
        None => "types are BOOLEAN, INT, DOUBLE, DECIMAL(p, s), STRING, BYTES, DATE, TIME, TIMESTAMP, INTERVAL, JSON, \
                 ARRAY<…>, MAP<…> and STRUCT<…>"
            .to_owned(),
    };
    input.abort(
        Diagnostic::new(
            &code::SYNTAX,
            input.span(),
            format!("there is no type `{}`", input.text()),
        )
        .with_help(help),
    )
}
