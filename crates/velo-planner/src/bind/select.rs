use std::ops::ControlFlow;

use velo_common::{Diagnostic, Name, Span, code};
use velo_data::{ChangelogMode, StreamSchema, SystemColumn};
use velo_parser::ast::{self, ExprKind, GroupByItem, Literal, NumberKind, Select, SelectItem};

use super::bound::{Bound, column};
use super::expr::ExprBinder;
use super::from::Input;
use super::function::window_bound;
use super::grouping::Grouping;
use super::items::{Item, bind_items, event_time_item, order_targets, project};
use super::key::RecordKey;
use super::lint;
use super::order::{OrderItem, bind_order};
use super::query::{BoundQuery, Clauses, QueryBinder};
use super::scope::Scope;
use super::unsupported::UnsupportedForm;
use super::window::windows;
use crate::plan::{Aggregate, Distinct, EmitMode, Filter, LogicalPlan, Values, Window};
use crate::walk::{operands, walk_expr};

impl<'a> QueryBinder<'a, '_> {
    /// A SELECT, with the clauses of the query that stand behind it.
    pub(super) fn select(&mut self, select: &'a Select, clauses: Clauses<'a>) -> Option<BoundQuery> {
        let refused = self.refuse_clauses(select);
        let reason = grouped_by(select);
        let outer = self.nesting.below_aggregate;
        self.nesting.below_aggregate |= reason.is_some();
        let input = match &select.from {
            Some(from) => self.from(&from.node),
            None => Some(one_row()),
        };
        self.nesting.below_aggregate = outer;
        let mut input = input?;
        self.filter(select, &mut input);
        let bound = match reason {
            Some(reason) => self.grouped(select, clauses, input, &reason),
            None => self.ungrouped(select, clauses, input),
        };
        let bound = bound.filter(|_| !refused)?;
        match select.distinct {
            None => Some(bound),
            Some(span) => {
                if self.keeps_growing(&bound.plan) {
                    self.report(lint::distinct_rows(span, bound.plan.schema()));
                }
                let plan = LogicalPlan::Distinct(Distinct {
                    input: Box::new(bound.plan),
                });
                Some(BoundQuery { plan, ..bound })
            }
        }
    }

    /// Reports clauses that cannot run yet; the rest of the query is checked all the same.
    fn refuse_clauses(&mut self, select: &Select) -> bool {
        let partition_by = select
            .partition_by
            .as_ref()
            .map(|clause| (UnsupportedForm::PartitionBy, clause.span));
        let qualify = select
            .qualify
            .as_ref()
            .map(|clause| (UnsupportedForm::Qualify, clause.span));
        let refused: Vec<_> = [partition_by, qualify].into_iter().flatten().collect();
        for (form, span) in &refused {
            self.report(form.diagnostic(*span));
        }
        !refused.is_empty()
    }

    fn filter(&mut self, select: &'a Select, input: &mut Input) {
        let Some(condition) = &select.where_ else { return };
        let mut binder = ExprBinder {
            scope: &input.scope,
            grouping: None,
            aliases: &[],
            clause: "WHERE",
            diagnostics: self.diagnostics,
        };
        let Some(predicate) = binder.boolean(&condition.node) else {
            return;
        };
        let unfiltered = std::mem::replace(&mut input.plan, one_row().plan);
        input.plan = LogicalPlan::Filter(Filter {
            input: Box::new(unfiltered),
            predicate: predicate.expr,
        });
    }

    fn ungrouped(&mut self, select: &'a Select, clauses: Clauses<'a>, input: Input) -> Option<BoundQuery> {
        if let Some(having) = &select.having {
            self.report(
                Diagnostic::new(
                    &code::MISPLACED_CLAUSE,
                    having.span,
                    "HAVING filters groups, and this query has none",
                )
                .with_help("filter rows with WHERE, or add a GROUP BY"),
            );
        }
        let emit_final = clauses.emit.filter(|emit| matches!(emit.node, ast::Emit::Final));
        if let Some(emit) = emit_final.filter(|_| !input.plan.has_aggregate()) {
            self.report(
                Diagnostic::new(
                    &code::EMIT_FINAL_WITHOUT_AGGREGATE,
                    emit.span,
                    "EMIT FINAL belongs to aggregates, and this query has none",
                )
                .with_help("remove it: these rows are final when they arrive"),
            );
        }
        self.emit_mode(false)?;
        let mut binder = ExprBinder {
            scope: &input.scope,
            grouping: None,
            aliases: &[],
            clause: "this clause",
            diagnostics: self.diagnostics,
        };
        let (items, aliases) = bind_items(&select.items, &mut binder);
        let order = order_of_select(select, clauses, items.as_deref(), &aliases, &mut binder);
        let bound = self.finish(input.plan, items?, input.scope.columns_unknown, &input.key)?;
        self.sorted(bound, order?, clauses)
    }

    /// `key` is that of the rows so far.
    fn finish(
        &mut self,
        plan: LogicalPlan,
        mut items: Vec<Item>,
        columns_unknown: bool,
        key: &RecordKey<String>,
    ) -> Option<BoundQuery> {
        let checked = event_time_item(&mut items);
        self.checked(checked)?;
        let mut plan = plan;
        for item in items.iter_mut().filter(|item| item.sets_event_time()) {
            // Where the scan cannot give it, as behind an aggregate, the rows get it on their way out.
            if self.set_event_time(&mut plan, &item.bound).is_ok() {
                item.bound.expr = column(SystemColumn::EventTime.name());
            }
        }
        let rule = self.watermark_rule(&plan);
        let (plan, key) = project(plan, items, key, rule);
        Some(BoundQuery {
            plan,
            columns_unknown,
            key,
        })
    }

    fn grouped(
        &mut self,
        select: &'a Select,
        clauses: Clauses<'a>,
        mut input: Input,
        reason: &Reason,
    ) -> Option<BoundQuery> {
        let has_end = !self.catalog.is_unbounded(&input.plan);
        // What is at rest, or is read but once, is all there is, and all of it is a group.
        let is_whole = select.from.is_none()
            || input.plan.is_at_rest()
            || (has_end && (self.reads_once || self.nesting.in_subquery));
        if let (Reason::Aggregate(span), false) = (reason, is_whole) {
            self.report(
                Diagnostic::new(
                    &code::AGGREGATE_WITHOUT_GROUP,
                    *span,
                    "an aggregate over a stream needs a GROUP BY or a WINDOW: a stream has no end",
                )
                .with_help(
                    "add GROUP BY column for a running value per key, or WINDOW TUMBLING(1m) for one per minute",
                ),
            );
        }
        let window = self.window(select, &mut input);
        let windowed = matches!(reason, Reason::Window | Reason::GroupAndWindow);
        let whole_at_end = matches!(reason, Reason::Aggregate(_)) || self.reads_once || input.plan.is_at_rest();
        let ends =
            windowed || (is_whole && whole_at_end) || select.from.is_none() || (self.nesting.below_order && has_end);
        let emit = self.emit_mode(ends);
        if !windowed && emit == Some(EmitMode::Final) {
            self.refuse_endless_final(&input.plan);
        }
        let mut grouping = Grouping::new(windowed, grouped_metadata(&input, windowed));
        let keys_bound = self.group_keys(select, &input.scope, &mut grouping);
        let mut found = Vec::new();
        let mut binder = ExprBinder {
            scope: &input.scope,
            grouping: Some(&mut grouping),
            aliases: &[],
            clause: "this clause",
            diagnostics: &mut found,
        };
        let (items, aliases) = bind_items(&select.items, &mut binder);
        let having = select
            .having
            .as_ref()
            .map(|having| binder.having(&having.node, &aliases));
        let order = order_of_select(select, clauses, items.as_deref(), &aliases, &mut binder);
        // Behind a key that could not be bound its column looks ungrouped, and that would be said twice.
        found.retain(|diagnostic| keys_bound || diagnostic.code != &code::UNGROUPED_COLUMN);
        self.diagnostics.append(&mut found);
        if matches!(reason, Reason::Aggregate(_)) && !is_whole {
            return None;
        }
        if !keys_bound {
            return None;
        }
        let having = match having {
            Some(having) => Some(having?.expr),
            None => None,
        };
        let aggregate = aggregate(input.plan, grouping, window.ok()?, emit?, having);
        self.lint_aggregate(select, &aggregate, input.scope.columns_unknown);
        let key = key_of_groups(&aggregate, &input.key);
        let plan = LogicalPlan::Aggregate(aggregate);
        let bound = self.finish(plan, items?, input.scope.columns_unknown, &key)?;
        self.sorted(bound, order?, clauses)
    }

    /// Final results come out at the end, and some input has none.
    fn refuse_endless_final(&mut self, input: &LogicalPlan) {
        let Some(span) = self.emit.map(|emit| emit.span) else {
            return;
        };
        if self.catalog.is_unbounded(input) {
            self.report(
                Diagnostic::new(
                    &code::FINAL_WITHOUT_END,
                    span,
                    "EMIT FINAL waits for the end of the input, and this input never ends",
                )
                .with_help("write EMIT CHANGES for running values, or add a WINDOW, such as WINDOW TUMBLING(1m)"),
            );
        }
    }

    fn lint_aggregate(&mut self, select: &Select, aggregate: &Aggregate, columns_unknown: bool) {
        // The stand-in of an unknown column is a constant.
        if !columns_unknown {
            let unbounded = self.catalog.is_unbounded(&aggregate.input);
            self.diagnostics
                .extend(lint::constant_group(select, aggregate, unbounded));
        }
        if aggregate.window.is_none() && self.keeps_growing(&aggregate.input) {
            if !self.groups_limited {
                self.diagnostics.extend(lint::growing_groups(select, aggregate));
            }
            self.diagnostics.extend(lint::kept_values(select));
        }
    }

    /// Whether state over these rows is kept for good, and the rows never end.
    fn keeps_growing(&self, input: &LogicalPlan) -> bool {
        !self.state_expires && self.catalog.is_unbounded(input)
    }

    /// The group keys: those of GROUP BY, else in a windowed query the items that hold no aggregate.
    fn group_keys(&mut self, select: &'a Select, scope: &Scope, grouping: &mut Grouping) -> bool {
        let mut binder = ExprBinder {
            scope,
            grouping: None,
            aliases: &[],
            clause: "GROUP BY",
            diagnostics: self.diagnostics,
        };
        let mut complete = true;
        let mut add = |syntax: &ast::Expr, binder: &mut ExprBinder<'_>| match binder.bind(syntax) {
            Some(bound) => grouping.add_key(syntax, bound),
            None => complete = false,
        };
        match &select.group_by {
            Some(items) => {
                let keys = items.node.iter().filter_map(|item| match item {
                    GroupByItem::Expr(expr) => Some(expr),
                    GroupByItem::Window(_) => None,
                });
                let is_windowed = windows(select).next().is_some();
                for key in keys {
                    match key_syntax(key, select, scope) {
                        // Every window is a group of its own as it is.
                        Ok(syntax) if is_windowed && is_window_bound(syntax) => {}
                        Ok(syntax) => add(syntax, &mut binder),
                        Err(diagnostic) => {
                            binder.diagnostics.push(diagnostic);
                            return false;
                        }
                    }
                }
            }
            None => {
                for item in &select.items {
                    if let SelectItem::Expr { expr, .. } = &item.node
                        && is_implicit_key(expr, scope)
                    {
                        add(expr, &mut binder);
                    }
                }
            }
        }
        complete
    }
}

/// An aggregation of what a query groups.
fn aggregate(
    input: LogicalPlan,
    grouping: Grouping,
    window: Option<Window>,
    emit: EmitMode,
    having: Option<datafusion_expr::Expr>,
) -> Aggregate {
    let (keys, aggregates, schema) = grouping.finish();
    Aggregate {
        input: Box::new(input),
        keys,
        aggregates,
        window,
        emit,
        having,
        // Decided when all statements are known that read this one.
        input_mode: ChangelogMode::AppendOnly,
        output_mode: ChangelogMode::AppendOnly,
        schema,
    }
}

/// What a SELECT orders its rows by; with DISTINCT they are ordered behind that.
fn order_of_select(
    select: &Select,
    clauses: Clauses<'_>,
    items: Option<&[Item]>,
    aliases: &[(Name, Bound)],
    binder: &mut ExprBinder<'_>,
) -> Option<Vec<OrderItem>> {
    match (clauses.order_by, items) {
        (Some(order_by), Some(items)) if select.distinct.is_none() => {
            bind_order(&order_by.node, &order_targets(items), aliases, binder)
        }
        _ => Some(Vec::new()),
    }
}

impl ExprBinder<'_> {
    /// A HAVING condition. It sees the aliases of the select list.
    fn having(&mut self, condition: &ast::Expr, aliases: &[(Name, Bound)]) -> Option<Bound> {
        let mut binder = ExprBinder {
            scope: self.scope,
            grouping: self.grouping.as_deref_mut(),
            aliases,
            clause: "HAVING",
            diagnostics: self.diagnostics,
        };
        binder.boolean(condition)
    }
}

/// Why a query is grouped.
enum Reason {
    Group,
    Window,
    GroupAndWindow,
    /// An aggregate without either; its place.
    Aggregate(Span),
}

fn grouped_by(select: &Select) -> Option<Reason> {
    let has_keys = select.group_by.is_some();
    let has_window = windows(select).next().is_some();
    match (has_keys, has_window) {
        (true, true) => Some(Reason::GroupAndWindow),
        (true, false) => Some(Reason::Group),
        (false, true) => Some(Reason::Window),
        (false, false) => {
            let items = select.items.iter().filter_map(|item| match &item.node {
                SelectItem::Expr { expr, .. } => Some(expr),
                SelectItem::Wildcard | SelectItem::QualifiedWildcard(_) => None,
            });
            let having = select.having.iter().map(|having| &having.node);
            items.chain(having).find_map(first_aggregate).map(Reason::Aggregate)
        }
    }
}

/// Where the first aggregate in an expression stands.
fn first_aggregate(expr: &ast::Expr) -> Option<Span> {
    let found = walk_expr(expr, &mut |inner| match &inner.kind {
        ExprKind::Function(call)
            if call.over.is_none() && velo_functions::aggregate(&call.name.name.text).is_some() =>
        {
            ControlFlow::Break(inner.span)
        }
        _ => ControlFlow::Continue(()),
    });
    found.break_value()
}

/// Whether an expression is a bound of the row's window, by column or by function.
fn is_window_bound(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ExprKind::Column(parts) => {
            let system = parts.last().and_then(|part| SystemColumn::parse(&part.name.text));
            matches!(system, Some(SystemColumn::WindowStart | SystemColumn::WindowEnd))
        }
        ExprKind::Function(call) => window_bound(&call.name.name.text).is_some(),
        _ => false,
    }
}

/// Whether a select item of a windowed query without GROUP BY is a key: it reads a column of the input that is no bound
/// of the window, and holds no aggregate. What is only the alias of another item is no column.
fn is_implicit_key(expr: &ast::Expr, scope: &Scope) -> bool {
    reads_column(expr, scope) && first_aggregate(expr).is_none()
}

fn reads_column(expr: &ast::Expr, scope: &Scope) -> bool {
    match &expr.kind {
        // The arguments of a bound repeat the WINDOW clause.
        _ if is_window_bound(expr) => false,
        ExprKind::Column(parts) => {
            let is_alias = matches!(parts.as_slice(), [only] if !scope.columns_unknown && !scope.has(&only.name));
            !is_alias
        }
        _ => operands(expr).into_iter().any(|operand| reads_column(operand, scope)),
    }
}

/// What a GROUP BY item stands for: a position or an alias of the select list, else itself.
fn key_syntax<'a>(key: &'a ast::Expr, select: &'a Select, scope: &Scope) -> Result<&'a ast::Expr, Diagnostic> {
    let expressions = || {
        select.items.iter().map(|item| match &item.node {
            SelectItem::Expr { expr, alias, .. } => (Some(expr), alias.as_ref()),
            SelectItem::Wildcard | SelectItem::QualifiedWildcard(_) => (None, None),
        })
    };
    match &key.kind {
        ExprKind::Literal(Literal::Number(number)) if number.kind == NumberKind::Integer => {
            let position = number
                .text
                .parse::<usize>()
                .ok()
                .and_then(|position| position.checked_sub(1));
            position
                .and_then(|position| expressions().nth(position))
                .and_then(|(expr, _)| expr)
                .ok_or_else(|| {
                    let message = format!("the select list has no expression at position {}", number.text);
                    Diagnostic::new(&code::MISPLACED_CLAUSE, key.span, message)
                })
        }
        ExprKind::Column(parts) => match parts.as_slice() {
            [only] if !scope.has(&only.name) && !scope.columns_unknown => {
                let named =
                    expressions().find(|(_, alias)| alias.is_some_and(|alias| only.name.matches(&alias.name.text)));
                Ok(named.and_then(|(expr, _)| expr).unwrap_or(key))
            }
            _ => Ok(key),
        },
        _ => Ok(key),
    }
}

/// What tells groups apart: NULL is a group, too, and none that an outer join may leave is missed in a table.
fn key_of_groups(aggregate: &Aggregate, input: &RecordKey<String>) -> RecordKey<String> {
    let columns = aggregate.key_names();
    let is_outer = |key: &&(&String, &datafusion_expr::Expr)| {
        let read = key.1.column_refs();
        read.iter().any(|column| input.outer.contains(&column.name))
    };
    let outer = columns.iter().zip(&aggregate.keys);
    RecordKey {
        outer: outer
            .filter(|key| is_outer(&key))
            .map(|(name, _)| name.clone())
            .collect(),
        columns,
        required: false,
    }
}

/// Metadata that rows of a grouped query carry.
fn grouped_metadata(input: &Input, windowed: bool) -> Vec<SystemColumn> {
    let bounds = [SystemColumn::WindowStart, SystemColumn::WindowEnd]
        .into_iter()
        .filter(|_| windowed);
    let schema = input.plan.schema();
    let times = [SystemColumn::EventTime, SystemColumn::Timestamp].into_iter();
    bounds
        .chain(times.filter(|column| schema.system(*column).is_some()))
        .collect()
}

/// The input of a SELECT without FROM: one row without columns.
fn one_row() -> Input {
    let schema = StreamSchema::of_user_columns([]);
    let plan = LogicalPlan::Values(Values {
        rows: vec![Vec::new()],
        schema: schema.clone(),
    });
    Input {
        plan,
        scope: Scope::new(None, schema, false),
        key: RecordKey::none(),
    }
}
