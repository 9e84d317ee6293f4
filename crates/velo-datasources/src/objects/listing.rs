use std::path::{Component, Path, PathBuf};

use futures_util::TryStreamExt as _;
use object_store::path::Path as Key;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _};

use super::store::answered;
use crate::file::{PathPattern, common_format, has_wildcards, is_hidden, is_wanted};
use crate::{FileFormat, ObjectOffset, ObjectSourceConfig, SourceError};

/// An object as it was when it was listed.
#[derive(Debug, Clone)]
pub(super) struct FoundObject {
    pub(super) key: Key,
    /// What messages call it.
    pub(super) name: PathBuf,
    pub(super) offset: ObjectOffset,
}

/// The objects that a source reads and the format that all of them have.
#[derive(Debug, Clone)]
pub(super) struct Listing {
    /// In the byte-wise order of their keys; an object's place is the number of its partition.
    pub(super) objects: Vec<FoundObject>,
    pub(super) format: FileFormat,
}

impl Listing {
    /// Finds the objects: the one that has the key, those whose keys it matches, or those of the format below it.
    pub(super) async fn of(store: &dyn ObjectStore, config: &ObjectSourceConfig) -> Result<Self, SourceError> {
        let name = config.name_of(&config.key);
        let mut found = find(store, config).await?;
        if found.is_empty() {
            return Err(SourceError::Refused {
                location: name.display().to_string(),
                message: nothing_found(config),
                is_transient: false,
            });
        }
        found.sort_by(|one, other| one.location.as_ref().cmp(other.location.as_ref()));
        let objects: Vec<FoundObject> = found.into_iter().map(|object| found_object(config, object)).collect();
        let names: Vec<PathBuf> = objects.iter().map(|object| object.name.clone()).collect();
        let format = common_format(&names, config.records.format)?;
        Ok(Self { objects, format })
    }
}

fn found_object(config: &ObjectSourceConfig, object: ObjectMeta) -> FoundObject {
    FoundObject {
        name: config.name_of(object.location.as_ref()),
        offset: ObjectOffset {
            bytes: object.size,
            modified_ms: object.last_modified.timestamp_millis(),
            etag: object.e_tag,
        },
        key: object.location,
    }
}

fn nothing_found(config: &ObjectSourceConfig) -> String {
    if has_wildcards(Path::new(&config.key)) {
        return "no object matches".to_owned();
    }
    let wanted = match config.records.format {
        Some(format) => format!("the format {format}"),
        None => "a known format".to_owned(),
    };
    format!("there is no such object, and none below it whose name tells {wanted}")
}

async fn find(store: &dyn ObjectStore, config: &ObjectSourceConfig) -> Result<Vec<ObjectMeta>, SourceError> {
    let key = Path::new(&config.key);
    if has_wildcards(key) {
        return find_matching(store, config).await;
    }
    let prefix = parse_key(config, &config.key)?;
    let may_be_object = !config.key.is_empty() && !config.key.ends_with('/');
    if may_be_object && let Some(object) = find_one(store, config, &prefix).await? {
        return Ok(vec![object]);
    }
    let found = list(store, config, &prefix, config.recursive).await?;
    let is_meant = |object: &ObjectMeta| {
        let mut below = object.location.prefix_match(&prefix).into_iter().flatten();
        let is_shown = !below.any(|part| is_hidden(part.as_ref()));
        is_shown && is_wanted(Path::new(object.location.as_ref()), config.records.format)
    };
    Ok(found.into_iter().filter(is_meant).collect())
}

async fn find_one(
    store: &dyn ObjectStore,
    config: &ObjectSourceConfig,
    key: &Key,
) -> Result<Option<ObjectMeta>, SourceError> {
    let head = async {
        match store.head(key).await {
            Ok(object) => Ok(Some(object)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    };
    answered(&config.name_of(key.as_ref()), head).await
}

/// The objects whose keys match the pattern; only those below its beginning without wildcards are listed.
async fn find_matching(store: &dyn ObjectStore, config: &ObjectSourceConfig) -> Result<Vec<ObjectMeta>, SourceError> {
    let path = Path::new(&config.key);
    let pattern = PathPattern::parse(path).map_err(|message| SourceError::Format {
        path: config.name_of(&config.key),
        message: format!("the pattern is malformed: {message}"),
    })?;
    let is_literal = |part: &Component<'_>| !has_wildcards(Path::new(part.as_os_str()));
    let beginning: PathBuf = path.components().take_while(is_literal).collect();
    let prefix = parse_key(config, &beginning.to_string_lossy())?;
    let names_behind = path.components().count() - beginning.components().count();
    let is_deep = names_behind > 1 || path.ends_with("**");
    let found = list(store, config, &prefix, is_deep).await?;
    let matches = |object: &ObjectMeta| pattern.matches(Path::new(object.location.as_ref()));
    Ok(found.into_iter().filter(matches).collect())
}

async fn list(
    store: &dyn ObjectStore,
    config: &ObjectSourceConfig,
    prefix: &Key,
    is_deep: bool,
) -> Result<Vec<ObjectMeta>, SourceError> {
    let name = config.name_of(&config.key);
    if !is_deep {
        let listed = answered(&name, store.list_with_delimiter(Some(prefix))).await?;
        return Ok(listed.objects);
    }
    let mut listed = store.list(Some(prefix));
    let mut found = Vec::new();
    while let Some(object) = answered(&name, listed.try_next()).await? {
        found.push(object);
    }
    Ok(found)
}

fn parse_key(config: &ObjectSourceConfig, key: &str) -> Result<Key, SourceError> {
    Key::parse(key).map_err(|error| SourceError::Refused {
        location: config.name_of(key).display().to_string(),
        message: error.to_string(),
        is_transient: false,
    })
}
