//! State that grows for as long as a stream runs.

use velo_common::{Diagnostic, Span, code};
use velo_data::{SqlType, StreamSchema};
use velo_functions::AggregateKind;
use velo_parser::ast::{ExprKind, FunctionCall, Select, SelectItem};

use crate::plan::{Aggregate, AggregateCall};
use crate::walk::walk_expr;

/// What an entry of a hash table takes beside its key and value.
const ENTRY_OVERHEAD_BYTES: usize = 32;
/// What a value of no fixed size is taken for: a text of some twenty letters with its view.
const VARIABLE_BYTES: usize = 40;

/// Groups without a window over an input without end: each new value of the keys is kept for good.
pub(in crate::bind) fn growing_groups(select: &Select, aggregate: &Aggregate) -> Option<Diagnostic> {
    let clause = select.group_by.as_ref()?;
    let names = aggregate.key_names();
    if aggregate.window.is_some() || names.is_empty() {
        return None;
    }
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let each = if names.len() == 1 { "value" } else { "combination" };
    let message = format!(
        "state grows for as long as the stream runs: one group for each distinct {each} of {}, about {} bytes each",
        names.join(", "),
        group_bytes(aggregate)
    );
    Some(
        Diagnostic::new(&code::LINT_GROWING_STATE, clause.span, message).with_help(
            "add a window, such as WINDOW TUMBLING(1h), whose groups are forgotten when it is over; \
             or set a limit: 'max.groups' = 1000000",
        ),
    )
}

/// About how many bytes a group takes, apart from what aggregates keep that grow with their rows.
fn group_bytes(aggregate: &Aggregate) -> usize {
    let fields = aggregate.schema.arrow().fields().iter().take(aggregate.keys.len());
    let key: usize = fields
        .map(|field| SqlType::of_field(field).as_ref().map_or(VARIABLE_BYTES, bytes))
        .sum();
    let states: usize = aggregate.aggregates.iter().map(state_bytes).sum();
    ENTRY_OVERHEAD_BYTES + key + states
}

fn bytes(sql_type: &SqlType) -> usize {
    match sql_type {
        SqlType::Boolean | SqlType::TinyInt | SqlType::SmallInt => 2,
        SqlType::BigInt | SqlType::Double | SqlType::Date | SqlType::Time | SqlType::Timestamp => 8,
        SqlType::Decimal { .. } | SqlType::Interval => 16,
        _ => VARIABLE_BYTES,
    }
}

fn state_bytes(call: &AggregateCall) -> usize {
    match call.kind {
        AggregateKind::Count => 8,
        AggregateKind::Sum | AggregateKind::Avg => 24,
        AggregateKind::FirstValue
        | AggregateKind::LastValue
        | AggregateKind::EarliestByOffset
        | AggregateKind::LatestByOffset => 16 + bytes(&call.sql_type),
        AggregateKind::ApproxCountDistinct => 16 << 10,
        _ => 24 + bytes(&call.sql_type),
    }
}

/// Aggregates without a window that keep every value, so that each of their groups grows by itself.
pub(in crate::bind) fn kept_values(select: &Select) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let items = select.items.iter().filter_map(|item| match &item.node {
        SelectItem::Expr { expr, .. } => Some(expr),
        SelectItem::Wildcard | SelectItem::QualifiedWildcard(_) => None,
    });
    for expr in items.chain(select.having.as_ref().map(|having| &having.node)) {
        let visited = walk_expr::<()>(expr, &mut |inner| {
            if let ExprKind::Function(call) = &inner.kind {
                found.extend(kept_by(call, inner.span));
            }
            std::ops::ControlFlow::Continue(())
        });
        debug_assert!(visited.is_continue());
    }
    found
}

fn kept_by(call: &FunctionCall, span: Span) -> Option<Diagnostic> {
    let kind = velo_functions::aggregate(&call.name.name.text).filter(|_| call.over.is_none())?;
    let (kept, help) = match kind {
        AggregateKind::CountDistinct => ("every distinct value", "APPROX_COUNT_DISTINCT takes constant memory"),
        AggregateKind::Count if call.distinct => {
            ("every distinct value", "APPROX_COUNT_DISTINCT takes constant memory")
        }
        AggregateKind::CollectSet => ("every distinct value", "add a window, such as WINDOW TUMBLING(1h)"),
        AggregateKind::ArrayAgg
        | AggregateKind::StringAgg
        | AggregateKind::Median
        | AggregateKind::PercentileCont
        | AggregateKind::PercentileDisc => ("every value", "add a window, such as WINDOW TUMBLING(1h)"),
        _ if call.distinct && !matches!(kind, AggregateKind::Min | AggregateKind::Max) => {
            ("every distinct value", "add a window, such as WINDOW TUMBLING(1h)")
        }
        _ => return None,
    };
    let message = format!(
        "state grows for as long as the stream runs: {} keeps {kept} of each group",
        call.name.name
    );
    Some(Diagnostic::new(&code::LINT_GROWING_STATE, span, message).with_help(help))
}

/// DISTINCT over an input without end: every distinct row is kept for good.
pub(in crate::bind) fn distinct_rows(distinct: Span, schema: &StreamSchema) -> Diagnostic {
    let types = schema.user_fields().iter().map(|field| SqlType::of_field(field));
    let row: usize = types
        .map(|sql_type| sql_type.as_ref().map_or(VARIABLE_BYTES, bytes))
        .sum();
    let message = format!(
        "state grows for as long as the stream runs: one entry for each distinct row, about {} bytes each",
        ENTRY_OVERHEAD_BYTES + row
    );
    Diagnostic::new(&code::LINT_GROWING_STATE, distinct, message)
        .with_help("let the rows of a window be distinct instead: GROUP BY the columns, and add WINDOW TUMBLING(1h)")
}
