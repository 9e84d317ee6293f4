use std::io::Write as _;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use velo_data::{SqlType, StreamBatch, StreamSchema};
use velo_datasources::{FileFormat, FileSinkConfig, SinkConfig, connect_table_source, open_sink};

use super::{bucket, bucket_config};
use crate::support::schema;
use crate::tables::load;

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
    let mut sink = open_sink(&SinkConfig::File(FileSinkConfig::new(&path, format)), &schema).unwrap();
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

/// What tells the columns of a wide Parquet object is larger than what is fetched of it at first.
#[tokio::test]
async fn the_columns_of_typed_objects_are_told_by_a_part_of_them() {
    let Some(server) = bucket("wide") else { return };
    let directory = tempfile::TempDir::new().unwrap();
    let fields = (0..1500).map(|index| SqlType::BigInt.field(&format!("column_{index}"), true));
    let schema = StreamSchema::of_user_columns(fields);
    for (format, name) in [(FileFormat::Parquet, "wide.parquet"), (FileFormat::Avro, "wide.avro")] {
        let path = directory.path().join(name);
        let mut sink = open_sink(&SinkConfig::File(FileSinkConfig::new(&path, format)), &schema).unwrap();
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
