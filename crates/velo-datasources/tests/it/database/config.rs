use std::collections::BTreeMap;

use velo_datasources::{PostgresConnection, SourceConfig};

fn described(pairs: &[(&str, &str)]) -> String {
    let properties: BTreeMap<String, String> = pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let text = match SourceConfig::from_properties(None, &properties) {
        Ok(config) => format!("{config:?}"),
        Err(errors) => {
            let lines = errors
                .iter()
                .map(|error| format!("{:?} {}: {error}", error.kind, error.key));
            lines.collect::<Vec<_>>().join("\n")
        }
    };
    assert!(!text.contains("hunter2"), "a password is shown: {text}");
    text
}

const SQL: (&str, &str) = ("type", "sql_source");

#[test]
fn databases_are_configured_by_url_or_path() {
    let cases: [&[(&str, &str)]; 5] = [
        &[
            ("connection.url", "postgres://ann:hunter2@db.example:6543/shop"),
            ("table", "public.orders"),
        ],
        &[
            SQL,
            ("connection.url", "postgresql://db.example/shop"),
            ("connection.user", "ann"),
            ("connection.password", "hunter2"),
            ("query", "SELECT 1"),
            ("incremental.column", "id"),
            ("connect.timeout", "2s"),
            ("statement.timeout", "1m"),
            ("fetch.size", "50"),
        ],
        &[
            ("type", "DATABASE_SOURCE"),
            ("path", "data/shop.db"),
            ("table", "orders"),
        ],
        &[("connection.url", "sqlite:shop.sqlite3"), ("table", "orders")],
        &[("connection.url", "sqlite:///srv/shop.db"), ("table", "orders")],
    ];
    insta::assert_snapshot!(cases.map(described).join("\n"));
}

#[test]
fn everything_wrong_is_told_without_the_password() {
    let url = "postgres://ann:hunter2@db.example/shop";
    let cases: [&[(&str, &str)]; 14] = [
        &[SQL],
        &[("connection.url", url)],
        &[("connection.url", url), ("table", "t"), ("query", "SELECT 1")],
        &[("connection.url", url), ("path", "a.db"), ("table", "t")],
        &[
            ("connection.url", url),
            ("table", "t"),
            ("connection.password", "hunter2"),
            ("connection.user", "bob"),
        ],
        &[
            ("connection.url", "postgres://ann:hunter2@host@db.example/shop"),
            ("table", "t"),
        ],
        &[("connection.url", "postgres://ann:hunter2@:db/shop"), ("table", "t")],
        &[("connection.url", "postgres:///shop?password=hunter2"), ("table", "t")],
        &[
            ("connection.url", "postgres://ann:hunter2@db/shop?hunter2=1"),
            ("table", "t"),
        ],
        &[("connection.url", "mysql://ann:hunter2@db/shop"), ("table", "t")],
        &[("connection.url", "ann:hunter2@db/shop"), ("table", "t")],
        &[SQL, ("path", "s3://bucket/shop.db"), ("table", "t")],
        &[
            ("connection.url", url),
            ("table", "t"),
            ("fetch.size", "0"),
            ("connect.timeout", "soon"),
        ],
        &[("connection.url", url), ("tabel", "t"), ("delimiter", ";")],
    ];
    insta::assert_snapshot!(cases.map(described).join("\n--\n"));
}

#[test]
fn what_sqlite_has_no_use_for_is_listed() {
    let pairs = [
        ("path", "shop.db"),
        ("table", "orders"),
        ("connection.user", "ann"),
        ("fetch.size", "10"),
        ("connect.timeout", "1s"),
    ];
    let properties: BTreeMap<String, String> = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let config = SourceConfig::from_properties(Some("sql_source"), &properties).unwrap();
    assert_eq!(
        config.keys_without_effect(&properties),
        ["connection.user", "fetch.size"]
    );
    assert!(!config.is_remote());
}

#[test]
fn servers_are_named_without_credentials() {
    let cases = [
        (
            "postgres://ann:hunter2@db.example:6543/shop",
            "postgres://db.example:6543/shop",
        ),
        ("postgres://ann@db.example", "postgres://db.example:5432/ann"),
        ("postgres://a:1,b:2/shop", "postgres://a:1,b:2/shop"),
    ];
    for (url, expected) in cases {
        assert_eq!(PostgresConnection::parse(url).unwrap().location(), expected);
    }
}

#[test]
fn encryption_is_asked_for_in_the_words_of_libpq() {
    let mistakes = [
        "sslmode=allow",
        "sslmode=hunter2",
        "sslmode=",
        "sslmode",
        "sslmode=require&sslmode=disable",
        "sslmode=verify-ca",
        "sslmode=require&sslrootcert=system",
        "sslrootcert=ca.pem",
        "sslmode=disable&sslrootcert=ca.pem",
        "sslmode=require&sslcert=client.pem",
        "sslmode=disable&sslcert=client.pem&sslkey=key.pem",
        "sslmode=require&sslpassword=hunter2",
        "sslnegotiation=direct",
    ];
    let told = mistakes.map(|parameters| {
        let url = format!("postgres://ann:hunter2@db/shop?{parameters}");
        format!(
            "{parameters}\n  {}",
            described(&[("connection.url", url.as_str()), ("table", "t")])
        )
    });
    insta::assert_snapshot!(told.join("\n").replace("hunter2", "[secret]"));

    let right = [
        "postgres://ann:what%3F@db/shop?sslmode=require&application_name=x",
        "postgres://ann:what?sslmode=allow@db/shop",
        "postgres://ann@db/shop?connect_timeout=3&sslmode=verify-full&sslrootcert=%2Fetc%2Four%20ca.pem",
        "postgres://ann@db/shop?sslrootcert=system",
        "postgres://ann@db/shop?sslnegotiation=direct&sslmode=verify-full",
    ];
    for url in right {
        assert_eq!(
            PostgresConnection::parse(url).map(|server| server.location()),
            Ok("postgres://db:5432/shop".to_owned())
        );
    }
}
