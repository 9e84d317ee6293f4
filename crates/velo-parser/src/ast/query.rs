use std::time::Duration;

use velo_common::Span;

use super::{Expr, Ident, ObjectName, OrderByItem, Spanned, Window};

/// A query with everything around its body.
///
/// `emit`, `into` and `properties` occur in the outermost query of a statement only; the parser refuses them in
/// subqueries and CTEs.
#[derive(Debug, Clone)]
pub struct Query {
    /// `WITH name AS (…), …`.
    pub with: Option<Spanned<With>>,
    /// The SELECT, VALUES or set operation.
    pub body: SetExpr,
    /// `ORDER BY …`, the keywords within the span.
    pub order_by: Option<Spanned<Vec<OrderByItem>>>,
    /// `LIMIT n`; the span covers the number.
    pub limit: Option<Spanned<u64>>,
    /// `OFFSET n`; the span covers the number.
    pub offset: Option<Spanned<u64>>,
    /// `EMIT …`, or `WITH (EMIT = …)`.
    pub emit: Option<Spanned<Emit>>,
    /// `INTO sink`, behind the select list or at the end.
    pub into: Option<Spanned<ObjectName>>,
    /// Everything from `WITH (…)`, in order, wherever it stands in the statement.
    pub properties: Vec<Property>,
    /// The whole query.
    pub span: Span,
}

impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            with,
            body,
            order_by,
            limit,
            offset,
            emit,
            into,
            properties,
            span: _,
        } = self;
        (with, body, order_by, limit, offset, emit, into, properties)
            == (
                &other.with,
                &other.body,
                &other.order_by,
                &other.limit,
                &other.offset,
                &other.emit,
                &other.into,
                &other.properties,
            )
    }
}

/// `WITH [RECURSIVE] a AS (…), b AS (…)`.
#[derive(Debug, Clone, PartialEq)]
pub struct With {
    /// Whether `RECURSIVE` is given.
    pub recursive: bool,
    /// At least one.
    pub ctes: Vec<Cte>,
}

/// `name [(columns)] AS (query)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Cte {
    /// What the rest of the query calls it.
    pub name: Ident,
    /// Names for its columns; empty when not given.
    pub columns: Vec<Ident>,
    /// What it stands for.
    pub query: Box<Query>,
}

/// The body of a query.
#[derive(Debug, Clone, PartialEq)]
pub enum SetExpr {
    /// `SELECT …`.
    Select(Box<Select>),
    /// `(query)` as an operand of a set operation, or a query in parentheses.
    Query(Box<Query>),
    /// `VALUES (…), (…)`.
    Values(Spanned<Vec<Vec<Expr>>>),
    /// `left UNION | EXCEPT | INTERSECT [ALL] right`.
    SetOperation {
        /// Which one, with the place of its keyword.
        operator: Spanned<SetOperator>,
        /// Whether duplicates stay.
        all: bool,
        /// The left side.
        left: Box<SetExpr>,
        /// The right side.
        right: Box<SetExpr>,
    },
}

/// How two queries are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SetOperator {
    /// `UNION`.
    Union,
    /// `EXCEPT`.
    Except,
    /// `INTERSECT`; binds tighter than the others.
    Intersect,
}

/// `SELECT … FROM … WHERE …`. The spans of the clauses include their keywords.
#[derive(Debug, Clone)]
pub struct Select {
    /// The word `DISTINCT`, if given.
    pub distinct: Option<Span>,
    /// At least one.
    pub items: Vec<Spanned<SelectItem>>,
    /// `FROM …` with its joins.
    pub from: Option<Spanned<FromClause>>,
    /// `WHERE …`.
    pub where_: Option<Spanned<Expr>>,
    /// `PARTITION BY …`.
    pub partition_by: Option<Spanned<Vec<Expr>>>,
    /// `GROUP BY …`.
    pub group_by: Option<Spanned<Vec<GroupByItem>>>,
    /// `WINDOW …`.
    pub window: Option<Spanned<Window>>,
    /// `HAVING …`.
    pub having: Option<Spanned<Expr>>,
    /// `QUALIFY …`.
    pub qualify: Option<Spanned<Expr>>,
    /// From `SELECT` to the end of its last clause.
    pub span: Span,
}

impl PartialEq for Select {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            distinct,
            items,
            from,
            where_,
            partition_by,
            group_by,
            window,
            having,
            qualify,
            span: _,
        } = self;
        (
            distinct.is_some(),
            items,
            from,
            where_,
            partition_by,
            group_by,
            window,
            having,
            qualify,
        ) == (
            other.distinct.is_some(),
            &other.items,
            &other.from,
            &other.where_,
            &other.partition_by,
            &other.group_by,
            &other.window,
            &other.having,
            &other.qualify,
        )
    }
}

impl Select {
    /// The window, whether it stands in a WINDOW clause or in the GROUP BY.
    pub fn any_window(&self) -> Option<&Spanned<Window>> {
        let grouped = self
            .group_by
            .iter()
            .flat_map(|items| &items.node)
            .find_map(|item| match item {
                GroupByItem::Window(window) => Some(window),
                GroupByItem::Expr(_) => None,
            });
        self.window.as_ref().or(grouped)
    }
}

/// One item of a select list.
#[derive(Debug, Clone, PartialEq)]
pub enum SelectItem {
    /// `*`.
    Wildcard,
    /// `t.*`.
    QualifiedWildcard(ObjectName),
    /// `expr [AS] alias [PRIMARY KEY]`.
    Expr {
        /// The value.
        expr: Expr,
        /// Its name in the output.
        alias: Option<Ident>,
        /// Whether it is (part of) the record key.
        primary_key: bool,
    },
}

/// One item of a GROUP BY.
#[derive(Debug, Clone, PartialEq)]
pub enum GroupByItem {
    /// A group key, which may also be an alias or a position in the select list.
    Expr(Expr),
    /// `TUMBLE(column, size)` and its like.
    Window(Spanned<Window>),
}

/// What stands behind `FROM`. A comma between sources is a cross join.
#[derive(Debug, Clone, PartialEq)]
pub struct FromClause {
    /// The first source.
    pub relation: Relation,
    /// What is joined to it, from left to right.
    pub joins: Vec<Spanned<Join>>,
}

/// A source of rows in FROM or JOIN.
#[derive(Debug, Clone)]
pub struct Relation {
    /// What it is.
    pub kind: RelationKind,
    /// What the query calls it.
    pub alias: Option<TableAlias>,
    /// The whole source, its alias included.
    pub span: Span,
}

impl PartialEq for Relation {
    fn eq(&self, other: &Self) -> bool {
        (&self.kind, &self.alias) == (&other.kind, &other.alias)
    }
}

/// Every kind of source.
#[derive(Debug, Clone, PartialEq)]
pub enum RelationKind {
    /// `name [FOR SYSTEM_TIME AS OF expr] [WITH (…)]`.
    Table {
        /// A stream, table, view, CTE or configured source.
        name: ObjectName,
        /// The time as of which a table is looked up.
        as_of: Option<Box<Spanned<Expr>>>,
        /// Its `WITH (…)`; empty when absent.
        properties: Vec<Property>,
    },
    /// `'kafka://broker/topic' [WITH (…)]`.
    Uri {
        /// The string, unescaped.
        uri: Spanned<String>,
        /// Its `WITH (…)`; empty when absent.
        properties: Vec<Property>,
    },
    /// `(query)`.
    Subquery(Box<Query>),
    /// `UNNEST(array)`, `EXPLODE(array)`.
    Unnest(Box<Expr>),
    /// `TUMBLE(t, column, size)`, `HOP(t, column, advance, size)`, `SESSION(t, column, gap)`.
    Windowed {
        /// What is cut into windows.
        table: ObjectName,
        /// How; the time column is always given.
        window: Box<Window>,
    },
    /// `(a JOIN b ON …)`.
    Nested(Box<FromClause>),
}

/// `[AS] name [(columns)]`.
#[derive(Debug, Clone, PartialEq)]
pub struct TableAlias {
    /// The name.
    pub name: Ident,
    /// Names for the columns; empty when not given.
    pub columns: Vec<Ident>,
}

/// One join of a chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    /// Which rows without a match come out.
    pub kind: JoinKind,
    /// The right side.
    pub relation: Relation,
    /// The bound on the difference of the event times.
    pub within: Option<Spanned<Within>>,
    /// `ON …` or `USING (…)`; absent for cross joins only.
    pub constraint: Option<Spanned<JoinConstraint>>,
}

/// The kinds of joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JoinKind {
    /// `[INNER] JOIN`.
    Inner,
    /// `LEFT [OUTER] JOIN`.
    Left,
    /// `RIGHT [OUTER] JOIN`.
    Right,
    /// `FULL [OUTER] JOIN`.
    Full,
    /// `CROSS JOIN`, or a comma.
    Cross,
}

/// What makes two rows match.
#[derive(Debug, Clone, PartialEq)]
pub enum JoinConstraint {
    /// `ON condition`.
    On(Expr),
    /// `USING (columns)`.
    Using(Vec<Ident>),
}

/// `WITHIN d`, `WITHIN (before, after)`, each with an optional `GRACE PERIOD d`.
#[derive(Debug, Clone, PartialEq)]
pub struct Within {
    /// How much earlier than the left row the right row may be.
    pub before: Spanned<Duration>,
    /// How much later; the same as `before` when one duration is given.
    pub after: Spanned<Duration>,
    /// How late a row may come.
    pub grace_period: Option<Spanned<Duration>>,
}

/// `EMIT CHANGES | FINAL | EVERY interval`.
#[derive(Debug, Clone, PartialEq)]
pub enum Emit {
    /// Every change, as it happens.
    Changes,
    /// Results that change no more.
    Final,
    /// What changed, at each interval of event time.
    Every(Spanned<Duration>),
}

/// `'key' = 'value'` in a `WITH (…)`. Whether either was quoted makes no difference.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    /// As written, without quotes.
    pub key: Spanned<String>,
    /// As written, without quotes.
    pub value: Spanned<String>,
}
