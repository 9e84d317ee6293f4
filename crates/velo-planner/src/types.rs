//! Types as SQL writes them, as types of the data.

use velo_common::{Diagnostic, Span, code};
use velo_data::{DECIMAL256_PRECISION_MAX, SqlType, StructField};
use velo_parser::ast::{DataType, ExprKind, Spanned};

/// Digits of a DECIMAL without any, as in `DuckDB`.
const DECIMAL_PRECISION_DEFAULT: u8 = 18;
/// Digits behind the point of a DECIMAL without any, as in `DuckDB`.
const DECIMAL_SCALE_DEFAULT: u8 = 3;

/// The type that SQL names.
///
/// # Errors
///
/// When the measures of a DECIMAL are out of range, or a TIMESTAMP or VARCHAR asks for what this type cannot do.
pub(crate) fn sql_type(data_type: &Spanned<DataType>) -> Result<SqlType, Diagnostic> {
    Ok(match &data_type.node {
        DataType::Boolean => SqlType::Boolean,
        DataType::TinyInt => SqlType::TinyInt,
        DataType::SmallInt => SqlType::SmallInt,
        DataType::BigInt => SqlType::BigInt,
        DataType::Double => SqlType::Double,
        DataType::Decimal { precision, scale } => decimal(*precision, *scale, data_type.span)?,
        DataType::String { .. } => SqlType::String,
        DataType::Bytes => SqlType::Bytes,
        DataType::Date => SqlType::Date,
        DataType::Time => SqlType::Time,
        DataType::Timestamp {
            precision: None | Some(0..=3),
        } => SqlType::Timestamp,
        DataType::Timestamp {
            precision: Some(digits),
        } => {
            let message = format!("TIMESTAMP({digits}) is finer than milliseconds");
            return Err(Diagnostic::new(&code::UNSUPPORTED, data_type.span, message)
                .with_help("write TIMESTAMP: it holds milliseconds"));
        }
        DataType::Interval => SqlType::Interval,
        DataType::Json => SqlType::Json,
        DataType::Array(element) => SqlType::Array(Box::new(sql_type(element)?)),
        DataType::Map(key, value) => SqlType::Map(Box::new(sql_type(key)?), Box::new(sql_type(value)?)),
        DataType::Struct(fields) => {
            let field = |field: &velo_parser::ast::StructField| {
                Ok(StructField {
                    name: field.name.name.text.clone(),
                    sql_type: sql_type(&field.data_type)?,
                })
            };
            SqlType::Struct(fields.iter().map(field).collect::<Result<_, Diagnostic>>()?)
        }
    })
}

/// The type that a text names; `None` when it names none.
pub(crate) fn named_type(text: &str) -> Option<SqlType> {
    let cast = velo_parser::parse_expression(&format!("CAST(NULL AS {text})")).ok()?;
    match &cast.kind {
        ExprKind::Cast { data_type, .. } => sql_type(data_type).ok(),
        _ => None,
    }
}

fn decimal(precision: Option<u8>, scale: Option<u8>, span: Span) -> Result<SqlType, Diagnostic> {
    let (precision, scale) = match (precision, scale) {
        (None, _) => (DECIMAL_PRECISION_DEFAULT, DECIMAL_SCALE_DEFAULT),
        (Some(precision), scale) => (precision, scale.unwrap_or(0)),
    };
    let invalid = |message: String| Err(Diagnostic::new(&code::TYPE_MISMATCH, span, message));
    match () {
        () if precision == 0 || precision > DECIMAL256_PRECISION_MAX => invalid(format!(
            "a DECIMAL has 1 to {DECIMAL256_PRECISION_MAX} digits, not {precision}"
        )),
        () if scale > precision => invalid(format!(
            "a DECIMAL of {precision} digits cannot have {scale} of them behind the point"
        )),
        () => Ok(SqlType::Decimal {
            precision,
            scale: scale as i8,
        }),
    }
}
