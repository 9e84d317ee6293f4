use arrow::util::display::array_value_to_string;
use velo_data::{SqlType, StreamSchema};
use velo_datasources::TableDataSource;

use super::{Loaded, connect, connect_declared, load, postgres, postgres_config, query, table};
use crate::support::schema;

/// The one value of each row.
fn values(loaded: &Loaded) -> Vec<String> {
    let batches = loaded.batches.iter();
    batches
        .flat_map(|batch| (0..batch.num_rows()).map(|row| array_value_to_string(batch.column(0), row).unwrap()))
        .collect()
}

fn sql_type(schema: &StreamSchema) -> String {
    schema.sql_type(0).unwrap().to_string()
}

/// A literal, and its text here if that is another than `psql` prints.
type Literal = (&'static str, Option<&'static str>);

/// Types, values and what they are here. Where no other text is given, it is what `psql` prints for the value.
const CASES: &[(&str, &str, &[Literal])] = &[
    (
        "boolean",
        "BOOLEAN",
        &[("true", Some("true")), ("false", Some("false"))],
    ),
    ("int2", "SMALLINT", &[("-32768", None), ("32767", None)]),
    ("int4", "BIGINT", &[("-2147483648", None), ("2147483647", None)]),
    (
        "int8",
        "BIGINT",
        &[("-9223372036854775808", None), ("9223372036854775807", None)],
    ),
    ("float4", "DOUBLE", &[("1.5", None), ("-0.25", None)]),
    (
        "float8",
        "DOUBLE",
        &[("0.1", None), ("-2.5", None), ("1e300", Some("1e300"))],
    ),
    (
        "numeric(12,2)",
        "DECIMAL(12, 2)",
        &[
            ("0.00", None),
            ("-0.01", None),
            ("1234567890.12", None),
            ("9999999999.99", None),
            ("100000.00", None),
        ],
    ),
    (
        "numeric(38,10)",
        "DECIMAL(38, 10)",
        &[
            ("1234567890123456789012345678.0123456789", None),
            ("-0.0000000001", None),
        ],
    ),
    (
        "numeric(60,4)",
        "DECIMAL(60, 4)",
        &[("12345678901234567890123456789012345678901234567890123456.7891", None)],
    ),
    ("numeric(5,-2)", "DECIMAL(7, 0)", &[("1234567", Some("1234600"))]),
    ("numeric(2,4)", "DECIMAL(4, 4)", &[("0.0012", None)]),
    (
        "numeric",
        "DECIMAL(38, 18)",
        &[
            ("12345678901234567890.123456789012345678", None),
            ("1", Some("1.000000000000000000")),
        ],
    ),
    ("text", "STRING", &[("'Zoë, \"quoted\"'", None), ("''", None)]),
    ("varchar(5)", "STRING", &[("'abc'", None)]),
    ("char(5)", "STRING", &[("'abc'", None)]),
    ("uuid", "STRING", &[("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", None)]),
    ("json", "STRING", &[("'{\"b\": 1,  \"a\": [null]}'", None)]),
    ("jsonb", "STRING", &[("'{\"b\": 1,  \"a\": [null]}'", None)]),
    ("bytea", "BYTES", &[("'\\x00ff10'", Some("00ff10"))]),
    (
        "date",
        "DATE",
        &[
            ("'1999-12-31'", None),
            ("'2000-01-01'", None),
            ("'1969-07-20'", None),
            ("'2024-02-29'", None),
        ],
    ),
    ("time", "TIME", &[("'23:59:59.999'", None), ("'00:00:00'", None)]),
    (
        "timestamp",
        "TIMESTAMP",
        &[
            ("'2024-02-29 12:34:56.789'", Some("2024-02-29T12:34:56.789")),
            ("'1969-12-31 23:59:59.999'", Some("1969-12-31T23:59:59.999")),
            // Digits behind the milliseconds are cut off.
            ("'1999-12-31 23:59:59.123999'", Some("1999-12-31T23:59:59.123")),
        ],
    ),
    (
        "timestamptz",
        "TIMESTAMP",
        &[("'2024-02-29 12:34:56.789+02'", Some("2024-02-29T10:34:56.789"))],
    ),
    ("mood", "STRING", &[("'happy'", None)]),
    ("price", "DECIMAL(9, 2)", &[("12.50", None)]),
    (
        "int4[]",
        "ARRAY<BIGINT>",
        &[("'{1,NULL,3}'", Some("[1, , 3]")), ("'{}'", Some("[]"))],
    ),
    ("text[]", "ARRAY<STRING>", &[("'{a,\"b c\"}'", Some("[a, b c]"))]),
    ("numeric(5,2)[]", "ARRAY<DECIMAL(5, 2)>", &[("'{1.5}'", Some("[1.50]"))]),
    // More digits than a DECIMAL has: what fits is read all the same.
    (
        "numeric(100,2)",
        "DECIMAL(76, 2)",
        &[("-12345678901234567890.25", None)],
    ),
    ("oid", "BIGINT", &[("4294967295", None)]),
    (
        "interval",
        "INTERVAL",
        &[
            (
                "'1 year 2 mons 3 days 04:05:06.789'",
                Some("14 mons 3 days 4 hours 5 mins 6.789000000 secs"),
            ),
            ("'-1 day +00:00:00.000001'", Some("-1 days 0.000001000 secs")),
        ],
    ),
    ("interval[]", "ARRAY<INTERVAL>", &[("'{2 days}'", Some("[2 days]"))]),
    // What has no type here is the text that a cast gives.
    ("timetz", "STRING", &[("'12:00:00+02'", None)]),
    ("money", "STRING", &[("'-1234.5'", None)]),
    ("\"char\"", "STRING", &[("'x'", None)]),
    (
        "inet",
        "STRING",
        &[("'192.168.0.1/24'", None), ("'::1'", Some("::1/128"))],
    ),
    ("cidr", "STRING", &[("'10.0.0.0/8'", None)]),
    ("macaddr", "STRING", &[("'08:00:2b:01:02:03'", None)]),
    ("bit(3)", "STRING", &[("B'101'", None)]),
    ("varbit", "STRING", &[("B'0101'", None)]),
    ("point", "STRING", &[("'(1.5,2)'", None)]),
    ("tsvector", "STRING", &[("'a fat cat'", None)]),
    ("jsonpath", "STRING", &[("'$.a'", None)]),
    ("regclass", "STRING", &[("'pg_catalog.pg_class'", None)]),
    ("int4range", "STRING", &[("'[1,5)'", None), ("'empty'", None)]),
    ("tstzrange", "STRING", &[("'[2024-02-29 12:00:00+02,)'", None)]),
    ("int4multirange", "STRING", &[("'{[1,2),[5,7)}'", None)]),
    ("pair", "STRING", &[("ROW(1, 'a b')", None)]),
    ("mood[]", "ARRAY<STRING>", &[("'{happy,sad}'", Some("[happy, sad]"))]),
    (
        "price[]",
        "ARRAY<DECIMAL(38, 18)>",
        &[("'{12.5}'", Some("[12.500000000000000000]"))],
    ),
    (
        "inet[]",
        "ARRAY<STRING>",
        &[("'{10.0.0.1,NULL}'", Some("[10.0.0.1/32, ]"))],
    ),
    ("int4range[]", "ARRAY<STRING>", &[("'{\"[1,5)\"}'", Some("[[1,5)]"))]),
    ("pair[]", "ARRAY<STRING>", &[("'{\"(1,x)\"}'", Some("[(1,x)]"))]),
];

#[tokio::test]
async fn values_are_exactly_what_the_server_has() {
    let Some(database) = postgres() else { return };
    database.sql("CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE DOMAIN price AS numeric(9,2) CHECK (VALUE > 0)");
    database.sql("CREATE TYPE pair AS (a int, b text)");
    for (index, (found, expected_type, cases)) in CASES.iter().enumerate() {
        let name = format!("t{index}");
        database.sql(&format!("CREATE TABLE {name} (id serial, v {found})"));
        let literals: Vec<String> = cases
            .iter()
            .map(|(literal, _)| format!("(CAST({literal} AS {found}))"))
            .collect();
        database.sql(&format!(
            "INSERT INTO {name} (v) VALUES {}, (NULL)",
            literals.join(", ")
        ));
        let told = database.sql(&format!("SELECT v FROM {name} WHERE v IS NOT NULL ORDER BY id"));
        let expected: Vec<&str> = cases
            .iter()
            .zip(told.split('\n'))
            .map(|((_, text), told)| text.unwrap_or(told))
            .collect();

        let rows = query(&format!("SELECT v FROM {name} ORDER BY id"));
        let source = connect(&postgres_config(&database, rows)).await;
        assert_eq!(sql_type(source.schema()), *expected_type, "{found}");
        let loaded = load(&source).await;
        assert_eq!(loaded.rejections(), Vec::<String>::new(), "{found}");
        let mut values = values(&loaded);
        let last = loaded.batches.last().unwrap();
        assert!(last.column(0).is_null(last.num_rows() - 1), "{found}");
        values.pop();
        assert_eq!(values, expected, "{found}");
    }
}

#[tokio::test]
async fn values_without_an_equal_are_errors_of_their_rows() {
    let Some(database) = postgres() else { return };
    let faults = [
        ("numeric", "'NaN'", "NaN is no DECIMAL(38, 18)"),
        ("numeric", "'Infinity'", "an infinity is no DECIMAL(38, 18)"),
        ("numeric", "1e30", "the number does not fit DECIMAL(38, 18)"),
        ("numeric", "1e-19", "the number does not fit DECIMAL(38, 18)"),
        ("date", "'infinity'", "an infinity is no DATE"),
        ("timestamptz", "'-infinity'", "an infinity is no TIMESTAMP"),
        (
            "time",
            "'24:00:00'",
            "24:00:00 is no TIME; the last one is 23:59:59.999",
        ),
        (
            "int4[]",
            "'{{1,2},{3,4}}'",
            "an array of 2 dimensions is no ARRAY of values",
        ),
        ("date[]", "'{2024-01-01,infinity}'", "an infinity is no DATE"),
        (
            "interval",
            "'3000000 hours'",
            "the time of the interval does not fit INTERVAL, 292 years of it",
        ),
    ];
    for (found, literal, expected) in faults {
        let text =
            format!("SELECT n, CASE WHEN n = 2 THEN {literal}::{found} END AS v FROM generate_series(1, 3) AS n");
        let source = connect(&postgres_config(&database, query(&text))).await;
        let loaded = load(&source).await;
        let place = source.location();
        assert_eq!(
            loaded.rejections(),
            [format!("{place}@1: column `v`: {expected}")],
            "{found}"
        );
        assert_eq!(loaded.rows().await, "{\"n\":1,\"v\":null}\n{\"n\":3,\"v\":null}\n");
    }
}

#[tokio::test]
async fn texts_do_not_depend_on_how_the_server_is_set_up() {
    let Some(database) = postgres() else { return };
    database.sql("CREATE TYPE parts AS (took interval, day date, ratio float8, bytes bytea)");
    database.sql(
        "CREATE TABLE t (v parts); \
         INSERT INTO t VALUES (ROW('1 day 02:00', '2024-02-01', 0.1::float8 + 0.2, '\\x0aff'))",
    );
    let name = database.sql("SELECT current_database()");
    for setting in [
        "intervalstyle = iso_8601",
        "datestyle = 'SQL, DMY'",
        "extra_float_digits = -5",
        "bytea_output = escape",
    ] {
        database.sql(&format!("ALTER DATABASE \"{}\" SET {setting}", name.trim()));
    }
    let source = connect(&postgres_config(&database, table("t"))).await;
    let values = values(&load(&source).await);
    // The documentation of PostgreSQL, "Interval Output", "Date/Time Output" and "Composite Type Input and Output Syntax".
    assert_eq!(
        values,
        [r#"("1 day 02:00:00",2024-02-01,0.30000000000000004,"\\x0aff")"#]
    );
}

#[tokio::test]
async fn columns_of_any_type_may_be_declared_as_text() {
    let Some(database) = postgres() else { return };
    database.sql("CREATE TABLE t (id int, at point); INSERT INTO t VALUES (1, '(2,3)')");
    let declared = schema(&[("AT", SqlType::String), ("id", SqlType::BigInt)]);
    let source = connect_declared(&postgres_config(&database, table("t")), &declared)
        .await
        .unwrap();
    assert_eq!(load(&source).await.rows().await, "{\"AT\":\"(2,3)\",\"id\":1}\n");
}

#[tokio::test]
async fn declared_columns_hold_every_value() {
    let Some(database) = postgres() else { return };
    database.sql(
        "CREATE TABLE t (small int2, plain int4, big int8, price numeric(9,2), any_number numeric, day date, doc jsonb); \
         INSERT INTO t VALUES (1, 2, 3, 4.5, 6.25, '2024-01-02', '{\"a\": 1}')",
    );
    let decimal = |precision, scale| SqlType::Decimal { precision, scale };
    let wider = schema(&[
        ("doc", SqlType::Json),
        ("PRICE", decimal(12, 3)),
        ("any_number", decimal(4, 2)),
        ("small", decimal(5, 0)),
        ("plain", SqlType::Double),
        ("big", SqlType::BigInt),
        ("day", SqlType::Timestamp),
    ]);
    let config = postgres_config(&database, table("t"));
    let source = connect_declared(&config, &wider).await.unwrap();
    insta::assert_snapshot!(load(&source).await.rows().await);

    let narrower = schema(&[
        ("small", SqlType::String),
        ("plain", SqlType::SmallInt),
        ("big", SqlType::Double),
        ("price", decimal(9, 3)),
        ("day", SqlType::Time),
        ("missing", SqlType::String),
    ]);
    insta::assert_snapshot!(connect_error(&config, Some(&narrower)).await.replace("; ", ";\n"));
}

/// What connecting fails with, without the port.
async fn connect_error(config: &velo_datasources::DatabaseSourceConfig, declared: Option<&StreamSchema>) -> String {
    let error = velo_datasources::DatabaseSource::connect(config, declared)
        .await
        .err()
        .unwrap();
    let text = error.to_string();
    text.split_once(", table t: ")
        .map_or(text.clone(), |(_, message)| message.to_owned())
}
