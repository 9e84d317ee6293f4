use std::collections::HashMap;

use velo_data::SqlType;
use velo_functions::{
    AggregateKind, Argument, FunctionError, aggregate, aggregate_functions, function_names, function_reference,
    is_clock_function, is_header_function, is_window_function, resolve_scalar, scalar, scalar_functions,
};

/// Set `VELO_UPDATE_DOCS=1` to write the page anew.
#[test]
fn the_page_of_functions_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/sql/functions.md");
    if std::env::var_os("VELO_UPDATE_DOCS").is_some() {
        std::fs::write(path, function_reference()).expect("docs/sql can be written");
    }
    let page = std::fs::read_to_string(path).expect("docs/sql/functions.md exists");
    assert!(page == function_reference(), "run the test with VELO_UPDATE_DOCS=1");
}

#[test]
fn no_name_means_two_functions() {
    let mut owners: HashMap<&str, &str> = HashMap::new();
    let scalars = scalar_functions().map(|function| (function.name, function.synonyms));
    let aggregates = aggregate_functions().map(|function| (function.name, function.synonyms));
    for (name, synonyms) in scalars.chain(aggregates) {
        for known in std::iter::once(&name).chain(synonyms) {
            if let Some(other) = owners.insert(known, name) {
                panic!("{known} is {other} and {name}");
            }
        }
    }
}

/// Every name in dialect order; those that the runtime has to provide are asked for by their predicates.
#[test]
fn every_function_of_the_dialect_has_its_names() {
    const SCALARS: &str = "ABS ROUND CEIL CEILING FLOOR SQRT POWER POW MOD EXP LN LOG SIGN TRUNC LEAST GREATEST RANDOM \
        UPPER UCASE LOWER LCASE SUBSTRING SUBSTR REPLACE TRIM LTRIM RTRIM LENGTH LEN CONCAT CONCAT_WS JOIN SPLIT \
        SPLIT_PART LEFT RIGHT LPAD RPAD POSITION INSTR REGEXP REGEXP_LIKE REGEXP_REPLACE REGEXP_EXTRACT INITCAP MD5 \
        SHA256 ENCODE DECODE TIMESTAMP EXTRACT YEAR MONTH DAY HOUR MINUTE SECOND MILLISECOND DATE DATE_TRUNC DATE_ADD \
        DATE_SUB DATEDIFF DATE_FORMAT FORMAT_TIMESTAMP PARSE_TIMESTAMP TO_TIMESTAMP FROM_UNIXTIME UNIX_TIMESTAMP \
        CONVERT_TZ COALESCE IFNULL NULLIF IF JSON_EXTRACT JSON_VALUE JSON_EXTRACT_SCALAR EXTRACTJSONFIELD JSON_EXISTS \
        JSON_QUERY JSON_KEYS JSON_ARRAY_LENGTH TO_JSON_STRING ARRAY_LENGTH ARRAY_CONTAINS ARRAY_JOIN ARRAY_DISTINCT \
        ARRAY_SORT ARRAY_MIN ARRAY_MAX ARRAY_CONCAT ARRAY_REMOVE SLICE MAP_KEYS MAP_VALUES HEADER HAS_HEADER HEADER_KEYS";
    const AGGREGATES: &str = "COUNT COUNT_DISTINCT APPROX_COUNT_DISTINCT SUM AVG MIN MAX FIRST_VALUE FIRST LAST_VALUE \
        LAST STRING_AGG LISTAGG GROUP_CONCAT COLLECT ARRAY_AGG COLLECT_LIST COLLECT_SET TOPK TOPKDISTINCT MEDIAN DELTA \
        STDDEV STDDEV_SAMP STDDEV_POP VARIANCE VAR_SAMP VAR_POP PERCENTILE_CONT PERCENTILE_DISC CORR COVAR_POP \
        COVAR_SAMP REGR_SLOPE REGR_INTERCEPT REGR_R2 BOOL_AND BOOL_OR EARLIEST_BY_OFFSET LATEST_BY_OFFSET";
    const WINDOWS: &str = "LAG LEAD ROW_NUMBER RANK DENSE_RANK PERCENT_RANK CUME_DIST NTILE NTH_VALUE";
    let missing: Vec<&str> = SCALARS
        .split_whitespace()
        .filter(|name| scalar(name).is_none())
        .chain(AGGREGATES.split_whitespace().filter(|name| aggregate(name).is_none()))
        .chain(WINDOWS.split_whitespace().filter(|name| !is_window_function(name)))
        .chain(
            ["NOW", "CURRENT_TIMESTAMP", "CURRENT_DATE"]
                .into_iter()
                .filter(|name| !is_clock_function(name)),
        )
        .chain(
            ["SET_HEADER", "REMOVE_HEADER"]
                .into_iter()
                .filter(|name| !is_header_function(name)),
        )
        .collect();
    assert_eq!(missing, [""; 0]);
    assert_eq!(aggregate("stddev_samp"), Some(AggregateKind::StddevSamp));
    assert!(function_names().iter().any(|name| name == "GROUP_CONCAT"));
}

#[test]
fn a_mistyped_name_is_answered_with_the_nearest() {
    let unknown = resolve_scalar("SUBSTRNG", &[Argument::from(SqlType::String)]).expect_err("no such function");
    assert_eq!(
        unknown,
        FunctionError::Unknown {
            name: "SUBSTRNG".into(),
            suggestion: Some("SUBSTRING"),
        }
    );
}

#[test]
fn wrong_arguments_come_with_the_usage() {
    let error = resolve_scalar("split_part", &[Argument::from(SqlType::BigInt)]).expect_err("one argument");
    assert_eq!(
        error,
        FunctionError::WrongArguments {
            message: "SPLIT_PART takes 3 arguments, but 1 are given".into(),
            signature: "SPLIT_PART(text, separator, index)".into(),
        }
    );
}

/// BYTES are never taken for text by themselves: a function takes them as they are, or refuses them.
#[test]
fn no_function_reads_bytes_as_text() {
    let types = [SqlType::Bytes, SqlType::String, SqlType::BigInt];
    let mut wrong = Vec::new();
    for function in scalar_functions() {
        for arity in 1..=4_u32 {
            for choice in 0..types.len().pow(arity) {
                let given: Vec<SqlType> = (0..arity)
                    .map(|place| types[choice / types.len().pow(place) % types.len()].clone())
                    .collect();
                let arguments: Vec<Argument> = given.iter().cloned().map(Argument::from).collect();
                let Ok(resolved) = resolve_scalar(function.name, &arguments) else {
                    continue;
                };
                let is_text = |(given, taken): (&SqlType, &SqlType)| *given == SqlType::Bytes && taken.is_text();
                if given.iter().zip(resolved.argument_types()).any(is_text) {
                    wrong.push(format!("{} of {given:?}", function.name));
                }
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

/// What DataFusion has beyond the dialect is not there: its meaning, types and messages are not ours.
#[test]
fn functions_that_are_not_listed_are_unknown() {
    for name in [
        "nvl2",
        "arrow_typeof",
        "to_local_time",
        "nanvl",
        "date_bin",
        "overlay",
        "array_resize",
    ] {
        let error = resolve_scalar(name, &[Argument::from(SqlType::String)]).expect_err("not listed");
        assert!(matches!(error, FunctionError::Unknown { .. }), "{name}: {error:?}");
    }
}
