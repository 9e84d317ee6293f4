use velo_data::SqlType;
use velo_functions::{Argument, aggregate, resolve_aggregate};

use crate::support::{check, sql_type, value};

/// `argument types -> return type`, or what is wrong.
fn resolve(name: &str, types: &[&str]) -> String {
    let arguments: Vec<Argument> = types
        .iter()
        .map(|text| {
            if text.starts_with(|first: char| first.is_ascii_digit() || first == '\'' || first == '-') {
                value(text).argument()
            } else {
                Argument::from(sql_type(text))
            }
        })
        .collect();
    match resolve_aggregate(aggregate(name).expect("an aggregate"), &arguments) {
        Ok(resolved) => {
            let types: Vec<String> = resolved.argument_types.iter().map(ToString::to_string).collect();
            format!("{} -> {}", types.join(", "), resolved.return_type)
        }
        Err(error) => error.to_string(),
    }
}

/// By hand, from the rules of the dialect.
#[test]
fn types_of_aggregates() {
    let rows: &[(&str, &[&str], &str)] = &[
        ("COUNT", &[], " -> BIGINT"),
        ("COUNT", &["STRING"], "STRING -> BIGINT"),
        ("COUNT_DISTINCT", &["STRING"], "STRING -> BIGINT"),
        ("SUM", &["TINYINT"], "BIGINT -> BIGINT"),
        ("SUM", &["DECIMAL(10,2)"], "DECIMAL(10, 2) -> DECIMAL(38, 2)"),
        ("SUM", &["DECIMAL(60,2)"], "DECIMAL(60, 2) -> DECIMAL(60, 2)"),
        ("SUM", &["DOUBLE"], "DOUBLE -> DOUBLE"),
        ("SUM", &["STRING"], "SUM takes numbers, not STRING"),
        ("SUM", &[], "SUM needs an argument"),
        ("SUM", &["BIGINT", "BIGINT"], "SUM does not take (BIGINT, BIGINT)"),
        ("AVG", &["SMALLINT"], "BIGINT -> DOUBLE"),
        ("AVG", &["DECIMAL(10,2)"], "DECIMAL(10, 2) -> DECIMAL(38, 8)"),
        ("AVG", &["DECIMAL(30,15)"], "DECIMAL(30, 15) -> DECIMAL(38, 18)"),
        ("MIN", &["STRING"], "STRING -> STRING"),
        ("MAX", &["TIMESTAMP"], "TIMESTAMP -> TIMESTAMP"),
        ("FIRST", &["BIGINT[]"], "BIGINT[] -> BIGINT[]"),
        ("STDDEV", &["DECIMAL(10,2)"], "DOUBLE -> DOUBLE"),
        ("VAR_POP", &["BIGINT"], "DOUBLE -> DOUBLE"),
        ("BOOL_AND", &["BOOLEAN"], "BOOLEAN -> BOOLEAN"),
        ("BOOL_OR", &["BIGINT"], "BOOL_OR does not take (BIGINT)"),
        ("COLLECT", &["BIGINT"], "STRING -> STRING"),
        ("STRING_AGG", &["STRING", "'; '"], "STRING, STRING -> STRING"),
        (
            "STRING_AGG",
            &["STRING", "STRING"],
            "STRING_AGG takes a separator, a constant text",
        ),
        ("COLLECT_LIST", &["BIGINT"], "BIGINT -> BIGINT[]"),
        ("TOPK", &["DOUBLE", "3"], "DOUBLE, BIGINT -> DOUBLE[]"),
        (
            "TOPK",
            &["DOUBLE", "0"],
            "TOPK takes how many values to keep, a constant of at least 1",
        ),
        (
            "TOPKDISTINCT",
            &["DOUBLE", "BIGINT"],
            "TOPKDISTINCT takes how many values to keep, a constant of at least 1",
        ),
        ("MEDIAN", &["BIGINT"], "DOUBLE -> DOUBLE"),
        ("MEDIAN", &["DECIMAL(10,2)"], "DECIMAL(38, 8) -> DECIMAL(38, 8)"),
        ("DELTA", &["BIGINT"], "BIGINT -> BIGINT"),
        ("DELTA", &["TINYINT"], "BIGINT -> BIGINT"),
        ("DELTA", &["TIMESTAMP"], "TIMESTAMP -> INTERVAL"),
        ("DELTA", &["STRING"], "DELTA does not take STRING"),
        ("PERCENTILE_CONT", &["BIGINT", "0.5"], "DOUBLE, DOUBLE -> DOUBLE"),
        ("PERCENTILE_CONT", &["0.5", "BIGINT"], "DOUBLE, DOUBLE -> DOUBLE"),
        ("PERCENTILE_DISC", &["0.5", "STRING"], "STRING, DOUBLE -> STRING"),
        (
            "PERCENTILE_CONT",
            &["95", "BIGINT"],
            "PERCENTILE_CONT takes a fraction, a constant from 0 to 1",
        ),
        (
            "APPROX_PERCENTILE_CONT",
            &["DOUBLE", "-0.5"],
            "APPROX_PERCENTILE_CONT takes a fraction, a constant from 0 to 1",
        ),
        ("REGR_COUNT", &["BIGINT", "DOUBLE"], "DOUBLE, DOUBLE -> BIGINT"),
        ("BIT_OR", &["TINYINT"], "TINYINT -> TINYINT"),
        ("BIT_OR", &["DOUBLE"], "BIT_OR does not take (DOUBLE)"),
        ("CORR", &["BIGINT", "DECIMAL(4,1)"], "DOUBLE, DOUBLE -> DOUBLE"),
    ];
    check(rows.iter().map(|(name, types, expected)| {
        let actual = resolve(name, types)
            .replace("ARRAY<BIGINT>", "BIGINT[]")
            .replace("ARRAY<DOUBLE>", "DOUBLE[]");
        (format!("{name}({})", types.join(", ")), actual, (*expected).to_owned())
    }));
}

/// What DataFusion runs takes the types that resolution asks for, and gives one that has a canonical type.
#[test]
fn datafusion_takes_the_resolved_types() {
    for function in velo_functions::aggregate_functions() {
        let Some(udf) = function.kind.datafusion() else {
            continue;
        };
        let arguments: Vec<Argument> = match function.name {
            "BOOL_AND" | "BOOL_OR" => vec![SqlType::Boolean.into()],
            "STRING_AGG" => vec![SqlType::String.into(), value("','").argument()],
            "PERCENTILE_CONT" | "APPROX_PERCENTILE_CONT" => vec![SqlType::Double.into(), value("0.5").argument()],
            "REGR_COUNT" => vec![SqlType::Double.into(), SqlType::Double.into()],
            name if name.starts_with("BIT") => vec![SqlType::SmallInt.into()],
            _ => vec![SqlType::Double.into()],
        };
        let resolved = resolve_aggregate(function.kind, &arguments).expect(function.name);
        let types: Vec<_> = resolved.argument_types.iter().map(SqlType::arrow).collect();
        let returned = udf.return_type(&types).expect(function.name);
        assert_eq!(
            SqlType::from_arrow(&returned),
            Some(resolved.return_type),
            "{}",
            function.name
        );
    }
}
