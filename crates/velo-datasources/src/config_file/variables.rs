use std::path::Path;

use super::ConfigFileError;
use super::yaml::{Node, Scalar};

/// The environment of configuration files.
#[derive(Clone, Copy)]
pub(super) struct Variables<'a> {
    /// The value of a variable, if it is set.
    pub(super) value: &'a dyn Fn(&str) -> Option<String>,
    /// Whether texts are noted that need a variable which is not set; otherwise that is an error.
    pub(super) may_be_unset: bool,
}

/// Puts in the values of `${VAR}` and `${VAR:default}` in all texts; `$$` stands for one `$`.
pub(super) fn substituted(node: Node, path: &Path, variables: Variables<'_>) -> Result<Node, ConfigFileError> {
    substituted_below(node, "", path, variables)
}

/// As [`substituted`], of what stands at a key.
fn substituted_below(node: Node, key: &str, path: &Path, variables: Variables<'_>) -> Result<Node, ConfigFileError> {
    Ok(match node {
        Node::Null => Node::Null,
        Node::Scalar(Scalar { text, file, .. }) => {
            let (text, unset) = substituted_text(&text, key, path, variables)?;
            Node::Scalar(Scalar { text, file, unset })
        }
        Node::List(items) => {
            let items = items
                .into_iter()
                .enumerate()
                .map(|(index, item)| substituted_below(item, &format!("{key}[{index}]"), path, variables));
            Node::List(items.collect::<Result<_, _>>()?)
        }
        Node::Mapping(entries) => {
            let entries = entries.into_iter().map(|(name, value)| {
                let key = if key.is_empty() {
                    name.clone()
                } else {
                    format!("{key}.{name}")
                };
                Ok((name, substituted_below(value, &key, path, variables)?))
            });
            Node::Mapping(entries.collect::<Result<_, _>>()?)
        }
    })
}

/// The text with values in it, and the variables that are not set.
fn substituted_text(
    text: &str,
    key: &str,
    path: &Path,
    variables: Variables<'_>,
) -> Result<(String, Vec<String>), ConfigFileError> {
    let mut unset = Vec::new();
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, tail) = rest.split_at(at);
        result.push_str(before);
        rest = if let Some(tail) = tail.strip_prefix("$$") {
            result.push('$');
            tail
        } else if let Some(reference) = tail.strip_prefix("${") {
            let malformed = || ConfigFileError::Reference {
                path: path.to_owned(),
                key: key.to_owned(),
            };
            let (reference, tail) = reference.split_once('}').ok_or_else(malformed)?;
            let (name, default) = match reference.split_once(':') {
                Some((name, default)) => (name, Some(default)),
                None => (reference, None),
            };
            if !is_variable_name(name) {
                return Err(malformed());
            }
            match (variables.value)(name).as_deref().or(default) {
                Some(value) => result.push_str(value),
                None if variables.may_be_unset => {
                    result.extend(["${", name, "}"]);
                    unset.push(name.to_owned());
                }
                None => {
                    return Err(ConfigFileError::Variable {
                        path: path.to_owned(),
                        name: name.to_owned(),
                    });
                }
            }
            tail
        } else {
            result.push('$');
            &tail[1..]
        };
    }
    result.push_str(rest);
    Ok((result, unset))
}

fn is_variable_name(name: &str) -> bool {
    let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    starts_well && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
