use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryViewArray, MapArray, StringViewArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::DataType;
use datafusion_common::ScalarValue;
use datafusion_expr::lit;
use velo_data::SqlType;
use velo_functions::{ArithmeticOperator, arithmetic};

use crate::support::{Value, call, call_values, check, compute, evaluate, show, value};

fn check_all(rows: &[(&str, &[&str], &str)]) {
    check(rows.iter().map(|(name, arguments, expected)| {
        (
            format!("{name}({})", arguments.join(", ")),
            call(name, arguments),
            (*expected).to_owned(),
        )
    }));
}

/// DuckDB; POSITION with a comma, `SPLIT_PART` at 0 and the messages are by hand.
#[test]
fn text() {
    check_all(&[
        ("UPPER", &["'abc'"], "ABC STRING"),
        ("ucase", &["NULL"], "NULL STRING"),
        ("LOWER", &["'ÄB'"], "äb STRING"),
        ("INITCAP", &["'hello world'"], "Hello World STRING"),
        ("LENGTH", &["'héllo'"], "5 BIGINT"),
        ("LEN", &["''"], "0 BIGINT"),
        ("SUBSTRING", &["'hello'", "2", "3"], "ell STRING"),
        ("SUBSTRING", &["'hello'", "0", "2"], "h STRING"),
        ("SUBSTRING", &["'hello'", "0"], "hello STRING"),
        ("SUBSTRING", &["'hello'", "-3", "2"], "ll STRING"),
        ("SUBSTRING", &["'hello'", "-2"], "lo STRING"),
        ("SUBSTRING", &["'hello'", "2"], "ello STRING"),
        ("SUBSTR", &["'hello'", "2", "-1"], "h STRING"),
        ("SUBSTR", &["'hello'", "-10", "7"], "he STRING"),
        ("SUBSTR", &["'hello'", "4", "10"], "lo STRING"),
        ("SUBSTR", &["'hello'", "2", "0"], " STRING"),
        ("SUBSTR", &["'héllo'", "2", "2"], "él STRING"),
        ("SUBSTR", &["'hello'", "2", "NULL"], "NULL STRING"),
        ("LEFT", &["'héllo'", "2"], "hé STRING"),
        ("LEFT", &["'hello'", "-2"], "hel STRING"),
        ("RIGHT", &["'hello'", "-2"], "llo STRING"),
        ("REPLACE", &["'aaa'", "'a'", "''"], " STRING"),
        ("REPLACE", &["'abc'", "''", "'x'"], "abc STRING"),
        ("REPLACE", &["'ababab'", "'ab'", "'ba'"], "bababa STRING"),
        ("TRIM", &["'  a '"], "a STRING"),
        ("TRIM", &["'xxaxx'", "'x'"], "a STRING"),
        ("LTRIM", &["'  x '"], "x  STRING"),
        ("RTRIM", &["' x  '"], " x STRING"),
        ("LPAD", &["'7'", "3", "'0'"], "007 STRING"),
        ("LPAD", &["'12345'", "3", "'0'"], "123 STRING"),
        ("RPAD", &["'7'", "3", "'ab'"], "7ab STRING"),
        ("CONCAT", &["'a'", "NULL", "1", "true"], "a1true STRING"),
        (
            "CONCAT",
            &["1.50", "'2024-01-02 03:04:05'::TIMESTAMP"],
            "1.502024-01-02 03:04:05 STRING",
        ),
        ("CONCAT", &["NULL", "NULL"], " STRING"),
        ("CONCAT_WS", &["','", "'a'", "NULL", "'b'"], "a,b STRING"),
        ("JOIN", &["NULL", "'a'"], "NULL STRING"),
        ("SPLIT", &["'a,b'", "','"], r#"["a","b"] ARRAY<STRING>"#),
        ("SPLIT", &["'a,b'", "''"], r#"["a",",","b"] ARRAY<STRING>"#),
        ("SPLIT", &["''", "','"], r#"[""] ARRAY<STRING>"#),
        ("SPLIT", &["'a--b'", "'-'"], r#"["a","","b"] ARRAY<STRING>"#),
        ("SPLIT", &["NULL", "','"], "NULL ARRAY<STRING>"),
        ("SPLIT_PART", &["'a,b,c'", "','", "-1"], "c STRING"),
        ("SPLIT_PART", &["'a,b,c'", "','", "9"], " STRING"),
        // DuckDB 2.0.
        ("SPLIT_PART", &["'a,b,c'", "','", "0"], " STRING"),
        ("SPLIT_PART", &["'a,b'", "','", "-3"], " STRING"),
        ("SPLIT_PART", &["'äb'", "''", "1"], "ä STRING"),
        ("SPLIT_PART", &["'äb'", "''", "-1"], "b STRING"),
        ("SPLIT_PART", &["''", "''", "1"], " STRING"),
        ("LPAD", &["'é7'", "5", "'ab'"], "abaé7 STRING"),
        ("RPAD", &["'é7'", "5", "'ab'"], "é7aba STRING"),
        ("LPAD", &["'x'", "-1", "'y'"], " STRING"),
        ("LPAD", &["'x'", "3"], "  x STRING"),
        ("LPAD", &["NULL", "3", "'x'"], "NULL STRING"),
        ("LPAD", &["'abc'", "2", "''"], "ab STRING"),
        ("LPAD", &["'abc'", "5", "''"], "error"),
        ("REPEAT", &["'ab'", "3"], "ababab STRING"),
        ("REPEAT", &["'ab'", "-1"], " STRING"),
        ("REPEAT", &["''", "9000000000"], " STRING"),
        ("REPEAT", &["'ab'", "9000000000"], "error"),
        ("LPAD", &["'a'", "9000000000", "'b'"], "error"),
        ("RPAD", &["'a'", "9223372036854775807"], "error"),
        ("INSTR", &["'héllo'", "'l'"], "3 BIGINT"),
        ("INSTR", &["'hello'", "'x'"], "0 BIGINT"),
        ("STRPOS", &["'hello'", "''"], "1 BIGINT"),
        ("POSITION", &["'l'", "'hello'"], "3 BIGINT"),
        ("REGEXP_LIKE", &["'hello'", "'ell'"], "true BOOLEAN"),
        ("REGEXP", &["'hello'", "'^ell'"], "false BOOLEAN"),
        ("REGEXP_REPLACE", &["'aaa'", "'a'", "'b'"], "baa STRING"),
        ("REGEXP_REPLACE", &["'aaa'", "'a'", "'b'", "'g'"], "bbb STRING"),
        ("REGEXP_LIKE", &["'Hello'", "'^hELLO$'", "'i'"], "true BOOLEAN"),
        ("REGEXP_REPLACE", &["'aAa'", "'a'", "'b'", "'gi'"], "bbb STRING"),
        ("REGEXP_REPLACE", &["'ab'", "'(a)(b)'", r"'\2\1'"], "ba STRING"),
        ("REGEXP_EXTRACT", &["'abc123'", "'[0-9]+'"], "123 STRING"),
        ("REGEXP_EXTRACT", &["'abc123'", "'x'"], " STRING"),
        ("REGEXP_EXTRACT", &["'abc123'", "'([a-z]+)([0-9]+)'", "2"], "123 STRING"),
        ("REGEXP_EXTRACT", &["'abc'", "'(x)?b'", "1"], " STRING"),
        (
            "REGEXP_EXTRACT",
            &["'abc'", "'('"],
            "refused: `(` is not a regular expression: unclosed group",
        ),
        ("MD5", &["'hello'"], "5d41402abc4b2a76b9719d911017c592 STRING"),
        (
            "SHA256",
            &["'hello'"],
            "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824 STRING",
        ),
        ("SHA256", &["NULL"], "NULL STRING"),
        ("ENCODE", &["'a'", "'base64'"], "YQ== STRING"),
        ("ENCODE", &["'hello'", "'hex'"], "68656c6c6f STRING"),
        ("DECODE", &["'YQ=='", "'base64'"], "a BYTES"),
        ("DECODE", &["'YQ'", "'base64'"], "a BYTES"),
        ("DECODE", &["'6g'", "'hex'"], "error"),
        ("UPPER", &["1"], "refused: UPPER takes text as argument 1, not BIGINT"),
        ("UPPER", &[], "refused: UPPER takes 1 argument, but 0 are given"),
        (
            "SUBSTRING",
            &["'a'"],
            "refused: SUBSTRING takes 2 to 3 arguments, but 1 are given",
        ),
        ("UPER", &["'a'"], "refused: there is no function `UPER`"),
        // Beyond the dialect, by name: PostgreSQL's documentation.
        ("REVERSE", &["'abc'"], "cba STRING"),
        ("STARTS_WITH", &["'abc'", "'ab'"], "true BOOLEAN"),
        ("ASCII", &["'a'"], "97 BIGINT"),
        ("TRANSLATE", &["'abc'", "'ab'", "'xy'"], "xyc STRING"),
    ]);
}

/// DuckDB, whose CEIL, FLOOR and ROUND keep more digits than the result needs.
#[test]
fn math() {
    check_all(&[
        ("ABS", &["-2.5"], "2.5 DECIMAL(2, 1)"),
        ("ABS", &["-128::TINYINT"], "error"),
        ("ABS", &["-9223372036854775808"], "error"),
        ("ABS", &["-1.5e0"], "1.5 DOUBLE"),
        ("ROUND", &["2.5"], "3 DECIMAL(2, 0)"),
        ("ROUND", &["-2.5"], "-3 DECIMAL(2, 0)"),
        ("ROUND", &["-0.5"], "-1 DECIMAL(1, 0)"),
        ("ROUND", &["2.345", "2"], "2.35 DECIMAL(4, 2)"),
        ("ROUND", &["9.99", "1"], "10.0 DECIMAL(3, 1)"),
        ("ROUND", &["15.5", "5"], "15.5 DECIMAL(3, 1)"),
        ("ROUND", &["1234.5678", "-2"], "1200 DECIMAL(5, 0)"),
        ("ROUND", &["2.5", "NULL"], "NULL DECIMAL(2, 1)"),
        ("ROUND", &["1234", "-2"], "1200 BIGINT"),
        ("ROUND", &["1250", "-2"], "1300 BIGINT"),
        ("ROUND", &["-1250", "-2"], "-1300 BIGINT"),
        ("ROUND", &["9223372036854775807", "-1"], "error"),
        ("ROUND", &["5", "-30"], "0 BIGINT"),
        ("ROUND", &["2.5e0"], "3.0 DOUBLE"),
        ("ROUND", &["-2.5e0"], "-3.0 DOUBLE"),
        ("ROUND", &["2.675e0", "2"], "2.68 DOUBLE"),
        ("ROUND", &["5.015e0", "2"], "5.01 DOUBLE"),
        ("ROUND", &["1e308", "2"], "1e+308 DOUBLE"),
        ("CEIL", &["2.1"], "3 DECIMAL(2, 0)"),
        ("CEILING", &["-2.1"], "-2 DECIMAL(2, 0)"),
        ("CEIL", &["9.5"], "10 DECIMAL(2, 0)"),
        ("FLOOR", &["-2.1"], "-3 DECIMAL(2, 0)"),
        ("FLOOR", &["7"], "7 BIGINT"),
        ("FLOOR", &["-2.5e0"], "-3.0 DOUBLE"),
        ("TRUNC", &["-2.7"], "-2 DECIMAL(2, 0)"),
        ("TRUNC", &["2.789", "1"], "2.7 DECIMAL(3, 1)"),
        ("TRUNC", &["-2.789e0", "1"], "-2.7 DOUBLE"),
        ("SIGN", &["-2.5"], "-1 BIGINT"),
        ("SIGN", &["0e0"], "0 BIGINT"),
        ("SQRT", &["2.25"], "1.5 DOUBLE"),
        ("SQRT", &["-1"], "nan DOUBLE"),
        ("LN", &["0"], "-inf DOUBLE"),
        ("LOG", &["100"], "2.0 DOUBLE"),
        ("LOG", &["2", "8"], "3.0 DOUBLE"),
        ("EXP", &["1"], "2.718281828459045 DOUBLE"),
        ("POW", &["2", "10"], "1024.0 DOUBLE"),
        ("MOD", &["7", "-3"], "1 BIGINT"),
        ("MOD", &["7", "0"], "NULL BIGINT"),
        ("LEAST", &["1", "NULL", "3"], "1 BIGINT"),
        ("GREATEST", &["1", "NULL", "3"], "3 BIGINT"),
        ("LEAST", &["1", "2.5"], "1.0 DECIMAL(20, 1)"),
        ("LEAST", &["'b'", "'a'"], "a STRING"),
        ("GREATEST", &["'nan'::DOUBLE", "1"], "nan DOUBLE"),
        (
            "GREATEST",
            &["'2024-01-01'::DATE", "'2024-01-02 01:00:00'::TIMESTAMP"],
            "2024-01-02 01:00:00 TIMESTAMP",
        ),
        (
            "LEAST",
            &["1", "'a'"],
            "refused: LEAST needs arguments of one type that has an order",
        ),
    ]);
}

/// By hand: 100.37 / 0.05 is exactly 2007.4, of which 2007 ticks are 100.35.
#[test]
fn prices_snap_to_ticks() {
    let ratio_type = arithmetic::result_type(
        ArithmeticOperator::Divide,
        &value("100.37").sql_type,
        &value("0.05").sql_type,
    )
    .expect("decimals");
    let ratio =
        arithmetic::udf(ArithmeticOperator::Divide).call(vec![lit(value("100.37").scalar), lit(value("0.05").scalar)]);
    let ratio = Value {
        scalar: evaluate(&ratio).expect("a ratio"),
        sql_type: ratio_type,
    };
    assert_eq!(call_values("FLOOR", &[ratio]), "2007 DECIMAL(31, 0)");
    assert_eq!(
        compute("'2007'::DECIMAL(31,0)", ArithmeticOperator::Multiply, "0.05"),
        "100.35 DECIMAL(33, 2)"
    );
}

/// DuckDB.
#[test]
fn parts_of_time() {
    let sunday = "'2024-01-07'::DATE";
    let time = "'2024-05-03 10:20:30.456'::TIMESTAMP";
    let before = "'1969-12-31 23:59:59.5'::TIMESTAMP";
    check_all(&[
        ("YEAR", &[time], "2024 BIGINT"),
        ("QUARTER", &[time], "2 BIGINT"),
        ("MONTH", &[time], "5 BIGINT"),
        ("DAY", &[time], "3 BIGINT"),
        ("HOUR", &[time], "10 BIGINT"),
        ("MINUTE", &[time], "20 BIGINT"),
        ("SECOND", &[time], "30 BIGINT"),
        ("MILLISECOND", &[time], "30456 BIGINT"),
        ("DAYOFWEEK", &[sunday], "0 BIGINT"),
        ("DATE_PART", &["'isodow'", sunday], "7 BIGINT"),
        ("DAYOFYEAR", &["'2024-12-31'::DATE"], "366 BIGINT"),
        ("WEEK", &["'2024-12-31'::DATE"], "1 BIGINT"),
        ("WEEK", &["'2021-01-03'::DATE"], "53 BIGINT"),
        ("EXTRACT", &["'century'", "'2000-12-31'::DATE"], "20 BIGINT"),
        ("EXTRACT", &["'century'", "'2001-01-01'::DATE"], "21 BIGINT"),
        ("EXTRACT", &["'decade'", "'1999-12-31'::DATE"], "199 BIGINT"),
        (
            "EXTRACT",
            &["'epoch'", "'2024-01-01 00:00:59.999'::TIMESTAMP"],
            "1704067259.999 DOUBLE",
        ),
        ("EXTRACT", &["'epoch'", before], "-0.5 DOUBLE"),
        ("SECOND", &[before], "59 BIGINT"),
        ("MILLISECOND", &[before], "59500 BIGINT"),
        ("YEAR", &[before], "1969 BIGINT"),
        ("EXTRACT", &["'hour'", "'26 hours'::INTERVAL"], "26 BIGINT"),
        ("EXTRACT", &["'day'", "'26 hours'::INTERVAL"], "0 BIGINT"),
        (
            "EXTRACT",
            &["'epoch'", "'1 month 1 hour'::INTERVAL"],
            "2595600.0 DOUBLE",
        ),
        ("EXTRACT", &["'hour'", "'-90 minutes'::INTERVAL"], "-1 BIGINT"),
        ("EXTRACT", &["'minute'", "'-90 minutes'::INTERVAL"], "-30 BIGINT"),
        // By hand: epoch milliseconds and text are points in time.
        ("YEAR", &["0"], "1970 BIGINT"),
        ("HOUR", &["'2024-01-02T03:04:05Z'"], "3 BIGINT"),
        ("YEAR", &["NULL"], "NULL BIGINT"),
        (
            "YEAR",
            &["1.5"],
            "refused: YEAR takes a TIMESTAMP, a DATE, epoch milliseconds or an INTERVAL as argument 1, not DECIMAL(2, 1)",
        ),
        (
            "DATE_PART",
            &["'fortnight'", time],
            "refused: `fortnight` is not a part of a date or time",
        ),
    ]);
}

/// DuckDB.
#[test]
fn spans_of_time() {
    check_all(&[
        (
            "DATE_TRUNC",
            &["'week'", "'2024-01-03 10:00:00'::TIMESTAMP"],
            "2024-01-01 00:00:00 TIMESTAMP",
        ),
        (
            "DATE_TRUNC",
            &["'week'", "'1970-01-01'::TIMESTAMP"],
            "1969-12-29 00:00:00 TIMESTAMP",
        ),
        (
            "DATE_TRUNC",
            &["'quarter'", "'2024-05-03 10:00:00'::TIMESTAMP"],
            "2024-04-01 00:00:00 TIMESTAMP",
        ),
        (
            "DATE_TRUNC",
            &["'hour'", "'1969-12-31 23:30:00'::TIMESTAMP"],
            "1969-12-31 23:00:00 TIMESTAMP",
        ),
        (
            "DATE_TRUNC",
            &["'month'", "'1969-12-31 23:30:00'::TIMESTAMP"],
            "1969-12-01 00:00:00 TIMESTAMP",
        ),
        (
            "DATE_TRUNC",
            &["'day'", "'2024-01-03'::DATE"],
            "2024-01-03 00:00:00 TIMESTAMP",
        ),
        (
            "DATE_TRUNC",
            &["'decade'", "'2024-05-03'::DATE"],
            "2020-01-01 00:00:00 TIMESTAMP",
        ),
        (
            "DATE_TRUNC",
            &["'century'", "'2024-05-03'::DATE"],
            "2000-01-01 00:00:00 TIMESTAMP",
        ),
        (
            "DATE_TRUNC",
            &["'fortnight'", "'2024-05-03'::DATE"],
            "refused: `fortnight` is not a unit of time",
        ),
        (
            "DATE_TRUNC",
            &["'microsecond'", "'2024-05-03 10:20:30.456'"],
            "2024-05-03 10:20:30.456 TIMESTAMP",
        ),
        (
            "DATEDIFF",
            &["'microsecond'", "'2024-01-01 00:00:00'", "'2024-01-01 00:00:01.5'"],
            "1500000 BIGINT",
        ),
        (
            "DATEDIFF",
            &["'day'", "'2024-01-01'::DATE", "'2024-02-01'::DATE"],
            "31 BIGINT",
        ),
        (
            "DATEDIFF",
            &["'month'", "'2024-01-31'::DATE", "'2024-02-01'::DATE"],
            "1 BIGINT",
        ),
        (
            "DATEDIFF",
            &["'hour'", "'2024-01-01 10:59:00'", "'2024-01-01 11:01:00'"],
            "1 BIGINT",
        ),
        ("DATEDIFF", &["'year'", "'2023-12-31'", "'2024-01-01'"], "1 BIGINT"),
        ("DATEDIFF", &["'quarter'", "'2023-12-31'", "'2024-01-01'"], "1 BIGINT"),
        ("DATEDIFF", &["'decade'", "'2019-01-08'", "'2024-01-07'"], "1 BIGINT"),
        ("DATEDIFF", &["'week'", "'2024-01-07'", "'2024-01-08'"], "0 BIGINT"),
        ("DATEDIFF", &["'week'", "'2024-01-05'", "'2024-01-12'"], "1 BIGINT"),
        ("DATEDIFF", &["'week'", "'2024-01-08'", "'2024-01-07'"], "0 BIGINT"),
        (
            "DATEDIFF",
            &["'second'", "'2024-01-01 00:00:00.9'", "'2024-01-01 00:00:01.1'"],
            "1 BIGINT",
        ),
        (
            "DATEDIFF",
            &["'day'", "'1969-12-31 23:00:00'", "'1970-01-01 01:00:00'"],
            "1 BIGINT",
        ),
        (
            "DATE_ADD",
            &["'2024-01-31'::DATE", "'1 month'::INTERVAL"],
            "2024-02-29 00:00:00 TIMESTAMP",
        ),
        (
            "DATE_SUB",
            &["'2024-03-31'::DATE", "'1 month'::INTERVAL"],
            "2024-02-29 00:00:00 TIMESTAMP",
        ),
        (
            "DATE_ADD",
            &["0", "'1 second'::INTERVAL"],
            "1970-01-01 00:00:01 TIMESTAMP",
        ),
        (
            "DATE_ADD",
            &["'2024-01-31'::DATE", "1"],
            "refused: DATE_ADD does not take DATE and BIGINT",
        ),
        ("INTERVAL_OF", &["'quarter'", "2"], "6 months INTERVAL"),
        ("INTERVAL_OF", &["'hour'", "-36"], "-1 day -12:00:00 INTERVAL"),
        ("DATE", &["'2024-01-02 03:04:05'::TIMESTAMP"], "2024-01-02 DATE"),
        ("DATE", &["'2024-01-02 03:04:05'"], "2024-01-02 DATE"),
        ("DATE", &["-1"], "1969-12-31 DATE"),
        ("TIMESTAMP", &["1500"], "1970-01-01 00:00:01.5 TIMESTAMP"),
    ]);
}

/// DuckDB's strftime and strptime; Java patterns, zones and seconds by hand. Berlin is UTC+1, in summer UTC+2; its
/// clocks skip 02:00 to 03:00 on 2024-03-31 and repeat it on 2024-10-27.
#[test]
fn time_as_text_and_seconds() {
    let time = "'2024-01-02 03:04:05.123'::TIMESTAMP";
    check_all(&[
        (
            "DATE_FORMAT",
            &[time, "'%Y-%m-%d %H:%M:%S.%g %j %a %A %b %B %p %I %y %f'"],
            "2024-01-02 03:04:05.123 002 Tue Tuesday Jan January AM 03 24 123000 STRING",
        ),
        (
            "FORMAT_TIMESTAMP",
            &["'2024-01-02'::DATE", "'%d.%m.%Y'"],
            "02.01.2024 STRING",
        ),
        (
            "DATE_FORMAT",
            &["'1969-12-31 23:59:59.5'::TIMESTAMP", "'%Y-%m-%d %H:%M:%S.%g'"],
            "1969-12-31 23:59:59.500 STRING",
        ),
        (
            "DATE_FORMAT",
            &[time, "'yyyy-MM-dd''T''HH:mm:ss.SSS'"],
            "2024-01-02T03:04:05.123 STRING",
        ),
        (
            "DATE_FORMAT",
            &[time, "'EEE, d MMM yy h:mm a'"],
            "Tue, 2 Jan 24 3:04 AM STRING",
        ),
        (
            "DATE_FORMAT",
            &[time, "'yyyy-MM-dd HH:mm XXX'", "'Europe/Berlin'"],
            "2024-01-02 04:04 +01:00 STRING",
        ),
        (
            "DATE_FORMAT",
            &[time, "'yyyy-QQ'"],
            "refused: `QQ` in the pattern `yyyy-QQ` has no meaning",
        ),
        (
            "DATE_FORMAT",
            &[time, "'%Q'"],
            "refused: `%Q` is not a pattern of dates and times",
        ),
        ("DATE_FORMAT", &["NULL", "'%Y'"], "NULL STRING"),
        (
            "PARSE_TIMESTAMP",
            &["'2024-01-02 03:04:05'", "'%Y-%m-%d %H:%M:%S'"],
            "2024-01-02 03:04:05 TIMESTAMP",
        ),
        (
            "PARSE_TIMESTAMP",
            &["'02/01/2024'", "'%d/%m/%Y'"],
            "2024-01-02 00:00:00 TIMESTAMP",
        ),
        ("PARSE_TIMESTAMP", &["'2024-01-02'", "'%Y-%m-%d %H:%M:%S'"], "error"),
        (
            "TO_TIMESTAMP",
            &["'2024-01-02 03'", "'%Y-%m-%d %H'"],
            "2024-01-02 03:00:00 TIMESTAMP",
        ),
        (
            "TO_TIMESTAMP",
            &["'2024-01-02T03:04:05+02:00'"],
            "2024-01-02 01:04:05 TIMESTAMP",
        ),
        (
            "TO_TIMESTAMP",
            &["'2024-01-02 03:04:05.678 +0200'", "'%Y-%m-%d %H:%M:%S.%g %z'"],
            "2024-01-02 01:04:05.678 TIMESTAMP",
        ),
        (
            "TO_TIMESTAMP",
            &["'2024-07-01 12:00'", "'yyyy-MM-dd HH:mm'", "'Europe/Berlin'"],
            "2024-07-01 10:00:00 TIMESTAMP",
        ),
        (
            "TO_TIMESTAMP",
            &["'1704164645'", "'%s'"],
            "2024-01-02 03:04:05 TIMESTAMP",
        ),
        (
            "TO_TIMESTAMP",
            &["1704164645"],
            "refused: PARSE_TIMESTAMP takes text as argument 1, not BIGINT",
        ),
        ("FROM_UNIXTIME", &["1704164645"], "2024-01-02 03:04:05 TIMESTAMP"),
        (
            "FROM_UNIXTIME",
            &["1704164645.123"],
            "2024-01-02 03:04:05.123 TIMESTAMP",
        ),
        ("FROM_UNIXTIME", &["-0.5e0"], "1969-12-31 23:59:59.5 TIMESTAMP"),
        ("FROM_UNIXTIME", &["9223372036854775807"], "error"),
        ("UNIX_TIMESTAMP", &[time], "1704164645 BIGINT"),
        ("UNIX_TIMESTAMP", &["'1969-12-31 23:59:59.5'::TIMESTAMP"], "-1 BIGINT"),
        (
            "CONVERT_TZ",
            &["'2024-07-01 12:00:00'", "'UTC'", "'Europe/Berlin'"],
            "2024-07-01 14:00:00 TIMESTAMP",
        ),
        (
            "CONVERT_TZ",
            &["'2024-01-01 12:00:00'", "'Europe/Berlin'", "'America/New_York'"],
            "2024-01-01 06:00:00 TIMESTAMP",
        ),
        (
            "CONVERT_TZ",
            &["'2024-03-31 02:30:00'", "'Europe/Berlin'", "'UTC'"],
            "2024-03-31 01:30:00 TIMESTAMP",
        ),
        (
            "CONVERT_TZ",
            &["'2024-10-27 02:30:00'", "'Europe/Berlin'", "'UTC'"],
            "2024-10-27 01:30:00 TIMESTAMP",
        ),
        (
            "CONVERT_TZ",
            &["'2024-01-01 12:00:00'", "'+02:00'", "'-03:30'"],
            "2024-01-01 06:30:00 TIMESTAMP",
        ),
        (
            "CONVERT_TZ",
            &["'2024-01-01 12:00:00'", "'Mars'", "'UTC'"],
            "refused: `Mars` is not a time zone",
        ),
    ]);
}

/// DuckDB.
#[test]
fn choices() {
    check_all(&[
        ("COALESCE", &["NULL", "2"], "2 BIGINT"),
        ("COALESCE", &["1", "2.5"], "1.0 DECIMAL(20, 1)"),
        ("COALESCE", &["NULL", "NULL"], "NULL NULL"),
        ("IFNULL", &["NULL", "'a'"], "a STRING"),
        ("COALESCE", &["NULL", "NULL", "NULL", "NULL", "5"], "5 BIGINT"),
        (
            "COALESCE",
            &["1", "'a'"],
            "refused: COALESCE needs arguments of one type",
        ),
        ("NULLIF", &["1", "1.0"], "NULL BIGINT"),
        ("NULLIF", &["1", "2.0"], "1 BIGINT"),
        ("NULLIF", &["NULL", "1"], "NULL NULL"),
        ("IF", &["NULL", "1", "2"], "2 BIGINT"),
        ("IF", &["true", "1", "2.5"], "1.0 DECIMAL(20, 1)"),
        (
            "IF",
            &["1", "1", "2"],
            "refused: IF takes a BOOLEAN as argument 1, not BIGINT",
        ),
    ]);
}

/// A division that fails is not evaluated behind the branch that is taken.
#[test]
fn choices_are_lazy() {
    let overflow = arithmetic::udf(ArithmeticOperator::Add).call(vec![lit(i64::MAX), lit(1_i64)]);
    for (name, arguments) in [
        ("COALESCE", vec![lit(1_i64), overflow.clone()]),
        ("IF", vec![lit(true), lit(1_i64), overflow]),
    ] {
        let types: Vec<_> = if name == "IF" {
            vec![SqlType::Boolean, SqlType::BigInt, SqlType::BigInt]
        } else {
            vec![SqlType::BigInt, SqlType::BigInt]
        };
        let types: Vec<_> = types.into_iter().map(Into::into).collect();
        let call = velo_functions::resolve_scalar(name, &types)
            .expect("a form")
            .call(arguments);
        assert_eq!(
            evaluate(&call).map(|value| show(&value, &SqlType::BigInt)),
            Ok("1 BIGINT".into()),
            "{name}"
        );
    }
}

/// DuckDB, but for paths with a number as a field and JSON that is kept as it is written, which are by hand.
#[test]
fn json() {
    let document = r#"'{"a": {"b": [1, "x", null, true]}, "n": 1.50, "a.b": 7}'"#;
    check_all(&[
        ("JSON_EXTRACT", &[document, "'$.a.b[1]'"], r#""x" JSON"#),
        ("JSON_EXTRACT", &[document, "'$.a.b.1'"], r#""x" JSON"#),
        ("JSON_EXTRACT", &[document, "'$.a.b[2]'"], "null JSON"),
        ("JSON_EXTRACT", &[document, "'$.a.b[-1]'"], "true JSON"),
        ("JSON_EXTRACT", &[document, "'$.a.b[9]'"], "NULL JSON"),
        ("JSON_EXTRACT", &[document, "'$.a.c.d'"], "NULL JSON"),
        ("JSON_EXTRACT", &[document, "'$.n.x'"], "NULL JSON"),
        ("JSON_EXTRACT", &[document, r#"'$."a.b"'"#], "7 JSON"),
        ("JSON_EXTRACT", &[document, r#"'$["a.b"]'"#], "7 JSON"),
        ("JSON_EXTRACT", &[document, "'n'"], "1.50 JSON"),
        ("JSON_EXTRACT", &[r#"'{"a": [{"c": 5}]}'"#, "'$.a[0].c'"], "5 JSON"),
        ("JSON_EXTRACT", &[r#"'{"a": [{"c": 5}]}'"#, "'$.a[-1].c'"], "5 JSON"),
        ("JSON_EXTRACT", &["'not json'", "'$.a'"], "error"),
        ("JSON_EXTRACT", &["'{} x'", "'$.a'"], "error"),
        (
            "JSON_EXTRACT",
            &["'{}'", "'$.a[*]'"],
            "refused: `$.a[*]` is not a JSON path",
        ),
        ("JSON_EXTRACT", &["'{}'", "'$a'"], "refused: `$a` is not a JSON path"),
        ("JSON_EXTRACT", &["NULL", "'$.a'"], "NULL JSON"),
        ("JSON_VALUE", &[document, "'$.a.b[1]'"], "x STRING"),
        ("JSON_VALUE", &[document, "'$.a.b[2]'"], "NULL STRING"),
        ("JSON_VALUE", &[document, "'$.a'"], "NULL STRING"),
        ("JSON_VALUE", &[document, "'$.n'"], "1.50 STRING"),
        ("JSON_VALUE", &[r#"'{"k": "a\"b\u00e9"}'"#, "'$.k'"], "a\"bé STRING"),
        ("JSON_VALUE", &[r#"'{"k\u0065y": 1}'"#, "'$.key'"], "1 STRING"),
        (
            "EXTRACTJSONFIELD",
            &[document, "'$.a.b'"],
            r#"[1, "x", null, true] STRING"#,
        ),
        ("JSON_QUERY", &[document, "'$.a.b'"], r#"[1, "x", null, true] JSON"#),
        ("JSON_QUERY", &[document, "'$.n'"], "NULL JSON"),
        ("JSON_EXISTS", &[r#"'{"a": null}'"#, "'$.a'"], "true BOOLEAN"),
        ("JSON_EXISTS", &[r#"'{"a": null}'"#, "'$.b'"], "false BOOLEAN"),
        ("JSON_ARRAY_LENGTH", &["'[1,2,3]'"], "3 BIGINT"),
        ("JSON_ARRAY_LENGTH", &["'[]'"], "0 BIGINT"),
        ("JSON_ARRAY_LENGTH", &[r#"'{"a":1}'"#], "0 BIGINT"),
        ("JSON_ARRAY_LENGTH", &["'7'"], "0 BIGINT"),
        ("JSON_ARRAY_LENGTH", &[document, "'$.a.b'"], "4 BIGINT"),
        ("JSON_KEYS", &[r#"'{"a":1,"b":2}'"#], r#"["a","b"] ARRAY<STRING>"#),
        ("JSON_KEYS", &["'[1]'"], "[] ARRAY<STRING>"),
        ("TO_JSON_STRING", &[r#"'a"b'"#], r#""a\"b" JSON"#),
        ("TO_JSON_STRING", &["1.50"], "1.50 JSON"),
        ("TO_JSON_STRING", &["'nan'::DOUBLE"], "null JSON"),
        (
            "TO_JSON_STRING",
            &["'2024-01-02 03:04:05'::TIMESTAMP"],
            r#""2024-01-02 03:04:05" JSON"#,
        ),
    ]);
}

fn array(element: &SqlType, values: &[ScalarValue]) -> Value {
    Value {
        sql_type: SqlType::Array(Box::new(element.clone())),
        scalar: ScalarValue::List(ScalarValue::new_list_nullable(values, &element.arrow())),
    }
}

fn integers(values: &[Option<i64>]) -> Value {
    array(
        &SqlType::BigInt,
        &values
            .iter()
            .map(|value| ScalarValue::Int64(*value))
            .collect::<Vec<_>>(),
    )
}

fn strings(values: &[Option<&str>]) -> Value {
    let values: Vec<_> = values
        .iter()
        .map(|value| ScalarValue::Utf8View(value.map(str::to_owned)))
        .collect();
    array(&SqlType::String, &values)
}

/// DuckDB; `ARRAY_DISTINCT` keeps the order here, and `ARRAY_REMOVE` is by hand.
#[test]
fn arrays() {
    let rows: Vec<(&str, Vec<Value>, &str)> = vec![
        ("ARRAY_LENGTH", vec![integers(&[Some(1), None])], "2 BIGINT"),
        ("ARRAY_LENGTH", vec![integers(&[])], "0 BIGINT"),
        (
            "ARRAY_CONTAINS",
            vec![integers(&[Some(1), Some(2)]), value("2")],
            "true BOOLEAN",
        ),
        (
            "ARRAY_CONTAINS",
            vec![integers(&[Some(1), Some(2)]), value("3")],
            "false BOOLEAN",
        ),
        (
            "ARRAY_CONTAINS",
            vec![strings(&[Some("a")]), value("'a'")],
            "true BOOLEAN",
        ),
        (
            "ARRAY_POSITION",
            vec![strings(&[Some("a"), Some("b")]), value("'b'")],
            "2 BIGINT",
        ),
        (
            "ARRAY_JOIN",
            vec![strings(&[Some("a"), None, Some("b")]), value("','")],
            "a,b STRING",
        ),
        (
            "ARRAY_JOIN",
            vec![integers(&[Some(1), None, Some(2)]), value("'-'"), value("'x'")],
            "1-x-2 STRING",
        ),
        (
            "ARRAY_DISTINCT",
            vec![strings(&[Some("b"), Some("b"), Some("a")])],
            r#"["b","a"] ARRAY<STRING>"#,
        ),
        (
            "ARRAY_SORT",
            vec![integers(&[Some(3), Some(1), None, Some(2)])],
            "[1,2,3,null] ARRAY<BIGINT>",
        ),
        (
            "ARRAY_SORT",
            vec![integers(&[Some(3), Some(1)]), value("'DESC'")],
            "[3,1] ARRAY<BIGINT>",
        ),
        (
            "ARRAY_SORT",
            vec![strings(&[Some("b"), Some("a"), None])],
            r#"["a","b",null] ARRAY<STRING>"#,
        ),
        ("ARRAY_MIN", vec![integers(&[Some(3), Some(1), None])], "1 BIGINT"),
        (
            "ARRAY_MAX",
            vec![strings(&[Some("a"), Some("c"), Some("b")])],
            "c STRING",
        ),
        (
            "ARRAY_CONCAT",
            vec![integers(&[Some(1)]), integers(&[Some(2)])],
            "[1,2] ARRAY<BIGINT>",
        ),
        (
            "ARRAY_REMOVE",
            vec![integers(&[Some(1), Some(2), Some(1)]), value("1")],
            "[2] ARRAY<BIGINT>",
        ),
        (
            "SLICE",
            vec![integers(&[Some(1), Some(2), Some(3), Some(4)]), value("2"), value("3")],
            "[2,3] ARRAY<BIGINT>",
        ),
        (
            "ARRAY_ELEMENT",
            vec![strings(&[Some("a"), Some("b")]), value("-1")],
            "b STRING",
        ),
        ("ARRAY_ELEMENT", vec![integers(&[Some(1)]), value("0")], "NULL BIGINT"),
        (
            "TO_JSON_STRING",
            vec![strings(&[Some("a"), None])],
            r#"["a",null] JSON"#,
        ),
        (
            "ARRAY_LENGTH",
            vec![value("1")],
            "refused: ARRAY_LENGTH takes an array as argument 1, not BIGINT",
        ),
    ];
    check(rows.into_iter().map(|(name, values, expected)| {
        (
            format!("{name}({values:?})"),
            call_values(name, &values),
            expected.to_owned(),
        )
    }));
}

fn headers() -> Value {
    let sql_type = SqlType::Map(Box::new(SqlType::String), Box::new(SqlType::Bytes));
    let DataType::Map(entries, _) = sql_type.arrow() else {
        panic!("a map");
    };
    let DataType::Struct(fields) = entries.data_type() else {
        panic!("entries");
    };
    let keys: ArrayRef = Arc::new(StringViewArray::from(vec!["trace", "empty", "trace"]));
    let values: ArrayRef = Arc::new(BinaryViewArray::from(vec![Some(b"1".as_slice()), None, Some(b"2")]));
    let structs = StructArray::new(fields.clone(), vec![keys, values], None);
    let map = MapArray::new(entries, OffsetBuffer::from_lengths([3]), structs, None, false);
    Value {
        sql_type,
        scalar: ScalarValue::Map(Arc::new(map)),
    }
}

/// By hand: the last header of a key counts, as in Kafka.
#[test]
fn headers_and_maps() {
    let rows: Vec<(&str, Vec<Value>, &str)> = vec![
        ("HEADER", vec![headers(), value("'trace'")], "2 STRING"),
        ("HEADER", vec![headers(), value("'empty'")], "NULL STRING"),
        ("HEADER", vec![headers(), value("'absent'")], "NULL STRING"),
        ("HAS_HEADER", vec![headers(), value("'empty'")], "true BOOLEAN"),
        ("HAS_HEADER", vec![headers(), value("'absent'")], "false BOOLEAN"),
        ("HEADER_KEYS", vec![headers()], "trace,empty,trace STRING"),
        (
            "MAP_KEYS",
            vec![headers()],
            r#"["trace","empty","trace"] ARRAY<STRING>"#,
        ),
    ];
    check(
        rows.into_iter()
            .map(|(name, values, expected)| (name.into(), call_values(name, &values), expected.to_owned())),
    );
}

/// By hand: what the planner builds arrays, maps and structs with, and takes them apart.
#[test]
fn constructors_and_field_access() {
    use velo_data::StructField;
    let point = SqlType::Struct(vec![StructField {
        name: "x".into(),
        sql_type: SqlType::BigInt,
    }]);
    let structure = Value {
        scalar: evaluate(
            &velo_functions::resolve_scalar("NAMED_STRUCT", &[value("'x'").argument(), value("1").argument()])
                .expect("a struct")
                .call(vec![lit(value("'x'").scalar), lit(1_i64)]),
        )
        .expect("a struct"),
        sql_type: point,
    };
    let rows: Vec<(&str, Vec<Value>, &str)> = vec![
        ("MAKE_ARRAY", vec![value("1"), value("NULL")], "[1,null] ARRAY<BIGINT>"),
        ("MAKE_ARRAY", vec![value("'a'")], r#"["a"] ARRAY<STRING>"#),
        ("GET_FIELD", vec![structure.clone(), value("'x'")], "1 BIGINT"),
        ("TO_JSON_STRING", vec![structure], r#"{"x":1} JSON"#),
        (
            "MAP",
            vec![strings(&[Some("a"), Some("b")]), integers(&[Some(1), None])],
            r#"{"a":1,"b":null} MAP<STRING, BIGINT>"#,
        ),
    ];
    check(
        rows.into_iter()
            .map(|(name, values, expected)| (name.into(), call_values(name, &values), expected.to_owned())),
    );
}
