//! Snapshots that are written and read again.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{AsArray, Int64Array, RecordBatch, StringViewArray};
use proptest::prelude::*;
use serde_json::json;
use tempfile::{TempDir, tempdir};
use velo_data::RowErrorCause;
use velo_state::{SkippedOfCause, SkippedRows, SnapshotDetails, SnapshotError, SnapshotStore};

pub(crate) fn rows(ids: impl IntoIterator<Item = i64>) -> RecordBatch {
    let ids = Int64Array::from_iter_values(ids);
    let names = ids
        .iter()
        .map(|id| id.filter(|id| id % 3 != 0).map(|id| format!("the name of {id}")))
        .collect::<StringViewArray>();
    RecordBatch::try_from_iter_with_nullable([("id", Arc::new(ids) as _, false), ("name", Arc::new(names) as _, true)])
        .unwrap()
}

pub(crate) fn details() -> SnapshotDetails {
    SnapshotDetails {
        definition_fingerprint: "f1".to_owned(),
        key_columns: vec!["id".to_owned()],
        source_offsets: json!({"orders.csv": {"byte": 123, "share": 0.1}}),
        content: "rows-1".to_owned(),
        skipped: SkippedRows {
            policy: "skip".to_owned(),
            causes: vec![SkippedOfCause {
                statement: "orders".to_owned(),
                cause: RowErrorCause::Malformed,
                rows: 12,
                samples: vec!["orders.csv:3: there are 2 fields, and 3 columns".to_owned()],
            }],
        },
        loaded_at_ms: 1_700_000_000_000,
    }
}

pub(crate) fn write(store: &SnapshotStore, table: &str, batch: &RecordBatch) {
    store.write(table, batch.schema(), [batch], details()).unwrap();
}

/// The ids of all rows of a table's snapshot.
pub(crate) fn ids(store: &SnapshotStore, table: &str) -> Result<Option<Vec<i64>>, SnapshotError> {
    let Some(snapshot) = store.read(table)? else {
        return Ok(None);
    };
    let mut ids = Vec::new();
    for batch in snapshot.batches {
        ids.extend(batch?.column(0).as_primitive::<arrow::datatypes::Int64Type>().values());
    }
    Ok(Some(ids))
}

/// The names of all files below a directory.
pub(crate) fn files_below(directory: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path.file_name().unwrap().to_str().unwrap().to_owned());
        }
    }
    files.sort();
    files
}

fn store() -> (TempDir, SnapshotStore) {
    let state = tempdir().unwrap();
    let store = SnapshotStore::open(state.path().join("not/yet/there")).unwrap();
    (state, store)
}

#[test]
fn a_manifest_tells_people_what_a_snapshot_is() {
    let (state, store) = store();
    write(&store, "Orders", &rows(0..1000));
    let path = state.path().join("not/yet/there/tables/orders/manifest.json");
    let text = fs::read_to_string(path).unwrap();
    insta::assert_snapshot!(text, @r#"
    {
      "format_version": 1,
      "table": "Orders",
      "generation": 1,
      "columns": [
        {
          "name": "id",
          "data_type": "Int64",
          "nullable": false
        },
        {
          "name": "name",
          "data_type": "Utf8View",
          "nullable": true
        }
      ],
      "rows": 1000,
      "bytes": 34810,
      "files": [
        {
          "name": "data-1-1.arrow",
          "rows": 1000,
          "bytes": 34810,
          "checksum": "xxh64:11c0698279cab98c"
        }
      ],
      "definition_fingerprint": "f1",
      "key_columns": [
        "id"
      ],
      "source_offsets": {
        "orders.csv": {
          "byte": 123,
          "share": 0.1
        }
      },
      "content": "rows-1",
      "skipped": {
        "policy": "skip",
        "causes": [
          {
            "statement": "orders",
            "cause": "malformed",
            "rows": 12,
            "samples": [
              "orders.csv:3: there are 2 fields, and 3 columns"
            ]
          }
        ]
      },
      "loaded_at_ms": 1700000000000,
      "checksum": "xxh64:9f0c0e5deb6252d6"
    }
    "#);
    let manifest = store.manifest("orders").unwrap().unwrap();
    assert_eq!(manifest.details, details());
    serde_json::from_str::<serde_json::Value>(&text).unwrap();
}

#[test]
fn a_new_snapshot_replaces_the_old_one_and_its_files() {
    let (state, store) = store();
    write(&store, "orders", &rows(0..10));
    write(&store, "orders", &rows(5..8));
    assert_eq!(ids(&store, "ORDERS").unwrap(), Some(vec![5, 6, 7]));
    assert_eq!(
        files_below(state.path()),
        ["data-2-1.arrow", "manifest.json", "tables.lock"]
    );
}

#[test]
fn further_rows_leave_the_files_that_are_there_alone() {
    let (state, store) = store();
    for range in [0..3, 3..5, 5..5, 5..6] {
        let batch = rows(range);
        let mut writer = store.extend("orders", batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish(details()).unwrap();
    }
    assert_eq!(ids(&store, "orders").unwrap(), Some(vec![0, 1, 2, 3, 4, 5]));
    let files = [
        "data-1-1.arrow",
        "data-2-1.arrow",
        "data-4-1.arrow",
        "manifest.json",
        "tables.lock",
    ];
    assert_eq!(files_below(state.path()), files);
    let manifest = store.manifest("orders").unwrap().unwrap();
    assert_eq!((manifest.generation, manifest.rows), (4, 6));
}

#[test]
fn rows_of_other_columns_are_refused() {
    let (_state, store) = store();
    write(&store, "orders", &rows(0..3));
    let narrow = rows(0..3).project(&[0]).unwrap();
    let error = store.extend("orders", narrow.schema()).err().unwrap();
    assert_eq!(
        error.to_string(),
        "rows that are added to the snapshot of `orders` have other columns than it has"
    );
    assert!(error.is_repaired_by_reload());
    let mut writer = store.replace("orders", narrow.schema()).unwrap();
    assert!(matches!(
        writer.write(&rows(0..1)),
        Err(SnapshotError::OtherColumns { .. })
    ));
}

#[test]
fn an_empty_table_has_a_snapshot_without_files() {
    let (_state, store) = store();
    write(&store, "empty", &rows([]));
    assert_eq!(ids(&store, "empty").unwrap(), Some(vec![]));
    assert_eq!(ids(&store, "other").unwrap(), None);
    assert_eq!(store.manifest("empty").unwrap().unwrap().columns.len(), 2);
}

#[test]
fn large_tables_are_cut_into_files() {
    let (_state, store) = store();
    let store = store.with_file_bytes_max(10_000);
    let batches: Vec<RecordBatch> = (0..20).map(|batch| rows(batch * 100..(batch + 1) * 100)).collect();
    let manifest = store.write("orders", batches[0].schema(), &batches, details()).unwrap();
    assert!(manifest.files.len() >= 4, "{}", manifest.files.len());
    assert_eq!(ids(&store, "orders").unwrap(), Some((0..2000).collect()));
}

#[test]
fn texts_are_written_without_what_else_is_in_their_buffers() {
    let (_state, store) = store();
    let large = rows(0..10_000);
    let manifest = store
        .write("orders", large.schema(), [&large.slice(500, 10)], details())
        .unwrap();
    assert!(manifest.bytes < 5_000, "{} bytes for ten rows", manifest.bytes);
    assert_eq!(
        store.read("orders").unwrap().unwrap().batches.next().unwrap().unwrap(),
        large.slice(500, 10)
    );
}

#[test]
fn snapshots_can_be_listed_and_removed() {
    let (state, store) = store();
    for table in ["orders", "../escape", "Größe", ""] {
        write(&store, table, &rows(0..3));
    }
    fs::write(state.path().join("not/yet/there/tables/README"), "none of ours").unwrap();
    let listed =
        |store: &SnapshotStore| -> Vec<String> { store.list().unwrap().into_iter().map(|entry| entry.table).collect() };
    assert_eq!(listed(&store), ["", "../escape", "Größe", "orders"]);
    assert!(store.remove("ORDERS").unwrap());
    assert!(!store.remove("orders").unwrap());
    assert_eq!(listed(&store), ["", "../escape", "Größe"]);
    assert_eq!(ids(&store, "").unwrap(), Some(vec![0, 1, 2]));
    assert_eq!(fs::read_dir(state.path()).unwrap().count(), 1, "nothing is outside");
}

#[test]
fn one_writes_and_many_read() {
    let (state, store) = store();
    let directory = state.path().join("not/yet/there");
    write(&store, "orders", &rows(0..3));
    let error = SnapshotStore::open(&directory).unwrap_err().to_string();
    let expected = format!(
        "another process loads tables into `{}`: let it end first, or name another state directory",
        directory.display()
    );
    assert_eq!(error, expected);
    let reader = SnapshotStore::open_read_only(&directory);
    // Who reads goes on reading what it began with, while it is replaced.
    let mut snapshot = reader.read("orders").unwrap().unwrap();
    write(&store, "orders", &rows(7..8));
    assert_eq!(snapshot.batches.next().unwrap().unwrap(), rows(0..3));
    assert_eq!(ids(&reader, "orders").unwrap(), Some(vec![7]));
    assert!(matches!(reader.remove("orders"), Err(SnapshotError::ReadOnly { .. })));
    assert!(matches!(
        reader.replace("orders", rows([]).schema()).err(),
        Some(SnapshotError::ReadOnly { .. })
    ));
    drop(store);
    SnapshotStore::open(&directory).unwrap();
}

#[test]
fn a_snapshot_that_is_replaced_all_the_time_can_be_read_all_the_time() {
    let (state, store) = store();
    let reader = SnapshotStore::open_read_only(state.path().join("not/yet/there"));
    write(&store, "orders", &rows(0..3));
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 0..100 {
                write(&store, "orders", &rows(round..round + 3));
            }
        });
        while !writer.is_finished() {
            let ids = ids(&reader, "orders").unwrap().unwrap();
            assert_eq!(ids, [ids[0], ids[0] + 1, ids[0] + 2]);
        }
    });
}

#[test]
fn one_at_a_time_writes_to_a_table() {
    let (_state, store) = store();
    let first = store.replace("orders", rows([]).schema()).unwrap();
    write(&store, "prices", &rows(0..1));
    let second = store.extend("ORDERS", rows([]).schema()).err().unwrap();
    assert_eq!(
        second.to_string(),
        "the snapshot of `ORDERS` is being written by another load"
    );
    assert!(matches!(
        store.remove("orders"),
        Err(SnapshotError::BeingWritten { .. })
    ));
    drop(first);
    write(&store, "orders", &rows(0..3));
    write(&store, "orders", &rows(0..4));
}

#[test]
fn a_directory_that_does_not_exist_has_no_snapshots() {
    let reader = SnapshotStore::open_read_only("/does/not/exist");
    assert_eq!(ids(&reader, "orders").unwrap(), None);
    assert!(reader.list().unwrap().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// However rows are cut into batches, files and loads, they come back as they were.
    #[test]
    fn rows_come_back_as_they_were(
        loads in proptest::collection::vec((any::<bool>(), proptest::collection::vec(0usize..60, 0..5)), 1..5),
        file_bytes_max in 1u64..20_000,
    ) {
        let state = tempdir().unwrap();
        let store = SnapshotStore::open(state.path()).unwrap().with_file_bytes_max(file_bytes_max);
        let mut expected: Vec<i64> = Vec::new();
        let mut next = 0;
        for (replaces, batches) in loads {
            let schema = rows([]).schema();
            let mut writer = if replaces { store.replace("t", schema) } else { store.extend("t", schema) }.unwrap();
            if replaces {
                expected.clear();
            }
            for length in batches {
                let range = next..next + length as i64;
                next = range.end;
                expected.extend(range.clone());
                writer.write(&rows(range)).unwrap();
            }
            writer.finish(details()).unwrap();
        }
        prop_assert_eq!(ids(&store, "t").unwrap(), Some(expected));
    }
}
