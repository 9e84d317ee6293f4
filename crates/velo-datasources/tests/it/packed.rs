//! Compressed files, and files that are not what their names say.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use flate2::write::GzEncoder;
use velo_data::{ManualClock, SqlType, SystemColumn};
use velo_datasources::{
    Compression, FileFormat, FileSinkConfig, FileSource, FileSourceConfig, NextBatch, SinkConfig, Source, SourceConfig,
    open_sink,
};

use crate::support::{config, errors, file, open, read_all, read_from, readers, request, rows, schema};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 1).unwrap()
}

fn lines(ids: std::ops::Range<u32>) -> String {
    ids.map(|id| format!("{{\"id\":{id},\"text\":\"record number {id}\"}}\n"))
        .collect()
}

#[tokio::test]
async fn compressed_files_read_as_plain_ones() {
    let text = lines(0..1000);
    let (first, second) = text.split_at(text.len() / 3);
    let several = |pack: fn(&[u8]) -> Vec<u8>| [pack(first.as_bytes()), pack(second.as_bytes())].concat();
    let csv = gzip(b"\xEF\xBB\xBFid\r\n1\r\n");
    let cases = [
        ("a.jsonl.gz", gzip(text.as_bytes())),
        ("a.jsonl.GZ", several(gzip)),
        ("a.jsonl.zst", zstd(text.as_bytes())),
        ("a.ndjson.zst", several(zstd)),
    ];
    let (_directory, path) = file("a.jsonl", &text);
    let (plain, _) = read_all(&open(&config(&path), None), &[SystemColumn::Offset]).await;
    for (name, bytes) in cases {
        let (_directory, path) = file(name, bytes);
        let (rows, errors) = read_all(&open(&config(&path), None), &[SystemColumn::Offset]).await;
        assert_eq!((rows.as_str(), errors.as_str()), (plain.as_str(), ""), "{name}");
    }
    let (_directory, path) = file("a.csv.gz", csv);
    assert_eq!(read_all(&open(&config(&path), None), &[]).await.0, "{\"id\":1}\n");
    let (_directory, path) = file("a.envelope.jsonl.zst", zstd(b"{\"value\":{\"id\":1},\"key\":\"k\"}"));
    let (rows, _) = read_all(&open(&config(&path), None), &[SystemColumn::Key]).await;
    assert_eq!(rows, "{\"id\":1,\"_key\":\"k\"}\n");
}

#[tokio::test]
async fn reading_goes_on_from_an_offset_in_the_unpacked_text() {
    for (name, bytes) in [
        ("a.jsonl.gz", gzip(lines(0..50).as_bytes())),
        ("a.jsonl.zst", zstd(lines(0..50).as_bytes())),
    ] {
        let (_directory, path) = file(name, &bytes);
        let source = open(&config(&path), None);
        let wanted = request(&source, &[SystemColumn::Offset], 7);
        let batches = read_from(&source, &wanted, None).await;
        let told: u64 = batches.iter().map(|(batch, _)| batch.bytes_read).sum();
        assert_eq!(
            (Some(told), told),
            (source.estimated_bytes(), bytes.len() as u64),
            "{name}"
        );
        let all = rows(batches.iter().map(|(batch, _)| batch.records.clone())).await;
        for (index, (_, position)) in batches.iter().enumerate() {
            let rest = read_from(&source, &wanted, Some(position)).await;
            let before = batches[..=index].iter().map(|(batch, _)| batch.records.clone());
            let joined = rows(before.chain(rest.into_iter().map(|(batch, _)| batch.records))).await;
            assert_eq!(joined, all, "{name}");
        }
    }
}

/// What keeps a file from being opened, or from being read to its end.
async fn refusal(name: &str, bytes: &[u8], change: impl FnOnce(&mut FileSourceConfig)) -> String {
    let (directory, path) = file(name, bytes);
    let mut config = match SourceConfig::from_path(&path) {
        Ok(SourceConfig::File(config)) => config,
        _ => FileSourceConfig::new(&path, FileFormat::JsonLines),
    };
    change(&mut config);
    let declared = schema(&[("id", SqlType::BigInt)]);
    let refused = match FileSource::open(&config, Some(&declared), Arc::new(ManualClock::default())) {
        Err(error) => error,
        Ok(source) => {
            let mut reader = readers(&source, &request(&source, &[], 1000), None).await.remove(0);
            loop {
                match reader.next_batch().await {
                    Ok(NextBatch::Batch(batch)) => assert_eq!(errors(&batch.rejected), "", "{name}"),
                    Ok(_) => panic!("{name} is read"),
                    Err(error) => break error,
                }
            }
        }
    };
    format!(
        "{name}: {}",
        refused.to_string().replace(directory.path().to_str().unwrap(), "DIR")
    )
}

#[tokio::test]
async fn streams_that_cannot_be_unpacked() {
    let text = lines(0..5000);
    let (gzip, zstd) = (gzip(text.as_bytes()), zstd(text.as_bytes()));
    let mut corrupt = gzip.clone();
    let checksum = corrupt.len() - 8;
    corrupt[checksum] ^= 1;
    let keep = |_: &mut FileSourceConfig| {};
    let told = [
        refusal("cut.jsonl.gz", &gzip[..gzip.len() / 2], keep).await,
        refusal("cut.jsonl.zst", &zstd[..zstd.len() / 2], keep).await,
        refusal("corrupt.jsonl.gz", &corrupt, keep).await,
        refusal("garbage.jsonl.zst", &[zstd.as_slice(), b"garbage"].concat(), keep).await,
        refusal("plain.jsonl.gz", text.as_bytes(), keep).await,
        refusal("empty.jsonl.gz", b"", keep).await,
        refusal("other.jsonl.gz", &zstd, keep).await,
        refusal("plain.jsonl", text.as_bytes(), |config| {
            config.compression = Some(Compression::Zstd);
        })
        .await,
        refusal("hidden.jsonl", &gzip, keep).await,
        refusal("hidden.jsonl", &zstd, |config| {
            config.compression = Some(Compression::None);
        })
        .await,
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
    cut.jsonl.gz: cannot decode `DIR/cut.jsonl.gz`: the gzip stream is cut off: it ends in the middle, behind 97987 unpacked bytes
    cut.jsonl.zst: cannot decode `DIR/cut.jsonl.zst`: the zstd stream is cut off: it ends in the middle, behind 0 unpacked bytes
    corrupt.jsonl.gz: cannot decode `DIR/corrupt.jsonl.gz`: the gzip stream is damaged behind 197780 unpacked bytes: corrupt gzip stream does not have a matching checksum
    garbage.jsonl.zst: cannot decode `DIR/garbage.jsonl.zst`: the zstd stream is damaged behind 197780 unpacked bytes: Unknown frame descriptor
    plain.jsonl.gz: cannot decode `DIR/plain.jsonl.gz`: it is not gzip: it begins with `{"id":0,`; say 'compression' = 'none' if it is plain text
    empty.jsonl.gz: cannot decode `DIR/empty.jsonl.gz`: it is empty, and so no gzip stream
    other.jsonl.gz: cannot decode `DIR/other.jsonl.gz`: it is zstd, not gzip; say 'compression' = 'zstd'
    plain.jsonl: cannot decode `DIR/plain.jsonl`: it is not zstd: it begins with `{"id":0,`; say 'compression' = 'none' if it is plain text
    hidden.jsonl: cannot decode `DIR/hidden.jsonl`: it is compressed with gzip; say 'compression' = 'gzip', or let its name end in .gz
    hidden.jsonl: cannot decode `DIR/hidden.jsonl`: it is compressed with zstd; say 'compression' = 'zstd', or let its name end in .zst
    "#);
}

#[tokio::test]
async fn a_small_file_cannot_ask_for_any_amount_of_memory() {
    // A frame header that asks for a window of 2 GiB.
    let bomb = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0xA8, 0x01, 0x00, 0x00];
    insta::assert_snapshot!(refusal("a.jsonl.zst", &bomb, |_| {}).await, @"a.jsonl.zst: cannot decode `DIR/a.jsonl.zst`: the zstd stream is damaged behind 0 unpacked bytes: Frame requires too much memory for decoding");
}

#[tokio::test]
async fn files_that_are_no_text() {
    let utf16: Vec<u8> = "\u{feff}{\"id\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases: [(&str, &[u8]); 8] = [
        ("a.csv", &utf16),
        ("a.jsonl", b"\xFE\xFF\x00{"),
        ("a.csv", b"PAR1\x15\x04"),
        ("a.jsonl", b"Obj\x01\x04"),
        ("a.jsonl", b"PK\x03\x04\x14"),
        ("a.csv", b"\x89PNG\r\n\x1a\n"),
        ("a.csv", b"%PDF-1.7"),
        ("a.jsonl", b"\xFD7zXZ\0\0"),
    ];
    let mut told = String::new();
    for (name, bytes) in cases {
        told.push_str(&refusal(name, bytes, |_| {}).await);
        told.push('\n');
    }
    insta::assert_snapshot!(told, @r"
    a.csv: cannot decode `DIR/a.csv`: it is UTF-16 text; say 'encoding' = 'utf-16le'
    a.jsonl: cannot decode `DIR/a.jsonl`: it is UTF-16 text; say 'encoding' = 'utf-16be'
    a.csv: cannot decode `DIR/a.csv`: it is a Parquet file; say 'format' = 'parquet'
    a.jsonl: cannot decode `DIR/a.jsonl`: it is an Avro file; say 'format' = 'avro'
    a.jsonl: cannot decode `DIR/a.jsonl`: it is a zip archive, which is not supported; unpack it, or compress with gzip or zstd
    a.csv: cannot decode `DIR/a.csv`: it is a PNG image; name a file with records
    a.csv: cannot decode `DIR/a.csv`: it is a PDF document; name a file with records
    a.jsonl: cannot decode `DIR/a.jsonl`: it is xz, which is not supported; unpack it, or compress with gzip or zstd
    ");
}

async fn write(path: &Path, append: bool, text: &str) -> Result<(), String> {
    let (_directory, input) = file("in.jsonl", text);
    let source = open(&config(&input), None);
    let mut sink_config = FileSinkConfig::new(path, FileFormat::of_path(path).unwrap());
    sink_config.append = append;
    let mut sink =
        open_sink(&SinkConfig::File(sink_config.clone()), source.schema(), None).map_err(|error| error.to_string())?;
    for (batch, _) in read_from(&source, &request(&source, &[], 1000), None).await {
        sink.write(&velo_data::StreamBatch::inserts(batch.records))
            .await
            .unwrap();
    }
    sink.flush().await.unwrap();
    sink.finish().await.unwrap();
    Ok(())
}

#[tokio::test]
async fn what_is_written_compressed_reads_back() {
    for name in [
        "a.jsonl.gz",
        "a.jsonl.zst",
        "a.csv.gz",
        "a.csv.zst",
        "a.envelope.jsonl.gz",
    ] {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join(name);
        write(&path, false, &lines(0..100)).await.unwrap();
        write(&path, true, &lines(100..200)).await.unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert!(
            bytes.starts_with(if name.ends_with("gz") { b"\x1F\x8B" } else { b"\x28\xB5" }),
            "{name}"
        );
        let (rows, errors) = read_all(&open(&config(&path), None), &[]).await;
        assert_eq!((rows, errors), (lines(0..200), String::new()), "{name}");
    }
}

#[tokio::test]
async fn nothing_is_appended_to_what_is_not_compressed_alike() {
    let (_directory, path) = file("a.jsonl.gz", "{}\n");
    let refused = write(&path, true, "{}\n").await.unwrap_err();
    assert!(refused.contains("what it holds is not gzip"), "{refused}");
}
