//! What has become of files since they were read.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::identity::{FileStatus, begins_like};
use super::part::{FilePart, FilePlace};
use super::partition::vanished;
use super::pattern::entries;
use super::plan::FilePlan;
use crate::{FileOffset, SourceError};

/// What became of a file whose last record was read before all of it was there.
pub(super) const RECORD_GOES_ON: &str = "goes on in the record that was its last, and had no line end";

/// A file as it is when a run or a load begins; its place among all files is the number of its partition.
#[derive(Debug)]
pub(super) struct CapturedFile {
    pub(super) path: PathBuf,
    pub(super) status: FileStatus,
}

/// What a load finds that comes after another.
pub(super) enum Changes {
    /// What was read is still there.
    New {
        /// What has come since.
        parts: Vec<FilePart>,
        /// The files that have nothing new.
        unchanged: BTreeMap<String, FileOffset>,
    },
    /// Something that was read is not there any more. Why, as the end of a sentence.
    Reload(String),
}

/// Files of now beside those that were read.
pub(super) struct Comparison<'a> {
    /// Those that were read, each of which is still there.
    pub(super) known: Vec<KnownFile<'a>>,
    /// Places of the others among all files.
    pub(super) unknown: Vec<usize>,
}

/// A file that was read.
pub(super) struct KnownFile<'a> {
    /// Its path when it was read.
    pub(super) key: &'a str,
    /// Its place among all files of now.
    pub(super) index: usize,
    pub(super) offset: &'a FileOffset,
    /// Where to go on, if it has more bytes than it had.
    pub(super) grown: Option<FilePlace>,
}

/// What has become of one file that was read.
pub(super) enum Fate {
    /// Nothing new.
    Unchanged,
    /// More from there on.
    Grown(FilePlace),
    /// It is not what was read any more: what became of it, without its name.
    Lost(String),
}

/// Compares files with those that an earlier load has read.
pub(super) fn changes(
    plan: &FilePlan,
    files: &[CapturedFile],
    since: &BTreeMap<String, FileOffset>,
) -> Result<Changes, SourceError> {
    let Comparison { known, unknown } = match compare(plan, files, since)? {
        Ok(comparison) => comparison,
        Err(reason) => return Ok(Changes::Reload(reason)),
    };
    let mut parts = Vec::new();
    let mut unchanged = BTreeMap::new();
    for KnownFile {
        index, offset, grown, ..
    } in known
    {
        match grown {
            None => {
                unchanged.insert(files[index].key(), offset.clone());
            }
            from @ Some(_) => parts.push(FilePart {
                from,
                ..files[index].part(index)
            }),
        }
    }
    parts.extend(unknown.into_iter().map(|index| files[index].part(index)));
    parts.sort_by_key(|part| part.partition);
    Ok(Changes::New { parts, unchanged })
}

/// Looks for each file that was read, or tells what became of the first that is not what it was: as a sentence with its name.
pub(super) fn compare<'a>(
    plan: &FilePlan,
    files: &[CapturedFile],
    since: &'a BTreeMap<String, FileOffset>,
) -> Result<Result<Comparison<'a>, String>, SourceError> {
    let mut candidates = Candidates::new(files, since);
    let mut known = Vec::new();
    // What nothing was read of is as good as new.
    for (key, offset) in since.iter().filter(|(_, offset)| offset.byte > 0) {
        let Some(index) = candidates.find(key, offset)? else {
            let reason = candidates.why_lost(key, offset);
            return Ok(Err(format!("`{key}` {reason}")));
        };
        let grown = match fate(plan, &files[index], offset)? {
            Fate::Unchanged => None,
            Fate::Grown(place) => Some(place),
            Fate::Lost(reason) => return Ok(Err(format!("`{key}` {reason}"))),
        };
        known.push(KnownFile {
            key,
            index,
            offset,
            grown,
        });
    }
    let unknown = candidates.unknown().collect();
    Ok(Ok(Comparison { known, unknown }))
}

impl CapturedFile {
    /// A file that was listed.
    pub(super) fn of_path(path: PathBuf) -> Result<Self, SourceError> {
        let status = FileStatus::of_path(&path).map_err(vanished)?;
        Ok(Self { path, status })
    }

    /// The name under which its offset is kept.
    pub(super) fn key(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }

    /// All of it.
    pub(super) fn part(&self, index: usize) -> FilePart {
        FilePart {
            captured: self.status.is_regular.then_some(self.status),
            ..FilePart::whole(self.path.clone(), index)
        }
    }

    /// Whether it begins with what was read of another.
    fn begins_like(&self, offset: &FileOffset) -> Result<bool, SourceError> {
        Ok(self.status.bytes >= offset.byte && begins_like(&self.path, offset)?)
    }
}

/// The files of now, among which those of then are looked for.
struct Candidates<'a> {
    files: &'a [CapturedFile],
    by_path: HashMap<String, usize>,
    /// Files that are not where they were before, or not known at all.
    moved: HashMap<(u64, u64), Vec<usize>>,
    known: HashSet<usize>,
}

impl<'a> Candidates<'a> {
    fn new(files: &'a [CapturedFile], since: &BTreeMap<String, FileOffset>) -> Self {
        let by_path: HashMap<String, usize> = files.iter().map(CapturedFile::key).zip(0..).collect();
        let mut moved: HashMap<(u64, u64), Vec<usize>> = HashMap::new();
        for (index, file) in files.iter().enumerate() {
            let was_there = since
                .get(&file.key())
                .is_some_and(|offset| offset.identity == file.status.identity);
            if let Some(identity) = file.status.identity.filter(|_| !was_there) {
                moved.entry(identity).or_default().push(index);
            }
        }
        Self {
            files,
            by_path,
            moved,
            known: HashSet::new(),
        }
    }

    /// The file that was read then: where it was, or under another name.
    fn find(&mut self, path: &str, offset: &FileOffset) -> Result<Option<usize>, SourceError> {
        let there = self.by_path.get(path).copied();
        let same = there.filter(|index| self.files[*index].status.identity == offset.identity);
        let found = match same {
            Some(index) => Some(index),
            None => match self.find_moved(offset)? {
                Some(index) => Some(index),
                None => self.find_copy(there, offset)?,
            },
        };
        self.known.extend(found);
        Ok(found)
    }

    /// The file under another name. Its content is compared too, since the number of a file that is removed is given to
    /// another.
    fn find_moved(&self, offset: &FileOffset) -> Result<Option<usize>, SourceError> {
        let moved = offset.identity.and_then(|identity| self.moved.get(&identity));
        for index in moved.into_iter().flatten() {
            if !self.known.contains(index) && self.files[*index].begins_like(offset)? {
                return Ok(Some(*index));
            }
        }
        Ok(None)
    }

    /// A file in the place of the other that is its like in everything, as one that was restored is.
    fn find_copy(&self, there: Option<usize>, offset: &FileOffset) -> Result<Option<usize>, SourceError> {
        let Some(index) = there.filter(|index| !self.known.contains(index)) else {
            return Ok(None);
        };
        let FileStatus { bytes, modified_ns, .. } = self.files[index].status;
        let is_like = bytes == offset.file_bytes && modified_ns.is_some() && modified_ns == offset.modified_ns;
        Ok((is_like && self.files[index].begins_like(offset)?).then_some(index))
    }

    /// What became of a file that is not found.
    fn why_lost(&self, path: &str, offset: &FileOffset) -> String {
        let is_there = self.by_path.contains_key(path);
        match (sibling_with(Path::new(path), offset), is_there) {
            (Some(other), true) => {
                format!("was rotated: it is `{}` now, which is not read", other.display())
            }
            (Some(other), false) => format!("was renamed to `{}`, which is not read", other.display()),
            (None, true) => "was replaced by another file".to_owned(),
            (None, false) => "went away".to_owned(),
        }
    }

    /// Files that were not read then.
    fn unknown(&self) -> impl Iterator<Item = usize> {
        (0..self.files.len()).filter(|index| !self.known.contains(index))
    }
}

/// The file under another name in the same directory. Where that cannot be told, it is said to be gone.
fn sibling_with(path: &Path, offset: &FileOffset) -> Option<PathBuf> {
    let directory = path.parent()?;
    let siblings = entries(directory).ok()?.into_iter().map(|entry| entry.path);
    let mut others = siblings.filter(|sibling| sibling != path);
    others.find(|sibling| {
        let status = FileStatus::of_path(sibling);
        let is_it = |status: FileStatus| {
            let file = CapturedFile {
                path: sibling.clone(),
                status,
            };
            status.is_regular && status.identity == offset.identity && file.begins_like(offset).unwrap_or(false)
        };
        offset.identity.is_some() && status.is_ok_and(is_it)
    })
}

/// What has become of a file that was found.
fn fate(plan: &FilePlan, file: &CapturedFile, offset: &FileOffset) -> Result<Fate, SourceError> {
    let FileStatus { bytes, modified_ns, .. } = file.status;
    if bytes < offset.byte {
        return Ok(Fate::Lost(format!(
            "was cut short: {} bytes of it had been read, and it has {bytes}",
            offset.byte
        )));
    }
    if !file.begins_like(offset)? {
        return Ok(Fate::Lost("was written anew".to_owned()));
    }
    let is_written = modified_ns != offset.modified_ns;
    if bytes == offset.file_bytes {
        return Ok(if is_written {
            Fate::Lost("was written to and has not grown".to_owned())
        } else {
            Fate::Unchanged
        });
    }
    if plan.reads_whole(&file.path) {
        return Ok(Fate::Lost("has changed, and can only be read whole".to_owned()));
    }
    grown(plan, &file.path, offset)
}

/// Where to go on in a file that has more than had been read.
pub(super) fn grown(plan: &FilePlan, path: &Path, offset: &FileOffset) -> Result<Fate, SourceError> {
    let Some(next) = offset.next else {
        return Ok(Fate::Lost(
            "has grown, and it is not known which record comes next".to_owned(),
        ));
    };
    let line_end = match offset.open_record {
        None => 0,
        Some(start) => match plan.line_end_behind(path, start, offset.byte)? {
            Some(bytes) => bytes,
            None => return Ok(Fate::Lost(RECORD_GOES_ON.to_owned())),
        },
    };
    Ok(Fate::Grown(FilePlace {
        byte: offset.byte + line_end,
        next,
    }))
}
