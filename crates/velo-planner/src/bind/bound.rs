use arrow::datatypes::Field;
use datafusion_common::{Column, ScalarValue};
use datafusion_expr::Expr;
use velo_common::{Diagnostic, Span, code};
use velo_data::SqlType;
use velo_functions::cast_expr;

use super::fold::folded;

/// An expression with its names and types resolved.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bound {
    pub(crate) expr: Expr,
    pub(crate) sql_type: SqlType,
    pub(crate) span: Span,
    /// Whether it is a column whose doubles were 32-bit floats where they were stored.
    pub(crate) is_single_precision: bool,
}

impl Bound {
    pub(crate) fn new(expr: Expr, sql_type: SqlType, span: Span) -> Self {
        Self {
            expr,
            sql_type,
            span,
            is_single_precision: false,
        }
    }

    /// A column of the input.
    pub(crate) fn of_field(field: &Field, span: Span) -> Self {
        let sql_type = SqlType::of_field(field).unwrap_or(SqlType::Null);
        Self {
            is_single_precision: SqlType::is_single_precision(field),
            ..Self::new(column(field.name()), sql_type, span)
        }
    }

    /// A constant.
    pub(crate) fn literal(value: ScalarValue, sql_type: SqlType, span: Span) -> Self {
        Self::new(Expr::Literal(value, None), sql_type, span)
    }

    /// A text constant.
    pub(crate) fn text(value: &str, span: Span) -> Self {
        Self::literal(ScalarValue::Utf8View(Some(value.to_owned())), SqlType::String, span)
    }

    pub(crate) fn scalar(&self) -> Option<&ScalarValue> {
        match &self.expr {
            Expr::Literal(value, _) => Some(value),
            _ => None,
        }
    }

    /// The text of a text constant.
    pub(crate) fn as_text(&self) -> Option<&str> {
        self.scalar().and_then(ScalarValue::try_as_str).flatten()
    }

    /// Brings the value to another type, as the language does by itself.
    ///
    /// # Errors
    ///
    /// When there is no cast between the types, or a constant cannot be cast.
    pub(crate) fn coerced(self, to: &SqlType) -> Result<Self, Diagnostic> {
        if self.sql_type == *to {
            return Ok(self);
        }
        let Self {
            expr, sql_type, span, ..
        } = self;
        match cast_expr(expr, &sql_type, to, false) {
            Some(expr) => folded(Self::new(expr, to.clone(), span)),
            None => Err(Diagnostic::new(
                &code::TYPE_MISMATCH,
                span,
                format!("{sql_type} cannot be used as {to}"),
            )),
        }
    }
}

/// A reference to a column of the input, by its unique name.
pub(crate) fn column(name: &str) -> Expr {
    Expr::Column(Column::from_name(name))
}
