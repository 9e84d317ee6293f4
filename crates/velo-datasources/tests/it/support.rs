//! Reading and writing whole files in one line.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use tempfile::TempDir;
use velo_data::{ManualClock, RowError, SqlType, StreamBatch, StreamSchema, SystemColumn};
use velo_datasources::{
    FileSource, FileSourceConfig, NextBatch, OpenSplit, PartitionReader, ReadRequest, SinkConfig, Source, SourceBatch,
    SourceConfig, SplitPositions, open_sink,
};

/// When records are read that have no time of their own.
pub(crate) const NOW_MS: i64 = 1_700_000_000_000;

/// A directory with one file.
pub(crate) fn file(name: &str, content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join(name);
    std::fs::write(&path, content).unwrap();
    (directory, path)
}

/// What a file is read with if only its name is known.
pub(crate) fn config(path: &Path) -> FileSourceConfig {
    match SourceConfig::from_path(path).unwrap() {
        SourceConfig::File(config) => config,
        other => panic!("a path means a file, not {other:?}"),
    }
}

pub(crate) fn open(config: &FileSourceConfig, declared: Option<&StreamSchema>) -> FileSource {
    FileSource::open(config, declared, Arc::new(ManualClock::new(NOW_MS))).unwrap()
}

pub(crate) fn schema(columns: &[(&str, SqlType)]) -> StreamSchema {
    StreamSchema::of_user_columns(columns.iter().map(|(name, sql_type)| sql_type.field(name, true)))
}

pub(crate) fn request(source: &dyn Source, system: &[SystemColumn], batch_rows_max: usize) -> ReadRequest {
    ReadRequest {
        columns: (0..source.schema().user_columns()).collect(),
        system: system.to_vec(),
        bounds: vec![],
        batch_rows_max,
        decode_threads: 1,
        follow: false,
    }
}

/// Readers of all splits.
pub(crate) async fn readers(
    source: &dyn Source,
    request: &ReadRequest,
    from: Option<&SplitPositions>,
) -> Vec<Box<dyn PartitionReader>> {
    let splits = source.open(request, from).await.unwrap();
    splits.into_iter().map(|split| split.reader).collect()
}

/// How far each split was read, written down and read back.
pub(crate) fn positions(splits: &mut [OpenSplit]) -> SplitPositions {
    let positions = splits
        .iter_mut()
        .map(|split| (split.id.clone(), split.reader.position().unwrap()));
    let positions: SplitPositions = positions.collect();
    let written = serde_json::to_string(&positions).unwrap();
    let read = serde_json::from_str(&written).unwrap();
    assert_eq!(positions, read, "{written}");
    read
}

/// All batches of the only split from a position on, each with the position behind it.
pub(crate) async fn read_from(
    source: &dyn Source,
    request: &ReadRequest,
    from: Option<&SplitPositions>,
) -> Vec<(SourceBatch, SplitPositions)> {
    let mut splits = source.open(request, from).await.unwrap();
    assert_eq!(splits.len(), 1);
    let mut batches = Vec::new();
    while let NextBatch::Batch(batch) = splits[0].reader.next_batch().await.unwrap() {
        batches.push((batch, positions(&mut splits)));
    }
    batches
}

/// The next batch, which is there.
pub(crate) async fn batch_of(reader: &mut dyn PartitionReader) -> SourceBatch {
    match reader.next_batch().await.unwrap() {
        NextBatch::Batch(batch) => batch,
        other => panic!("{other:?}"),
    }
}

/// All rows of a source as JSON lines, and what is wrong with the others.
pub(crate) async fn read_all(source: &dyn Source, system: &[SystemColumn]) -> (String, String) {
    let batches = read_from(source, &request(source, system, 1000), None).await;
    let rejected: Vec<RowError> = batches.iter().flat_map(|(batch, _)| batch.rejected.clone()).collect();
    (
        rows(batches.into_iter().map(|(batch, _)| batch.records)).await,
        errors(&rejected),
    )
}

/// Rows as JSON lines; metadata columns count as user columns.
pub(crate) async fn rows(batches: impl IntoIterator<Item = RecordBatch>) -> String {
    let batches: Vec<RecordBatch> = batches.into_iter().collect();
    let Some(first) = batches.first() else {
        return String::new();
    };
    let records = concat_batches(first.schema_ref(), &batches).unwrap();
    let fields = records
        .schema()
        .fields()
        .iter()
        .map(|field| field.as_ref().clone())
        .collect::<Vec<_>>();
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("rows.jsonl");
    let format = velo_datasources::FileFormat::JsonLines;
    let config = velo_datasources::FileSinkConfig::new(&path, format);
    let mut sink = open_sink(
        &SinkConfig::File(config.clone()),
        &StreamSchema::of_user_columns(fields),
        None,
    )
    .unwrap();
    sink.write(&StreamBatch::inserts(records)).await.unwrap();
    sink.finish().await.unwrap();
    std::fs::read_to_string(path).unwrap()
}

/// One line for each rejected record, without the directory of its file.
pub(crate) fn errors(rejected: &[RowError]) -> String {
    let lines = rejected.iter().flat_map(|error| {
        let topic = error.origin.topic.clone().unwrap();
        let name = Path::new(topic.as_ref())
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let place = error.to_string().replace(topic.as_ref(), &name);
        [format!("{}: {place}", error.cause.as_str()), "\n".to_owned()]
    });
    lines.collect()
}
