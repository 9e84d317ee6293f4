use std::sync::Arc;

use arrow::array::{Array, AsArray, Decimal128Array, Int64Array, RecordBatch};
use arrow::datatypes::{Decimal128Type, Int64Type, i256};
use datafusion_common::ScalarValue;
use datafusion_expr::{col, lit};
use proptest::prelude::*;
use velo_functions::ArithmeticOperator::{Add, Divide, IntegerDivide, Modulo, Multiply, Subtract};
use velo_functions::{ArithmeticOperator, arithmetic, take_zero_divisions};

use crate::support::{check, compute, evaluate, evaluate_on, show, value};

fn check_all(rows: &[(&str, ArithmeticOperator, &str, &str)]) {
    check(rows.iter().map(|(left, operator, right, expected)| {
        (
            format!("{left} {operator} {right}"),
            compute(left, *operator, right),
            (*expected).to_owned(),
        )
    }));
}

/// By hand, from the type rules; sums, products and remainders agree with DuckDB.
#[test]
fn integers() {
    check_all(&[
        ("1", Add, "2", "3 BIGINT"),
        ("7", Divide, "2", "3.5 DOUBLE"),
        ("-7", IntegerDivide, "2", "-3 BIGINT"),
        ("7", IntegerDivide, "-2", "-3 BIGINT"),
        ("-7", Modulo, "3", "-1 BIGINT"),
        ("7", Modulo, "-3", "1 BIGINT"),
        ("127::TINYINT", Add, "1::TINYINT", "error"),
        ("127::TINYINT", Add, "1", "128 BIGINT"),
        ("100::TINYINT", Add, "100::SMALLINT", "200 SMALLINT"),
        ("9223372036854775807", Add, "1", "error"),
        ("-9223372036854775808", Subtract, "1", "error"),
        ("4611686018427387904", Multiply, "2", "error"),
        ("-9223372036854775808", IntegerDivide, "-1", "error"),
        ("-9223372036854775808", Modulo, "-1", "0 BIGINT"),
        ("1", Add, "NULL", "NULL BIGINT"),
        ("NULL", Divide, "NULL", "NULL DOUBLE"),
        ("1", Add, "'a'", "no BIGINT + STRING"),
        ("true", Add, "1", "no BOOLEAN + BIGINT"),
    ]);
}

/// By hand. 175.23 / 175.00 = 1.00131428571…; 1.5 % 0.4 = 0.3.
#[test]
fn decimals() {
    check_all(&[
        ("175.23", Divide, "175.00", "1.00131429 DECIMAL(38, 8)"),
        ("0.1", Add, "0.2", "0.3 DECIMAL(2, 1)"),
        ("-0.50", Add, "0", "-0.50 DECIMAL(22, 2)"),
        ("-0.50", Multiply, "2", "-1.00 DECIMAL(21, 2)"),
        ("1.5", Add, "1", "2.5 DECIMAL(21, 1)"),
        ("1", Divide, "3.0", "0.3333333 DECIMAL(38, 7)"),
        ("2", Divide, "3.0", "0.6666667 DECIMAL(38, 7)"),
        ("-2", Divide, "3.0", "-0.6666667 DECIMAL(38, 7)"),
        ("0.5", Divide, "10000000", "0.0000001 DECIMAL(38, 7)"),
        ("0.4", Divide, "10000000", "0.0000000 DECIMAL(38, 7)"),
        ("-7.5", Modulo, "2", "-1.5 DECIMAL(2, 1)"),
        ("1.5", Modulo, "0.4", "0.3 DECIMAL(1, 1)"),
        ("7.5", IntegerDivide, "2", "3 BIGINT"),
        ("-7.5", IntegerDivide, "0.5", "-15 BIGINT"),
        ("1.5", Add, "1e0", "2.5 DOUBLE"),
        (
            "9999999999.99",
            Multiply,
            "9999999999.99",
            "99999999999800000000.0001 DECIMAL(24, 4)",
        ),
    ]);
}

/// By hand; 10^38 − 1 squared is 10^76 − 2·10^38 + 1.
#[test]
fn decimals_beyond_128_bits() {
    let large = "99999999999999999999999999999999999999";
    let nines = format!("'{large}'::DECIMAL(38,0)");
    let square = format!("{}8{}1 DECIMAL(76, 0)", "9".repeat(37), "0".repeat(37));
    let cubed = format!("'{}'::DECIMAL(76,0)", "9".repeat(76));
    check([
        (
            "sum".into(),
            compute(&nines, Add, &nines),
            format!("1{}8 DECIMAL(39, 0)", "9".repeat(37)),
        ),
        ("square".into(), compute(&nines, Multiply, &nines), square),
        (
            "overflow of 76 digits".into(),
            compute(&cubed, Add, "1"),
            "error".into(),
        ),
        (
            "a dividend that passes 76 digits when it is scaled".into(),
            compute(&cubed, Divide, &cubed),
            "error".into(),
        ),
        (
            "quotient too large".into(),
            compute(&cubed, Divide, "3"),
            "error".into(),
        ),
        (
            "remainder of a wide one".into(),
            compute(&cubed, Modulo, "7"),
            // 10^76 mod 7 is 10^(76 mod 6) mod 7 = 10^4 mod 7 = 4, so one less is 3.
            "3 DECIMAL(19, 0)".into(),
        ),
        (
            "whole quotient of a wide one".into(),
            compute(&cubed, IntegerDivide, &cubed),
            "1 BIGINT".into(),
        ),
        (
            "a quotient whose dividend outgrows 128 bits on the way".into(),
            compute("'12345678901234567890'::DECIMAL(38,0)", Divide, "'0.5'::DECIMAL(38,18)"),
            "24691357802469135780.000000000000000000 DECIMAL(38, 18)".into(),
        ),
    ]);
}

/// DuckDB: doubles follow IEEE 754, beyond the largest is infinity.
#[test]
fn doubles() {
    check_all(&[
        ("1.7e308", Multiply, "10", "inf DOUBLE"),
        ("-1.7e308", Add, "-1.7e308", "-inf DOUBLE"),
        ("-7.5e0", Modulo, "2", "-1.5 DOUBLE"),
        ("7.5e0", IntegerDivide, "2", "3 BIGINT"),
        ("1e19", IntegerDivide, "1", "error"),
        (
            "-9223372036854775808e0",
            IntegerDivide,
            "1",
            "-9223372036854775808 BIGINT",
        ),
        ("0.1e0", Add, "0.2e0", "0.30000000000000004 DOUBLE"),
    ]);
}

#[test]
fn division_by_zero_is_null_and_counted() {
    take_zero_divisions();
    check_all(&[
        ("1", Divide, "0", "NULL DOUBLE"),
        ("1", IntegerDivide, "0", "NULL BIGINT"),
        ("1", Modulo, "0", "NULL BIGINT"),
        ("1.5", Divide, "0.0", "NULL DECIMAL(38, 7)"),
        ("1.5", Modulo, "0", "NULL DECIMAL(2, 1)"),
        ("1e0", Divide, "0e0", "NULL DOUBLE"),
        ("1e0", Modulo, "-0e0", "NULL DOUBLE"),
        ("NULL", Divide, "0", "NULL DOUBLE"),
    ]);
    assert_eq!(take_zero_divisions(), 7, "one whose dividend is NULL does not count");
    assert_eq!(take_zero_divisions(), 0, "taking resets the count");
}

/// DuckDB, but for DATE − TIMESTAMP and epoch milliseconds, which are by hand.
#[test]
fn points_in_time() {
    check_all(&[
        (
            "'2024-01-31'::DATE",
            Add,
            "'1 month'::INTERVAL",
            "2024-02-29 00:00:00 TIMESTAMP",
        ),
        (
            "'2024-01-31 10:00:00'::TIMESTAMP",
            Add,
            "'1 month'::INTERVAL",
            "2024-02-29 10:00:00 TIMESTAMP",
        ),
        (
            "'2024-03-31 10:00:00'::TIMESTAMP",
            Subtract,
            "'1 month'::INTERVAL",
            "2024-02-29 10:00:00 TIMESTAMP",
        ),
        (
            "'1 day 1 hour'::INTERVAL",
            Add,
            "'2024-01-01'::TIMESTAMP",
            "2024-01-02 01:00:00 TIMESTAMP",
        ),
        (
            "1000",
            Subtract,
            "'1 second'::INTERVAL",
            "1970-01-01 00:00:00 TIMESTAMP",
        ),
        (
            "'2024-03-31 10:00:00'::TIMESTAMP",
            Subtract,
            "'2024-03-30 08:00:00'::TIMESTAMP",
            "1 day 02:00:00 INTERVAL",
        ),
        (
            "'2024-03-30 10:00:00'::TIMESTAMP",
            Subtract,
            "'2024-03-31 11:00:00'::TIMESTAMP",
            "-1 day -01:00:00 INTERVAL",
        ),
        (
            "'2024-01-01'::TIMESTAMP",
            Subtract,
            "'2023-12-31'::DATE",
            "1 day INTERVAL",
        ),
        ("'2024-01-01'::DATE", Subtract, "'2023-12-25'::DATE", "7 BIGINT"),
        ("'2024-01-31'::DATE", Add, "1", "2024-02-01 DATE"),
        ("'2024-01-31'::DATE", Subtract, "31", "2023-12-31 DATE"),
        (
            "'1 month'::INTERVAL",
            Add,
            "'1 day'::INTERVAL",
            "1 month 1 day INTERVAL",
        ),
        ("'1 month 1 day'::INTERVAL", Multiply, "2", "2 months 2 days INTERVAL"),
        ("2", Multiply, "'1 day'::INTERVAL", "2 days INTERVAL"),
        (
            "'1 month 1 day'::INTERVAL",
            Multiply,
            "1.5",
            "1 month 16 days 12:00:00 INTERVAL",
        ),
        (
            "'3 month 3 day'::INTERVAL",
            Divide,
            "2",
            "1 month 16 days 12:00:00 INTERVAL",
        ),
        ("'1 day'::INTERVAL", Divide, "0", "NULL INTERVAL"),
        ("'2024-01-01'::TIMESTAMP", Add, "1", "no TIMESTAMP + BIGINT"),
        ("'2024-01-01'::TIMESTAMP", Add, "NULL", "NULL TIMESTAMP"),
    ]);
}

/// By hand.
#[test]
fn unary_minus() {
    let negated = |text: &str| {
        let value = value(text);
        match evaluate(&arithmetic::negate().call(vec![lit(value.scalar)])) {
            Ok(scalar) => show(&scalar, &arithmetic::negated_type(&value.sql_type).expect("a type")),
            Err(message) => format!("error: {message}"),
        }
    };
    let rows = [
        ("1", "-1 BIGINT"),
        ("-0.50", "0.50 DECIMAL(2, 2)"),
        ("1e0", "-1.0 DOUBLE"),
        ("-128::TINYINT", "error"),
        ("-9223372036854775808", "error"),
        ("NULL", "NULL BIGINT"),
        ("'1 day'::INTERVAL", "-1 day INTERVAL"),
    ];
    check(rows.map(|(text, expected)| (format!("-({text})"), negated(text), expected.to_owned())));
}

proptest! {
    /// A quotient q of n / d is rounded half away from zero when |n - q d| <= |d| / 2, and a tie is away from zero.
    #[test]
    fn quotients_are_rounded_half_away_from_zero(
        dividend in any::<i64>(),
        divisor in any::<i64>().prop_filter("not zero", |divisor| *divisor != 0),
        dividend_scale in 0_i8..=12,
        divisor_scale in 0_i8..=12,
    ) {
        let decimal = |value: i64, scale| lit(ScalarValue::Decimal128(Some(i128::from(value)), 38, scale));
        let division = arithmetic::udf(Divide).call(vec![decimal(dividend, dividend_scale), decimal(divisor, divisor_scale)]);
        let scale = (dividend_scale.max(divisor_scale) + 6).min(18);
        let shift = u32::try_from(scale - dividend_scale + divisor_scale).expect("not negative");
        let scaled = i256::from_i128(i128::from(dividend)).checked_mul(i256::from_i128(10).checked_pow(shift).expect("small")).expect("fits");
        let exact = scaled.checked_div(i256::from_i128(i128::from(divisor))).expect("not zero");
        match evaluate(&division) {
            Ok(ScalarValue::Decimal128(Some(quotient), 38, quotient_scale)) => {
                prop_assert_eq!(quotient_scale, scale);
                let product = i256::from_i128(quotient).checked_mul(i256::from_i128(i128::from(divisor))).expect("fits");
                let twice_off = scaled.checked_sub(product).expect("fits").wrapping_abs().checked_mul(i256::from_i128(2)).expect("fits");
                let size = i256::from_i128(i128::from(divisor)).wrapping_abs();
                prop_assert!(twice_off < size || twice_off == size && product.wrapping_abs() > scaled.wrapping_abs());
            }
            other => prop_assert!(exact.wrapping_abs() >= i256::from_i128(10_i128.pow(38) - 1), "{:?}", other),
        }
    }
}

/// By hand: columns with NULLs and zeros, against columns and constants on either side.
#[test]
fn columns_and_constants() {
    take_zero_divisions();
    let batch = RecordBatch::try_from_iter([
        (
            "a",
            Arc::new(Int64Array::from(vec![Some(6), None, Some(8), Some(9)])) as Arc<dyn Array>,
        ),
        ("b", Arc::new(Int64Array::from(vec![Some(2), Some(0), Some(0), None]))),
        (
            "d",
            Arc::new(
                Decimal128Array::from(vec![Some(150), Some(0), None, Some(-5)])
                    .with_precision_and_scale(5, 2)
                    .expect("digits"),
            ),
        ),
    ])
    .expect("columns");
    let integers = |expr| {
        evaluate_on(&expr, &batch)
            .expect("no error")
            .as_primitive::<Int64Type>()
            .iter()
            .collect::<Vec<_>>()
    };
    let modulo = || arithmetic::udf(Modulo);
    let whole = || arithmetic::udf(IntegerDivide);

    assert_eq!(
        integers(whole().call(vec![col("a"), col("b")])),
        [Some(3), None, None, None]
    );
    assert_eq!(take_zero_divisions(), 1, "8 / 0; NULL / 0 does not count");
    assert_eq!(integers(whole().call(vec![col("a"), lit(0_i64)])), [None; 4]);
    assert_eq!(take_zero_divisions(), 3, "every row with a dividend");
    assert_eq!(
        integers(modulo().call(vec![lit(7_i64), col("b")])),
        [Some(1), None, None, None]
    );
    assert_eq!(take_zero_divisions(), 2);

    let quotients = evaluate_on(&arithmetic::udf(Divide).call(vec![lit(1_i64), col("d")]), &batch).expect("no error");
    let quotients = quotients.as_primitive::<Decimal128Type>();
    assert_eq!(
        quotients.iter().collect::<Vec<_>>(),
        [Some(66_666_667), None, None, Some(-2_000_000_000)]
    );
    assert_eq!(take_zero_divisions(), 1);
}
