//! What each join of a program joins, what bounds it, and what it has to remember.

use std::collections::HashMap;
use std::ops::ControlFlow;

use velo_common::{Diagnostic, Span, code, format_duration};
use velo_parser::ast::{
    self, BinaryOperator, Cte, Expr, ExprKind, FromClause, Join, JoinConstraint, JoinKind, Literal, LogicalOperator,
    ObjectName, Query, RelationKind, SetExpr, TableKind,
};

use super::build::Builder;
use super::definitions::Definition;
use crate::walk::{FromReference, from_clauses, walk_expr};

/// One join of a program, as far as it can be told without running it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinOutline {
    /// The join, from the name of its right side.
    pub span: Span,
    /// Which rows without a match come out.
    pub kind: JoinKind,
    /// What stands before it; of a chain, everything so far.
    pub left: JoinSide,
    /// What is joined to it.
    pub right: JoinSide,
    /// `ON …` or `USING (…)` as SQL; none for a cross join.
    pub condition: Option<String>,
    /// What limits how far apart in time two rows can be that match.
    pub bound: JoinBound,
    /// What it keeps in memory, in words.
    pub state: String,
}

/// One side of a join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinSide {
    /// What the program calls it.
    pub name: String,
    /// What it is.
    pub role: JoinRole,
}

/// What a side of a join is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinRole {
    /// Rows that come once.
    Stream,
    /// Rows by key, each of which the next of its key replaces.
    Table,
}

/// How far apart in time two rows can be that match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JoinBound {
    /// A table is looked up, so that no bound is needed.
    Unneeded,
    /// As far as this says.
    Time(String),
    /// Any distance, but state is forgotten after `state.ttl`.
    Expiry(String),
    /// Any distance.
    Missing,
}

impl JoinRole {
    /// The word that output uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Table => "table",
        }
    }
}

impl JoinOutline {
    /// The keywords of its kind, such as `LEFT JOIN`.
    pub const fn keywords(&self) -> &'static str {
        match self.kind {
            JoinKind::Inner => "INNER JOIN",
            JoinKind::Left => "LEFT JOIN",
            JoinKind::Right => "RIGHT JOIN",
            JoinKind::Full => "FULL JOIN",
            JoinKind::Cross => "CROSS JOIN",
        }
    }
}

impl JoinBound {
    /// The bound in words.
    pub fn describe(&self) -> &str {
        match self {
            Self::Unneeded => "none needed",
            Self::Time(bound) | Self::Expiry(bound) => bound,
            Self::Missing => "none",
        }
    }
}

impl<'a> Builder<'a, '_> {
    /// Notes the joins of a query; `state_ttl` is how long its statement keeps state, where it says so.
    pub(super) fn add_joins(&mut self, query: &'a Query, state_ttl: Option<&str>) {
        for reference in from_clauses(query) {
            let Some(mut left) = self.side(&reference.from.relation, &reference.ctes, Place::Left) else {
                continue;
            };
            for join in &reference.from.joins {
                let Some(right) = self.side(&join.node.relation, &reference.ctes, Place::Right) else {
                    break;
                };
                let outline = outline_of(&join.node, &left, right.clone(), &reference, state_ttl);
                self.diagnostics.extend(without_bound(&outline));
                self.joins.push(outline);
                left = combined(&left, &right);
            }
        }
    }

    /// What a side is; `None` when a name in it is unknown, or it is no relation of its own.
    fn side(&self, relation: &ast::Relation, ctes: &HashMap<String, &Cte>, place: Place) -> Option<JoinSide> {
        let role = self.role(relation, ctes, place, DEPTH_MAX)?;
        let name = match (&relation.kind, &relation.alias) {
            (RelationKind::Table { name, .. } | RelationKind::Windowed { table: name, .. }, _) => name.name().text,
            (RelationKind::Uri { uri, .. }, _) => uri.node.clone(),
            (_, Some(alias)) => alias.name.name.text.clone(),
            _ => "the query".to_owned(),
        };
        Some(JoinSide { name, role })
    }

    fn role(
        &self,
        relation: &ast::Relation,
        ctes: &HashMap<String, &Cte>,
        place: Place,
        depth: usize,
    ) -> Option<JoinRole> {
        match &relation.kind {
            RelationKind::Table { name, .. } | RelationKind::Windowed { table: name, .. } => {
                self.role_of_name(name, ctes, place, depth)
            }
            RelationKind::Uri { uri, .. } => self.role_of_source(&uri.node, place),
            RelationKind::Subquery(query) => self.role_of_query(query, ctes, place, depth.checked_sub(1)?),
            RelationKind::Nested(from) => self.role_of_from(from, ctes, place, depth.checked_sub(1)?),
            RelationKind::Unnest(_) => None,
        }
    }

    fn role_of_name(
        &self,
        name: &ObjectName,
        ctes: &HashMap<String, &Cte>,
        place: Place,
        depth: usize,
    ) -> Option<JoinRole> {
        let reference = name.name();
        if let Some(cte) = ctes.get(&reference.folded()) {
            return self.role_of_query(&cte.query, ctes, place, depth.checked_sub(1)?);
        }
        let of_kind = |kind: TableKind| match kind {
            TableKind::Stream => JoinRole::Stream,
            TableKind::Table => JoinRole::Table,
        };
        match self.definitions.get(&reference) {
            Some((_, Definition::Statement(create))) => Some(of_kind(create.kind)),
            Some((_, Definition::Declared(declare, _))) => Some(of_kind(declare.kind)),
            Some((_, Definition::View(view))) => {
                self.role_of_query(&view.query, &HashMap::new(), place, depth.checked_sub(1)?)
            }
            None => self.role_of_source(&reference.text, place),
        }
    }

    /// A source that no statement creates is loaded first where it is looked up and has an end.
    fn role_of_source(&self, name: &str, place: Place) -> Option<JoinRole> {
        let sources = self.sources_by_name.get(&name.to_lowercase())?;
        let unbounded = sources.iter().any(|index| self.sources[*index].is_unbounded());
        Some(match place {
            Place::Right if !unbounded => JoinRole::Table,
            Place::Left | Place::Right => JoinRole::Stream,
        })
    }

    /// Groups without a window are rows by key; other queries are what they read.
    fn role_of_query(
        &self,
        query: &Query,
        ctes: &HashMap<String, &Cte>,
        place: Place,
        depth: usize,
    ) -> Option<JoinRole> {
        match &query.body {
            SetExpr::Select(select) if select.group_by.is_some() && select.any_window().is_none() => {
                Some(JoinRole::Table)
            }
            SetExpr::Select(select) => match &select.from {
                Some(from) => self.role_of_from(&from.node, ctes, place, depth),
                None => Some(JoinRole::Table),
            },
            SetExpr::Query(inner) => self.role_of_query(inner, ctes, place, depth.checked_sub(1)?),
            SetExpr::Values(_) => Some(JoinRole::Table),
            SetExpr::SetOperation { .. } => None,
        }
    }

    fn role_of_from(
        &self,
        from: &FromClause,
        ctes: &HashMap<String, &Cte>,
        place: Place,
        depth: usize,
    ) -> Option<JoinRole> {
        let joined = from.joins.iter().map(|join| &join.node.relation);
        let roles = std::iter::once(&from.relation).chain(joined);
        let roles: Option<Vec<JoinRole>> = roles.map(|relation| self.role(relation, ctes, place, depth)).collect();
        let any_stream = roles?.contains(&JoinRole::Stream);
        Some(if any_stream { JoinRole::Stream } else { JoinRole::Table })
    }
}

/// How deep queries are looked through for what they read; views may even go in circles.
const DEPTH_MAX: usize = 32;

/// Where a relation stands in a join.
#[derive(Clone, Copy)]
enum Place {
    Left,
    Right,
}

fn outline_of(
    join: &Join,
    left: &JoinSide,
    right: JoinSide,
    reference: &FromReference<'_>,
    state_ttl: Option<&str>,
) -> JoinOutline {
    let constraint = join.constraint.as_ref().map(|constraint| &constraint.node);
    let condition = constraint.map(|constraint| match constraint {
        JoinConstraint::On(condition) => format!("ON {condition}"),
        JoinConstraint::Using(columns) => {
            let columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
            format!("USING ({})", columns.join(", "))
        }
    });
    let bound = match (left.role, right.role) {
        (JoinRole::Stream, JoinRole::Stream) => bound_of(join, left, &right, reference, state_ttl),
        _ => JoinBound::Unneeded,
    };
    JoinOutline {
        span: join.relation.span,
        kind: join.kind,
        left: left.clone(),
        state: state_of(left, &right, &bound),
        right,
        condition,
        bound,
    }
}

/// The left side of the next join of a chain.
fn combined(left: &JoinSide, right: &JoinSide) -> JoinSide {
    let role = match (left.role, right.role) {
        (JoinRole::Table, JoinRole::Table) => JoinRole::Table,
        _ => JoinRole::Stream,
    };
    JoinSide {
        name: format!("{}, {}", left.name, right.name),
        role,
    }
}

/// WITHIN, else a condition that keeps a time of one side between two times of the other.
fn bound_of(
    join: &Join,
    left: &JoinSide,
    right: &JoinSide,
    reference: &FromReference<'_>,
    state_ttl: Option<&str>,
) -> JoinBound {
    if let Some(within) = &join.within {
        let (before, after) = (within.node.before.node, within.node.after.node);
        return JoinBound::Time(format!(
            "`{}` from {} before to {} after `{}`",
            right.name,
            format_duration(before),
            format_duration(after),
            left.name
        ));
    }
    let on = join.constraint.as_ref().and_then(|constraint| match &constraint.node {
        JoinConstraint::On(condition) => Some(condition),
        JoinConstraint::Using(_) => None,
    });
    // WHERE bounds what would otherwise come out; the rows that an outer join adds are not among that.
    let is_inner = matches!(join.kind, JoinKind::Inner | JoinKind::Cross);
    let filter = reference.filter.filter(|_| is_inner);
    match on.into_iter().chain(filter).find_map(time_bound) {
        Some(bound) => JoinBound::Time(bound.to_string()),
        None => match state_ttl {
            Some(ttl) => JoinBound::Expiry(format!("none; rows are forgotten after {ttl}")),
            None => JoinBound::Missing,
        },
    }
}

/// The part of a condition that bounds a time: `a BETWEEN b - INTERVAL … AND b + INTERVAL …`, or a comparison with an
/// interval added, of which there are two then.
fn time_bound(condition: &Expr) -> Option<&Expr> {
    match &condition.kind {
        ExprKind::Logical {
            operator: LogicalOperator::And,
            operands,
        } => operands.iter().find_map(time_bound),
        ExprKind::Between { low, high, .. } if has_interval(low) || has_interval(high) => Some(condition),
        ExprKind::Binary { left, operator, right } if is_inequality(operator.node) => {
            (has_interval(left) || has_interval(right)).then_some(condition)
        }
        _ => None,
    }
}

fn is_inequality(operator: BinaryOperator) -> bool {
    matches!(
        operator,
        BinaryOperator::Less | BinaryOperator::LessOrEqual | BinaryOperator::Greater | BinaryOperator::GreaterOrEqual
    )
}

fn has_interval(expr: &Expr) -> bool {
    let found = walk_expr(expr, &mut |inner| match &inner.kind {
        ExprKind::Literal(Literal::Interval(_)) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

fn state_of(left: &JoinSide, right: &JoinSide, bound: &JoinBound) -> String {
    match (left.role, right.role) {
        (JoinRole::Stream, JoinRole::Table) => format!("the rows of `{}`, one per key", right.name),
        (JoinRole::Table, JoinRole::Stream) => format!("the rows of `{}`, one per key", left.name),
        (JoinRole::Table, JoinRole::Table) => "the rows of both sides, one per key".to_owned(),
        (JoinRole::Stream, JoinRole::Stream) => match bound {
            JoinBound::Missing => "every row of both sides, for good".to_owned(),
            JoinBound::Expiry(_) => "every row of both sides until it is forgotten".to_owned(),
            JoinBound::Time(_) | JoinBound::Unneeded => "rows of both sides until the bound has passed".to_owned(),
        },
    }
}

fn without_bound(join: &JoinOutline) -> Option<Diagnostic> {
    (join.bound == JoinBound::Missing).then(|| {
        let message = format!(
            "nothing bounds the join of the streams `{}` and `{}` in time, so that every row of both is kept for good",
            join.left.name, join.right.name
        );
        Diagnostic::new(&code::LINT_JOIN_WITHOUT_BOUND, join.span, message).with_help(
            "add WITHIN 5m, or AND a.at BETWEEN b.at - INTERVAL '5' MINUTE AND b.at; \
             or look the right side up as a table: CREATE TABLE",
        )
    })
}
