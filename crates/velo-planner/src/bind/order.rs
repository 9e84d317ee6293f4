//! ORDER BY.

use datafusion_expr::Expr;
use velo_common::{Diagnostic, Name, code};
use velo_data::{SqlType, StreamSchema, SystemColumn};
use velo_parser::ast::{self, ExprKind, Literal, NumberKind, OrderByItem, UnaryOperator};

use super::bound::{Bound, column};
use super::expr::ExprBinder;
use super::query::{BoundQuery, Clauses, QueryBinder};
use super::scope::Scope;
use crate::plan::{LogicalPlan, Project, Sort, SortKey};

/// A column of the result, which ORDER BY may name or number.
#[derive(Debug)]
pub(super) struct OrderTarget {
    pub(super) name: String,
    /// What it is, over what ORDER BY's other expressions are over.
    pub(super) expr: Expr,
    pub(super) sql_type: SqlType,
}

/// One item of an ORDER BY.
#[derive(Debug)]
pub(super) struct OrderItem {
    value: OrderValue,
    descending: bool,
    nulls_first: bool,
}

#[derive(Debug)]
enum OrderValue {
    /// A column of the result, by its index.
    Column(usize),
    /// Something that is not selected.
    Hidden(Bound),
}

/// Binds an ORDER BY: positions and names mean columns of the result, anything else is over the input, and sees
/// aliases behind the input's own columns.
pub(super) fn bind_order(
    order_by: &[OrderByItem],
    targets: &[OrderTarget],
    aliases: &[(Name, Bound)],
    binder: &mut ExprBinder<'_>,
) -> Option<Vec<OrderItem>> {
    let mut binder = ExprBinder {
        scope: binder.scope,
        grouping: binder.grouping.as_deref_mut(),
        aliases,
        clause: "ORDER BY",
        diagnostics: binder.diagnostics,
    };
    let bound: Vec<Option<OrderItem>> = order_by
        .iter()
        .map(|item| order_item(item, targets, &mut binder))
        .collect();
    bound.into_iter().collect()
}

fn order_item(item: &OrderByItem, targets: &[OrderTarget], binder: &mut ExprBinder<'_>) -> Option<OrderItem> {
    let value = order_value(&item.expr, targets, binder)?;
    let sql_type = match &value {
        OrderValue::Column(index) => targets.get(*index).map(|target| &target.sql_type),
        OrderValue::Hidden(bound) => Some(&bound.sql_type),
    };
    if let Some(sql_type) = sql_type.filter(|sql_type| !has_order(sql_type)) {
        let message = format!("{sql_type} has no order");
        binder
            .diagnostics
            .push(Diagnostic::new(&code::TYPE_MISMATCH, item.expr.span, message));
        return None;
    }
    Some(OrderItem {
        value,
        descending: item.descending,
        // As in DuckDB, also where high values come first.
        nulls_first: item.nulls_first.unwrap_or(false),
    })
}

fn order_value(expr: &ast::Expr, targets: &[OrderTarget], binder: &mut ExprBinder<'_>) -> Option<OrderValue> {
    let named = match &expr.kind {
        ExprKind::Literal(Literal::Number(number)) if number.kind == NumberKind::Integer => {
            return position(&number.text, expr, targets, binder);
        }
        ExprKind::Unary {
            operator: UnaryOperator::Minus | UnaryOperator::Plus,
            operand,
        } if matches!(operand.kind, ExprKind::Literal(_)) => return constant(expr, binder),
        ExprKind::Literal(_) => return constant(expr, binder),
        ExprKind::Column(parts) => match parts.as_slice() {
            [only] => position_of(&only.name, targets),
            _ => None,
        },
        _ => None,
    };
    if let Some(index) = named {
        return Some(OrderValue::Column(index));
    }
    let bound = binder.bind(expr)?;
    let selected = targets
        .iter()
        .position(|target| target.expr == bound.expr && !bound.expr.is_volatile());
    Some(selected.map_or(OrderValue::Hidden(bound), OrderValue::Column))
}

/// The column of a name: exact before ignoring case, and of several the first.
fn position_of(name: &Name, targets: &[OrderTarget]) -> Option<usize> {
    let exact = targets.iter().position(|target| target.name == name.text);
    exact.or_else(|| targets.iter().position(|target| name.matches(&target.name)))
}

fn position(text: &str, expr: &ast::Expr, targets: &[OrderTarget], binder: &mut ExprBinder<'_>) -> Option<OrderValue> {
    let index = text.parse::<usize>().ok().and_then(|position| position.checked_sub(1));
    if let Some(index) = index.filter(|index| *index < targets.len()) {
        return Some(OrderValue::Column(index));
    }
    let message = format!("the result has no column at position {text}: it has {}", targets.len());
    binder
        .diagnostics
        .push(Diagnostic::new(&code::MISPLACED_CLAUSE, expr.span, message));
    None
}

fn constant(expr: &ast::Expr, binder: &mut ExprBinder<'_>) -> Option<OrderValue> {
    binder.diagnostics.push(
        Diagnostic::new(&code::MISPLACED_CLAUSE, expr.span, "a constant does not order rows")
            .with_help("name a column, or its position in the result: ORDER BY 1"),
    );
    None
}

fn has_order(sql_type: &SqlType) -> bool {
    match sql_type {
        SqlType::Map(..) => false,
        SqlType::Array(element) => has_order(element),
        SqlType::Struct(fields) => fields.iter().all(|field| has_order(&field.sql_type)),
        _ => true,
    }
}

impl<'a> QueryBinder<'a, '_> {
    /// Orders the rows of a query that knows its own columns alone, such as VALUES or one with DISTINCT.
    pub(super) fn ordered(&mut self, bound: BoundQuery, clauses: Clauses<'a>) -> Option<BoundQuery> {
        let Some(order_by) = clauses.order_by else {
            return Some(bound);
        };
        let scope = Scope::new(None, bound.plan.schema().clone(), bound.columns_unknown);
        let fields = scope.schema.user_fields().iter();
        let targets: Vec<OrderTarget> = fields
            .map(|field| OrderTarget {
                name: field.name().clone(),
                expr: column(field.name()),
                sql_type: SqlType::of_field(field).unwrap_or(SqlType::Null),
            })
            .collect();
        let mut binder = ExprBinder {
            scope: &scope,
            grouping: None,
            aliases: &[],
            clause: "ORDER BY",
            diagnostics: self.diagnostics,
        };
        let order = bind_order(&order_by.node, &targets, &[], &mut binder)?;
        // What is not selected is over the columns that come out here, not over those that they are computed from.
        let plan = passed_on(bound.plan);
        self.sorted(BoundQuery { plan, ..bound }, order, clauses)
    }

    /// Orders rows; what is not selected is computed beside their columns, and left out behind the order.
    pub(super) fn sorted(
        &mut self,
        bound: BoundQuery,
        order: Vec<OrderItem>,
        clauses: Clauses<'_>,
    ) -> Option<BoundQuery> {
        let Some(order_by) = clauses.order_by.filter(|_| !order.is_empty()) else {
            return Some(bound);
        };
        let window = bound.plan.schema().system(SystemColumn::WindowStart);
        let is_unbounded = self.catalog.is_unbounded(&bound.plan);
        if window.is_none() && is_unbounded {
            self.report(
                Diagnostic::new(
                    &code::MISPLACED_CLAUSE,
                    order_by.span,
                    "ORDER BY waits for the end of the input, and this input never ends",
                )
                .with_help("add a WINDOW, such as WINDOW TUMBLING(1m): the rows of each window are then ordered"),
            );
            return None;
        }
        let changes = self.catalog.produced(&bound.plan).changes;
        if changes && self.emit.is_some_and(|emit| matches!(emit.node, ast::Emit::Changes)) {
            self.report(
                Diagnostic::new(
                    &code::MISPLACED_CLAUSE,
                    order_by.span,
                    "ORDER BY is about final rows, and EMIT CHANGES puts out every change",
                )
                .with_help("remove one of them"),
            );
            return None;
        }
        let rows_max = clauses.limit.map(|limit| limit.saturating_add(clauses.offset));
        let schema = bound.plan.schema().clone();
        let (mut keys, hidden) = sort_keys(order, &schema);
        // Windows whose rows change are complete when the input ends, if it does.
        let by_window = window.is_some() && (is_unbounded || !changes);
        if let Some(window) = window.filter(|_| !by_window) {
            let column = schema.arrow().field(window).name().clone();
            keys.insert(0, SortKey::ascending(column));
        }
        let sort = |input| {
            LogicalPlan::Sort(Sort {
                input: Box::new(input),
                keys,
                by_window,
                rows_max,
            })
        };
        let plan = if hidden.is_empty() {
            sort(bound.plan)
        } else {
            LogicalPlan::Project(Project {
                expressions: all_columns(&schema),
                input: Box::new(sort(widened(bound.plan, hidden)?)),
                schema,
                watermark: None,
            })
        };
        Some(BoundQuery { plan, ..bound })
    }
}

/// A column that is computed for the order alone.
struct Hidden {
    name: String,
    bound: Bound,
}

fn sort_keys(order: Vec<OrderItem>, schema: &StreamSchema) -> (Vec<SortKey>, Vec<Hidden>) {
    let fields = schema.arrow().fields();
    let mut hidden: Vec<Hidden> = Vec::new();
    let keys = order
        .into_iter()
        .map(|item| {
            let column = match item.value {
                OrderValue::Column(index) => fields[index].name().clone(),
                OrderValue::Hidden(bound) => {
                    let mut name = format!("order {}", hidden.len() + 1);
                    while fields.iter().any(|field| *field.name() == name) {
                        name.push('\'');
                    }
                    hidden.push(Hidden {
                        name: name.clone(),
                        bound,
                    });
                    name
                }
            };
            SortKey {
                column,
                descending: item.descending,
                nulls_first: item.nulls_first,
            }
        })
        .collect();
    (keys, hidden)
}

fn all_columns(schema: &StreamSchema) -> Vec<Expr> {
    schema
        .arrow()
        .fields()
        .iter()
        .map(|field| column(field.name()))
        .collect()
}

/// A projection to all columns as they are.
fn passed_on(plan: LogicalPlan) -> LogicalPlan {
    let schema = plan.schema().clone();
    LogicalPlan::Project(Project {
        input: Box::new(plan),
        expressions: all_columns(&schema),
        schema,
        watermark: None,
    })
}

/// A projection with hidden columns behind its user columns; they are over its input.
fn widened(plan: LogicalPlan, hidden: Vec<Hidden>) -> Option<LogicalPlan> {
    let LogicalPlan::Project(Project {
        input,
        mut expressions,
        schema,
        watermark,
    }) = plan
    else {
        return None;
    };
    let own = schema.user_fields().iter().map(|field| field.as_ref().clone());
    let added = hidden
        .iter()
        .map(|hidden| hidden.bound.sql_type.field(&hidden.name, true));
    let mut wide = StreamSchema::of_user_columns(own.chain(added));
    for (system, index) in schema.system_columns() {
        wide = if *index < schema.user_columns() {
            wide.with_selected_system(*system, *index)
        } else {
            wide.with_system(*system)
        };
    }
    let user_columns = schema.user_columns();
    expressions.splice(
        user_columns..user_columns,
        hidden.into_iter().map(|hidden| hidden.bound.expr),
    );
    Some(LogicalPlan::Project(Project {
        input,
        expressions,
        schema: wide,
        watermark,
    }))
}
