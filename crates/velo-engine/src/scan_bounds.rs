//! What the filters of a scan say about single columns, for sources that can leave records out by it.

use datafusion_common::ScalarValue;
use datafusion_expr::utils::split_conjunction;
use datafusion_expr::{Between, BinaryExpr, Expr, Operator};
use velo_data::{BoundValue, ColumnBounds, SqlType};
use velo_planner::plan::Scan;

/// Bounds that every row which passes the scan's filters keeps; columns are those of the source.
///
/// There are none where event time is taken, since rows that are filtered move the watermark on all the same. And none
/// from a filter behind one that can fail on a row, since a row that fails must be rejected, not left out.
pub(crate) fn scan_bounds(scan: &Scan) -> Vec<ColumnBounds> {
    let mut bounds = Bounds {
        scan,
        found: Vec::new(),
    };
    if scan.event_time.is_some() {
        return bounds.found;
    }
    for condition in scan.filters.iter().flat_map(split_conjunction) {
        if !never_fails(condition, scan) {
            break;
        }
        bounds.take(condition);
    }
    bounds.found
}

struct Bounds<'a> {
    scan: &'a Scan,
    found: Vec<ColumnBounds>,
}

impl Bounds<'_> {
    fn take(&mut self, condition: &Expr) {
        match condition {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
                if let (Some(column), Some(value)) = (source_column(left, self.scan), bound_value(right)) {
                    self.compare(column, *op, value);
                } else if let (Some(column), Some(value)) = (source_column(right, self.scan), bound_value(left))
                    && let Some(swapped) = op.swap()
                {
                    self.compare(column, swapped, value);
                }
            }
            Expr::Between(Between {
                expr,
                negated: false,
                low,
                high,
            }) => {
                if let Some(column) = source_column(expr, self.scan) {
                    if let Some(low) = bound_value(low) {
                        self.add(column, Some(low), None);
                    }
                    if let Some(high) = bound_value(high) {
                        self.add(column, None, Some(high));
                    }
                }
            }
            _ => {}
        }
    }

    fn compare(&mut self, column: usize, operator: Operator, value: BoundValue) {
        match operator {
            Operator::Eq => self.add(column, Some(value.clone()), Some(value)),
            Operator::Gt | Operator::GtEq => self.add(column, Some(value), None),
            Operator::Lt | Operator::LtEq => self.add(column, None, Some(value)),
            _ => {}
        }
    }

    /// Adds to the bounds of the column where that end is open, so that a range is one entry.
    fn add(&mut self, column: usize, lower: Option<BoundValue>, upper: Option<BoundValue>) {
        let open = self.found.iter_mut().find(|bounds| {
            bounds.column == column
                && (lower.is_none() || bounds.lower.is_none())
                && (upper.is_none() || bounds.upper.is_none())
        });
        match open {
            Some(bounds) => {
                bounds.lower = bounds.lower.take().or(lower);
                bounds.upper = bounds.upper.take().or(upper);
            }
            None => self.found.push(ColumnBounds { column, lower, upper }),
        }
    }
}

/// The column of the source that an expression has the values of, as they are or as a wider type.
fn source_column(expr: &Expr, scan: &Scan) -> Option<usize> {
    match expr {
        Expr::Column(column) => {
            let index = scan.schema.arrow().index_of(&column.name).ok()?;
            scan.columns.get(index).copied()
        }
        Expr::ScalarFunction(_) => source_column(widened(expr, scan)?, scan),
        _ => None,
    }
}

/// What a cast widens, which changes no value.
fn widened<'a>(expr: &'a Expr, scan: &Scan) -> Option<&'a Expr> {
    let Expr::ScalarFunction(call) = expr else {
        return None;
    };
    let [operand @ Expr::Column(column)] = call.args.as_slice() else {
        return None;
    };
    let (_, field) = scan.schema.arrow().fields().find(&column.name)?;
    let to = call.func.return_type(std::slice::from_ref(field.data_type())).ok()?;
    let (from, to) = (SqlType::of_field(field)?, SqlType::from_arrow(&to)?);
    (call.func.name() == "CAST" && is_wider(&to, &from)).then_some(operand)
}

fn is_wider(to: &SqlType, from: &SqlType) -> bool {
    let digits = |sql_type: &SqlType| match sql_type {
        SqlType::TinyInt => Some((3, 0)),
        SqlType::SmallInt => Some((5, 0)),
        SqlType::BigInt => Some((19, 0)),
        SqlType::Decimal { precision, scale } => Some((i16::from(*precision), i16::from(*scale))),
        _ => None,
    };
    match (digits(to), digits(from)) {
        (Some((to, to_scale)), Some((from, from_scale))) => {
            to_scale >= from_scale && to - to_scale >= from - from_scale
        }
        _ => *to == SqlType::Double && matches!(from, SqlType::TinyInt | SqlType::SmallInt),
    }
}

fn bound_value(expr: &Expr) -> Option<BoundValue> {
    let Expr::Literal(value, _) = expr else {
        return None;
    };
    Some(match value {
        ScalarValue::Int8(Some(value)) => BoundValue::Integer((*value).into()),
        ScalarValue::Int16(Some(value)) => BoundValue::Integer((*value).into()),
        ScalarValue::Int64(Some(value)) | ScalarValue::TimestampMillisecond(Some(value), None) => {
            BoundValue::Integer(*value)
        }
        ScalarValue::Date32(Some(value)) | ScalarValue::Time32Millisecond(Some(value)) => {
            BoundValue::Integer((*value).into())
        }
        ScalarValue::Decimal128(Some(unscaled), _, scale) => BoundValue::Decimal {
            unscaled: *unscaled,
            scale: *scale,
        },
        ScalarValue::Float64(Some(value)) if !value.is_nan() => BoundValue::Double(*value),
        ScalarValue::Utf8View(Some(text)) => BoundValue::Text(text.clone()),
        _ => return None,
    })
}

/// Whether a condition has a value for every row.
fn never_fails(expr: &Expr, scan: &Scan) -> bool {
    let all = |operands: &[&Expr]| operands.iter().all(|operand| never_fails(operand, scan));
    match expr {
        Expr::Column(_) | Expr::Literal(_, _) => true,
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let compares = matches!(
                op,
                Operator::Eq
                    | Operator::NotEq
                    | Operator::Lt
                    | Operator::LtEq
                    | Operator::Gt
                    | Operator::GtEq
                    | Operator::IsDistinctFrom
                    | Operator::IsNotDistinctFrom
            );
            (compares || op.is_logic_operator()) && all(&[left, right])
        }
        Expr::Between(between) => all(&[&between.expr, &between.low, &between.high]),
        Expr::InList(list) => never_fails(&list.expr, scan) && list.list.iter().all(|item| never_fails(item, scan)),
        Expr::Not(operand)
        | Expr::IsNull(operand)
        | Expr::IsNotNull(operand)
        | Expr::IsTrue(operand)
        | Expr::IsFalse(operand)
        | Expr::IsNotTrue(operand)
        | Expr::IsNotFalse(operand) => never_fails(operand, scan),
        Expr::ScalarFunction(_) => widened(expr, scan).is_some(),
        _ => false,
    }
}
