use velo_data::{SqlType, StreamSchema};
use velo_datasources::PropertyErrorKind;

use super::{config, try_datagen};
use crate::support::schema;

fn columns() -> StreamSchema {
    let fields = [
        ("id", SqlType::BigInt, false),
        ("tiny", SqlType::TinyInt, true),
        ("amount", SqlType::Decimal { precision: 6, scale: 2 }, true),
        ("share", SqlType::Double, true),
        ("name", SqlType::String, true),
        ("flag", SqlType::Boolean, true),
        ("at", SqlType::Timestamp, true),
    ];
    StreamSchema::of_user_columns(fields.map(|(name, sql_type, nullable)| sql_type.field(name, nullable)))
}

/// What is wrong with settings, each with its key.
fn told(properties: &[(&str, &str)]) -> String {
    match try_datagen(&columns(), properties) {
        Ok(source) => panic!("{properties:?} are taken: {source:?}"),
        Err(errors) => {
            let told = errors
                .into_iter()
                .map(|error| format!("{}: {}", error.key, error.message));
            told.collect::<Vec<_>>().join("\n")
        }
    }
}

#[test]
fn settings_that_make_no_sense_are_told() {
    let cases: &[&[(&str, &str)]] = &[
        &[("fields.id.kind", "sequense")],
        &[("fields.id.colour", "red"), ("fields.kind", "random"), ("rows", "5")],
        &[("fields.amont.min", "1")],
        &[("fields.id.min", "1"), ("fields.ID.max", "2")],
        &[("fields.id.min", "10"), ("fields.id.max", "5")],
        &[("fields.id.min", "1000000")],
        &[("fields.id.min", "1.5")],
        &[("fields.amount.max", "12345.00")],
        &[("fields.share.max", "inf")],
        &[("fields.name.kind", "random")],
        &[("fields.flag.min", "0")],
        &[("fields.at.length", "3")],
        &[("fields.name.kind", "choice")],
        &[("fields.tiny.values", "1, 200")],
        &[("fields.name.values", "[1, 2]")],
        &[("fields.id.start", "10"), ("fields.id.end", "9")],
        &[("fields.tiny.kind", "sequence")],
        &[("fields.tiny.kind", "sequence"), ("number.of.rows", "128")],
        &[("fields.id.kind", "sequence"), ("fields.id.max", "9")],
        &[("fields.id.null.rate", "0.5")],
        &[("fields.name.null.rate", "2")],
        &[("fields.name.length", "2000")],
        &[("fields.at.interval", "soon")],
        &[("fields.at.start", "yesterday")],
        &[
            ("rows.per.second", "2000000000"),
            ("splits", "0"),
            ("number.of.rows", "many"),
        ],
    ];
    let all: Vec<String> = cases.iter().map(|case| told(case)).collect();
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn types_without_values_are_told() {
    let columns = [
        ("list", SqlType::Array(Box::new(SqlType::BigInt))),
        ("doc", SqlType::Json),
        (
            "wide",
            SqlType::Decimal {
                precision: 60,
                scale: 2,
            },
        ),
    ];
    let errors = try_datagen(&schema(&columns), &[]).unwrap_err();
    let messages: Vec<String> = errors.into_iter().map(|error| error.message).collect();
    insta::assert_snapshot!(messages.join("\n"), @r#"
    values of ARRAY<BIGINT> cannot be generated; leave the column `list` out
    values of JSON cannot be made up; say some in `fields.doc.values`
    values of DECIMAL(60, 2) cannot be made up; say some in `fields.wide.values`
    "#);
}

#[test]
fn nexmark_needs_one_of_its_tables() {
    let told = |properties: &[(&str, &str)]| {
        let errors = config("nexmark_source", properties).unwrap_err();
        let told = errors
            .into_iter()
            .map(|error| format!("{}: {}", error.key, error.message));
        told.collect::<Vec<_>>().join("\n")
    };
    let all = [
        told(&[]),
        told(&[("table", "bids")]),
        told(&[("table", "bid"), ("number.of.rows", "5"), ("rows.per.second", "5")]),
    ];
    insta::assert_snapshot!(all.join("\n\n"), @r#"
    table: a Nexmark source needs `table`: one of person, auction, bid

    table: `table` must be one of person, auction, bid (did you mean `bid`?), not `bids`

    number.of.rows: a Nexmark source has no property `number.of.rows`
    rows.per.second: a Nexmark source has no property `rows.per.second`; did you mean `events.per.second`?
    "#);
}

#[test]
fn a_type_that_nearly_names_a_generated_source_is_corrected() {
    let errors = config("datagn_source", &[]).unwrap_err();
    assert_eq!(errors[0].kind, PropertyErrorKind::Invalid);
    assert!(
        errors[0].message.ends_with("did you mean `datagen_source`?"),
        "{}",
        errors[0].message
    );
}
