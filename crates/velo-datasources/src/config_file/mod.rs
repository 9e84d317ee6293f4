//! YAML configuration files: one file with those it extends, as flat properties.
//!
//! [`load_config_file`] reads a file, merges it over the files that its `extends` names, puts in the values of
//! `${VAR}` and `${VAR:default}`, and flattens what comes out: nested keys are joined by dots, list items become
//! `key[0]`.

mod error;
mod merge;
mod variables;
mod yaml;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use error::ConfigFileError;
use merge::merged;
use variables::{Variables, substituted};
use yaml::{Node, Scalar};

/// The key by which a file names the one it extends.
const EXTENDS: &str = "extends";

/// A value of a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFileValue {
    /// As written, with the values of variables put in.
    pub text: String,
    /// The file that it is written in: the one that was asked for, or one that it extends.
    pub file: Arc<Path>,
    /// Variables that it needs and that are not set; their references stand in the text as written.
    pub unset: Vec<String>,
}

/// Reads a configuration file and those it extends, as flat keys and values.
///
/// Paths in `extends` are relative to the file that they stand in. A child's values win over its parent's; mappings
/// are merged, lists are replaced. `variable` gives the value of an environment variable.
///
/// # Errors
///
/// When a file cannot be read or is no YAML mapping, when files extend each other in a circle, and when a variable
/// without a default is not set.
pub fn load_config_file(
    path: &Path,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, ConfigFileValue>, ConfigFileError> {
    load_values(
        path,
        Variables {
            value: variable,
            may_be_unset: false,
        },
    )
}

/// As [`load_config_file`], but variables without a value and a default are noted with the values that need them. A file
/// that is extended under such a name is left out, and its name comes as the value of `extends`.
///
/// # Errors
///
/// As [`load_config_file`], but for those variables.
pub fn load_config_file_with_gaps(
    path: &Path,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, ConfigFileValue>, ConfigFileError> {
    load_values(
        path,
        Variables {
            value: variable,
            may_be_unset: true,
        },
    )
}

fn load_values(path: &Path, variables: Variables<'_>) -> Result<BTreeMap<String, ConfigFileValue>, ConfigFileError> {
    let mut chain = Vec::new();
    let node = load(path, variables, &mut chain)?;
    let mut flat = BTreeMap::new();
    flatten(&node, String::new(), path, &mut flat)?;
    Ok(flat)
}

/// The file merged over its parents; `chain` holds the files that led here.
fn load(path: &Path, variables: Variables<'_>, chain: &mut Vec<PathBuf>) -> Result<Node, ConfigFileError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigFileError::Io {
        path: path.to_owned(),
        source,
    })?;
    // The name that the system knows tells a file from itself under another spelling.
    let identity = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    chain.push(identity.clone());
    if chain[..chain.len() - 1].contains(&identity) {
        return Err(ConfigFileError::Cycle {
            path: std::mem::take(chain),
        });
    }
    let node = yaml::parse(&text, &Arc::from(path)).map_err(|message| ConfigFileError::Yaml {
        path: path.to_owned(),
        message,
    })?;
    let node = substituted(node, path, variables)?;
    let (parent, node) = split_extends(node, path)?;
    let loaded = match parent {
        Some(parent) if !parent.unset.is_empty() => with_extends(node, parent),
        Some(parent) => {
            let directory = path.parent().unwrap_or(Path::new(""));
            merged(load(&directory.join(parent.text), variables, chain)?, node)
        }
        None => node,
    };
    chain.pop();
    Ok(loaded)
}

/// The values of a file that extends one whose name is not known.
fn with_extends(node: Node, parent: Scalar) -> Node {
    match node {
        Node::Mapping(mut entries) => {
            entries.push((EXTENDS.to_owned(), Node::Scalar(parent)));
            Node::Mapping(entries)
        }
        other => other,
    }
}

/// What the file extends, and the rest of it.
fn split_extends(node: Node, path: &Path) -> Result<(Option<Scalar>, Node), ConfigFileError> {
    let mut entries = match node {
        Node::Mapping(entries) => entries,
        Node::Null => Vec::new(),
        Node::Scalar(_) | Node::List(_) => return Err(ConfigFileError::NoMapping { path: path.to_owned() }),
    };
    let parent = match entries.iter().position(|(key, _)| key == EXTENDS) {
        None => None,
        Some(at) => match entries.remove(at).1 {
            Node::Scalar(parent) => Some(parent),
            _ => return Err(ConfigFileError::Extends { path: path.to_owned() }),
        },
    };
    Ok((parent, Node::Mapping(entries)))
}

fn flatten(
    node: &Node,
    key: String,
    path: &Path,
    flat: &mut BTreeMap<String, ConfigFileValue>,
) -> Result<(), ConfigFileError> {
    match node {
        Node::Null => {
            return Err(ConfigFileError::NoValue {
                path: path.to_owned(),
                key,
            });
        }
        Node::Scalar(Scalar { text, file, unset }) => {
            let value = ConfigFileValue {
                text: text.clone(),
                file: Arc::clone(file),
                unset: unset.clone(),
            };
            flat.insert(key, value);
        }
        Node::List(items) => {
            for (index, item) in items.iter().enumerate() {
                flatten(item, format!("{key}[{index}]"), path, flat)?;
            }
        }
        Node::Mapping(entries) => {
            for (name, value) in entries {
                let key = if key.is_empty() {
                    name.clone()
                } else {
                    format!("{key}.{name}")
                };
                flatten(value, key, path, flat)?;
            }
        }
    }
    Ok(())
}
