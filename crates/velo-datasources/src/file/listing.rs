use std::path::{Path, PathBuf};

use velo_common::nearest;

use super::pattern::{PathPattern, entries, has_wildcards, is_hidden};
use crate::{FileFormat, FileSourceConfig, SourceError};

/// The files that a source reads and the format that all of them have.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    /// In the byte-wise order of their paths; a file's place is the number of its partition.
    pub(crate) files: Vec<PathBuf>,
    pub(crate) format: FileFormat,
}

impl Listing {
    /// Finds the files: the one that the path names, those that it matches, or those of the format in a directory.
    ///
    /// A path that exists as it stands is meant as it stands, so that a name with brackets in it can be read.
    ///
    /// # Errors
    ///
    /// When there is none, when a directory cannot be listed, and when names tell no format or several.
    pub(crate) fn of(config: &FileSourceConfig) -> Result<Self, SourceError> {
        let path = config.path.as_path();
        let mut files = match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => files_in(config)?,
            Ok(_) => vec![path.to_owned()],
            Err(_) if has_wildcards(path) => files_matching(path)?,
            Err(error) => return Err(super::buffer::io_error(path, error)),
        };
        // Paths as such compare name by name, which would put `a-b` behind `a/b`.
        files.sort_by(|left, right| left.as_os_str().cmp(right.as_os_str()));
        files.dedup();
        let format = common_format(&files, config.format)?;
        Ok(Self { files, format })
    }
}

impl FileSourceConfig {
    /// Whether a file that there is, or may come to be, is one of those that are read.
    pub fn reads(&self, path: &Path) -> bool {
        let (Ok(own), Ok(path)) = (std::path::absolute(&self.path), std::path::absolute(path)) else {
            return false;
        };
        if own == path {
            return true;
        }
        if own.is_dir() {
            let is_within = path.parent() == Some(&own) || self.recursive && path.starts_with(&own);
            return is_within && is_wanted(&path, self.format);
        }
        has_wildcards(&own) && PathPattern::parse(&own).is_ok_and(|pattern| pattern.matches(&path))
    }
}

/// The files in a directory whose names tell the wanted format, or any.
fn files_in(config: &FileSourceConfig) -> Result<Vec<PathBuf>, SourceError> {
    let mut found = Vec::new();
    let mut directories = vec![config.path.clone()];
    while let Some(directory) = directories.pop() {
        for entry in entries(&directory).map_err(|(path, source)| SourceError::Io { path, source })? {
            if is_hidden(&entry.name.to_string_lossy()) {
                continue;
            }
            if entry.is_directory {
                if config.recursive {
                    directories.push(entry.path);
                }
            } else if is_wanted(&entry.path, config.format) && entry.path.is_file() {
                found.push(entry.path);
            }
        }
    }
    if found.is_empty() {
        return Err(SourceError::NothingInDirectory {
            path: config.path.clone(),
            format: config.format,
        });
    }
    Ok(found)
}

pub(crate) fn is_wanted(path: &Path, wanted: Option<FileFormat>) -> bool {
    FileFormat::of_path(path).is_some_and(|told| wanted.is_none_or(|wanted| told == format_given(wanted, path)))
}

fn files_matching(path: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let pattern = PathPattern::parse(path).map_err(|message| SourceError::Format {
        path: path.to_owned(),
        message: format!("the pattern is malformed: {message}"),
    })?;
    let found = pattern
        .files()
        .map_err(|(path, source)| SourceError::Io { path, source })?;
    if found.is_empty() {
        return Err(SourceError::NothingMatches {
            path: path.to_owned(),
            near: nearest_entry(path),
        });
    }
    Ok(found)
}

/// The format of a file when one is asked for: an envelope is told by its name alone.
fn format_given(asked: FileFormat, path: &Path) -> FileFormat {
    match FileFormat::of_path(path) {
        Some(FileFormat::Envelope) if asked == FileFormat::JsonLines => FileFormat::Envelope,
        _ => asked,
    }
}

/// The one format of all files.
pub(crate) fn common_format(files: &[PathBuf], asked: Option<FileFormat>) -> Result<FileFormat, SourceError> {
    let mut first: Option<(&PathBuf, FileFormat)> = None;
    for path in files {
        let format = match asked {
            Some(asked) => format_given(asked, path),
            None => FileFormat::of_path(path).ok_or_else(|| SourceError::UnknownFormat { path: path.clone() })?,
        };
        match first {
            None => first = Some((path, format)),
            Some((other, told)) if told != format => {
                return Err(SourceError::MixedFormats {
                    path: other.clone(),
                    format: told,
                    other: path.clone(),
                    other_format: format,
                });
            }
            Some(_) => {}
        }
    }
    Ok(first.map_or(FileFormat::JsonLines, |(_, format)| format))
}

/// What exists and is most like a path that does not.
pub(super) fn nearest_entry(path: &Path) -> Option<PathBuf> {
    let mut missing = path;
    loop {
        let directory = missing.parent()?;
        if directory.as_os_str().is_empty() || directory.is_dir() {
            let names = entries(directory).ok()?.into_iter();
            let names: Vec<String> = names.filter_map(|entry| entry.name.into_string().ok()).collect();
            let wanted = missing.file_name()?.to_str()?;
            return nearest_name(wanted, &names).map(|near| directory.join(near));
        }
        missing = directory;
    }
}

/// The name most like the wanted one; for a pattern, else one whose extension is.
fn nearest_name<'a>(wanted: &str, names: &'a [String]) -> Option<&'a str> {
    let by_name = nearest(wanted, names.iter().map(String::as_str));
    if by_name.is_some() || !has_wildcards(Path::new(wanted)) {
        return by_name;
    }
    let extension = |name: &'a String| Some((name.rsplit_once('.')?.1, name.as_str()));
    let extensions: Vec<(&str, &str)> = names.iter().filter_map(extension).collect();
    let wanted = wanted.rsplit_once('.')?.1;
    let near = nearest(wanted, extensions.iter().map(|(extension, _)| *extension))?;
    let has_it = |(extension, name): &(&str, &'a str)| (*extension == near).then_some(*name);
    extensions.iter().filter_map(has_it).min()
}
