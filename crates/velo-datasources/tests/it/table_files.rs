//! Files that a table is loaded from.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use tempfile::TempDir;
use velo_data::{ManualClock, RowError, SqlType, StreamBatch, StreamSchema, SystemColumn};
use velo_datasources::{
    FileOffset, FileSource, FileSourceConfig, Increment, NextBatch, ReadRequest, SinkConfig, SourceError, SourceOffset,
    TableDataSource, TableLoad, open_sink,
};

use crate::support::{NOW_MS, config, errors, rows, schema};

/// A directory whose files a table is loaded from.
pub(crate) struct Files {
    directory: TempDir,
    pub(crate) config: FileSourceConfig,
    pub(crate) request: ReadRequest,
}

/// What a load brought.
pub(crate) struct Loaded {
    pub(crate) rows: String,
    pub(crate) bytes: u64,
    /// Bytes that were promised.
    pub(crate) estimated_bytes: Option<u64>,
    pub(crate) reached: SourceOffset,
}

impl Files {
    /// Those that match a pattern.
    pub(crate) fn matching(pattern: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join(pattern);
        let request = ReadRequest {
            columns: vec![0],
            system: vec![SystemColumn::Offset],
            bounds: vec![],
            batch_rows_max: 1000,
            decode_threads: 1,
            follow: false,
        };
        Self {
            config: FileSourceConfig {
                path,
                ..config(Path::new(&pattern.replace('*', "x")))
            },
            directory,
            request,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn append(&self, name: &str, text: &str) {
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.path(name))
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    pub(crate) fn truncate(&self, name: &str, bytes: u64) {
        let file = OpenOptions::new().write(true).open(self.path(name)).unwrap();
        file.set_len(bytes).unwrap();
    }

    pub(crate) fn rename(&self, from: &str, to: &str) {
        std::fs::rename(self.path(from), self.path(to)).unwrap();
    }

    /// Writes rows in the format that the name tells.
    pub(crate) async fn write_ids(&self, name: &str, values: &[i64]) {
        let column: ArrayRef = Arc::new(Int64Array::from(values.to_vec()));
        let records = RecordBatch::try_new(Arc::clone(ids().arrow()), vec![column]).unwrap();
        let mut sink = open_sink(&SinkConfig::from_path(self.path(name)).unwrap(), &ids(), None).unwrap();
        sink.write(&StreamBatch::inserts(records)).await.unwrap();
        sink.finish().await.unwrap();
    }

    /// Puts another file in the place of one.
    pub(crate) fn replace(&self, name: &str, text: &str) {
        // As long as the other is there, its number is not given to a new one.
        self.write(".new", text);
        self.rename(".new", name);
    }

    pub(crate) fn modified(&self, name: &str) -> SystemTime {
        std::fs::metadata(self.path(name)).unwrap().modified().unwrap()
    }

    pub(crate) fn set_modified(&self, name: &str, modified: SystemTime) {
        let file = OpenOptions::new().append(true).open(self.path(name)).unwrap();
        file.set_modified(modified).unwrap();
    }

    pub(crate) fn source(&self) -> FileSource {
        FileSource::open(&self.config, Some(&ids()), Arc::new(ManualClock::new(NOW_MS))).unwrap()
    }

    pub(crate) async fn bulk(&self) -> Loaded {
        read(self.source().bulk_load(&self.request).await.unwrap()).await
    }

    /// What is new, or why all is read again.
    pub(crate) async fn increment(&self, since: &SourceOffset) -> Result<Loaded, String> {
        match self.source().incremental_load(&self.request, since).await.unwrap() {
            Increment::Rows(load) => Ok(read(load).await),
            Increment::Reload { reason } => Err(self.shown(&reason)),
        }
    }

    /// What is new, as one text.
    pub(crate) async fn told(&self, since: &SourceOffset) -> String {
        match self.increment(since).await {
            Ok(loaded) => loaded.rows,
            Err(reason) => format!("reload: {reason}\n"),
        }
    }

    pub(crate) fn shown(&self, text: &str) -> String {
        text.replace(self.directory.path().to_str().unwrap(), "DIR")
    }

    pub(crate) fn offset_of(&self, name: &str, offset: &SourceOffset) -> Option<FileOffset> {
        let SourceOffset::Files { files } = offset else {
            panic!("{offset:?}");
        };
        files.get(self.path(name).to_str().unwrap()).cloned()
    }
}

pub(crate) fn ids() -> StreamSchema {
    schema(&[("id", SqlType::BigInt)])
}

/// Reads all partitions of a load.
pub(crate) async fn read(load: TableLoad) -> Loaded {
    try_read(load).await.unwrap()
}

/// Reads all partitions of a load, one after the other, unless one fails.
pub(crate) async fn try_read(load: TableLoad) -> Result<Loaded, SourceError> {
    let (mut batches, mut rejected, mut bytes) = (Vec::new(), Vec::<RowError>::new(), 0);
    for mut partition in load.partitions {
        loop {
            match partition.next_batch().await? {
                NextBatch::Batch(batch) => {
                    bytes += batch.bytes_read;
                    batches.push(batch.records);
                    rejected.extend(batch.rejected);
                }
                NextBatch::End => break,
                NextBatch::NotYet(_) => panic!("a load is bounded"),
            }
        }
    }
    Ok(Loaded {
        rows: format!("{}{}", rows(batches).await, errors(&rejected)),
        bytes,
        estimated_bytes: load.size.bytes,
        reached: load.reached.offset(),
    })
}
