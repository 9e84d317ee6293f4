use std::collections::BTreeMap;

use velo_datasources::{FileFormat, PropertyError, SinkConfig, SourceConfig};

fn properties(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split_whitespace().map(|pair| pair.split_once('=').unwrap());
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// What properties come to, in one line, or what is wrong with them, a line each.
fn described<T: std::fmt::Debug>(read: Result<T, Vec<PropertyError>>) -> String {
    match read {
        Ok(config) => format!("{config:?}"),
        Err(errors) => {
            let lines = errors
                .iter()
                .map(|error| format!("{:?} {}: {error}", error.kind, error.key));
            lines.collect::<Vec<_>>().join("\n")
        }
    }
}

fn source(kind: Option<&str>, text: &str) -> String {
    described(SourceConfig::from_properties(kind, &properties(text)))
}

fn sink(kind: Option<&str>, text: &str) -> String {
    described(SinkConfig::from_properties(kind, &properties(text)))
}

/// Of files that are not of envelopes.
const ENVELOPE: &str = "envelope: EnvelopeConfig { value: Json, key: None, is_keyless: false, key_delimiter: None, is_unwrapped: false, key_columns: [] }";

#[test]
fn sources() {
    let plain = |path: &str, format: &str, has_headers: bool| {
        format!(
            "File(FileSourceConfig {{ path: \"{path}\", format: Some({format}), recursive: false, compression: None, encoding: None, delimiter: 44, quote: 34, \
             has_headers: {has_headers}, skip_lines: 0, wait_timeout: 0ns, retry_interval: 5s, watch: false, polling_interval: 1s, max_records: None, {ENVELOPE} }})"
        )
    };
    let cases = [
        ("path=a.csv", plain("a.csv", "Csv", true)),
        ("path=a.CSV format=csv_no_header", plain("a.CSV", "Csv", false)),
        ("path=a.txt value_format=DELIMITED", plain("a.txt", "Csv", false)),
        ("path=a.jsonl", plain("a.jsonl", "JsonLines", true)),
        ("path=a.ndjson", plain("a.ndjson", "JsonLines", true)),
        ("path=a.txt format=jsonl", plain("a.txt", "JsonLines", true)),
        ("path=a.txt format=jsonlines", plain("a.txt", "JsonLines", true)),
        ("path=a.txt value_format=JSON", plain("a.txt", "JsonLines", true)),
        ("path=a.envelope.jsonl", plain("a.envelope.jsonl", "Envelope", true)),
        (
            "path=a.envelope.jsonl format=json",
            plain("a.envelope.jsonl", "Envelope", true),
        ),
        (
            "path=file://d/a.csv watch=false compression=auto",
            plain("d/a.csv", "Csv", true),
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(source(None, text), expected, "{text}");
        assert_eq!(source(Some("file_source"), text), expected, "{text}");
        assert_eq!(
            source(None, &format!("type=FILE_SOURCE_MMAP {text}")),
            expected,
            "{text}"
        );
    }
    insta::assert_snapshot!(
        source(None, "path=a.csv delimiter=; quote=' has_headers=FALSE skip_lines=2 max_records=10"),
        @r#"File(FileSourceConfig { path: "a.csv", format: Some(Csv), recursive: false, compression: None, encoding: None, delimiter: 59, quote: 39, has_headers: false, skip_lines: 2, wait_timeout: 0ns, retry_interval: 5s, watch: false, polling_interval: 1s, max_records: Some(10), envelope: EnvelopeConfig { value: Json, key: None, is_keyless: false, key_delimiter: None, is_unwrapped: false, key_columns: [] } })"#
    );
    for (delimiter, byte) in [("TAB", 9), ("\\t", 9), ("SPACE", 32), ("|", 124)] {
        let described = source(None, &format!("path=a.csv value_delimiter={delimiter}"));
        assert!(described.contains(&format!("delimiter: {byte},")), "{described}");
    }
}

#[test]
fn everything_wrong_with_a_source_is_told_at_once() {
    insta::assert_snapshot!(
        source(None, "path=in/*.csv delimiter=ab quote=é has_headers=yes skip_lines=-1 max_records=x pth=y watch=sure file.retry.interval=0 file.wait.timeout=soon recursive=true polling.interval=0 compression=gzip format=jsonline"),
        @r"
    Invalid delimiter: `delimiter` must be one ASCII character, not `ab`
    Invalid file.retry.interval: `file.retry.interval` must be a duration above 0, such as `5s`, not `0`
    Invalid file.wait.timeout: `file.wait.timeout` must be a duration such as `30s` or `5m`, not `soon`
    Invalid format: there is no format `jsonline`: did you mean `jsonlines`?
    Invalid has_headers: `has_headers` must be `true` or `false`, not `yes`
    Invalid max_records: `max_records` must be a whole number, not `x`
    Invalid polling.interval: `polling.interval` must be a duration above 0, such as `5s`, not `0`
    Unknown pth: a file source has no property `pth`; did you mean `path`?
    Invalid quote: `quote` must be one ASCII character, not `é`
    Invalid skip_lines: `skip_lines` must be a whole number, not `-1`
    Invalid watch: `watch` must be `true` or `false`, not `sure`
    "
    );
}

#[test]
fn what_is_not_supported_yet_says_so() {
    let cases = [
        (None, "topic=clicks"),
        (Some("kafka_source"), "topic=clicks bootstrap.servers=b:9092"),
        (Some("memory_source"), ""),
        (Some("file_sink"), "path=a.csv"),
        (Some("fil_source"), "path=a.csv"),
        (None, ""),
        (None, "path=a.txt"),
        (None, "path=a.json format=json"),
        (None, "path=a.bin format=protobuf"),
        (None, "path=a.envelope.jsonl format=avro"),
        (None, "path=a.envelope.jsonl format=csv value_format=DELIMITED"),
        (None, "path=a.envelope.jsonl format=delimitd key_format=kafka"),
        (None, "path=a.jsonl format=kafka"),
        (None, "path=a.jsonl wrap_single_value=false"),
        (None, "path=gs://bucket/a.csv"),
        (None, "path=a.csv delimiter=\""),
        (None, "path=a.csv format=csv value_format=DELIMITED"),
        (None, "path=a.json format=json watch=true"),
        (None, "path=a.parquet watch=true polling.interval=100ms"),
        (None, "path=a.jsonl.gz watch=TRUE"),
        (None, "path=a.jsonl compression=zstd watch=true"),
    ];
    let told = cases.map(|(kind, text)| format!("{} {text}\n    {}\n", kind.unwrap_or("-"), source(kind, text)));
    insta::assert_snapshot!(told.concat(), @r#"
    - topic=clicks
        Unsupported topic: Kafka sources are not supported yet, only files
    kafka_source topic=clicks bootstrap.servers=b:9092
        Unsupported type: `kafka_source` is not supported yet
    memory_source 
        Unsupported type: a memory source is given by the embedding program, not by properties
    file_sink path=a.csv
        Invalid type: there is no source type `file_sink`: file_source, kafka_source, sql_source, http_source, s3_source, memory_source, datagen_source, nexmark_source
    fil_source path=a.csv
        Invalid type: there is no source type `fil_source`: did you mean `file_source`?
    - 
        Missing path: a file source needs `path`
    - path=a.txt
        Missing format: the name of `a.txt` does not tell its format; say `format`: csv, csv_no_header, jsonlines, json, parquet or avro
    - path=a.json format=json
        File(FileSourceConfig { path: "a.json", format: Some(Json), recursive: false, compression: None, encoding: None, delimiter: 44, quote: 34, has_headers: true, skip_lines: 0, wait_timeout: 0ns, retry_interval: 5s, watch: false, polling_interval: 1s, max_records: None, envelope: EnvelopeConfig { value: Json, key: None, is_keyless: false, key_delimiter: None, is_unwrapped: false, key_columns: [] } })
    - path=a.bin format=protobuf
        Unsupported format: format `protobuf` is not supported yet for files
    - path=a.envelope.jsonl format=avro
        Unsupported format: `avro` in envelopes is not supported yet, only JSON, DELIMITED and KAFKA
    - path=a.envelope.jsonl format=csv value_format=DELIMITED
        Invalid value_format: `value_format` and `format` mean the same; give one of them
    - path=a.envelope.jsonl format=delimitd key_format=kafka
        Invalid format: there is no format `delimitd` of keys and values: did you mean `delimited`?
    - path=a.jsonl format=kafka
        Unsupported format: format `kafka` is not supported yet for files
    - path=a.jsonl wrap_single_value=false
        Unsupported wrap_single_value: `wrap_single_value` = false is supported for files of envelopes only
    - path=gs://bucket/a.csv
        Unsupported path: `gs://` locations are not supported yet, only local files, s3://, http:// and https://
    - path=a.csv delimiter="
        Invalid delimiter: delimiter and quote must differ
    - path=a.csv format=csv value_format=DELIMITED
        Invalid value_format: `value_format` and `format` mean the same; give one of them
    - path=a.json format=json watch=true
        Invalid watch: only csv, jsonlines and envelopes in UTF-8 that are not compressed can be watched, not a JSON array
    - path=a.parquet watch=true polling.interval=100ms
        Invalid watch: only csv, jsonlines and envelopes in UTF-8 that are not compressed can be watched, not a file in the format parquet
    - path=a.jsonl.gz watch=TRUE
        Invalid watch: only csv, jsonlines and envelopes in UTF-8 that are not compressed can be watched, not a file packed with gzip
    - path=a.jsonl compression=zstd watch=true
        Invalid watch: only csv, jsonlines and envelopes in UTF-8 that are not compressed can be watched, not a file packed with zstd
    "#);
}

#[test]
fn sinks() {
    let cases = [
        (None, "path=out.csv append=true delimiter=|"),
        (Some("file_sink"), "path=out.jsonl"),
        (Some("file_sink"), "path=out.txt format=csv_no_header"),
        (Some("stdout_sink"), ""),
        (Some("stdout_sink"), "format=csv"),
        (Some("discard_sink"), ""),
        (Some("kafka_sink"), "topic=t"),
        (Some("file_sink"), "path=out.csv max_records=5"),
        (Some("file_sink"), "path=out.envelope.jsonl key_format=kafka"),
        (Some("file_sink"), ""),
        (Some("stdot_sink"), ""),
    ];
    let told = cases.map(|(kind, text)| format!("{} {text}\n    {}\n", kind.unwrap_or("-"), sink(kind, text)));
    insta::assert_snapshot!(told.concat(), @r#"
    - path=out.csv append=true delimiter=|
        File(FileSinkConfig { path: "out.csv", format: Csv, compression: None, envelope: Upsert, delimiter: 124, quote: 34, has_headers: true, append: true, in_place: false })
    file_sink path=out.jsonl
        File(FileSinkConfig { path: "out.jsonl", format: JsonLines, compression: None, envelope: Upsert, delimiter: 44, quote: 34, has_headers: true, append: false, in_place: false })
    file_sink path=out.txt format=csv_no_header
        File(FileSinkConfig { path: "out.txt", format: Csv, compression: None, envelope: Upsert, delimiter: 44, quote: 34, has_headers: false, append: false, in_place: false })
    stdout_sink 
        Stdout { format: JsonLines }
    stdout_sink format=csv
        Stdout { format: Csv }
    discard_sink 
        Discard
    kafka_sink topic=t
        Unsupported type: `kafka_sink` is not supported yet
    file_sink path=out.csv max_records=5
        Unknown max_records: a file sink has no property `max_records`
    file_sink path=out.envelope.jsonl key_format=kafka
        Unsupported key_format: `key_format` is not supported yet for files that are written
    file_sink 
        Missing path: a file sink needs `path`
    stdot_sink 
        Invalid type: there is no sink type `stdot_sink`: did you mean `stdout_sink`?
    "#);
}

#[test]
fn keys_and_values_of_envelopes() {
    let cases = [
        (
            "value_format=DELIMITED delimiter=;",
            "value: Delimited, key: None, is_keyless: false, key_delimiter: None, is_unwrapped: false",
        ),
        (
            "value_format=KAFKA key_format=JSON",
            "value: Kafka, key: Some(Json), is_keyless: false, key_delimiter: None, is_unwrapped: false",
        ),
        (
            "format=json_sr key.format=delimited key_delimiter=| wrap_single_value=false",
            "value: Json, key: Some(Delimited), is_keyless: false, key_delimiter: Some(124), is_unwrapped: true",
        ),
        (
            "key_format=none",
            "value: Json, key: None, is_keyless: true, key_delimiter: None, is_unwrapped: false",
        ),
    ];
    for (text, expected) in cases {
        let given = properties(&format!("path=a.envelope.jsonl {text}"));
        let described = described(SourceConfig::from_properties(None, &given));
        assert!(described.contains(expected), "{text}: {described}");
        let source = SourceConfig::from_properties(None, &given).unwrap();
        assert_eq!(source.keys_without_effect(&given), [""; 0], "{text}");
    }
    let given = properties("path=a.csv key.format=kafka wrap_single_value=true key_delimiter=;");
    let source = SourceConfig::from_properties(None, &given).unwrap();
    assert_eq!(
        source.keys_without_effect(&given),
        ["key.format", "key_delimiter", "wrap_single_value"]
    );
}

#[test]
fn keys_without_effect_are_listed() {
    let given = properties("path=a.jsonl delimiter=; has_headers=true skip_lines=1 file.retry.interval=1s");
    let source = SourceConfig::from_properties(None, &given).unwrap();
    assert_eq!(
        source.keys_without_effect(&given),
        ["delimiter", "has_headers", "file.retry.interval"]
    );
    let given = properties("type=stdout_sink format=csv path=a.csv append=true");
    let sink = SinkConfig::from_properties(None, &given).unwrap();
    assert_eq!(sink.keys_without_effect(&given), ["append", "path"]);
    let given = properties("path=a.csv delimiter=;");
    assert!(
        SinkConfig::from_properties(None, &given)
            .unwrap()
            .keys_without_effect(&given)
            .is_empty()
    );
}

#[test]
fn names_tell_formats() {
    let cases = [
        ("a.csv", Some(FileFormat::Csv)),
        ("d/A.JSONL", Some(FileFormat::JsonLines)),
        ("a.json", Some(FileFormat::JsonLines)),
        ("a.envelope.jsonl", Some(FileFormat::Envelope)),
        ("a.csv.gz", Some(FileFormat::Csv)),
        ("a.envelope.jsonl.ZST", Some(FileFormat::Envelope)),
        ("a.gz", None),
        ("a.csv.bz2", None),
        ("csv", None),
        ("/", None),
    ];
    for (path, expected) in cases {
        assert_eq!(FileFormat::of_path(path.as_ref()), expected, "{path}");
        // A name without an extension may be a directory, whose files tell.
        let is_source = expected.is_some() || !path.contains('.');
        assert_eq!(SourceConfig::from_path(path).is_ok(), is_source, "{path}");
        assert_eq!(SinkConfig::from_path(path).is_ok(), expected.is_some(), "{path}");
    }
}
