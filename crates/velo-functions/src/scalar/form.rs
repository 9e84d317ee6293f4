//! Calls that are not just a function: lazily evaluated forms, casts, and functions that need casts around them.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion_common::ScalarValue;
use datafusion_expr::expr::Case;
use datafusion_expr::{Expr, ScalarUDF, lit};
use velo_data::SqlType;

use super::parameter::Parameter;
use super::resolve::{recast, wrong_count};
use crate::arithmetic::{self, ArithmeticOperator};
use crate::cast::cast_expr;
use crate::common_type::{common_type, common_type_of};
use crate::comparison::{bitwise_key, comparison_key};

/// A call that becomes another expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The first argument that is not NULL; the others are not evaluated.
    Coalesce,
    /// NULL where both are equal.
    NullIf,
    /// The second argument where the first is true, else the third.
    If,
    /// `CAST(x AS DATE)`
    ToDate,
    /// `CAST(x AS TIMESTAMP)`
    ToTimestamp,
    /// A point in time and an INTERVAL.
    Shift(ArithmeticOperator),
}

/// What a resolved function does with its arguments.
#[derive(Debug, Clone)]
pub(super) enum Bound {
    Function {
        udf: Arc<ScalarUDF>,
        /// Canonical Arrow type and the one that the function takes, for each argument; none: as they are.
        arguments: Vec<(DataType, DataType)>,
        /// The Arrow type that the function returns.
        returns: DataType,
    },
    /// A function that compares its arguments, or their elements, bit by bit.
    Comparing(Box<Bound>),
    /// A function whose first argument the name stands for: `YEAR(x)` is `DATE_PART('year', x)`.
    WithPart {
        part: &'static str,
        udf: Arc<ScalarUDF>,
    },
    /// A function whose last arguments are literals when they are not given.
    WithDefaults {
        function: Box<Bound>,
        appended: Vec<&'static str>,
    },
    /// A digest, and the function that writes it in hexadecimal digits.
    Hex {
        digest: Box<Bound>,
        digest_type: SqlType,
        udf: Arc<ScalarUDF>,
    },
    Form(Form),
}

impl Bound {
    /// A function that takes and returns canonical types.
    pub(super) fn canonical(udf: Arc<ScalarUDF>, return_type: &SqlType) -> Self {
        Self::Function {
            udf,
            arguments: Vec::new(),
            returns: return_type.arrow(),
        }
    }

    /// The function that is called, if it is one.
    pub(super) fn udf(&self) -> Option<&Arc<ScalarUDF>> {
        match self {
            Self::Function { udf, .. } | Self::WithPart { udf, .. } | Self::Hex { udf, .. } => Some(udf),
            Self::WithDefaults { function, .. } | Self::Comparing(function) => function.udf(),
            Self::Form(_) => None,
        }
    }

    /// The call; the arguments have the canonical types that resolution asked for.
    pub(super) fn call(&self, mut arguments: Vec<Expr>, argument_types: &[SqlType], return_type: &SqlType) -> Expr {
        match self {
            Self::Function {
                udf,
                arguments: wanted,
                returns,
            } => {
                for (argument, (canonical, wanted)) in arguments.iter_mut().zip(wanted) {
                    *argument = recast(argument.clone(), canonical, wanted);
                }
                recast(udf.call(arguments), returns, &return_type.arrow())
            }
            Self::Comparing(function) => {
                let typed = arguments.into_iter().zip(argument_types);
                let keys = typed
                    .map(|(argument, sql_type)| bitwise_key(argument, sql_type))
                    .collect();
                function.call(keys, argument_types, return_type)
            }
            Self::WithPart { part, udf } => {
                arguments.insert(0, text_literal(part));
                udf.call(arguments)
            }
            Self::WithDefaults { function, appended } => {
                arguments.extend(appended.iter().map(|text| text_literal(text)));
                function.call(arguments, argument_types, return_type)
            }
            Self::Hex {
                digest,
                digest_type,
                udf,
            } => udf.call(vec![digest.call(arguments, argument_types, digest_type)]),
            Self::Form(form) => form.call(arguments, argument_types, return_type),
        }
    }
}

fn text_literal(text: &str) -> Expr {
    lit(ScalarValue::Utf8View(Some(text.to_owned())))
}

/// The types that a form casts its arguments to, and its own.
pub(super) fn types(form: Form, given: &[SqlType]) -> Result<(Vec<SqlType>, SqlType), String> {
    let nothing_in_common = |left: &SqlType, right: &SqlType| format!("cannot bring {left} and {right} to one type");
    match (form, given) {
        (Form::Coalesce, [_, ..]) => match common_type_of(given) {
            Some(common) => Ok((vec![common.clone(); given.len()], common)),
            None => Err("needs arguments of one type".into()),
        },
        (Form::Coalesce, []) => Err("needs at least one argument".into()),
        (Form::NullIf, [left, right]) => match common_type(left, right) {
            Some(_) => Ok((given.to_vec(), left.clone())),
            None => Err(nothing_in_common(left, right)),
        },
        (Form::If, [condition, yes, no]) => match common_type(yes, no) {
            _ if !matches!(condition, SqlType::Boolean | SqlType::Null) => {
                Err(format!("takes a BOOLEAN as argument 1, not {condition}"))
            }
            Some(common) => Ok((vec![SqlType::Boolean, common.clone(), common.clone()], common)),
            None => Err(nothing_in_common(yes, no)),
        },
        (Form::ToDate | Form::ToTimestamp, [from]) => match Parameter::Instant.accept(from) {
            Some(_) if form == Form::ToDate => Ok((vec![SqlType::Timestamp], SqlType::Date)),
            Some(_) => Ok((vec![SqlType::Timestamp], SqlType::Timestamp)),
            None => Err(format!("does not take {from}")),
        },
        (Form::Shift(_), [time, interval]) => {
            let is_instant = Parameter::Instant.accept(time).is_some();
            if is_instant && matches!(interval, SqlType::Interval | SqlType::String | SqlType::Null) {
                Ok((vec![SqlType::Timestamp, SqlType::Interval], SqlType::Timestamp))
            } else {
                Err(format!("does not take {time} and {interval}"))
            }
        }
        (Form::NullIf | Form::Shift(_), _) => Err(wrong_count(2, 2, given.len())),
        (Form::If, _) => Err(wrong_count(3, 3, given.len())),
        (Form::ToDate | Form::ToTimestamp, _) => Err(wrong_count(1, 1, given.len())),
    }
}

impl Form {
    fn call(self, arguments: Vec<Expr>, argument_types: &[SqlType], return_type: &SqlType) -> Expr {
        let mut arguments = arguments.into_iter();
        match (self, arguments.next(), arguments.next(), arguments.next()) {
            (Self::Coalesce, Some(first), second, third) => {
                let rest = second.into_iter().chain(third).chain(arguments);
                coalesce(std::iter::once(first).chain(rest).collect())
            }
            (Self::NullIf, Some(left), Some(right), _) => {
                let equal = equal((left.clone(), right), argument_types);
                case(vec![(equal, null(return_type))], left)
            }
            (Self::If, Some(condition), Some(yes), Some(no)) => case(vec![(condition, yes)], no),
            (Self::Shift(operator), Some(time), Some(interval), _) => {
                arithmetic::udf(operator).call(vec![time, interval])
            }
            (Self::ToDate, Some(value), _, _) => {
                cast_expr(value.clone(), &SqlType::Timestamp, return_type, false).unwrap_or(value)
            }
            (_, Some(value), _, _) => value,
            (_, None, _, _) => null(return_type),
        }
    }
}

/// Whether both are equal, as values of their common type.
fn equal((left, right): (Expr, Expr), types: &[SqlType]) -> Expr {
    let [left_type, right_type] = types else {
        return left.eq(right);
    };
    let common = common_type(left_type, right_type).unwrap_or_else(|| left_type.clone());
    let brought = |expr: Expr, from: &SqlType| cast_expr(expr.clone(), from, &common, false).unwrap_or(expr);
    let key = |expr: Expr| comparison_key(expr, &common);
    key(brought(left, left_type)).eq(key(brought(right, right_type)))
}

fn null(sql_type: &SqlType) -> Expr {
    lit(ScalarValue::try_from(&sql_type.arrow()).unwrap_or(ScalarValue::Null))
}

fn coalesce(mut arguments: Vec<Expr>) -> Expr {
    let last = arguments.pop();
    let branches = arguments
        .into_iter()
        .map(|argument| (argument.clone().is_not_null(), argument))
        .collect::<Vec<_>>();
    match last {
        Some(last) if branches.is_empty() => last,
        Some(last) => case(branches, last),
        None => lit(ScalarValue::Null),
    }
}

fn case(branches: Vec<(Expr, Expr)>, otherwise: Expr) -> Expr {
    let branches = branches
        .into_iter()
        .map(|(when, then)| (Box::new(when), Box::new(then)))
        .collect();
    Expr::Case(Case::new(None, branches, Some(Box::new(otherwise))))
}
