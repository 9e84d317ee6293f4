use std::fmt::{self, Display, Formatter};

use super::names::{AnyWord, with_properties};
use super::window::windowed_table;
use super::{Length, Quoted, clause, flag, list, list_clause, optional_list};
use crate::ast::{
    Cte, Emit, Expr, FromClause, GroupByItem, Join, JoinConstraint, JoinKind, Query, Relation, RelationKind, Select,
    SelectItem, SetExpr, SetOperator, TableAlias, With, Within,
};

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(with) = &self.with {
            write!(f, "{with} ")?;
        }
        self.body.fmt(f)?;
        list_clause(
            f,
            "ORDER BY",
            self.order_by.as_ref().map_or(&[], |items| items.as_slice()),
        )?;
        clause(f, "LIMIT", self.limit.as_ref())?;
        clause(f, "OFFSET", self.offset.as_ref())?;
        clause(f, "EMIT", self.emit.as_ref())?;
        clause(f, "INTO", self.into.as_ref())?;
        with_properties(f, &self.properties)
    }
}

impl Display for With {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(if self.recursive { "WITH RECURSIVE " } else { "WITH " })?;
        list(f, &self.ctes)
    }
}

impl Display for Cte {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        optional_list(f, &self.columns)?;
        write!(f, " AS ({})", self.query)
    }
}

impl Display for SetExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Select(select) => select.fmt(f),
            Self::Query(query) => write!(f, "({query})"),
            Self::Values(rows) => {
                f.write_str("VALUES ")?;
                list(f, rows.iter().map(|row| Row(row)))
            }
            Self::SetOperation {
                operator,
                all,
                left,
                right,
            } => {
                let word = if *all { " ALL" } else { "" };
                write!(f, "{left} {}{word} {right}", operator.node)
            }
        }
    }
}

impl Display for SetOperator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Union => "UNION",
            Self::Except => "EXCEPT",
            Self::Intersect => "INTERSECT",
        })
    }
}

/// `(a, b)`
pub(super) struct Row<'a>(pub(super) &'a [Expr]);

impl Display for Row<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        list(f, self.0)?;
        f.write_str(")")
    }
}

impl Display for Select {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(if self.distinct.is_some() {
            "SELECT DISTINCT "
        } else {
            "SELECT "
        })?;
        list(f, &self.items)?;
        clause(f, "FROM", self.from.as_ref())?;
        clause(f, "WHERE", self.where_.as_ref())?;
        list_clause(
            f,
            "PARTITION BY",
            self.partition_by.as_ref().map_or(&[], |items| items.as_slice()),
        )?;
        list_clause(
            f,
            "GROUP BY",
            self.group_by.as_ref().map_or(&[], |items| items.as_slice()),
        )?;
        clause(f, "WINDOW", self.window.as_ref())?;
        clause(f, "HAVING", self.having.as_ref())?;
        clause(f, "QUALIFY", self.qualify.as_ref())
    }
}

impl Display for SelectItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wildcard => f.write_str("*"),
            Self::QualifiedWildcard(name) => write!(f, "{name}.*"),
            Self::Expr {
                expr,
                alias,
                primary_key,
            } => {
                expr.fmt(f)?;
                clause(f, "AS", alias.as_ref().map(AnyWord).as_ref())?;
                flag(f, *primary_key, "PRIMARY KEY")
            }
        }
    }
}

impl Display for GroupByItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expr(expr) => expr.fmt(f),
            Self::Window(window) => window.fmt(f),
        }
    }
}

impl Display for FromClause {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.relation.fmt(f)?;
        self.joins.iter().try_for_each(|join| write!(f, " {join}"))
    }
}

impl Display for Relation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            RelationKind::Table {
                name,
                as_of,
                properties,
            } => {
                name.fmt(f)?;
                clause(f, "FOR SYSTEM_TIME AS OF", as_of.as_ref())?;
                with_properties(f, properties)?;
            }
            RelationKind::Uri { uri, properties } => {
                Quoted(uri).fmt(f)?;
                with_properties(f, properties)?;
            }
            RelationKind::Subquery(query) => write!(f, "({query})")?,
            RelationKind::Unnest(array) => write!(f, "UNNEST({array})")?,
            RelationKind::Windowed { table, window } => windowed_table(f, table, window)?,
            RelationKind::Nested(from) => write!(f, "({from})")?,
        }
        clause(f, "AS", self.alias.as_ref())
    }
}

impl Display for TableAlias {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        AnyWord(&self.name).fmt(f)?;
        optional_list(f, &self.columns)
    }
}

impl Display for Join {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            JoinKind::Inner => "JOIN",
            JoinKind::Left => "LEFT JOIN",
            JoinKind::Right => "RIGHT JOIN",
            JoinKind::Full => "FULL JOIN",
            JoinKind::Cross => "CROSS JOIN",
        };
        write!(f, "{kind} {}", self.relation)?;
        clause(f, "WITHIN", self.within.as_ref())?;
        self.constraint
            .as_ref()
            .map_or(Ok(()), |constraint| write!(f, " {constraint}"))
    }
}

impl Display for JoinConstraint {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::On(condition) => write!(f, "ON {condition}"),
            Self::Using(columns) => {
                f.write_str("USING")?;
                optional_list(f, columns)
            }
        }
    }
}

impl Display for Within {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (before, after) = (Length(self.before.node), Length(self.after.node));
        if self.before == self.after {
            before.fmt(f)?;
        } else {
            write!(f, "({before}, {after})")?;
        }
        clause(
            f,
            "GRACE PERIOD",
            self.grace_period.as_ref().map(|length| Length(length.node)),
        )
    }
}

impl Display for Emit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changes => f.write_str("CHANGES"),
            Self::Final => f.write_str("FINAL"),
            Self::Every(length) => write!(f, "EVERY {}", Length(length.node)),
        }
    }
}
