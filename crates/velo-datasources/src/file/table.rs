//! Files as what tables are loaded from.
//!
//! A load reads every file as it was when the load began. A later one compares the files with what had been read of them:
//! what was appended to text is read alone, a file under another name is recognised, and anything else that happened to what
//! had been read asks for a reload.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use velo_data::{StreamSchema, SystemColumn};

use super::FileSource;
use super::changes::{CapturedFile, Changes, changes};
use super::part::FilePart;
use super::partition::vanished;
use super::reached::ReachedFiles;
use crate::{
    FileOffset, Increment, Reached, ReadRequest, SizeEstimate, Source, SourceError, SourceOffset, TableDataSource,
    TableLoad,
};

#[async_trait]
impl TableDataSource for FileSource {
    fn schema(&self) -> &StreamSchema {
        self.plan.schema()
    }

    fn system_columns(&self) -> &[SystemColumn] {
        Source::system_columns(self)
    }

    fn location(&self) -> String {
        self.config.path.display().to_string()
    }

    fn supports_incremental(&self) -> bool {
        true
    }

    async fn current_offset(&self) -> Result<SourceOffset, SourceError> {
        let files = self.capture()?;
        if why_incomparable(&files).is_some() {
            return Ok(SourceOffset::Unknown);
        }
        let offset = |file: &CapturedFile| -> Result<(String, FileOffset), SourceError> {
            let offset = file.status.offset_at_end(&file.path).map_err(vanished)?;
            Ok((file.key(), offset))
        };
        Ok(SourceOffset::Files {
            files: files.iter().map(offset).collect::<Result<_, _>>()?,
        })
    }

    async fn size_estimate(&self) -> Result<SizeEstimate, SourceError> {
        Ok(SizeEstimate {
            rows: None,
            bytes: Some(self.capture()?.iter().map(|file| file.status.bytes).sum()),
        })
    }

    async fn bulk_load(&self, request: &ReadRequest) -> Result<TableLoad, SourceError> {
        let files = self.capture()?;
        let parts = files.iter().enumerate().map(|(index, file)| file.part(index)).collect();
        let load = self.load(request, parts, BTreeMap::new());
        Ok(match why_incomparable(&files) {
            None => load,
            Some(_) => TableLoad {
                reached: SourceOffset::Unknown.into(),
                ..load
            },
        })
    }

    async fn incremental_load(&self, request: &ReadRequest, since: &SourceOffset) -> Result<Increment, SourceError> {
        let files = self.capture()?;
        if let Some(reason) = why_incomparable(&files) {
            return Ok(Increment::Reload { reason });
        }
        let SourceOffset::Files { files: since } = since else {
            return Ok(Increment::Reload {
                reason: format!("it is not known how far `{}` was read", self.location()),
            });
        };
        Ok(match changes(&self.plan, &files, since).map_err(vanished)? {
            Changes::New { parts, unchanged } => Increment::Rows(self.load(request, parts, unchanged)),
            Changes::Reload(reason) => Increment::Reload { reason },
        })
    }
}

impl FileSource {
    /// The files that are there now.
    fn capture(&self) -> Result<Vec<CapturedFile>, SourceError> {
        self.list()?.into_iter().map(CapturedFile::of_path).collect()
    }

    fn load(&self, request: &ReadRequest, parts: Vec<FilePart>, unchanged: BTreeMap<String, FileOffset>) -> TableLoad {
        let reached = ReachedFiles::with_read_before(unchanged);
        let bytes = parts.iter().map(FilePart::bytes).sum::<Option<u64>>();
        TableLoad {
            size: SizeEstimate { rows: None, bytes },
            partitions: self
                .splits(request, None, parts, Some(&reached))
                .into_iter()
                .map(|split| split.reader)
                .collect(),
            reached: Reached::Read(Arc::new(move || reached.offset())),
        }
    }
}

/// Why it cannot be told later what had been read of some files.
pub(super) fn why_incomparable(files: &[CapturedFile]) -> Option<String> {
    let incomparable = |file: &CapturedFile| {
        let path = file.path.display();
        if !file.status.is_regular {
            return Some(format!(
                "`{path}` is no regular file, of which nothing tells what is new"
            ));
        }
        let is_text = file.path.to_str().is_some();
        (!is_text).then(|| format!("the name of `{path}` is not UTF-8, and cannot be kept"))
    };
    files.iter().find_map(incomparable)
}
