use velo_formats::{CsvOptions, SampledSchema, sample_csv, sample_envelopes, sample_json_lines};

fn described(sample: &SampledSchema) -> String {
    let columns = sample.columns.iter().map(|column| {
        let kinds: Vec<String> = column.kinds.iter().map(ToString::to_string).collect();
        let (name, sql_type) = (&column.name, &column.sql_type);
        let kinds = if kinds.is_empty() {
            String::new()
        } else {
            format!(": {}", kinds.join(", "))
        };
        let (values, nulls) = (column.values, column.nulls);
        format!("{name} {sql_type}: {values} values, {nulls} nulls{kinds}\n")
    });
    let records = format!("{} records, {} rejected\n", sample.records, sample.rejected);
    columns.chain([records]).collect()
}

#[test]
fn json_types() {
    let input = br#"{"i":1,"d":1,"s":"2024-01-01","b":true,"w":18446744073709551615,"mixed":1,"n":null,"st":{"x":1},"a":[1,2.5],"m":{"x":1}}
{"i":2,"d":1.5,"s":"x","b":false,"w":1,"mixed":"x","n":null,"st":{"y":"t"},"a":[],"m":[1],"late":{}}

not json
"#;
    insta::assert_snapshot!(described(&sample_json_lines(input, true)), @r"
    i BIGINT: 2 values, 0 nulls: whole numbers
    d DOUBLE: 2 values, 0 nulls: whole numbers, numbers with a fraction
    s STRING: 2 values, 0 nulls: text
    b BOOLEAN: 2 values, 0 nulls: booleans
    w DECIMAL(38, 0): 2 values, 0 nulls: whole numbers, whole numbers beyond 64 bits
    mixed STRING: 2 values, 0 nulls: whole numbers, text
    n STRING: 0 values, 2 nulls
    st STRUCT<x BIGINT, y STRING>: 2 values, 0 nulls: objects
    a ARRAY<DOUBLE>: 2 values, 0 nulls: arrays
    m STRING: 2 values, 0 nulls: arrays, objects
    late STRING: 1 values, 1 nulls: objects
    2 records, 1 rejected
    ");
}

#[test]
fn csv_types() {
    let input =
        b"1,1,2024-01-01,2024-01-01,true,007,a,,1e3\n2,2.5,2024-01-02,2024-01-01T10:00:00Z,FALSE,008,\"\",,2\nragged\n";
    let names: Vec<String> = ["i", "d", "date", "ts", "b", "code", "s", "none", "e"]
        .map(str::to_owned)
        .into();
    let sample = sample_csv(input, true, CsvOptions::default(), Some(&names));
    insta::assert_snapshot!(described(&sample), @r"
    i BIGINT: 2 values, 0 nulls: whole numbers
    d DOUBLE: 2 values, 0 nulls: whole numbers, numbers with a fraction
    date DATE: 2 values, 0 nulls: dates
    ts TIMESTAMP: 2 values, 0 nulls: dates, timestamps
    b BOOLEAN: 2 values, 0 nulls: booleans
    code STRING: 2 values, 0 nulls: text
    s STRING: 2 values, 0 nulls: text
    none STRING: 0 values, 2 nulls
    e DOUBLE: 2 values, 0 nulls: whole numbers, numbers with a fraction
    2 records, 1 rejected
    ");
}

#[test]
fn csv_without_a_header_numbers_its_columns() {
    let sample = sample_csv(
        b"\n1;x\n2;y\n",
        true,
        CsvOptions {
            delimiter: b';',
            quote: b'"',
        },
        None,
    );
    insta::assert_snapshot!(described(&sample), @r"
    column1 BIGINT: 2 values, 0 nulls: whole numbers
    column2 STRING: 2 values, 0 nulls: text
    2 records, 0 rejected
    ");
}

#[test]
fn envelopes_are_sampled_by_their_values() {
    let input = br#"{"key":1,"value":{"id":1}}
{"value":null}
{"value":{"id":2},"timestamp":5}
{"value":{"id":3"#;
    insta::assert_snapshot!(described(&sample_envelopes(input, false)), @r"
    id BIGINT: 2 values, 0 nulls: whole numbers
    2 records, 1 rejected
    ");
}

#[test]
fn nothing_has_no_columns() {
    assert_eq!(sample_json_lines(b"", true).schema.user_columns(), 0);
    assert_eq!(
        sample_csv(b"", true, CsvOptions::default(), None).schema.user_columns(),
        0
    );
}

/// A column is found in any case, so that names which differ in case alone are one, unless a record has both.
#[test]
fn names_that_differ_in_case_alone_are_one_column_unless_a_record_has_both() {
    let sample = |text: &str| described(&sample_json_lines(text.as_bytes(), true));
    let one = "{\"Id\":1,\"p\":{\"X\":1}}\n{\"id\":1.5,\"p\":{\"x\":2}}\n";
    insta::assert_snapshot!(sample(one), @r"
    Id DOUBLE: 2 values, 0 nulls: whole numbers, numbers with a fraction
    p STRUCT<X BIGINT>: 2 values, 0 nulls: objects
    2 records, 0 rejected
    ");
    let both = format!("{one}{{\"id\":\"x\",\"Id\":3}}\n{{\"id\":4}}\n");
    // What was seen while they were one counts for both, so that no type is too narrow.
    insta::assert_snapshot!(sample(&both), @r"
    Id STRING: 4 values, 0 nulls: whole numbers, numbers with a fraction, text
    p STRUCT<X BIGINT>: 2 values, 2 nulls: objects
    id STRING: 4 values, 0 nulls: whole numbers, numbers with a fraction, text
    4 records, 0 rejected
    ");
}

#[test]
fn files_whose_headers_differ_in_case_are_one_set_of_columns() {
    let sample = |names: [&str; 2], record: &str| {
        let names = names.map(str::to_owned);
        sample_csv(record.as_bytes(), true, CsvOptions::default(), Some(&names))
    };
    let united = sample(["Id", "Name"], "1,a\n").united_with(sample(["id", "NAME"], "2.5,b\n"));
    insta::assert_snapshot!(described(&united), @r"
    Id DOUBLE: 2 values, 0 nulls: whole numbers, numbers with a fraction
    Name STRING: 2 values, 0 nulls: text
    2 records, 0 rejected
    ");
    let kept = sample(["Id", "Name"], "1,a\n").united_with(sample(["id", "ID"], "2,3\n"));
    assert_eq!(kept.schema.user_columns(), 3, "{}", described(&kept));
}
