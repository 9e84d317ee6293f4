//! Globs and directories: a source whose partitions are files.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use tempfile::TempDir;
use velo_data::{ManualClock, RowError, SqlType, StreamSchema, SystemColumn};
use velo_datasources::{FileFormat, FileSource, FileSourceConfig, NextBatch, Source};

use crate::support::{batch_of, errors, readers, request, rows, schema};

/// A directory with files.
fn files(files: &[(&str, &str)]) -> TempDir {
    let directory = TempDir::new().unwrap();
    for (name, content) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    directory
}

fn open(config: &FileSourceConfig, declared: Option<&StreamSchema>) -> Result<FileSource, String> {
    FileSource::open(config, declared, Arc::new(ManualClock::default())).map_err(|error| error.to_string())
}

/// The rows of all partitions, one after the other, and what is wrong with others.
async fn read(source: &FileSource, system: &[SystemColumn]) -> (String, String) {
    let (mut batches, mut rejected): (_, Vec<RowError>) = (Vec::new(), Vec::new());
    for mut reader in readers(source, &request(source, system, 10), None).await {
        while let NextBatch::Batch(batch) = reader.next_batch().await.unwrap() {
            batches.push(batch.records);
            rejected.extend(batch.rejected);
        }
    }
    (rows(batches).await, errors(&rejected))
}

/// The names of the files that a path stands for, relative to the directory.
async fn listed(directory: &Path, path: &str, change: impl FnOnce(&mut FileSourceConfig)) -> String {
    let mut config = FileSourceConfig::new(directory.join(path), None);
    change(&mut config);
    let source = match open(&config, Some(&schema(&[]))) {
        Ok(source) => source,
        Err(error) => return error.replace(directory.to_str().unwrap(), "DIR"),
    };
    let (rows, _) = read(&source, &[SystemColumn::Topic]).await;
    let prefix = format!("{}/", directory.to_str().unwrap());
    let names = rows.lines().map(|row| {
        let row: String = row.replace(&prefix, "");
        row.trim_start_matches("{\"_topic\":\"")
            .trim_end_matches("\"}")
            .to_owned()
    });
    names.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_path_stands_for_files() {
    let row = "{}\n";
    let directory = files(&[
        ("b.jsonl", row),
        ("a/2.jsonl", row),
        ("a-b.jsonl", row),
        ("a/1.jsonl", row),
        ("a/deep/3.jsonl", row),
        ("a/deep/.hidden.jsonl", row),
        (".git/4.jsonl", row),
        (".b.jsonl.x1.tmp", row),
        ("README", "nothing to read"),
        ("a[1].jsonl", row),
    ]);
    let cases = [
        ("b.jsonl", "b.jsonl"),
        ("*.jsonl", "a-b.jsonl a[1].jsonl b.jsonl"),
        ("a[1].jsonl", "a[1].jsonl"),
        ("[!a]*.jsonl", "b.jsonl"),
        ("?/?.jsonl", "a/1.jsonl a/2.jsonl"),
        (
            "**/*.jsonl",
            "a-b.jsonl a/1.jsonl a/2.jsonl a/deep/3.jsonl a[1].jsonl b.jsonl",
        ),
        ("a/**", "a/1.jsonl a/2.jsonl a/deep/3.jsonl"),
        (".g*/*", ".git/4.jsonl"),
        ("a/deep/.*", "a/deep/.hidden.jsonl"),
        ("", "a-b.jsonl a[1].jsonl b.jsonl"),
        ("a/", "a/1.jsonl a/2.jsonl"),
    ];
    for (path, expected) in cases {
        assert_eq!(listed(directory.path(), path, |_| {}).await, expected, "{path}");
    }
    let below = listed(directory.path(), "a", |config| config.recursive = true).await;
    assert_eq!(below, "a/1.jsonl a/2.jsonl a/deep/3.jsonl");
}

#[tokio::test]
async fn paths_without_files_and_names_without_a_format() {
    let directory = files(&[
        ("orders/may.csv", "id\n1\n"),
        ("orders/may.jsonl", "{}\n"),
        ("text/a.txt", "id\n1\n"),
        ("empty/README", ""),
    ]);
    let told = [
        listed(directory.path(), "order/*.csv", |_| {}).await,
        listed(directory.path(), "orders/*.json", |_| {}).await,
        listed(directory.path(), "orders/june-*.csv", |_| {}).await,
        listed(directory.path(), "orders/mai.csv", |_| {}).await,
        listed(directory.path(), "orders", |_| {}).await,
        listed(directory.path(), "orders/*", |_| {}).await,
        listed(directory.path(), "text/*", |_| {}).await,
        listed(directory.path(), "empty", |_| {}).await,
        listed(directory.path(), "text", |config| config.format = Some(FileFormat::Csv)).await,
        listed(directory.path(), "text/*.txt", |config| {
            config.format = Some(FileFormat::Csv);
        })
        .await,
        listed(directory.path(), "orders", |config| {
            config.format = Some(FileFormat::Csv);
        })
        .await,
    ];
    insta::assert_snapshot!(told.join("\n"), @r"
    no file matches `DIR/order/*.csv`; there is `DIR/orders`
    no file matches `DIR/orders/*.json`; there is `DIR/orders/may.jsonl`
    no file matches `DIR/orders/june-*.csv`; there is `DIR/orders/may.csv`
    file `DIR/orders/mai.csv` does not exist; there is `DIR/orders/may.csv`
    `DIR/orders/may.csv` is csv and `DIR/orders/may.jsonl` is jsonlines: one source reads one format
    `DIR/orders/may.csv` is csv and `DIR/orders/may.jsonl` is jsonlines: one source reads one format
    the name of `DIR/text/a.txt` does not tell its format
    directory `DIR/empty` holds no file whose name tells a known format
    directory `DIR/text` holds no file whose name tells the format csv
    text/a.txt
    orders/may.csv
    ");
}

#[tokio::test]
async fn rows_and_errors_name_their_file() {
    let directory = files(&[
        ("1.jsonl", "{\"id\":1}\n"),
        ("2.jsonl", "{\"id\":2}\noops\n{\"id\":3}\n"),
    ]);
    let source = open(&FileSourceConfig::new(directory.path(), None), None).unwrap();
    let (rows, errors) = read(
        &source,
        &[SystemColumn::Partition, SystemColumn::Offset, SystemColumn::Topic],
    )
    .await;
    insta::assert_snapshot!(rows.replace(directory.path().to_str().unwrap(), "DIR"), @r#"
    {"id":1,"_partition":0,"_offset":0,"_topic":"DIR/1.jsonl"}
    {"id":2,"_partition":1,"_offset":0,"_topic":"DIR/2.jsonl"}
    {"id":3,"_partition":1,"_offset":2,"_topic":"DIR/2.jsonl"}
    "#);
    insta::assert_snapshot!(errors, @"malformed: 2.jsonl:2: expected an object at byte 1");
}

#[tokio::test]
async fn headers_are_matched_file_by_file() {
    let directory = files(&[
        ("1.csv", "id,name\n1,a\n"),
        ("2.csv", "Name,x,ID\nb,0,2\n"),
        ("3.csv", ""),
    ]);
    let declared = schema(&[("id", SqlType::BigInt), ("name", SqlType::String)]);
    let config = FileSourceConfig::new(directory.path(), None);
    let (rows, _) = read(&open(&config, Some(&declared)).unwrap(), &[]).await;
    assert_eq!(rows, "{\"id\":1,\"name\":\"a\"}\n{\"id\":2,\"name\":\"b\"}\n");
    std::fs::write(directory.path().join("4.csv"), "id\n4\n").unwrap();
    let refused = open(&config, Some(&declared)).unwrap_err();
    insta::assert_snapshot!(refused.replace(directory.path().to_str().unwrap(), "DIR"), @"the header of `DIR/4.csv` has no column `name`; it has `id`");
}

/// The columns that files are found to have, or why they do not go together.
fn columns_of(contents: &[(&str, &str)]) -> String {
    let directory = files(contents);
    match open(&FileSourceConfig::new(directory.path(), None), None) {
        Ok(source) => {
            let fields = source.schema().user_fields().iter().enumerate();
            let columns =
                fields.map(|(index, field)| format!("{} {}", field.name(), source.schema().sql_type(index).unwrap()));
            columns.collect::<Vec<_>>().join(", ")
        }
        Err(error) => error.replace(directory.path().to_str().unwrap(), "DIR"),
    }
}

#[test]
fn samples_of_files_are_united() {
    let told = [
        columns_of(&[
            ("1.jsonl", "{\"a\":1,\"b\":true}"),
            ("2.jsonl", "{\"a\":1.5,\"c\":\"x\"}"),
        ]),
        columns_of(&[
            ("1.jsonl", "{\"a\":{\"x\":1}}"),
            ("2.jsonl", "{\"a\":{\"y\":[1]}}"),
            ("3.jsonl", "{\"a\":{\"y\":[0.5]}}"),
        ]),
        columns_of(&[("1.jsonl", "{\"a\":null}"), ("2.jsonl", "{\"a\":1}"), ("3.jsonl", "")]),
        columns_of(&[
            ("1.jsonl", "{\"a\":1}"),
            ("2.jsonl", "{\"a\":2}"),
            ("3.jsonl", "{\"a\":\"x\"}"),
        ]),
        columns_of(&[("1.jsonl", "{\"a\":[1]}"), ("2.jsonl", "{\"a\":{}}")]),
        columns_of(&[
            ("1.csv", "a,b\n1,2024-01-01\n"),
            ("2.csv", "b,a\n2024-01-01T10:00:00Z,x\n"),
            ("3.csv", "c\n1\n"),
        ]),
    ];
    insta::assert_snapshot!(told.join("\n"), @r"
    a DOUBLE, b BOOLEAN, c STRING
    a STRUCT<x BIGINT, y ARRAY<DOUBLE>>
    a BIGINT
    column `a` holds whole numbers in `DIR/1.jsonl` and text in `DIR/3.jsonl`
    column `a` holds arrays in `DIR/1.jsonl` and objects in `DIR/2.jsonl`
    a STRING, b TIMESTAMP, c BIGINT
    ");
}

#[tokio::test]
async fn a_sampled_column_that_a_file_lacks_is_null_there() {
    let directory = files(&[("1.csv", "a,b\n1,2\n"), ("2.csv", "b\n3\n")]);
    let source = open(&FileSourceConfig::new(directory.path(), None), None).unwrap();
    let (rows, errors) = read(&source, &[]).await;
    assert_eq!(
        (rows.as_str(), errors.as_str()),
        ("{\"a\":1,\"b\":2}\n{\"a\":null,\"b\":3}\n", "")
    );
}

#[test]
fn files_without_headers_have_the_same_number_of_columns() {
    let directory = files(&[("1.csv", "1,2\n"), ("2.csv", "1\n")]);
    let mut config = FileSourceConfig::new(directory.path(), FileFormat::Csv);
    config.has_headers = false;
    let refused = open(&config, None).unwrap_err();
    insta::assert_snapshot!(refused.replace(directory.path().to_str().unwrap(), "DIR"), @"`DIR/1.csv` has 2 columns and `DIR/2.csv` has 1 column");
}

#[tokio::test]
async fn limits_hold_for_each_file() {
    let directory = files(&[("1.csv", "#\nid\n1\n2\n3\n"), ("2.csv", "#\nid\n4\n5\n6\n")]);
    let mut config = FileSourceConfig::new(directory.path(), None);
    config.skip_lines = 1;
    config.max_records = Some(2);
    let (rows, _) = read(&open(&config, None).unwrap(), &[]).await;
    assert_eq!(rows, "{\"id\":1}\n{\"id\":2}\n{\"id\":4}\n{\"id\":5}\n");
}

#[tokio::test]
async fn a_file_that_goes_away_is_named() {
    let directory = files(&[("1.jsonl", "{\"id\":1}\n"), ("2.jsonl", "{\"id\":2}\n")]);
    let source = open(&FileSourceConfig::new(directory.path(), None), None).unwrap();
    std::fs::remove_file(directory.path().join("2.jsonl")).unwrap();
    let mut readers = readers(&source, &request(&source, &[], 10), None).await;
    assert_eq!(batch_of(readers[0].as_mut()).await.records.num_rows(), 1);
    let refused = readers[1].next_batch().await.unwrap_err().to_string();
    insta::assert_snapshot!(refused.replace(directory.path().to_str().unwrap(), "DIR"), @"file `DIR/2.jsonl` went away after its directory was listed");
}

#[tokio::test]
async fn ten_thousand_files_need_no_ten_thousand_handles() {
    let directory = TempDir::new().unwrap();
    for number in 0..10_000 {
        std::fs::write(
            directory.path().join(format!("{number:05}.jsonl")),
            format!("{{\"id\":{number}}}\n"),
        )
        .unwrap();
    }
    let source = open(&FileSourceConfig::new(directory.path(), None), None).unwrap();
    let mut readers = readers(&source, &request(&source, &[], 10), None).await;
    let mut rows = 0;
    for reader in &mut readers {
        rows += batch_of(reader.as_mut()).await.records.num_rows();
    }
    assert_eq!((readers.len(), rows), (10_000, 10_000));
}

proptest! {
    /// The rows of several files are the rows of each.
    #[test]
    fn files_add_up(contents in prop::collection::vec(prop::collection::vec(0..100u32, 0..5), 1..6)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let text = |ids: &Vec<u32>| ids.iter().map(|id| format!("{{\"id\":{id}}}\n")).collect::<String>();
        let named: Vec<(String, String)> = contents.iter().enumerate().map(|(index, ids)| (format!("{index}.jsonl"), text(ids))).collect();
        let named: Vec<(&str, &str)> = named.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let directory = files(&named);
        let declared = schema(&[("id", SqlType::BigInt)]);
        let all = open(&FileSourceConfig::new(directory.path().join("*.jsonl"), None), Some(&declared)).unwrap();
        let (rows, _) = runtime.block_on(read(&all, &[]));
        prop_assert_eq!(rows, contents.iter().map(text).collect::<String>());
    }
}
