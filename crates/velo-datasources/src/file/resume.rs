//! What is left of files for a run that goes on where another was.

use std::collections::BTreeMap;

use super::changes::{CapturedFile, Comparison, Fate, KnownFile, compare, grown};
use super::part::{FilePart, FilePlace};
use super::partition::vanished;
use super::plan::FilePlan;
use crate::{FileOffset, SourceError, SplitPosition, SplitPositions};

/// The files, each from where it was read up to, or from its beginning; `follow` if they are followed from there.
///
/// # Errors
///
/// When something that was read is not there any more as it was.
pub(super) fn parts_left(
    plan: &FilePlan,
    files: &[CapturedFile],
    positions: &SplitPositions,
    follow: bool,
) -> Result<Vec<FilePart>, SourceError> {
    let positions = positions.iter().map(|(id, position)| (id.as_str(), position));
    let positions: BTreeMap<&str, &SplitPosition> = positions.collect();
    let since = files_read(&positions)?;
    let Comparison { known, unknown } = compare(plan, files, &since)
        .map_err(vanished)?
        .map_err(|reason| SourceError::CannotResume { reason })?;
    let whole = |index: usize| FilePart::whole(files[index].path.clone(), index);
    let mut parts: Vec<FilePart> = unknown.into_iter().map(whole).collect();
    for file in &known {
        let Some(position) = positions.get(file.key) else {
            continue; // Each known file comes from a position.
        };
        let mut part = whole(file.index);
        part.position = SplitPosition::clone(position);
        begin_part(&mut part, plan, file, follow)?;
        parts.push(part);
    }
    parts.sort_by_key(|part| part.partition);
    Ok(parts)
}

/// The files of which something was read.
fn files_read(positions: &BTreeMap<&str, &SplitPosition>) -> Result<BTreeMap<String, FileOffset>, SourceError> {
    let mut read = BTreeMap::new();
    for (key, position) in positions {
        match position {
            SplitPosition::File(file) | SplitPosition::WithinFile { file, .. } => {
                read.insert((*key).to_owned(), file.clone());
            }
            SplitPosition::Beginning => {}
            SplitPosition::Rows { .. } | SplitPosition::Batches { .. } => {
                return Err(SourceError::CannotResume {
                    reason: format!("`{key}` was no file when it was read"),
                });
            }
        }
    }
    Ok(read)
}

/// Sets where the part begins.
fn begin_part(part: &mut FilePart, plan: &FilePlan, file: &KnownFile<'_>, follow: bool) -> Result<(), SourceError> {
    if let SplitPosition::WithinFile { byte, next, .. } = part.position {
        part.from = Some(FilePlace { byte, next });
        return Ok(());
    }
    let offset = file.offset;
    let has_more = offset.byte < offset.file_bytes;
    part.from = match (file.grown, offset.next) {
        (Some(place), _) => Some(place),
        (None, Some(_)) if has_more => match grown(plan, &part.path, offset).map_err(vanished)? {
            Fate::Grown(place) => Some(place),
            Fate::Unchanged => None,
            Fate::Lost(what) => {
                return Err(SourceError::CannotResume {
                    reason: format!("`{}` {what}", file.key),
                });
            }
        },
        (None, Some(next)) if follow => {
            part.open_record = offset.open_record;
            Some(FilePlace {
                byte: offset.byte,
                next,
            })
        }
        (None, _) => None,
    };
    part.is_read = part.from.is_none();
    Ok(())
}
