//! Manifests: JSON with a format version, and with a checksum of all that stands before it at the end.
//!
//! The rename of a manifest is the one step in which what it describes comes into being.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::files::{Damage, FileError, checksum_of, persist, temporary_in};

/// The name of a manifest in its directory.
pub(crate) const MANIFEST: &str = "manifest.json";

/// What stands before the checksum at the end of a manifest. It covers all bytes before.
const BEFORE_CHECKSUM: &str = ",\n  \"checksum\": \"";

/// What the manifest of a directory holds: an object with a member `format_version`.
pub(crate) trait Manifest: Serialize + DeserializeOwned {
    /// The format that is written and read.
    const FORMAT_VERSION: u32;
}

/// Reads the manifest in a directory; `None` when there is none.
pub(crate) fn read_manifest<M: Manifest>(directory: &Path) -> Result<Option<M>, FileError> {
    let path = directory.join(MANIFEST);
    match fs::read(&path) {
        Ok(bytes) => parse(&bytes, &path).map(Some),
        // A file that lies among the directories is none of ours.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(FileError::io("read", &path)(error)),
    }
}

/// Makes this the manifest of a directory, in one step.
pub(crate) fn write_manifest<M: Manifest>(manifest: &M, directory: &Path) -> Result<(), FileError> {
    let path = directory.join(MANIFEST);
    let mut file = temporary_in(directory)?;
    let written = text(manifest).and_then(|text| file.write_all(text.as_bytes()));
    written.map_err(FileError::io("write", &path))?;
    persist(file, &path)
}

fn text<M: Manifest>(manifest: &M) -> io::Result<String> {
    let json = serde_json::to_string_pretty(manifest)?;
    let covered = json.strip_suffix("\n}").unwrap_or(&json);
    let checksum = checksum_of(covered.as_bytes());
    Ok(format!("{covered}{BEFORE_CHECKSUM}{checksum}\"\n}}\n"))
}

fn parse<M: Manifest>(bytes: &[u8], path: &Path) -> Result<M, FileError> {
    let damaged = |message: String| FileError::damaged(path, Damage::Manifest { message });
    let text = str::from_utf8(bytes).map_err(|error| damaged(error.to_string()))?;
    let Some((covered, rest)) = text.rsplit_once(BEFORE_CHECKSUM) else {
        return Err(damaged("it does not end with a checksum".to_owned()));
    };
    let found = checksum_of(covered.as_bytes());
    let Some(expected) = rest.strip_suffix("\"\n}\n") else {
        return Err(damaged("it does not end with a checksum".to_owned()));
    };
    if found != expected {
        let expected = expected.to_owned();
        return Err(FileError::damaged(path, Damage::Checksum { expected, found }));
    }
    check_format(text, path, M::FORMAT_VERSION)?;
    serde_json::from_str(text).map_err(|error| damaged(error.to_string()))
}

/// Another format may be of any other form.
fn check_format(text: &str, path: &Path, known: u32) -> Result<(), FileError> {
    #[derive(Deserialize)]
    struct Format {
        format_version: u32,
    }
    match serde_json::from_str::<Format>(text) {
        Ok(Format { format_version: found }) if found != known => Err(FileError::UnknownFormat {
            path: path.to_owned(),
            found,
            known,
        }),
        // A manifest without a format is told apart where it is read.
        Ok(_) | Err(_) => Ok(()),
    }
}
