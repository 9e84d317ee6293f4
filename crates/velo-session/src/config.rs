use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use velo_datasources::{ConfigFileValue, load_config_file, load_config_file_with_gaps};
use velo_planner::properties::BaseDirectory;
use velo_planner::{ConfigFiles, ConfigValue, Overrides};

/// The directories of a program, and the configuration files that it names.
#[derive(Debug)]
pub(crate) struct ConfigDirectory {
    /// Where the program is; that of the process for one without a file.
    program: PathBuf,
    /// Where paths of data start instead, if the caller says so.
    data: Option<PathBuf>,
    /// Whether files are read that need variables which are not set.
    allows_missing_env: bool,
}

impl ConfigDirectory {
    /// The directories of the program of this name.
    pub(crate) fn of_program(name: &str, overrides: &Overrides) -> Self {
        Self {
            program: directory_of(Path::new(name)),
            data: overrides.base_dir.clone(),
            allows_missing_env: overrides.allow_missing_env,
        }
    }

    /// Where relative paths start that stand in a file of this directory.
    fn base_of(&self, directory: PathBuf) -> BaseDirectory {
        BaseDirectory {
            data: self.data.clone().unwrap_or_else(|| directory.clone()),
            program: directory,
        }
    }
}

fn directory_of(file: &Path) -> PathBuf {
    file.parent().map(Path::to_owned).unwrap_or_default()
}

impl ConfigFiles for ConfigDirectory {
    fn load(&self, path: &str) -> Result<BTreeMap<String, ConfigValue>, String> {
        let load = if self.allows_missing_env {
            load_config_file_with_gaps
        } else {
            load_config_file
        };
        let loaded = load(&self.program.join(path), &|name| std::env::var(name).ok()).map_err(|error| {
            match std::error::Error::source(&error) {
                Some(cause) => format!("{error}: {cause}"),
                None => error.to_string(),
            }
        })?;
        let located = |(key, value): (String, ConfigFileValue)| {
            let base = self.base_of(directory_of(&value.file));
            let ConfigFileValue { text, unset, .. } = value;
            (key, ConfigValue { text, base, unset })
        };
        Ok(loaded.into_iter().map(located).collect())
    }

    fn base(&self) -> BaseDirectory {
        self.base_of(self.program.clone())
    }
}
