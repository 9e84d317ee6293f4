use std::path::PathBuf;

/// Why a configuration file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigFileError {
    /// The operating system refused or failed.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// The file, as its name led to it.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The text is no YAML.
    #[error("`{}` is not valid YAML: {message}", path.display())]
    Yaml {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        message: String,
    },
    /// The document is a list or a single value.
    #[error("`{}` must hold keys and values", path.display())]
    NoMapping {
        /// The file.
        path: PathBuf,
    },
    /// `extends` is not one path.
    #[error("`extends` in `{}` must name one file", path.display())]
    Extends {
        /// The file.
        path: PathBuf,
    },
    /// Files extend each other in a circle.
    #[error("configuration files extend each other in a circle: {}", path.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(" → "))]
    Cycle {
        /// Each extends the next; the last is one of those before.
        path: Vec<PathBuf>,
    },
    /// A key without a value.
    #[error("`{key}` in `{}` has no value", path.display())]
    NoValue {
        /// The file that was asked for.
        path: PathBuf,
        /// The flat key.
        key: String,
    },
    /// A `${…}` that is not closed or names nothing.
    #[error("`{key}` in `{}` has a reference that is not valid: write ${{NAME}} or ${{NAME:default}}, and $$ for a dollar sign", path.display())]
    Reference {
        /// The file.
        path: PathBuf,
        /// The flat key; its value may be a secret.
        key: String,
    },
    /// A variable that is not set and has no default.
    #[error("`{}` needs the environment variable `{name}`, which is not set", path.display())]
    Variable {
        /// The file.
        path: PathBuf,
        /// The variable.
        name: String,
    },
}
