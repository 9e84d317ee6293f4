use std::sync::Arc;

use tempfile::TempDir;
use velo_data::{ManualClock, SqlType, StreamSchema, SystemColumn};
use velo_datasources::{
    FileFormat, FileSource, FileSourceConfig, ReadLimits, ReadRequest, RecordPlace, Source, SourceConfig, SourceError,
    SplitPosition, open_source, sample_source,
};

use crate::support::{config, file, open, read_all, read_from, request, rows, schema};

#[tokio::test]
async fn csv_with_a_sampled_schema() {
    let (_directory, path) = file(
        "orders.csv",
        "\u{feff}id,Price,at\r\n1,1.5,2024-01-01\r\n2,,2024-01-02\r\n",
    );
    let source = open_source(&SourceConfig::from_path(&path).unwrap(), None).unwrap();
    assert_eq!(source.schema().sql_type(1), Some(SqlType::Double));
    assert_eq!(source.estimated_bytes(), Some(49));
    let (rows, errors) = read_all(source.as_ref(), &[]).await;
    assert_eq!(errors, "");
    assert_eq!(
        rows,
        "{\"id\":1,\"Price\":1.5,\"at\":\"2024-01-01\"}\n{\"id\":2,\"Price\":null,\"at\":\"2024-01-02\"}\n"
    );
}

#[tokio::test]
async fn declared_columns_are_found_in_the_header() {
    let (_directory, path) = file(
        "orders.csv",
        "note\n\nx,ID,price\na,1,2.50\nragged\n\"b\nc\",2,x\n,3,1\n",
    );
    let mut config = config(&path);
    config.skip_lines = 2;
    let declared = schema(&[
        ("price", SqlType::Decimal { precision: 5, scale: 2 }),
        ("id", SqlType::BigInt),
    ]);
    let (rows, errors) = read_all(&open(&config, Some(&declared)), &[SystemColumn::Offset]).await;
    assert_eq!(
        rows,
        "{\"price\":2.50,\"id\":1,\"_offset\":0}\n{\"price\":1.00,\"id\":3,\"_offset\":3}\n"
    );
    assert_eq!(
        errors,
        "malformed: orders.csv:5: the record has 1 field, not 3\n\
         invalid_value: orders.csv:6: column `price`: `x` is not a DECIMAL(5, 2)\n"
    );
}

#[tokio::test]
async fn columns_without_a_header_go_by_position() {
    let (_directory, path) = file("orders.csv", "1;a\n2;b;c\n");
    let mut config = FileSourceConfig::new(&path, FileFormat::Csv);
    config.has_headers = false;
    config.delimiter = b';';
    let declared = schema(&[("id", SqlType::BigInt), ("name", SqlType::String)]);
    let (rows, errors) = read_all(&open(&config, Some(&declared)), &[]).await;
    assert_eq!(rows, "{\"id\":1,\"name\":\"a\"}\n");
    assert_eq!(errors, "malformed: orders.csv:2: the record has 3 fields, not 2\n");
    let sampled = open(&config, None);
    assert_eq!(sampled.schema().user_fields()[1].name(), "column2");
}

#[tokio::test]
async fn metadata_of_plain_files() {
    let (_directory, path) = file("a.jsonl", "\n{\"id\":1}\n");
    let (rows, _) = read_all(&open(&config(&path), None), &SystemColumn::ALL).await;
    let rows = rows.replace(path.to_str().unwrap(), "PATH");
    insta::assert_snapshot!(rows, @r#"
    {"id":1,"_timestamp":1700000000000,"_event_time":null,"_offset":0,"_partition":0,"_key":null,"_topic":"PATH","_headers":null,"_window_start":null,"_window_end":null}
    "#);
}

#[tokio::test]
async fn envelopes() {
    let (_directory, path) = file(
        "a.envelope.jsonl",
        "{\"key\":\"k\",\"value\":{\"id\":1},\"timestamp\":5,\"offset\":9}\n{\"value\":{\"id\":2}}\n",
    );
    let source = open(&config(&path), None);
    assert!(source.system_columns().contains(&SystemColumn::EventTime));
    let system = [
        SystemColumn::Key,
        SystemColumn::Timestamp,
        SystemColumn::EventTime,
        SystemColumn::Offset,
    ];
    let (rows, errors) = read_all(&source, &system).await;
    assert_eq!(errors, "");
    insta::assert_snapshot!(rows, @r#"
    {"id":1,"_key":"k","_timestamp":5,"_event_time":"1970-01-01T00:00:00.005Z","_offset":9}
    {"id":2,"_key":null,"_timestamp":1700000000000,"_event_time":null,"_offset":1}
    "#);
}

#[tokio::test]
async fn only_the_requested_columns_are_decoded() {
    let (_directory, path) = file("a.jsonl", "{\"a\":1,\"b\":\"no number\",\"c\":3}\n");
    let declared = schema(&[("a", SqlType::BigInt), ("b", SqlType::BigInt), ("c", SqlType::BigInt)]);
    let source = open(&config(&path), Some(&declared));
    let request = ReadRequest {
        columns: vec![2, 0],
        system: vec![],
        bounds: vec![],
        batch_rows_max: 10,
        decode_threads: 1,
        follow: false,
    };
    let batches = read_from(&source, &request, None).await;
    assert_eq!(rows([batches[0].0.records.clone()]).await, "{\"c\":3,\"a\":1}\n");
    assert_eq!(batches[0].0.rejected.len(), 0);
}

#[tokio::test]
async fn no_columns_are_rows_all_the_same() {
    let (_directory, path) = file("a.jsonl", "{}\n{}\nx\n{}\n");
    let source = open(&config(&path), Some(&schema(&[])));
    let batches = read_from(&source, &request(&source, &[], 10), None).await;
    assert_eq!((batches[0].0.records.num_rows(), batches[0].0.rejected.len()), (3, 1));
}

#[tokio::test]
async fn empty_files_have_no_rows() {
    for name in ["a.csv", "a.jsonl", "a.envelope.jsonl"] {
        for content in ["", "\u{feff}", "\n\n"] {
            let (_directory, path) = file(name, content);
            let undeclared = open(&config(&path), None);
            if name != "a.csv" {
                assert_eq!(undeclared.schema().user_columns(), 0, "{name}");
            }
            assert_eq!(read_all(&undeclared, &[]).await.0, "", "{name}");
        }
        let (_directory, path) = file(name, "");
        let declared = schema(&[("id", SqlType::BigInt)]);
        assert_eq!(
            read_all(&open(&config(&path), Some(&declared)), &[]).await.0,
            "",
            "{name}"
        );
    }
}

#[tokio::test]
async fn reading_stops_at_the_last_wanted_record() {
    let (_directory, path) = file("a.jsonl", "{\"id\":1}\nx\n{\"id\":3}\n{\"id\":4}\n");
    let mut config = config(&path);
    config.max_records = Some(3);
    let source = open(&config, None);
    for batch_rows_max in 1..5 {
        let batches = read_from(&source, &request(&source, &[], batch_rows_max), None).await;
        let batches = batches.into_iter().map(|(batch, _)| batch.records);
        assert_eq!(rows(batches).await, "{\"id\":1}\n{\"id\":3}\n");
    }
}

#[tokio::test]
async fn progress_adds_up_to_the_size() {
    let (_directory, path) = file("a.csv", format!("id\n{}", "1\n".repeat(1000)));
    let source = open(&config(&path), None);
    let batches = read_from(&source, &request(&source, &[], 300), None).await;
    let bytes: Vec<u64> = batches.iter().map(|(batch, _)| batch.bytes_read).collect();
    assert_eq!(bytes, [603, 600, 600, 200]);
    assert_eq!(Some(bytes.iter().sum()), source.estimated_bytes());
}

#[tokio::test]
async fn a_batch_ends_when_it_gets_large() {
    let (_directory, path) = file("a.jsonl", "{\"id\":1}\n".repeat(100));
    let limits = ReadLimits {
        batch_bytes_max: 90,
        chunk_bytes: 45,
        ..ReadLimits::default()
    };
    let source = open(&config(&path), None).with_limits(limits);
    let batches = read_from(&source, &request(&source, &[], 1000), None).await;
    assert!(batches.iter().all(|(batch, _)| batch.records.num_rows() <= 15));
    let rows: usize = batches.iter().map(|(batch, _)| batch.records.num_rows()).sum();
    assert_eq!(rows, 100);
}

#[tokio::test]
async fn offsets_are_places_in_the_file() {
    let (_directory, path) = file("a.csv", "id\n1\n\"2\"\n3\n");
    let source = open(&config(&path), None);
    let batches = read_from(&source, &request(&source, &[], 2), None).await;
    let Some(SplitPosition::File(offset)) = batches[0].1.get(&path.to_str().unwrap().into()) else {
        panic!("{:?}", batches[0].1);
    };
    let next = RecordPlace { record: 2, line: 4 };
    assert_eq!((offset.byte, offset.next, offset.file_bytes), (9, Some(next), 11));
}

#[test]
fn files_that_cannot_be_read() {
    let (directory, path) = file("a.csv", "id,name,id\n1,a,2\n");
    let missing = schema(&[("price", SqlType::Double), ("nam", SqlType::String)]);
    let fresh = file("b.csv", "id,name\n1,a\n");
    let broken = file("c.csv", "\"id\"x,name\n1,a\n");
    let told = |path: &std::path::Path, declared: Option<&StreamSchema>| {
        let config = FileSourceConfig::new(path, FileFormat::Csv);
        let refused = FileSource::open(&config, declared, Arc::new(ManualClock::default())).unwrap_err();
        let roots = [&directory, &fresh.0, &broken.0];
        let roots = roots.map(|root| root.path().to_str().unwrap().to_owned());
        roots
            .iter()
            .fold(refused.to_string(), |message, root| message.replace(root, "DIR"))
    };
    let messages = [
        told(&directory.path().join("nothing.csv"), None),
        told(&path, None),
        told(&fresh.1, Some(&missing)),
        told(&broken.1, None),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r"
    file `DIR/nothing.csv` does not exist
    cannot decode `DIR/a.csv`: the header names `id` twice
    the header of `DIR/b.csv` has no column `price`, `nam`; it has `id`, `name`
    cannot decode `DIR/c.csv`: the header is malformed: text goes on behind a closing quote
    ");
}

#[cfg(unix)]
#[test]
fn other_failures_keep_their_cause() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("loop.csv");
    std::os::unix::fs::symlink(&path, &path).unwrap();
    let refused = sample_source(&SourceConfig::from_path(&path).unwrap()).unwrap_err();
    assert!(matches!(refused, SourceError::Io { .. }), "{refused:?}");
}
