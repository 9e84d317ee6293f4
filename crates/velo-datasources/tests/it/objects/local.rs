use std::path::Path;

use velo_datasources::{Increment, NextBatch, connect_table_source};

use crate::tables::{batches_of, config, load, whole};

fn url(directory: &Path, rest: &str) -> String {
    format!("file://{}/{rest}", directory.display())
}

/// More files than are read at a time, of several batches each.
fn many_files(files: usize, rows: usize) -> tempfile::TempDir {
    let directory = tempfile::TempDir::new().unwrap();
    for file in 0..files {
        let content: String = (0..rows)
            .map(|row| format!("{{\"id\": {}}}\n", file * rows + row))
            .collect();
        std::fs::write(directory.path().join(format!("{file:03}.jsonl")), content).unwrap();
    }
    directory
}

#[tokio::test]
async fn local_files_are_objects_too() {
    let directory = many_files(3, 2);
    let url = url(directory.path(), "*.jsonl");
    let config = config(&[("type", "s3_source"), ("path", &url)]);
    let read = load(&config, None).await.unwrap();
    let expected: Vec<String> = (0..6).map(|id| format!("{{\"id\":{id}}}")).collect();
    assert_eq!(read.lines(), expected);

    let source = connect_table_source(&config, None).await.unwrap();
    assert_eq!((source.location(), source.endpoint()), (url, None));
    let since = source.current_offset().await.unwrap();
    std::fs::write(directory.path().join("9.jsonl"), "{\"id\": 9}\n").unwrap();
    let request = whole(source.as_ref());
    let Increment::Rows(mut new) = source.incremental_load(&request, &since).await.unwrap() else {
        panic!("nothing was lost");
    };
    assert_eq!(new.partitions.len(), 1);
    assert_eq!(
        batches_of(new.partitions[0].as_mut()).await.unwrap()[0]
            .records
            .num_rows(),
        1
    );
}

/// However partitions are read, none waits for another one that nobody reads.
#[tokio::test]
async fn partitions_are_read_in_any_order() {
    let directory = many_files(30, 20);
    let config = config(&[("type", "s3_source"), ("path", &url(directory.path(), "*.jsonl"))]);
    let source = connect_table_source(&config, None).await.unwrap();
    let mut request = whole(source.as_ref());
    request.batch_rows_max = 2;

    // The last one first.
    let mut load = source.bulk_load(&request).await.unwrap();
    let mut rows = 0;
    for partition in load.partitions.iter_mut().rev() {
        let batches = batches_of(partition.as_mut()).await.unwrap();
        rows += batches.iter().map(|batch| batch.records.num_rows()).sum::<usize>();
    }
    assert_eq!(rows, 600);

    // One batch of each in turn, some given up half way.
    let mut load = source.bulk_load(&request).await.unwrap();
    let mut batches = 0;
    for turn in 0..20 {
        for partition in &mut load.partitions {
            batches += usize::from(matches!(partition.next_batch().await.unwrap(), NextBatch::Batch(_)));
        }
        if turn == 4 {
            load.partitions.truncate(10);
        }
    }
    assert_eq!(batches, 5 * 30 + 5 * 10);
}

#[tokio::test]
async fn files_that_do_not_go_together_are_refused() {
    let cases = [
        ("a.csv", "id\n1\n", "b.jsonl", "{\"id\": 1}\n", "*"),
        ("a.jsonl", "{\"id\": 1}\n", "b.jsonl", "{\"id\": [1]}\n", "*"),
        ("a.txt", "1\n", "b.txt", "2\n", "*"),
        ("a.parquet", "PAR1 no", "b.parquet", "PAR1 no", "*"),
        ("a.csv.gz", "id\n1\n", "b.csv.gz", "id\n1\n", "*"),
        ("a.csv", "id\n1\n", "b.csv", "id\n1\n", "*.tsv"),
        ("a.txt", "1\n", "b.txt", "2\n", ""),
        ("a.csv", "id\n1\n", "b.csv", "id\n1\n", "c.csv"),
    ];
    let mut lines = Vec::new();
    for (name, content, other, other_content, pattern) in cases {
        let directory = tempfile::TempDir::new().unwrap();
        std::fs::write(directory.path().join(name), content).unwrap();
        std::fs::write(directory.path().join(other), other_content).unwrap();
        let url = url(directory.path(), pattern);
        let error = load(&config(&[("type", "s3_source"), ("path", &url)]), None)
            .await
            .unwrap_err();
        assert!(!error.is_transient(), "{error}");
        lines.push(error.to_string().replace(directory.path().to_str().unwrap(), "/data"));
    }
    insta::assert_snapshot!(lines.join("\n"));
}
