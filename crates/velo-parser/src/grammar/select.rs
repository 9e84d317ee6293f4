//! `SELECT` and the clauses behind it.
//!
//! All clauses of a query are read by one loop that takes them in any order, so that one in the wrong place, or given
//! twice, is called just that instead of an unexpected token.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, opt};
use nom::sequence::preceded;
use velo_common::{Diagnostic, Span, code};

use super::duration::duration;
use super::expr::expression;
use super::from::from_clause;
use super::function::order_by;
use super::leaf::{any_word, comma_separated, keyword, keywords, name_of, object_name, spanned, whole_number};
use super::properties::properties;
use super::window::{grouping_window, partition_by, window_clause};
use crate::ast::{
    Emit, Expr, FromClause, GroupByItem, Ident, ObjectName, OrderByItem, Property, Select, SelectItem, Spanned, Window,
};
use crate::cursor::{Parsed, Tokens};
use crate::expected::Thing;
use crate::keyword::Keyword;
use crate::token::{Symbol, TokenKind};

/// Whether a query is a statement's outermost one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// EMIT, INTO and WITH may stand behind it.
    Outermost,
    /// It stands in brackets.
    Nested,
}

/// `SELECT [DISTINCT] items clauses`. What belongs to the query around it comes back beside it.
pub(super) fn select(input: Tokens<'_>, scope: Scope) -> Parsed<'_, (Box<Select>, Box<Clauses>)> {
    let (rest, _) = keyword(Keyword::SELECT)(input)?;
    let distinct = rest.at_keyword(Keyword::DISTINCT).then(|| rest.span());
    let rest = if distinct.is_some() { rest.skip(1) } else { rest };
    let (rest, items) = cut(comma_separated(spanned(select_item))).parse(rest)?;
    let (rest, mut clauses) = clauses(rest, scope, true)?;
    let select = Select {
        distinct,
        items,
        from: clauses.from.take(),
        where_: clauses.where_.take(),
        partition_by: clauses.partition_by.take(),
        group_by: clauses.group_by.take(),
        window: clauses.window.take(),
        having: clauses.having.take(),
        qualify: clauses.qualify.take(),
        span: input.span_to(rest),
    };
    Ok((rest, (Box::new(select), clauses)))
}

/// `*`, `t.*`, `expr [[AS] alias] [PRIMARY KEY]`
fn select_item(input: Tokens<'_>) -> Parsed<'_, SelectItem> {
    if input.at_symbol(Symbol::Star) {
        return Ok((input.skip(1), SelectItem::Wildcard));
    }
    if starts_qualified_wildcard(input) {
        let (rest, name) = object_name(input)?;
        return Ok((rest.skip(2), SelectItem::QualifiedWildcard(name)));
    }
    input.want(Thing::SelectItem);
    let (rest, expr) = expression(input)?;
    let (rest, alias) = opt(alias).parse(rest)?;
    let primary_key = rest.at_keyword(Keyword::PRIMARY);
    let rest = if primary_key {
        keywords(&[Keyword::PRIMARY, Keyword::KEY])(rest)?.0
    } else {
        rest
    };
    Ok((
        rest,
        SelectItem::Expr {
            expr,
            alias,
            primary_key,
        },
    ))
}

/// `t.*`, `s.t.*`
fn starts_qualified_wildcard(input: Tokens<'_>) -> bool {
    let mut rest = input;
    loop {
        let is_word = matches!(
            rest.peek().map(|token| token.kind),
            Some(TokenKind::Word(_) | TokenKind::QuotedWord)
        );
        if !is_word || !rest.skip(1).at_symbol(Symbol::Dot) {
            return false;
        }
        rest = rest.skip(2);
        if rest.at_symbol(Symbol::Star) {
            return true;
        }
    }
}

/// `AS name`, where the name may be any word, or a name alone where it cannot be taken for the next clause.
pub(super) fn alias(input: Tokens<'_>) -> Parsed<'_, Ident> {
    if input.at_keyword(Keyword::AS) {
        let behind = input.skip(1);
        // In `SELECT a AS FROM t` the alias is missing.
        if behind.keyword().is_some() && ends_item(behind.skip(1)) {
            return any_word(behind, Thing::Alias);
        }
        return cut(|input| name_of(input, Thing::Alias)).parse(behind);
    }
    if input.keyword().is_some_and(|word| !word.may_be_bare_alias()) {
        return input.unexpected(Thing::Alias);
    }
    let (rest, name) = name_of(input, Thing::Alias)?;
    input.note_bare_alias();
    Ok((rest, name))
}

/// Whether what stands here can only be behind an item or source: a comma, a bracket, the end, or the word of a clause.
fn ends_item(input: Tokens<'_>) -> bool {
    input.is_end()
        || input.keyword().is_some()
        || input.at_symbol(Symbol::Comma)
        || input.at_symbol(Symbol::CloseParen)
        || input.at_symbol(Symbol::Semicolon)
}

/// The clauses of a query in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clause {
    From,
    Where,
    PartitionBy,
    GroupBy,
    Window,
    Having,
    Qualify,
    OrderBy,
    Limit,
    Offset,
    Emit,
    Into,
    With,
}

impl Clause {
    /// The clause that starts here.
    fn at(input: Tokens<'_>) -> Option<Self> {
        Some(match input.keyword()? {
            Keyword::FROM => Self::From,
            Keyword::WHERE => Self::Where,
            Keyword::PARTITION => Self::PartitionBy,
            Keyword::GROUP => Self::GroupBy,
            Keyword::WINDOW => Self::Window,
            Keyword::HAVING => Self::Having,
            Keyword::QUALIFY => Self::Qualify,
            Keyword::ORDER => Self::OrderBy,
            Keyword::LIMIT => Self::Limit,
            Keyword::OFFSET => Self::Offset,
            Keyword::EMIT => Self::Emit,
            Keyword::INTO => Self::Into,
            Keyword::WITH if !starts_cte(input.skip(1)) => Self::With,
            _ => return None,
        })
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::From => "FROM",
            Self::Where => "WHERE",
            Self::PartitionBy => "PARTITION BY",
            Self::GroupBy => "GROUP BY",
            Self::Window => "WINDOW",
            Self::Having => "HAVING",
            Self::Qualify => "QUALIFY",
            Self::OrderBy => "ORDER BY",
            Self::Limit => "LIMIT",
            Self::Offset => "OFFSET",
            Self::Emit => "EMIT",
            Self::Into => "INTO",
            Self::With => "WITH",
        }
    }

    /// Whether it belongs to one SELECT, rather than to the query around it.
    const fn is_of_select(self) -> bool {
        self.rank() < Self::OrderBy.rank()
    }

    /// Clauses of lower rank stand first; among those of the same rank any order will do.
    const fn rank(self) -> u8 {
        match self {
            Self::From => 1,
            Self::Where => 2,
            Self::PartitionBy => 3,
            Self::GroupBy | Self::Window => 4,
            Self::Having => 5,
            Self::Qualify => 6,
            Self::OrderBy => 7,
            Self::Limit | Self::Offset | Self::Emit | Self::Into | Self::With => 8,
        }
    }

    /// Whether it may stand behind `earlier`.
    fn may_follow(self, earlier: Self) -> bool {
        match (self, earlier) {
            (Self::Into, _) | (_, Self::Into) | (Self::Window, Self::Having) => true,
            _ => self.rank() >= earlier.rank(),
        }
    }

    /// What to do when there are two.
    const fn merge_help(self) -> &'static str {
        match self {
            Self::Where | Self::Having | Self::Qualify => "join the two conditions with `AND`",
            Self::From => "join the two sources with `JOIN`",
            Self::GroupBy | Self::OrderBy | Self::PartitionBy | Self::With => {
                "put both lists into one, with a comma between them"
            }
            _ => "keep one of the two",
        }
    }
}

/// Whether a CTE stands behind a `WITH`: then a `;` is missing before it.
fn starts_cte(input: Tokens<'_>) -> bool {
    let is_name = matches!(
        input.peek().map(|token| token.kind),
        Some(TokenKind::Word(_) | TokenKind::QuotedWord)
    );
    is_name && !input.skip(1).at_symbol(Symbol::Equal)
}

/// What stands behind a select list, by clause.
#[derive(Debug, Default)]
pub(super) struct Clauses {
    from: Option<Spanned<FromClause>>,
    where_: Option<Spanned<Expr>>,
    partition_by: Option<Spanned<Vec<Expr>>>,
    group_by: Option<Spanned<Vec<GroupByItem>>>,
    window: Option<Spanned<Window>>,
    having: Option<Spanned<Expr>>,
    qualify: Option<Spanned<Expr>>,
    pub(super) order_by: Option<Spanned<Vec<OrderByItem>>>,
    pub(super) limit: Option<Spanned<u64>>,
    pub(super) offset: Option<Spanned<u64>>,
    pub(super) emit: Option<Spanned<Emit>>,
    pub(super) into: Option<Spanned<ObjectName>>,
    pub(super) properties: Vec<Property>,
    seen: Vec<(Clause, Span)>,
}

impl Clauses {
    /// The first clause that belongs to the query rather than to its SELECT: its name and where it starts.
    pub(super) fn first_of_query(&self) -> Option<(&'static str, Span)> {
        self.seen
            .iter()
            .find(|(clause, _)| !clause.is_of_select())
            .map(|(clause, span)| (clause.as_str(), *span))
    }
}

/// All clauses that stand here. Without a SELECT before them, only those of the query are taken.
pub(super) fn clauses(input: Tokens<'_>, scope: Scope, behind_select: bool) -> Parsed<'_, Box<Clauses>> {
    let mut clauses = Box::<Clauses>::default();
    let mut rest = input;
    while let Some(clause) = Clause::at(rest).filter(|clause| behind_select || !clause.is_of_select()) {
        let name_tokens = clause.as_str().split(' ').count();
        let name_span = rest.span_to(rest.skip(name_tokens));
        check_place(rest, clause, name_span, &clauses, scope);
        clauses.seen.push((clause, name_span));
        rest = cut(|input| read(clause, input, &mut clauses)).parse(rest)?.0;
    }
    want_clauses(rest, clauses.from.is_none() && behind_select);
    Ok((rest, clauses))
}

/// Notes what else could have stood here, in few words.
fn want_clauses(input: Tokens<'_>, from_is_missing: bool) {
    if from_is_missing {
        input.want(Keyword::FROM);
    }
    input.want(Thing::Clause);
}

/// Reports a clause that is given twice, in the wrong order, or not a subquery's to have.
fn check_place(input: Tokens<'_>, clause: Clause, span: Span, before: &Clauses, scope: Scope) {
    let name = clause.as_str();
    let earlier = before.seen.iter().map(|(earlier, _)| *earlier);
    if earlier.clone().any(|earlier| earlier == clause) {
        let diagnostic = Diagnostic::new(&code::DUPLICATE_CLAUSE, span, format!("`{name}` is given twice"));
        input.report(
            diagnostic
                .with_label(format!("the second `{name}`"))
                .with_help(clause.merge_help()),
        );
    } else if let Some(wrong) = earlier.clone().find(|earlier| !clause.may_follow(*earlier)) {
        let other = wrong.as_str();
        let diagnostic = Diagnostic::new(&code::CLAUSE_ORDER, span, format!("`{name}` belongs before `{other}`"));
        input.report(
            diagnostic
                .with_label(format!("move this clause before `{other}`"))
                .with_help(ORDER),
        );
    }
    if scope == Scope::Nested && matches!(clause, Clause::Emit | Clause::Into | Clause::With) {
        let message = format!("`{name}` belongs to the whole statement, not to a subquery");
        let diagnostic = Diagnostic::new(&code::MISPLACED_CLAUSE, span, message);
        input.report(diagnostic.with_help("move it behind the outermost query"));
    }
}

const ORDER: &str =
    "the order is FROM, WHERE, PARTITION BY, GROUP BY, WINDOW, HAVING, QUALIFY, ORDER BY, LIMIT, EMIT, WITH";

/// Reads one clause into its place; of two, the first stays.
fn read<'a>(clause: Clause, input: Tokens<'a>, clauses: &mut Clauses) -> Parsed<'a, ()> {
    let behind = input.skip(1);
    match clause {
        Clause::From => keep(&mut clauses.from, input, from_clause(behind)),
        Clause::Where => keep(&mut clauses.where_, input, expression(behind)),
        Clause::PartitionBy => keep(&mut clauses.partition_by, input, partition_by(input)),
        Clause::GroupBy => keep(&mut clauses.group_by, input, group_by(input)),
        Clause::Window => keep(&mut clauses.window, input, window_clause(behind)),
        Clause::Having => keep(&mut clauses.having, input, expression(behind)),
        Clause::Qualify => keep(&mut clauses.qualify, input, expression(behind)),
        Clause::OrderBy => keep(&mut clauses.order_by, input, order_by(input)),
        Clause::Limit => keep_spanned(&mut clauses.limit, row_count(behind)),
        Clause::Offset => keep_spanned(&mut clauses.offset, row_count(behind)),
        Clause::Emit => keep(&mut clauses.emit, input, emit(input)),
        Clause::Into => keep(&mut clauses.into, behind, object_name(behind)),
        Clause::With => properties.map(|list| clauses.properties.extend(list)).parse(input),
    }
}

fn keep<'a, T>(place: &mut Option<Spanned<T>>, input: Tokens<'a>, parsed: Parsed<'a, T>) -> Parsed<'a, ()> {
    keep_spanned(
        place,
        parsed.map(|(rest, node)| (rest, Spanned::new(node, input.span_to(rest)))),
    )
}

fn keep_spanned<'a, T>(place: &mut Option<Spanned<T>>, parsed: Parsed<'a, Spanned<T>>) -> Parsed<'a, ()> {
    let (rest, node) = parsed?;
    place.get_or_insert(node);
    Ok((rest, ()))
}

/// A number of rows; the word ROWS behind it changes nothing.
fn row_count(input: Tokens<'_>) -> Parsed<'_, Spanned<u64>> {
    let (rest, count) = whole_number(input)?;
    let noise = usize::from(matches!(rest.keyword(), Some(Keyword::ROWS | Keyword::ROW)));
    Ok((rest.skip(noise), count))
}

/// `GROUP BY item, item`
fn group_by(input: Tokens<'_>) -> Parsed<'_, Vec<GroupByItem>> {
    let window = spanned(grouping_window).map(GroupByItem::Window);
    let item = alt((window, expression.map(GroupByItem::Expr)));
    preceded(keywords(&[Keyword::GROUP, Keyword::BY]), cut(comma_separated(item))).parse(input)
}

/// `EMIT CHANGES | FINAL | EVERY duration`
fn emit(input: Tokens<'_>) -> Parsed<'_, Emit> {
    let changes = keyword(Keyword::CHANGES).map(|_| Emit::Changes);
    let final_ = keyword(Keyword::FINAL).map(|_| Emit::Final);
    let every = preceded(keyword(Keyword::EVERY), cut(duration)).map(Emit::Every);
    preceded(keyword(Keyword::EMIT), cut(alt((changes, final_, every)))).parse(input)
}
