use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How far a source has been loaded: kept with the table, so that the next load reads only what is new.
///
/// The form in which it is written down is JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SourceOffset {
    /// How far each file has been read, by its path.
    Files {
        /// One for each file.
        files: BTreeMap<String, FileOffset>,
    },
    /// The highest value of a column of a query's result that only grows, such as an id or the time of the last change.
    HighWater {
        /// The column.
        column: String,
        /// Its highest value as text that the database reads back; absent as long as there is no row.
        value: Option<String>,
    },
    /// A document that is read whole, and the marks by which its server tells whether it has changed.
    Document {
        /// The `ETag`.
        etag: Option<String>,
        /// `Last-Modified`, as the server wrote it.
        last_modified: Option<String>,
    },
    /// The objects of a store, by their path.
    Objects {
        /// One for each object.
        objects: BTreeMap<String, ObjectOffset>,
    },
    /// A source that cannot tell: every load reads all.
    Unknown,
}

impl SourceOffset {
    /// Whether nothing has come or changed between two positions, as far as the source can tell.
    pub fn is_same_content(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Files { files }, Self::Files { files: others }) => contents(files) == contents(others),
            (Self::Document { etag, last_modified }, _) => (etag.is_some() || last_modified.is_some()) && self == other,
            (Self::Unknown, _) => false,
            _ => self == other,
        }
    }
}

/// What tells the content of files from others, in one order. A file under another name is still that file, where the
/// operating system can tell; one without a byte has no content, and no offset if nobody could read anything of it.
fn contents(files: &BTreeMap<String, FileOffset>) -> Vec<FileContent<'_>> {
    let with_bytes = files.iter().filter(|(_, file)| file.file_bytes > 0);
    let mut contents: Vec<FileContent<'_>> = with_bytes.map(|(path, file)| FileContent::of(path, file)).collect();
    contents.sort_unstable();
    contents
}

/// Of an offset what can be told without reading: the record at the end is not known where nobody has read.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct FileContent<'a> {
    identity: Option<(u64, u64)>,
    /// Only of a file without an identity.
    path: Option<&'a str>,
    bytes: u64,
    modified_ns: Option<i64>,
}

impl<'a> FileContent<'a> {
    fn of(path: &'a str, file: &FileOffset) -> Self {
        Self {
            identity: file.identity,
            path: file.identity.is_none().then_some(path),
            bytes: file.file_bytes,
            modified_ns: file.modified_ns,
        }
    }
}

/// How far a file has been read, and what tells whether it is still that file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileOffset {
    /// First byte that is not read.
    pub byte: u64,
    /// The record that starts there; absent in files that are only read whole, and where nobody has read up to there.
    pub next: Option<RecordPlace>,
    /// First byte of records before `byte` of which the last was read without the line end behind it: it may go on.
    pub open_record: Option<u64>,
    /// Bytes that the file had when the load began, or when this was told.
    pub file_bytes: u64,
    /// Device and inode, where the operating system has them.
    pub identity: Option<(u64, u64)>,
    /// Last change before that, in nanoseconds since the epoch.
    pub modified_ns: Option<i64>,
    /// Hash of the first bytes and of those before `byte`: a file that was written anew differs in one of them.
    pub fingerprint: u64,
}

/// Which record of a file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordPlace {
    /// Its number, from 0.
    pub record: u64,
    /// Line on which it starts, from 1.
    pub line: u64,
}

/// An object as it was when it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectOffset {
    /// Its bytes.
    pub bytes: u64,
    /// Last change, in milliseconds since the epoch.
    pub modified_ms: i64,
    /// The store's own mark of its content.
    pub etag: Option<String>,
}
