use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use velo_datasources::load_config_file;
use velo_planner::ConfigFiles;

/// Configuration files on disk, relative to the program that names them.
#[derive(Debug)]
pub(crate) struct ConfigDirectory(PathBuf);

impl ConfigDirectory {
    /// The directory of a program; that of the process for one without a file.
    pub(crate) fn of_program(name: &str) -> Self {
        Self(Path::new(name).parent().map(Path::to_owned).unwrap_or_default())
    }
}

impl ConfigDirectory {
    /// The text of a file.
    pub(crate) fn read(&self, path: &str) -> std::io::Result<String> {
        std::fs::read_to_string(self.0.join(path))
    }
}

impl ConfigFiles for ConfigDirectory {
    fn load(&self, path: &str) -> Result<BTreeMap<String, String>, String> {
        load_config_file(&self.0.join(path), &|name| std::env::var(name).ok()).map_err(|error| {
            match std::error::Error::source(&error) {
                Some(cause) => format!("{error}: {cause}"),
                None => error.to_string(),
            }
        })
    }
}
