use std::io::Write as _;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use velo_data::{SqlType, StreamBatch, StreamSchema, SystemColumn};
use velo_datasources::{FileFormat, FileSinkConfig, ReadRequest, SinkConfig, connect_table_source, open_sink};
use velo_testservices::{Answer, HttpServer};

use super::{bucket, bucket_config};
use crate::support::schema;
use crate::tables::{load, read_all, whole};

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A file of a typed format with one column.
async fn typed(format: FileFormat, ids: &[i64]) -> Vec<u8> {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("ids");
    let schema = StreamSchema::of_user_columns([SqlType::BigInt.field("id", true)]);
    let mut sink = open_sink(&SinkConfig::File(FileSinkConfig::new(&path, format)), &schema, None).unwrap();
    let column = Arc::new(Int64Array::from(ids.to_vec()));
    let records = RecordBatch::try_new(Arc::clone(schema.arrow()), vec![column]).unwrap();
    sink.write(&StreamBatch::inserts(records)).await.unwrap();
    sink.finish().await.unwrap();
    std::fs::read(path).unwrap()
}

#[tokio::test]
async fn every_format_is_read_with_and_without_declared_columns() {
    let Some(server) = bucket("formats") else { return };
    let lines = "{\"id\": 1}\n{\"id\": 2}\n";
    let objects = [
        ("csv/a.csv", "id\n1\n2\n".into()),
        ("lines/a.jsonl", lines.into()),
        ("gzip/a.jsonl.gz", gzip(lines)),
        ("zstd/a.csv.zst", zstd::encode_all(&b"id\n1\n2\n"[..], 0).unwrap()),
        ("parquet/a.parquet", typed(FileFormat::Parquet, &[1, 2]).await),
        ("avro/a.avro", typed(FileFormat::Avro, &[1, 2]).await),
        ("array/a.json", "[{\"id\": 1}, {\"id\": 2}]".into()),
        ("said/data", "7;1\n7;2\n".into()),
    ];
    let declared = schema(&[("id", SqlType::BigInt)]);
    for (key, content) in objects {
        server.put("formats", key, content);
        let settings: &[(&str, &str)] = match key {
            "array/a.json" => &[("format", "json")],
            "said/data" => &[("format", "csv"), ("delimiter", ";"), ("has_headers", "false")],
            _ => &[],
        };
        let config = bucket_config(&server.endpoint(), &format!("s3://formats/{key}"), settings);
        if key == "said/data" {
            let read = load(&config, None).await.unwrap();
            assert_eq!(read.rows.lines().count(), 2, "{key}");
            continue;
        }
        for declared in [None, Some(&declared)] {
            let read = load(&config, declared).await.unwrap();
            assert_eq!(
                (read.rows.as_str(), read.rejected.as_str()),
                ("{\"id\":1}\n{\"id\":2}\n", ""),
                "{key}"
            );
        }
    }
}

#[tokio::test]
async fn objects_are_found_by_key_by_pattern_and_below_a_prefix() {
    let Some(server) = bucket("finding") else { return };
    let keys = [
        "day=1/a.csv",
        "day=1/b.csv",
        "day=1/deep/c.csv",
        "day=1/notes.txt",
        "day=1/.hidden.csv",
        "day=10/d.csv",
        "day=2/e.csv",
    ];
    for key in keys {
        let name = key.rsplit('/').next().unwrap();
        server.put("finding", key, format!("name\n{name}\n"));
    }
    let cases = [
        ("day=1/b.csv", &[][..], &["b.csv"][..]),
        ("day=1/*.csv", &[], &["a.csv", "b.csv"]),
        ("day=?/*.csv", &[], &["a.csv", "b.csv", "e.csv"]),
        ("**/*.csv", &[], &["a.csv", "b.csv", "c.csv", "d.csv", "e.csv"]),
        (
            "day=1/**",
            &[("format", "csv")],
            &["a.csv", "b.csv", "c.csv", "notes.txt"],
        ),
        ("day=1/", &[], &["a.csv", "b.csv"]),
        ("day=1", &[], &["a.csv", "b.csv"]),
        ("day=1", &[("recursive", "true")], &["a.csv", "b.csv", "c.csv"]),
        (
            "",
            &[("recursive", "true")],
            &["a.csv", "b.csv", "c.csv", "d.csv", "e.csv"],
        ),
    ];
    for (path, settings, expected) in cases {
        let config = bucket_config(&server.endpoint(), &format!("s3://finding/{path}"), settings);
        let read = load(&config, None)
            .await
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        let names: Vec<String> = expected.iter().map(|name| format!("{{\"name\":\"{name}\"}}")).collect();
        assert_eq!(read.lines(), names, "{path}");
    }
}

fn in_url(key: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/');
    let encode = |byte: u8| {
        if is_plain(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    key.bytes().map(encode).collect()
}

/// Keys are any text: "The name for a key is a sequence of Unicode characters whose UTF-8 encoding is up to 1,024 bytes long"
/// (Amazon S3 user guide, "Naming Amazon S3 objects").
const STRANGE_KEYS: &[&str] = &[
    "/first.csv",
    "//second.csv",
    "100%.csv",
    " blanks at both ends ",
    "a b+c.csv",
    "a[1].csv",
    "a[1.csv",
    "a*.csv",
    "a?.csv#b",
    "a\\b.csv",
    "d//x.csv",
    "d/x.csv",
    "half%2Fway.csv",
    "lines\tand\u{1}.csv",
    "tags<a>&amp;\"'.csv",
    "~{^}|`.csv",
    "ä/\u{F8FF}_\u{10348}.csv",
];

#[tokio::test]
async fn keys_are_any_text_whether_named_or_listed() {
    let Some(server) = bucket("strange") else { return };
    for (id, key) in STRANGE_KEYS.iter().enumerate() {
        server.put("strange", &in_url(key), format!("id\n{id}\n"));
    }
    server.put("strange", "d/", ""); // What the console of S3 makes of a new folder.
    let config_of = |key: &str, recursive: &str| {
        let settings = [("format", "csv"), ("recursive", recursive)];
        bucket_config(&server.endpoint(), &format!("s3://strange/{key}"), &settings)
    };
    let ids_of = async |key: &str, recursive: &str| {
        let read = load(&config_of(key, recursive), None).await;
        let read = read.unwrap_or_else(|error| panic!("{key}: {error}"));
        let id = |line: &str| -> usize {
            line.trim_start_matches("{\"id\":")
                .trim_end_matches('}')
                .parse()
                .unwrap()
        };
        read.lines().into_iter().map(id).collect::<Vec<_>>()
    };
    for (id, key) in STRANGE_KEYS.iter().enumerate() {
        assert_eq!(ids_of(key, "false").await, [id], "{key}");
    }
    let all: Vec<usize> = (0..STRANGE_KEYS.len()).collect();
    let named_so = all.iter().copied().filter(|id| ![3, 8].contains(id)); // Their names tell no format.
    for (key, recursive, expected) in [("**", "false", all.clone()), ("", "true", named_so.collect())] {
        let mut ids = ids_of(key, recursive).await;
        ids.sort_unstable();
        assert_eq!(ids, expected, "{key}");
    }
    let patterns: &[(&str, &[&str])] = &[
        (
            "a*",
            &["a b+c.csv", "a*.csv", "a?.csv#b", "a[1.csv", "a[1].csv", "a\\b.csv"],
        ),
        ("a[[]*", &["a[1.csv", "a[1].csv"]),
        ("a b+*", &["a b+c.csv"]),
        ("100%*", &["100%.csv"]),
        ("half%2F*", &["half%2Fway.csv"]),
        ("d//*.csv", &["d//x.csv"]),
        ("d/*.csv", &["d/x.csv"]),
        ("d//", &["d//x.csv"]),
        ("d/", &["d/x.csv"]),
        ("/", &["/first.csv"]),
        ("/*", &["/first.csv"]),
        ("//*", &["//second.csv"]),
        ("*/?.csv", &["d/x.csv"]),
    ];
    for (pattern, keys) in patterns {
        let found: Vec<&str> = ids_of(pattern, "false")
            .await
            .into_iter()
            .map(|id| STRANGE_KEYS[id])
            .collect();
        assert_eq!(found, *keys, "{pattern}");
    }
}

#[tokio::test]
async fn the_topic_of_a_row_is_the_key_of_its_object() {
    let Some(server) = bucket("topics") else { return };
    server.put("topics", "d//x.csv", "id\n1\nx\n");
    server.put("topics", "y.csv", "id\n2\n");
    let config = bucket_config(&server.endpoint(), "s3://topics/**/*.csv", &[]);
    let source = connect_table_source(&config, Some(&schema(&[("id", SqlType::BigInt)])))
        .await
        .unwrap();
    let request = ReadRequest {
        system: vec![SystemColumn::Offset, SystemColumn::Topic],
        ..whole(source.as_ref())
    };
    let read = read_all(source.bulk_load(&request).await.unwrap()).await.unwrap();
    assert_eq!(
        read.rows,
        "{\"id\":1,\"_offset\":0,\"_topic\":\"d//x.csv\"}\n{\"id\":2,\"_offset\":0,\"_topic\":\"y.csv\"}\n"
    );
    assert_eq!(
        read.rejected,
        "invalid_value: x.csv:3: column `id`: `x` is not a BIGINT\n"
    );
}

#[tokio::test]
async fn keys_that_cannot_be_asked_for_are_left_out() {
    let Some(server) = bucket("relative") else { return };
    for (id, key) in ["a.csv", "b/./c.csv", "b/../d.csv", "b/e.csv"].iter().enumerate() {
        server.put("relative", key, format!("id\n{id}\n"));
    }
    for (path, expected) in [
        ("*.csv", "{\"id\":0}\n"),
        ("**/*.csv", "{\"id\":0}\n{\"id\":3}\n"),
        ("b/*.csv", "{\"id\":3}\n"),
    ] {
        let config = bucket_config(&server.endpoint(), &format!("s3://relative/{path}"), &[]);
        assert_eq!(load(&config, None).await.unwrap().rows, expected, "{path}");
    }
    let config = bucket_config(&server.endpoint(), "s3://relative/b/./c.csv", &[]);
    let error = load(&config, None).await.unwrap_err().to_string();
    assert_eq!(
        error,
        "s3://relative/b/./c.csv: a key with a name `.` or `..` in it cannot be asked for"
    );
}

/// Of a bucket with a million keys only those are listed that begin as the pattern does.
#[tokio::test]
async fn listings_begin_with_all_that_a_pattern_says() {
    let cases = [
        ("logs/2024-*.csv", Some("logs%2F2024-"), true),
        ("logs/2024-*/x.csv", Some("logs%2F2024-"), false),
        ("logs//*.csv", Some("logs%2F%2F"), true),
        ("logs/", Some("logs%2F"), true),
        ("*.csv", None, true),
        ("**/x.csv", None, false),
    ];
    for (pattern, prefix, has_delimiter) in cases {
        let server = HttpServer::start();
        let listing = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
        server.on("/bucket", move |_| Answer::new(200, listing));
        let config = bucket_config(&server.url(""), &format!("s3://bucket/{pattern}"), &[]);
        let error = load(&config, None).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("s3://bucket/{pattern}: ")), "{error}");
        let requests = server.requests();
        let listed = requests
            .iter()
            .find(|request| request.target.contains("list-type=2"))
            .unwrap();
        let asked = prefix.map(|prefix| format!("prefix={prefix}"));
        assert_eq!(
            listed.target.split(['?', '&']).find(|part| part.starts_with("prefix=")),
            asked.as_deref(),
            "{pattern}"
        );
        assert_eq!(listed.target.contains("delimiter="), has_delimiter, "{pattern}");
    }
}

/// What tells the columns of a wide Parquet object is larger than what is fetched of it at first.
#[tokio::test]
async fn the_columns_of_typed_objects_are_told_by_a_part_of_them() {
    let Some(server) = bucket("wide") else { return };
    let directory = tempfile::TempDir::new().unwrap();
    let fields = (0..1500).map(|index| SqlType::BigInt.field(&format!("column_{index}"), true));
    let schema = StreamSchema::of_user_columns(fields);
    for (format, name) in [(FileFormat::Parquet, "wide.parquet"), (FileFormat::Avro, "wide.avro")] {
        let path = directory.path().join(name);
        let mut sink = open_sink(&SinkConfig::File(FileSinkConfig::new(&path, format)), &schema, None).unwrap();
        let column: ArrayRef = Arc::new(Int64Array::from_iter_values(0..100));
        let columns = vec![column; 1500];
        let records = RecordBatch::try_new(Arc::clone(schema.arrow()), columns).unwrap();
        sink.write(&StreamBatch::inserts(records)).await.unwrap();
        sink.finish().await.unwrap();
        server.put("wide", name, std::fs::read(path).unwrap());
        let config = bucket_config(&server.endpoint(), &format!("s3://wide/{name}"), &[]);
        let source = connect_table_source(&config, None).await.unwrap();
        assert_eq!(source.schema().user_columns(), 1500);
        assert_eq!(load(&config, None).await.unwrap().lines().len(), 100);
    }
}

/// Numbers of objects beyond one page of a listing (1000) and beyond what is fetched at a time.
#[tokio::test]
async fn many_objects_are_read_once_each() {
    let Some(server) = bucket("many") else { return };
    for id in 0..1_050 {
        server.put("many", &format!("all/{id:05}.jsonl"), format!("{{\"id\": {id}}}\n"));
    }
    let config = bucket_config(&server.endpoint(), "s3://many/all/*.jsonl", &[]);
    let read = load(&config, Some(&schema(&[("id", SqlType::BigInt)]))).await.unwrap();
    let expected: String = (0..1_050).map(|id| format!("{{\"id\":{id}}}\n")).collect();
    assert_eq!(read.rows, expected);
}
