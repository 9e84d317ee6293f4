use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use velo_common::SourceText;

/// Why a program's text cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The operating system refused or failed.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// As given.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A directory where a file was asked for.
    #[error("`{}` is a directory; name a SQL file in it", path.display())]
    IsDirectory {
        /// As given.
        path: PathBuf,
    },
    /// The text is not UTF-8.
    #[error("`{}` is not UTF-8 text: the byte at offset {offset} fits nowhere", path.display())]
    Encoding {
        /// As given.
        path: PathBuf,
        /// Where the text stops being UTF-8.
        offset: usize,
    },
    /// There is no program below a directory.
    #[error("there is no .sql file in `{}`", path.display())]
    NoPrograms {
        /// The directory.
        path: PathBuf,
    },
    /// More than 4 GiB.
    #[error("`{}` is larger than 4 GiB", path.display())]
    TooLarge {
        /// As given.
        path: PathBuf,
    },
}

/// The text of a program; `-` is the standard input. A byte order mark is left out.
///
/// # Errors
///
/// When the file cannot be read or is not UTF-8.
pub fn read_program(path: &Path) -> Result<SourceText, ReadError> {
    let at = || path.to_owned();
    let io_error = |source| ReadError::Io { path: at(), source };
    let mut bytes = Vec::new();
    let name = if path == Path::new("-") {
        io::stdin().lock().read_to_end(&mut bytes).map_err(io_error)?;
        "<stdin>".to_owned()
    } else {
        if path.is_dir() {
            return Err(ReadError::IsDirectory { path: at() });
        }
        bytes = fs::read(path).map_err(io_error)?;
        path.display().to_string()
    };
    if u32::try_from(bytes.len()).is_err() {
        return Err(ReadError::TooLarge { path: at() });
    }
    let text = String::from_utf8(bytes).map_err(|error| ReadError::Encoding {
        path: at(),
        offset: error.utf8_error().valid_up_to(),
    })?;
    Ok(SourceText::new(name, text.strip_prefix('\u{feff}').unwrap_or(&text)))
}

/// The programs that a path stands for: itself, or every `*.sql` below a directory, sorted.
///
/// # Errors
///
/// When a directory cannot be read or holds no program.
pub fn find_programs(path: &Path) -> Result<Vec<PathBuf>, ReadError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    let mut directories = vec![path.to_owned()];
    while let Some(directory) = directories.pop() {
        let io_error = |source| ReadError::Io {
            path: directory.clone(),
            source,
        };
        for entry in fs::read_dir(&directory).map_err(io_error)? {
            let entry = entry.map_err(io_error)?;
            // A symbolic link to a directory is not followed, so that circles end.
            let is_directory = entry.file_type().map_err(io_error)?.is_dir();
            let entry = entry.path();
            if is_directory {
                directories.push(entry);
            } else if entry
                .extension()
                .is_some_and(|extension| extension.eq_ignore_ascii_case("sql"))
            {
                found.push(entry);
            }
        }
    }
    if found.is_empty() {
        return Err(ReadError::NoPrograms { path: path.to_owned() });
    }
    found.sort();
    Ok(found)
}
