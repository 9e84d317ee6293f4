//! Conversions that the language makes by itself, and that lose something or may fail.

use velo_common::{Diagnostic, Span, code};
use velo_data::SqlType;

use crate::bind::bound::Bound;

/// A DECIMAL column beside a DOUBLE: both become DOUBLE, and cents are no longer exact.
pub(in crate::bind) fn lossy_decimal(operator: &str, left: &Bound, right: &Bound, span: Span) -> Option<Diagnostic> {
    let is_decimal = |bound: &Bound| matches!(bound.sql_type, SqlType::Decimal { .. }) && bound.scalar().is_none();
    let is_double = |bound: &Bound| bound.sql_type == SqlType::Double;
    let mixed = (is_decimal(left) && is_double(right)) || (is_double(left) && is_decimal(right));
    let advice = if is_double(left) && left.scalar().is_some() || is_double(right) && right.scalar().is_some() {
        "write the constant without an exponent, which makes it an exact decimal"
    } else {
        "cast the DOUBLE: CAST(… AS DECIMAL(18, 4)); or say that it is meant: CAST(… AS DOUBLE)"
    };
    mixed.then(|| {
        let message = format!("`{operator}` turns the DECIMAL into a DOUBLE, which cannot hold it exactly");
        Diagnostic::new(&code::LINT_HIDDEN_CAST, span, message).with_help(advice)
    })
}

/// Text that is no constant beside a point in time: every row is parsed, and rows may fail.
pub(in crate::bind) fn text_as_time(operator: &str, left: &Bound, right: &Bound) -> Option<Diagnostic> {
    let is_time = |bound: &Bound| matches!(bound.sql_type, SqlType::Date | SqlType::Time | SqlType::Timestamp);
    let is_text = |bound: &Bound| bound.sql_type == SqlType::String && bound.scalar().is_none();
    let (text, time) = match (left, right) {
        (text, time) | (time, text) if is_text(text) && is_time(time) => (text, time),
        _ => return None,
    };
    let sql_type = &time.sql_type;
    let message = format!("`{operator}` reads this STRING as a {sql_type} for every row, and rows that hold none fail");
    Some(
        Diagnostic::new(&code::LINT_HIDDEN_CAST, text.span, message).with_help(format!(
            "say so: CAST(… AS {sql_type}), or TRY_CAST(… AS {sql_type}) where such rows are to be NULL"
        )),
    )
}

/// A TIMESTAMP compared with a number, which is taken for epoch milliseconds.
pub(in crate::bind) fn epoch_comparison(left: &Bound, right: &Bound, span: Span) -> Option<Diagnostic> {
    let is_time = |bound: &Bound| bound.sql_type == SqlType::Timestamp;
    let is_number = |bound: &Bound| bound.sql_type.is_integer();
    let mixed = (is_time(left) && is_number(right)) || (is_number(left) && is_time(right));
    mixed.then(|| {
        Diagnostic::new(
            &code::LINT_EPOCH_COMPARISON,
            span,
            "a TIMESTAMP is compared with a number, which is read as milliseconds since 1970",
        )
        .with_help("write TIMESTAMP '2026-01-31 12:30:00', or CAST(… AS BIGINT) on the other side")
    })
}
