//! Files as they come: line ends, quotes, bytes that are no text, very many columns, very long lines.

use std::fmt::Write as _;
use std::sync::Arc;

use velo_data::{ManualClock, SqlType};
use velo_datasources::{FileFormat, FileSource, FileSourceConfig, ReadLimits, Source};

use crate::support::{config, file, open, read_all, read_from, request, schema};

/// Rows and errors of a file with the columns `id` and `s`.
async fn read(name: &str, content: &[u8]) -> String {
    let (_directory, path) = file(name, content);
    let declared = schema(&[("id", SqlType::BigInt), ("s", SqlType::String)]);
    let (rows, errors) = read_all(&open(&config(&path), Some(&declared)), &[]).await;
    format!("{}\n{rows}{errors}\n", content.escape_ascii())
}

#[tokio::test]
async fn line_ends_and_quotes() {
    let mut told = String::new();
    for content in [
        "id,s\r\n1,a\r\n2,b".as_bytes(),
        b"id,s\n1,a\rb\n2,\"c\rd\"\n",
        b"id,s\n1,\"two\r\nlines\"\r\n2,b\r\n",
        b"id,s\n1,\"never closed\n2,b\n3,c",
        b"id,s\n1,a\x00b\n2,b\n",
        b"id,s\n1,\xFF\n2,b\n",
        b"id,s",
        b"id,s\n",
    ] {
        told.push_str(&read("a.csv", content).await);
    }
    for content in [
        b"{\"id\":1}\r\n\r\n{\"id\":2}".as_slice(),
        b"{\"id\":1}\r{\"id\":2}\n",
        b"{\"id\":1,\"s\":\"a\x00b\"}\n{\"id\":2}\n",
        b"{\"id\":1,\"s\":\"\xFF\"}\n{\"id\":2}\n",
        b"{\"id\":1}\n{\"id\":",
    ] {
        told.push_str(&read("a.jsonl", content).await);
    }
    insta::assert_snapshot!(told, @r#"
    id,s\r\n1,a\r\n2,b
    {"id":1,"s":"a"}
    {"id":2,"s":"b"}

    id,s\n1,a\rb\n2,\"c\rd\"\n
    {"id":1,"s":"a\rb"}
    {"id":2,"s":"c\rd"}

    id,s\n1,\"two\r\nlines\"\r\n2,b\r\n
    {"id":1,"s":"two\r\nlines"}
    {"id":2,"s":"b"}

    id,s\n1,\"never closed\n2,b\n3,c
    {"id":2,"s":"b"}
    {"id":3,"s":"c"}
    malformed: a.csv:2: a quoted field is never closed

    id,s\n1,a\x00b\n2,b\n
    {"id":1,"s":"a\u0000b"}
    {"id":2,"s":"b"}

    id,s\n1,\xff\n2,b\n
    {"id":2,"s":"b"}
    malformed: a.csv:2: the record is not UTF-8

    id,s

    id,s\n

    {\"id\":1}\r\n\r\n{\"id\":2}
    {"id":1,"s":null}
    {"id":2,"s":null}

    {\"id\":1}\r{\"id\":2}\n
    malformed: a.jsonl:1: text goes on behind the value at byte 10

    {\"id\":1,\"s\":\"a\x00b\"}\n{\"id\":2}\n
    {"id":2,"s":null}
    malformed: a.jsonl:1: control character in a string at byte 15

    {\"id\":1,\"s\":\"\xff\"}\n{\"id\":2}\n
    {"id":2,"s":null}
    malformed: a.jsonl:1: the record is not UTF-8

    {\"id\":1}\n{\"id\":
    {"id":1,"s":null}
    malformed: a.jsonl:2: expected a value at byte 7
    "#);
}

#[test]
fn carriage_returns_alone_end_no_line() {
    let (_directory, path) = file("a.csv", "id,s\r1,a\r2,b\r");
    let refused = FileSource::open(&config(&path), None, Arc::new(ManualClock::default())).unwrap_err();
    assert!(
        refused.to_string().contains("end in a carriage return alone"),
        "{refused}"
    );
}

#[tokio::test]
async fn ten_thousand_columns() {
    let names: Vec<String> = (0..10_000).map(|column| format!("c{column}")).collect();
    let values = |row: usize| (0..names.len()).map(move |column| column + row);
    let mut csv = names.join(",");
    let mut json = String::new();
    for row in 0..3 {
        csv.push('\n');
        csv.push_str(&values(row).map(|value| value.to_string()).collect::<Vec<_>>().join(","));
        json.push('{');
        for (column, value) in values(row).enumerate() {
            let comma = if column > 0 { "," } else { "" };
            write!(json, "{comma}\"c{column}\":{value}").unwrap();
        }
        json.push_str("}\n");
    }
    let columns: Vec<(&str, SqlType)> = names.iter().map(|name| (name.as_str(), SqlType::BigInt)).collect();
    for (name, content) in [("a.csv", csv), ("a.jsonl", json)] {
        let (_directory, path) = file(name, content);
        let (inferred, errors) = read_all(&open(&config(&path), None), &[]).await;
        assert_eq!((inferred.lines().count(), errors.as_str()), (3, ""), "{name}");
        assert!(inferred.starts_with("{\"c0\":0,\"c1\":1,"), "{name}");
        let (declared, _) = read_all(&open(&config(&path), Some(&schema(&columns))), &[]).await;
        assert_eq!(declared, inferred, "{name}");
    }
}

#[tokio::test]
async fn a_line_that_is_too_long_is_passed_over_bit_by_bit() {
    for (name, header) in [("a.jsonl", ""), ("a.csv", "id,s\n")] {
        let row = |id: u32, s: &str| match name {
            "a.csv" => format!("{id},{s}\n"),
            _ => format!("{{\"id\":{id},\"s\":\"{s}\"}}\n"),
        };
        let content = [
            header.to_owned(),
            row(1, "a"),
            row(2, &"x".repeat(3 << 20)),
            row(3, "b"),
        ]
        .concat();
        let (_directory, path) = file(name, content);
        let limits = ReadLimits {
            chunk_bytes: 4 << 10,
            record_bytes_max: 64 << 10,
            ..ReadLimits::default()
        };
        let declared = schema(&[("id", SqlType::BigInt), ("s", SqlType::String)]);
        let source = open(&config(&path), Some(&declared)).with_limits(limits);
        let (rows, errors) = read_all(&source, &[]).await;
        assert_eq!(rows, "{\"id\":1,\"s\":\"a\"}\n{\"id\":3,\"s\":\"b\"}\n");
        let line = if header.is_empty() { 2 } else { 3 };
        assert_eq!(
            errors,
            format!("malformed: {name}:{line}: the record is longer than 65536 bytes\n")
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_is_read_once_and_needs_declared_columns() {
    let (directory, path) = file("other.jsonl", "");
    let pipe = directory.path().join("pipe.jsonl");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let config = FileSourceConfig::new(&pipe, FileFormat::JsonLines);
    let refused = FileSource::open(&config, None, Arc::new(ManualClock::default())).unwrap_err();
    assert!(
        refused
            .to_string()
            .ends_with("it is a pipe, which can be read only once: declare its columns"),
        "{refused}"
    );
    let declared = schema(&[("id", SqlType::BigInt)]);
    let source = open(&config, Some(&declared));
    let writer = std::thread::spawn(move || std::fs::write(pipe, "{\"id\":1}\n{\"id\":2}\n"));
    let batches = read_from(&source, &request(&source, &[], 10), None).await;
    writer.join().unwrap().unwrap();
    assert_eq!(batches[0].0.records.num_rows(), 2);
    drop(path);
}

#[cfg(unix)]
#[test]
fn a_directory_behind_a_file_name_is_listed() {
    let (directory, path) = file("x.csv", "id\n1\n");
    let named = directory.path().join("data.csv");
    std::fs::create_dir(&named).unwrap();
    std::fs::rename(path, named.join("x.csv")).unwrap();
    assert_eq!(open(&config(&named), None).schema().user_columns(), 1);
}
