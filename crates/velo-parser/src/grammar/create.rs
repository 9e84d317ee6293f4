//! `CREATE …`.

use nom::Parser;
use nom::combinator::{cut, opt};
use velo_common::{Diagnostic, code};

use super::leaf::{
    any_word, comma_separated, flag, keyword, keywords, name_list, object_name, parenthesized, spanned, string,
};
use super::properties::{properties, starts_properties};
use super::query::{add_properties, query};
use super::types::data_type;
use crate::ast::{
    ColumnDefinition, ColumnRole, CreateAs, CreateView, Declare, Ident, ObjectName, Property, StatementKind, TableKind,
};
use crate::cursor::{Parsed, Tokens};
use crate::expected::Thing;
use crate::keyword::Keyword;
use crate::token::{Symbol, TokenKind};

/// What stands before the name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prefix {
    or_replace: bool,
    source: bool,
    /// `None` is a view.
    kind: Option<TableKind>,
    if_not_exists: bool,
}

/// `CREATE [OR REPLACE] [SOURCE] (STREAM | TABLE | VIEW) …`
pub(super) fn create(input: Tokens<'_>) -> Parsed<'_, StatementKind> {
    let (rest, prefix) = create_prefix(input)?;
    let (rest, name) = cut(object_name).parse(rest)?;
    match prefix.kind {
        None => create_view(rest, prefix, name),
        Some(kind) => create_table(rest, prefix, kind, name, input),
    }
}

/// Everything up to the name.
pub(super) fn create_prefix(input: Tokens<'_>) -> Parsed<'_, Prefix> {
    let (rest, _) = keyword(Keyword::CREATE)(input)?;
    let (rest, or_replace) = flag(&[Keyword::OR, Keyword::REPLACE]).parse(rest)?;
    let (rest, source) = flag(&[Keyword::SOURCE]).parse(rest)?;
    let kind = match rest.keyword() {
        Some(Keyword::STREAM) => Some(TableKind::Stream),
        Some(Keyword::TABLE) => Some(TableKind::Table),
        Some(Keyword::VIEW) if !source => None,
        _ => {
            rest.want(Keyword::STREAM);
            rest.want(Keyword::TABLE);
            if !source {
                rest.want(Keyword::VIEW);
            }
            return rest.stop();
        }
    };
    let (rest, if_not_exists) = flag(&[Keyword::IF, Keyword::NOT, Keyword::EXISTS]).parse(rest.skip(1))?;
    Ok((
        rest,
        Prefix {
            or_replace,
            source,
            kind,
            if_not_exists,
        },
    ))
}

/// `[(columns)] AS query`
fn create_view(input: Tokens<'_>, prefix: Prefix, name: ObjectName) -> Parsed<'_, StatementKind> {
    let (rest, columns) = opt(name_list).parse(input)?;
    let (rest, _) = cut(keyword(Keyword::AS)).parse(rest)?;
    let (rest, query) = cut(query).parse(rest)?;
    let Prefix {
        or_replace,
        if_not_exists,
        ..
    } = prefix;
    let (columns, query) = (columns.unwrap_or_default(), Box::new(query));
    Ok((
        rest,
        StatementKind::CreateView(CreateView {
            or_replace,
            if_not_exists,
            name,
            columns,
            query,
        }),
    ))
}

/// `[(columns)] [WITH (…)] [AS query]`
fn create_table<'a>(
    input: Tokens<'a>,
    prefix: Prefix,
    kind: TableKind,
    name: ObjectName,
    start: Tokens<'a>,
) -> Parsed<'a, StatementKind> {
    let (rest, head) = head(input)?;
    if rest.at_keyword(Keyword::AS) {
        return create_as(rest, prefix, kind, name, head, start);
    }
    rest.want(Keyword::AS);
    let declaration = declare(input, prefix, kind, name, head);
    Ok((rest, StatementKind::Declare(declaration)))
}

fn create_as<'a>(
    input: Tokens<'a>,
    prefix: Prefix,
    kind: TableKind,
    name: ObjectName,
    head: Head,
    start: Tokens<'a>,
) -> Parsed<'a, StatementKind> {
    let Prefix {
        or_replace,
        if_not_exists,
        source,
        ..
    } = prefix;
    if source {
        let message = "`CREATE SOURCE` declares something that exists, so it cannot have a query";
        start.report(Diagnostic::new(&code::SYNTAX, input.span(), message).with_help("remove `SOURCE`, or the query"));
    }
    let (rest, mut query) = cut(query).parse(input.skip(1))?;
    add_properties(&mut query, head.properties, start);
    let create = CreateAs {
        kind,
        or_replace,
        if_not_exists,
        name,
        columns: head.columns,
        query: Box::new(query),
    };
    Ok((rest, StatementKind::CreateAs(create)))
}

/// `STREAM | TABLE name (columns) [WITH (…)]`
pub(super) fn declaration(input: Tokens<'_>) -> Parsed<'_, Declare> {
    let kind = if input.at_keyword(Keyword::TABLE) {
        TableKind::Table
    } else {
        TableKind::Stream
    };
    let prefix = Prefix {
        or_replace: false,
        source: false,
        kind: Some(kind),
        if_not_exists: false,
    };
    let (behind_name, name) = cut(object_name).parse(input.skip(1))?;
    let (rest, head) = head(behind_name)?;
    Ok((rest, declare(behind_name, prefix, kind, name, head)))
}

/// Makes a declaration of its parts; `input` is behind the name.
fn declare(input: Tokens<'_>, prefix: Prefix, kind: TableKind, name: ObjectName, head: Head) -> Declare {
    for column in head.columns.iter().filter(|column| column.data_type.is_none()) {
        let message = format!("the column `{}` has no type", column.name.name);
        let help = "write the type behind the name, such as `id INT`";
        input.report(Diagnostic::new(&code::SYNTAX, column.name.span, message).with_help(help));
    }
    if head.columns.is_empty() && head.properties.is_empty() && input.is_end() {
        let message = format!("`{}` has neither columns, nor properties, nor a query", name.name());
        let help = "declare its columns: `(id INT, …)`, or say what it computes: `AS SELECT …`";
        input.report(Diagnostic::new(&code::SYNTAX, name.span(), message).with_help(help));
    }
    let Prefix {
        or_replace,
        if_not_exists,
        source,
        ..
    } = prefix;
    let Head {
        columns,
        primary_key,
        properties,
    } = head;
    Declare {
        kind,
        source,
        or_replace,
        if_not_exists,
        name,
        columns,
        primary_key,
        properties,
    }
}

/// What stands between the name and the query, if there is one.
#[derive(Default)]
struct Head {
    columns: Vec<ColumnDefinition>,
    primary_key: Vec<Ident>,
    properties: Vec<Property>,
}

/// `[(columns)] [WITH (…)]`
fn head(input: Tokens<'_>) -> Parsed<'_, Head> {
    let mut head = Head::default();
    let mut rest = input;
    if rest.at_symbol(Symbol::OpenParen) {
        let (next, elements) = parenthesized(comma_separated(table_element)).parse(rest)?;
        for element in elements {
            match element {
                TableElement::Column(column) => head.columns.push(column),
                TableElement::PrimaryKey(columns) => head.primary_key.extend(columns),
            }
        }
        rest = next;
    } else {
        rest.want(Symbol::OpenParen);
    }
    if starts_properties(rest) {
        (rest, head.properties) = properties(rest)?;
    } else {
        rest.want(Keyword::WITH);
    }
    Ok((rest, head))
}

enum TableElement {
    Column(ColumnDefinition),
    PrimaryKey(Vec<Ident>),
}

/// `column`, `PRIMARY KEY (columns)`
fn table_element(input: Tokens<'_>) -> Parsed<'_, TableElement> {
    let constraint = input.at_keywords(&[Keyword::PRIMARY, Keyword::KEY]) && input.skip(2).at_symbol(Symbol::OpenParen);
    if constraint {
        return name_list.map(TableElement::PrimaryKey).parse(input.skip(2));
    }
    column.map(TableElement::Column).parse(input)
}

/// `name [type] [NOT NULL] [PRIMARY KEY | KEY | HEADERS | HEADER('k')]`
fn column(input: Tokens<'_>) -> Parsed<'_, ColumnDefinition> {
    let (mut rest, name) = any_word(input, Thing::Column)?;
    let mut column = ColumnDefinition {
        name,
        data_type: None,
        not_null: false,
        role: None,
    };
    if !ends_column(rest) && !starts_column_option(rest) {
        let (next, data_type) = cut(data_type).parse(rest)?;
        column.data_type = Some(data_type);
        rest = next;
    }
    loop {
        if !column.not_null && rest.at_keyword(Keyword::NOT) {
            rest = keywords(&[Keyword::NOT, Keyword::NULL])(rest)?.0;
            column.not_null = true;
        } else if column.role.is_none()
            && let (next, Some(role)) = opt(spanned(column_role)).parse(rest)?
        {
            column.role = Some(role);
            rest = next;
        } else {
            rest.want(Keyword::NOT);
            return Ok((rest, column));
        }
    }
}

fn ends_column(input: Tokens<'_>) -> bool {
    input.is_end() || matches!(input.peek().map(|token| token.kind), Some(TokenKind::Symbol(_)))
}

fn starts_column_option(input: Tokens<'_>) -> bool {
    matches!(
        input.keyword(),
        Some(Keyword::NOT | Keyword::PRIMARY | Keyword::KEY | Keyword::HEADERS | Keyword::HEADER)
    )
}

/// `PRIMARY KEY`, `KEY`, `HEADERS`, `HEADER('k')`
fn column_role(input: Tokens<'_>) -> Parsed<'_, ColumnRole> {
    match input.keyword() {
        Some(Keyword::PRIMARY) => keywords(&[Keyword::PRIMARY, Keyword::KEY])
            .map(|_| ColumnRole::PrimaryKey)
            .parse(input),
        Some(Keyword::KEY) => Ok((input.skip(1), ColumnRole::Key)),
        Some(Keyword::HEADERS) => Ok((input.skip(1), ColumnRole::Headers)),
        Some(Keyword::HEADER) => cut(parenthesized(string))
            .map(|key| ColumnRole::Header(key.node))
            .parse(input.skip(1)),
        _ => {
            input.want(Keyword::PRIMARY);
            input.want(Keyword::KEY);
            input.absent()
        }
    }
}
