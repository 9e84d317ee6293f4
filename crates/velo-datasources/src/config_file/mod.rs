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
use variables::substituted;
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
    let mut chain = Vec::new();
    let node = load(path, variable, &mut chain)?;
    let mut flat = BTreeMap::new();
    flatten(&node, String::new(), path, &mut flat)?;
    Ok(flat)
}

/// The file merged over its parents; `chain` holds the files that led here.
fn load(
    path: &Path,
    variable: &dyn Fn(&str) -> Option<String>,
    chain: &mut Vec<PathBuf>,
) -> Result<Node, ConfigFileError> {
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
    let node = substituted(node, path, variable)?;
    let (parent, node) = split_extends(node, path)?;
    let loaded = match parent {
        Some(parent) => {
            let directory = path.parent().unwrap_or(Path::new(""));
            merged(load(&directory.join(parent), variable, chain)?, node)
        }
        None => node,
    };
    chain.pop();
    Ok(loaded)
}

/// What the file extends, and the rest of it.
fn split_extends(node: Node, path: &Path) -> Result<(Option<String>, Node), ConfigFileError> {
    let mut entries = match node {
        Node::Mapping(entries) => entries,
        Node::Null => Vec::new(),
        Node::Scalar(_) | Node::List(_) => return Err(ConfigFileError::NoMapping { path: path.to_owned() }),
    };
    let parent = match entries.iter().position(|(key, _)| key == EXTENDS) {
        None => None,
        Some(at) => match entries.remove(at).1 {
            Node::Scalar(parent) => Some(parent.text),
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
        Node::Scalar(Scalar { text, file }) => {
            let (text, file) = (text.clone(), Arc::clone(file));
            flat.insert(key, ConfigFileValue { text, file });
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
