use crate::support::{cast, check};

fn check_all(rows: &[(&str, &str, &str)]) {
    check(
        rows.iter()
            .map(|(text, to, expected)| {
                (
                    format!("CAST({text} AS {to})"),
                    cast(text, to, false),
                    format!("{expected}{}{to}", if *expected == "error" { "\0" } else { " " }),
                )
            })
            .map(|(what, actual, expected)| {
                let expected = if expected.starts_with("error\0") {
                    "error".to_owned()
                } else {
                    expected
                };
                (what, actual.replace(", ", ","), expected.replace(", ", ","))
            }),
    );
}

/// DuckDB.
#[test]
fn numbers() {
    check_all(&[
        ("1.5e0", "BIGINT", "2"),
        ("2.5e0", "BIGINT", "2"),
        ("-2.5e0", "BIGINT", "-2"),
        ("2.5", "BIGINT", "3"),
        ("-2.5", "BIGINT", "-3"),
        ("1e19", "BIGINT", "error"),
        ("'nan'::DOUBLE", "BIGINT", "error"),
        ("300", "TINYINT", "error"),
        ("1e10", "SMALLINT", "error"),
        ("2.345", "DECIMAL(10,2)", "2.35"),
        ("-2.345", "DECIMAL(10,2)", "-2.35"),
        ("-2.5", "DECIMAL(2,0)", "-3"),
        ("123.45", "DECIMAL(4,2)", "error"),
        ("2.345e0", "DECIMAL(10,2)", "2.35"),
        ("2.675e0", "DECIMAL(10,2)", "2.68"),
        ("'nan'::DOUBLE", "DECIMAL(10,2)", "error"),
        ("5", "DECIMAL(10,2)", "5.00"),
        ("500", "DECIMAL(3,1)", "error"),
        ("1.50", "DOUBLE", "1.5"),
        ("true", "BIGINT", "1"),
        ("true", "DOUBLE", "1.0"),
        ("true", "DECIMAL(3,1)", "1.0"),
        ("2", "BOOLEAN", "true"),
        ("0", "BOOLEAN", "false"),
        ("0.5e0", "BOOLEAN", "true"),
        ("0.5", "BOOLEAN", "true"),
        ("0.0", "BOOLEAN", "false"),
        ("NULL", "BIGINT", "NULL"),
    ]);
}

/// DuckDB.
#[test]
fn numbers_from_text() {
    check_all(&[
        ("' 42 '", "BIGINT", "42"),
        ("'42.5'", "BIGINT", "43"),
        ("'42.4'", "BIGINT", "42"),
        ("'-42.5'", "BIGINT", "-43"),
        ("'1e3'", "BIGINT", "1000"),
        ("'+5'", "BIGINT", "5"),
        ("''", "BIGINT", "error"),
        ("'12x'", "BIGINT", "error"),
        ("'9223372036854775807'", "BIGINT", "9223372036854775807"),
        ("'9223372036854775808'", "BIGINT", "error"),
        ("'-9223372036854775808'", "BIGINT", "-9223372036854775808"),
        ("'300'", "TINYINT", "error"),
        ("' 4.25 '", "DOUBLE", "4.25"),
        ("'1e5'", "DOUBLE", "100000.0"),
        ("'-Infinity'", "DOUBLE", "-inf"),
        ("'abc'", "DOUBLE", "error"),
        ("''", "DOUBLE", "error"),
        ("'2.345'", "DECIMAL(10,2)", "2.35"),
        ("' 2.345 '", "DECIMAL(10,2)", "2.35"),
        ("'1e2'", "DECIMAL(10,2)", "100.00"),
        ("'1.5e-1'", "DECIMAL(10,3)", "0.150"),
        ("'-.5'", "DECIMAL(4,2)", "-0.50"),
        ("'5.'", "DECIMAL(4,2)", "5.00"),
        ("'.'", "DECIMAL(4,2)", "error"),
        ("'12345.6'", "DECIMAL(4,2)", "error"),
        ("'99.995'", "DECIMAL(4,2)", "error"),
        ("'1e999999999'", "DECIMAL(4,2)", "error"),
        ("'0e999999999'", "DECIMAL(4,2)", "0.00"),
        ("'1e-999999999'", "DECIMAL(4,2)", "0.00"),
        ("'T'", "BOOLEAN", "true"),
        ("'yes'", "BOOLEAN", "true"),
        ("'1'", "BOOLEAN", "true"),
        ("'TRUE'", "BOOLEAN", "true"),
        ("'n'", "BOOLEAN", "false"),
        ("'on'", "BOOLEAN", "error"),
        ("' true '", "BOOLEAN", "error"),
    ]);
}

/// DuckDB.
#[test]
fn text_from_values() {
    check_all(&[
        ("true", "STRING", "true"),
        ("-7", "STRING", "-7"),
        ("1e0", "STRING", "1.0"),
        ("1e20", "STRING", "1e+20"),
        ("1e16", "STRING", "1e+16"),
        ("1e15", "STRING", "1000000000000000.0"),
        ("1e-5", "STRING", "1e-05"),
        ("0.0001e0", "STRING", "0.0001"),
        ("0.1e0", "STRING", "0.1"),
        ("-1.5e-7", "STRING", "-1.5e-07"),
        ("'nan'::DOUBLE", "STRING", "nan"),
        ("'-inf'::DOUBLE", "STRING", "-inf"),
        ("1.50", "STRING", "1.50"),
        ("-0.50", "STRING", "-0.50"),
        ("'2024-01-02'::DATE", "STRING", "2024-01-02"),
        ("'2024-01-02 03:04:05'::TIMESTAMP", "STRING", "2024-01-02 03:04:05"),
        (
            "'2024-01-02 03:04:05.120'::TIMESTAMP",
            "STRING",
            "2024-01-02 03:04:05.12",
        ),
        ("'1969-12-31 23:59:59.5'::TIMESTAMP", "STRING", "1969-12-31 23:59:59.5"),
        ("'03:04:05.120'::TIME", "STRING", "03:04:05.12"),
        ("'1 month 2 day 3 hour'::INTERVAL", "STRING", "1 month 2 days 03:00:00"),
        ("'14 month'::INTERVAL", "STRING", "1 year 2 months"),
    ]);
}

/// DuckDB, except where a note says otherwise.
#[test]
fn points_in_time() {
    check_all(&[
        ("'2024-01-02'", "TIMESTAMP", "2024-01-02 00:00:00"),
        ("'2024-01-02T03:04:05Z'", "TIMESTAMP", "2024-01-02 03:04:05"),
        // By hand: a TIMESTAMP is UTC, so the offset is taken off; DuckDB drops it.
        ("'2024-01-02T03:04:05+02:00'", "TIMESTAMP", "2024-01-02 01:04:05"),
        ("'2024-01-02T03:04:05-0530'", "TIMESTAMP", "2024-01-02 08:34:05"),
        ("'2024-01-02 03:04:05+02'", "TIMESTAMP", "2024-01-02 01:04:05"),
        // By hand: milliseconds; DuckDB keeps microseconds.
        ("'2024-01-02 03:04:05.123456'", "TIMESTAMP", "2024-01-02 03:04:05.123"),
        ("'1969-12-31 23:59:59.9'", "TIMESTAMP", "1969-12-31 23:59:59.9"),
        ("'2024-01-02 03:04'", "TIMESTAMP", "2024-01-02 03:04:00"),
        ("'2024-02-30'", "TIMESTAMP", "error"),
        ("'2024-01-02 24:00:00'", "TIMESTAMP", "2024-01-03 00:00:00"),
        ("'12345-01-05'", "DATE", "+12345-01-05"),
        (
            "'292278994-08-17 07:12:55.807'",
            "TIMESTAMP",
            "+292278994-08-17 07:12:55.807",
        ),
        ("'P1DT2H'", "INTERVAL", "1 day 02:00:00"),
        ("'5'", "INTERVAL", "error"),
        ("'2024-01-02 03:04:05 x'", "TIMESTAMP", "error"),
        ("''", "TIMESTAMP", "error"),
        ("'2024-01-02 03:04:05'", "DATE", "2024-01-02"),
        ("'2024-1-2'", "DATE", "2024-01-02"),
        ("'2024-02-30'", "DATE", "error"),
        ("'2024-01-02 23:59:59'::TIMESTAMP", "DATE", "2024-01-02"),
        ("'1969-12-31 23:59:59'::TIMESTAMP", "DATE", "1969-12-31"),
        ("'2024-01-02 03:04:05'::TIMESTAMP", "TIME", "03:04:05"),
        ("'1969-12-31 23:59:59'::TIMESTAMP", "TIME", "23:59:59"),
        ("'2024-01-02'::DATE", "TIMESTAMP", "2024-01-02 00:00:00"),
        ("'03:04'", "TIME", "03:04:00"),
        ("'1 month 2 days 03:04:05'", "INTERVAL", "1 month 2 days 03:04:05"),
        ("'nonsense'", "INTERVAL", "error"),
        // By hand: integers are epoch milliseconds.
        ("1500", "TIMESTAMP", "1970-01-01 00:00:01.5"),
        ("-1", "TIMESTAMP", "1969-12-31 23:59:59.999"),
        ("'1970-01-01 00:00:01.5'::TIMESTAMP", "BIGINT", "1500"),
    ]);
}

#[test]
fn try_cast_gives_null() {
    let rows = [
        ("'abc'", "BIGINT"),
        ("'abc'", "DOUBLE"),
        ("'abc'", "DECIMAL(4, 2)"),
        ("'abc'", "BOOLEAN"),
        ("'abc'", "TIMESTAMP"),
        ("'abc'", "INTERVAL"),
        ("1e19", "BIGINT"),
        ("123.45", "DECIMAL(4, 2)"),
        ("123.45", "TINYINT"),
        ("1234.5", "TINYINT"),
        ("300", "TINYINT"),
        ("'300'", "TINYINT"),
    ];
    check(rows.map(|(text, to)| {
        let expected = if text == "123.45" && to == "TINYINT" {
            "123 TINYINT".into()
        } else {
            format!("NULL {to}")
        };
        (format!("TRY_CAST({text} AS {to})"), cast(text, to, true), expected)
    }));
}

/// By hand.
#[test]
fn errors_name_value_and_type() {
    let rows = [
        (
            "300",
            "TINYINT",
            "error: Execution error: 300 is outside the range of TINYINT",
        ),
        ("'abc'", "BIGINT", "error: Execution error: cannot read 'abc' as BIGINT"),
        (
            "1e19",
            "BIGINT",
            "error: Execution error: 10000000000000000000 is outside the range of BIGINT",
        ),
        (
            "'1704423845'",
            "TIMESTAMP",
            "error: Execution error: cannot read '1704423845' as TIMESTAMP: as milliseconds since 1970 it is in the year \
             1970, outside of 1990 to 2100; FROM_UNIXTIME takes seconds, and a CAST of a number milliseconds",
        ),
    ];
    check(rows.map(|(text, to, expected)| (text.to_owned(), cast(text, to, false), expected.to_owned())));
}

#[test]
fn casts_that_do_not_exist() {
    let rows = [
        ("true", "TIMESTAMP", "no cast from BOOLEAN to TIMESTAMP"),
        ("1", "DATE", "no cast from BIGINT to DATE"),
        ("'2024-01-01'::DATE", "BIGINT", "no cast from DATE to BIGINT"),
        ("'1 day'::INTERVAL", "BIGINT", "no cast from INTERVAL to BIGINT"),
    ];
    check(rows.map(|(text, to, expected)| (text.to_owned(), cast(text, to, false), expected.to_owned())));
}
