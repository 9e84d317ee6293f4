//! Walks over syntax trees: the children of an expression, and the relations that a query reads.

use std::collections::HashMap;
use std::ops::ControlFlow;

use velo_common::{Name, Span};
use velo_parser::ast::{
    Argument, Cte, Expr, ExprKind, FromClause, FunctionCall, GroupByItem, JoinConstraint, ObjectName, Property, Query,
    Relation, RelationKind, Select, SelectItem, SetExpr,
};

/// Direct operands of an expression, in the order of the text; subqueries are not among them.
pub(crate) fn operands(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Literal(_) | ExprKind::Column(_) | ExprKind::Exists(_) | ExprKind::Subquery(_) => vec![],
        ExprKind::FieldAccess { operand, .. }
        | ExprKind::Unary { operand, .. }
        | ExprKind::IsNull { operand, .. }
        | ExprKind::IsBoolean { operand, .. }
        | ExprKind::InSubquery { operand, .. }
        | ExprKind::Cast { operand, .. }
        | ExprKind::Extract { operand, .. } => vec![operand],
        ExprKind::Quantified { left, .. } => vec![left],
        ExprKind::Index { operand, index } => vec![operand, index],
        ExprKind::Binary { left, right, .. } => vec![left, right],
        ExprKind::Chain { first, rest } => std::iter::once(&**first)
            .chain(rest.iter().map(|(_, operand)| operand))
            .collect(),
        ExprKind::Logical { operands, .. } => operands.iter().collect(),
        ExprKind::InList { operand, list, .. } => std::iter::once(&**operand).chain(list).collect(),
        ExprKind::Between { operand, low, high, .. } => vec![operand, low, high],
        ExprKind::Like { operand, pattern, .. } => vec![operand, pattern],
        ExprKind::Case {
            operand,
            branches,
            otherwise,
        } => {
            let branches = branches.iter().flat_map(|branch| [&branch.condition, &branch.result]);
            operand
                .as_deref()
                .into_iter()
                .chain(branches)
                .chain(otherwise.as_deref())
                .collect()
        }
        ExprKind::Trim {
            characters, operand, ..
        } => characters.as_deref().into_iter().chain([&**operand]).collect(),
        ExprKind::Position { needle, haystack } => vec![needle, haystack],
        ExprKind::Function(call) => call_operands(call),
        ExprKind::Array(items) | ExprKind::Row(items) => items.iter().collect(),
        ExprKind::Map(entries) => entries.iter().flat_map(|entry| [&entry.key, &entry.value]).collect(),
        ExprKind::Struct(entries) => entries.iter().map(|entry| &entry.value).collect(),
        ExprKind::Lambda { body, .. } => vec![body],
    }
}

fn call_operands(call: &FunctionCall) -> Vec<&Expr> {
    let arguments = call.arguments.iter().filter_map(|argument| match argument {
        Argument::Positional(value) | Argument::Named { value, .. } => Some(value),
        Argument::Wildcard => None,
    });
    let order = call.order_by.iter().chain(&call.within_group).map(|item| &item.expr);
    arguments.chain(order).chain(&call.filter).collect()
}

/// Visits `expr` and everything below it until `visit` breaks.
pub(crate) fn walk_expr<'a, B>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr) -> ControlFlow<B>) -> ControlFlow<B> {
    visit(expr)?;
    operands(expr)
        .into_iter()
        .try_for_each(|operand| walk_expr(operand, visit))
}

/// A relation that a query names, CTEs of the query left out.
#[derive(Debug, Clone)]
pub(crate) struct RelationReference<'a> {
    pub(crate) name: Name,
    pub(crate) span: Span,
    /// Its own `WITH (…)`.
    pub(crate) properties: &'a [Property],
    /// Whether it was given as a string.
    pub(crate) is_uri: bool,
}

/// Every relation that a query names, at any depth, in the order of the text.
pub(crate) fn relations(query: &Query) -> Vec<RelationReference<'_>> {
    let mut walk = RelationWalk::default();
    walk.query(query);
    walk.found
}

/// A FROM clause of a query, with what stands around it.
#[derive(Debug)]
pub(crate) struct FromReference<'a> {
    pub(crate) from: &'a FromClause,
    /// The WHERE of its SELECT.
    pub(crate) filter: Option<&'a Expr>,
    /// The CTEs in sight, by folded name.
    pub(crate) ctes: HashMap<String, &'a Cte>,
}

/// The FROM clauses with joins of a query, at any depth, in the order of the text.
pub(crate) fn from_clauses(query: &Query) -> Vec<FromReference<'_>> {
    let mut walk = RelationWalk::default();
    walk.query(query);
    walk.joined
}

#[derive(Default)]
struct RelationWalk<'a> {
    ctes: Vec<&'a Cte>,
    found: Vec<RelationReference<'a>>,
    joined: Vec<FromReference<'a>>,
}

impl<'a> RelationWalk<'a> {
    fn query(&mut self, query: &'a Query) {
        let visible_before = self.ctes.len();
        for cte in query.with.iter().flat_map(|with| &with.ctes) {
            self.query(&cte.query);
            self.ctes.push(cte);
        }
        self.body(&query.body);
        self.exprs(
            query
                .order_by
                .iter()
                .flat_map(|items| items.node.iter().map(|item| &item.expr)),
        );
        self.ctes.truncate(visible_before);
    }

    fn body(&mut self, body: &'a SetExpr) {
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::Query(query) => self.query(query),
            SetExpr::Values(rows) => self.exprs(rows.node.iter().flatten()),
            SetExpr::SetOperation { left, right, .. } => {
                self.body(left);
                self.body(right);
            }
        }
    }

    fn select(&mut self, select: &'a Select) {
        self.exprs(select.items.iter().filter_map(|item| match &item.node {
            SelectItem::Expr { expr, .. } => Some(expr),
            SelectItem::Wildcard | SelectItem::QualifiedWildcard(_) => None,
        }));
        if let Some(from) = &select.from {
            self.from(&from.node, select.where_.as_ref().map(|filter| &filter.node));
        }
        let keys = select
            .group_by
            .iter()
            .flat_map(|items| &items.node)
            .filter_map(|item| match item {
                GroupByItem::Expr(expr) => Some(expr),
                GroupByItem::Window(_) => None,
            });
        let clauses = [&select.where_, &select.having, &select.qualify]
            .into_iter()
            .flatten()
            .map(|clause| &clause.node);
        self.exprs(clauses.chain(keys));
    }

    fn from(&mut self, from: &'a FromClause, filter: Option<&'a Expr>) {
        if !from.joins.is_empty() {
            let ctes = self.ctes.iter().map(|cte| (cte.name.name.folded(), *cte)).collect();
            self.joined.push(FromReference { from, filter, ctes });
        }
        self.relation(&from.relation);
        for join in &from.joins {
            self.relation(&join.relation);
            if let Some(JoinConstraint::On(condition)) = join.constraint.as_ref().map(|constraint| &constraint.node) {
                self.exprs([condition]);
            }
        }
    }

    fn relation(&mut self, relation: &'a Relation) {
        match &relation.kind {
            RelationKind::Table { name, properties, .. } => self.named(name, properties),
            RelationKind::Windowed { table, .. } => self.named(table, &[]),
            RelationKind::Uri { uri, properties } => self.found.push(RelationReference {
                name: Name::quoted(&uri.node),
                span: uri.span,
                properties,
                is_uri: true,
            }),
            RelationKind::Subquery(query) => self.query(query),
            RelationKind::Unnest(expr) => self.exprs([&**expr]),
            RelationKind::Nested(from) => self.from(from, None),
        }
    }

    fn named(&mut self, name: &ObjectName, properties: &'a [Property]) {
        let span = name.span();
        let name = name.name();
        if !self.ctes.iter().any(|cte| name.matches(&cte.name.name.text)) {
            self.found.push(RelationReference {
                name,
                span,
                properties,
                is_uri: false,
            });
        }
    }

    /// Subqueries within expressions.
    fn exprs(&mut self, exprs: impl IntoIterator<Item = &'a Expr>) {
        for expr in exprs {
            let visited: ControlFlow<()> = walk_expr(expr, &mut |inner| {
                match &inner.kind {
                    ExprKind::Exists(query)
                    | ExprKind::Subquery(query)
                    | ExprKind::InSubquery { query, .. }
                    | ExprKind::Quantified { query, .. } => self.query(query),
                    _ => {}
                }
                ControlFlow::Continue(())
            });
            debug_assert!(visited.is_continue());
        }
    }
}
