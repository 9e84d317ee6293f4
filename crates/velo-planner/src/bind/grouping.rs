//! What expressions mean in the select list and HAVING of a grouped query.

use std::mem::discriminant;

use arrow::datatypes::Field;
use datafusion_expr::Expr;
use velo_common::{Diagnostic, Span, code};
use velo_data::{StreamSchema, SystemColumn};
use velo_functions::{AggregateKind, resolve_aggregate};
use velo_parser::ast::{self, Argument, ExprKind, FunctionCall, OrderByItem};

use super::bound::{Bound, column};
use super::expr::ExprBinder;
use super::function::function_diagnostic;
use super::unsupported::UnsupportedForm;
use crate::plan::AggregateCall;

/// The keys of a grouped query, and the aggregates found in it so far.
#[derive(Debug)]
pub(crate) struct Grouping {
    keys: Vec<Key>,
    calls: Vec<(String, AggregateCall)>,
    windowed: bool,
    /// Metadata that rows of the aggregate carry.
    system: Vec<SystemColumn>,
}

#[derive(Debug)]
struct Key {
    syntax: ast::Expr,
    bound: Bound,
    name: String,
}

impl Grouping {
    pub(crate) fn new(windowed: bool, system: Vec<SystemColumn>) -> Self {
        Self {
            keys: Vec::new(),
            calls: Vec::new(),
            windowed,
            system,
        }
    }

    pub(crate) fn is_windowed(&self) -> bool {
        self.windowed
    }

    /// Adds a group key; one that is there already stays as it is.
    pub(crate) fn add_key(&mut self, syntax: &ast::Expr, bound: Bound) {
        if self.keys.iter().any(|key| key.bound.expr == bound.expr) {
            return;
        }
        let name = match &bound.expr {
            Expr::Column(column) => column.name.clone(),
            _ => syntax.to_string(),
        };
        let name = self.unique(&name);
        self.keys.push(Key {
            syntax: syntax.clone(),
            bound,
            name,
        });
    }

    /// Whether an expression has the form of some key, so that it is worth comparing.
    pub(crate) fn may_be_key(&self, expr: &ast::Expr) -> bool {
        // Names are looked up one after the other: `a.b.c` may be a field of the key `a.b`.
        let is_column = matches!(expr.kind, ExprKind::Column(_));
        // A field of a struct is written with a dot or an arrow.
        let is_field = matches!(expr.kind, ExprKind::FieldAccess { .. });
        let is_alike = |key: &Key| {
            discriminant(&key.syntax.kind) == discriminant(&expr.kind)
                || (is_field && matches!(key.syntax.kind, ExprKind::Column(_)))
        };
        !is_column && self.keys.iter().any(is_alike)
    }

    /// The key that an expression over the input is.
    pub(crate) fn key(&self, bound: &Bound) -> Option<Bound> {
        let key = self.keys.iter().find(|key| key.bound.expr == bound.expr)?;
        Some(Bound::new(column(&key.name), key.bound.sql_type.clone(), bound.span))
    }

    /// What a column of the input is in the grouped query.
    pub(crate) fn column(&self, bound: Bound) -> Result<Bound, Diagnostic> {
        if let Some(key) = self.key(&bound) {
            return Ok(key);
        }
        let Expr::Column(named) = &bound.expr else {
            return Ok(bound);
        };
        if self.system.iter().any(|system| system.name() == named.name) {
            return Ok(bound);
        }
        let message = format!("`{}` is neither grouped nor aggregated", named.name);
        let help = format!(
            "add `{0}` to GROUP BY, or aggregate it, such as LAST_VALUE({0})",
            named.name
        );
        Err(Diagnostic::new(&code::UNGROUPED_COLUMN, bound.span, message).with_help(help))
    }

    /// The metadata of the input that a key is.
    pub(crate) fn system_of_key(&self, bound: &Bound) -> Option<SystemColumn> {
        let key = self.keys.iter().find(|key| column(&key.name) == bound.expr)?;
        SystemColumn::ALL
            .into_iter()
            .find(|system| key.bound.expr == column(system.name()))
    }

    fn add_call(&mut self, name: &str, call: AggregateCall) -> String {
        if let Some((name, _)) = self.calls.iter().find(|(_, known)| *known == call) {
            return name.clone();
        }
        let name = self.unique(name);
        self.calls.push((name.clone(), call));
        name
    }

    /// `name`, with a number where something else is called so.
    fn unique(&self, name: &str) -> String {
        let keys = self.keys.iter().map(|key| key.name.as_str());
        let calls = self.calls.iter().map(|(name, _)| name.as_str());
        let system = self.system.iter().map(|system| system.name());
        let taken: Vec<&str> = keys.chain(calls).chain(system).collect();
        let mut unique = name.to_owned();
        let mut number = 1;
        while taken.contains(&unique.as_str()) {
            number += 1;
            unique = format!("{name} #{number}");
        }
        unique
    }

    /// Keys, aggregates and the schema of both.
    pub(crate) fn finish(self) -> (Vec<Expr>, Vec<AggregateCall>, StreamSchema) {
        let keys = self.keys.iter().map(|key| key.bound.sql_type.field(&key.name, true));
        let calls = self.calls.iter().map(|(name, call)| aggregate_field(name, call));
        let schema = StreamSchema::new(keys.chain(calls), self.system);
        let keys = self.keys.into_iter().map(|key| key.bound.expr).collect();
        (keys, self.calls.into_iter().map(|(_, call)| call).collect(), schema)
    }
}

fn aggregate_field(name: &str, call: &AggregateCall) -> Field {
    call.sql_type.field(name, true)
}

/// Whether `WITHIN GROUP (ORDER BY …)` does no more than name the value of a percentile.
fn is_plain_order(kind: AggregateKind, within_group: &[OrderByItem]) -> bool {
    let is_percentile = matches!(kind, AggregateKind::PercentileCont | AggregateKind::PercentileDisc);
    match within_group {
        [] => true,
        [only] => is_percentile && !only.descending && only.nulls_first.is_none(),
        _ => false,
    }
}

impl ExprBinder<'_> {
    /// An aggregate: collected by the grouping, and from then on a column of its result.
    pub(super) fn aggregate(&mut self, kind: AggregateKind, call: &FunctionCall, span: Span) -> Option<Bound> {
        if self.grouping.is_none() {
            let message = format!("the aggregate `{}` cannot stand in {}", call.name.name, self.clause);
            let help = match self.clause {
                "WHERE" => "filter groups with HAVING",
                "an aggregate" => "aggregate a subquery instead",
                _ => "aggregates belong to the select list and HAVING",
            };
            self.diagnostics
                .push(Diagnostic::new(&code::MISPLACED_AGGREGATE, span, message).with_help(help));
            return None;
        }
        if !call.order_by.is_empty() || !is_plain_order(kind, &call.within_group) {
            return self.unsupported(UnsupportedForm::AggregateOrderBy, span);
        }
        if call.null_treatment.is_some() {
            return self.unsupported(UnsupportedForm::NullTreatment, span);
        }
        let mut inner = ExprBinder {
            scope: self.scope,
            grouping: None,
            aliases: &[],
            clause: "an aggregate",
            diagnostics: self.diagnostics,
        };
        let mut arguments = match call.arguments.as_slice() {
            [Argument::Wildcard] if kind == AggregateKind::Count && !call.distinct => vec![],
            _ => inner.ordered_first(call)?,
        };
        if kind == AggregateKind::StringAgg && arguments.len() == 1 {
            arguments.push(Bound::text(",", span));
        }
        let filter = match &call.filter {
            Some(filter) => Some(inner.boolean(filter)?.expr),
            None => None,
        };
        let types: Vec<velo_functions::Argument> = arguments
            .iter()
            .map(|bound| velo_functions::Argument {
                sql_type: bound.sql_type.clone(),
                literal: bound.scalar().cloned(),
            })
            .collect();
        let resolved = match resolve_aggregate(kind, &types) {
            Ok(resolved) => resolved,
            Err(error) => {
                let places: Vec<Span> = arguments.iter().map(|bound| bound.span).collect();
                self.diagnostics
                    .push(function_diagnostic(&error, call.name.span, span, &places));
                return None;
            }
        };
        let arguments = arguments.into_iter().map(|bound| bound.expr).collect();
        let call_name = ast::Expr::new(ExprKind::Function(Box::new(call.clone())), span).to_string();
        let aggregate = AggregateCall {
            kind,
            arguments: resolved.arguments(arguments),
            distinct: call.distinct || kind == AggregateKind::CollectSet,
            filter,
            sql_type: resolved.return_type.clone(),
        };
        let name = self.grouping.as_mut()?.add_call(&call_name, aggregate);
        Some(Bound::new(column(&name), resolved.return_type, span))
    }

    /// The arguments of an aggregate; the value that `WITHIN GROUP (ORDER BY value)` orders comes first.
    fn ordered_first(&mut self, call: &FunctionCall) -> Option<Vec<Bound>> {
        let ordered = call.within_group.first().map(|item| self.bind(&item.expr));
        let arguments = self.arguments(call)?;
        match ordered {
            Some(value) => Some(std::iter::once(value?).chain(arguments).collect()),
            None => Some(arguments),
        }
    }
}
