use std::path::{Path, PathBuf};

use futures_util::TryStreamExt as _;
use object_store::list::{PaginatedListOptions, PaginatedListStore as _};
use object_store::path::Path as StoredPath;
use object_store::{ObjectMeta, ObjectStoreExt as _};

use super::keys::{can_be_asked_for, key_of, path_of};
use super::store::{Store, answered};
use crate::file::{PathPattern, common_format, has_wildcards, is_hidden, is_wanted};
use crate::notice::notice;
use crate::{FileFormat, ObjectOffset, ObjectSourceConfig, SourceError};

/// What names in keys end with.
const DELIMITER: &str = "/";

/// An object as it was when it was listed.
#[derive(Debug, Clone)]
pub(super) struct FoundObject {
    pub(super) key: String,
    /// What the library calls it.
    pub(super) path: StoredPath,
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
    pub(super) async fn of(store: &Store, config: &ObjectSourceConfig) -> Result<Self, SourceError> {
        let mut objects = Search { store, config }.find().await?;
        if objects.is_empty() {
            return Err(refused(config, &config.key, nothing_found(config)));
        }
        objects.sort_by(|one, other| one.key.cmp(&other.key));
        let names: Vec<PathBuf> = objects.iter().map(|object| object.name.clone()).collect();
        let format = common_format(&names, config.records.format)?;
        Ok(Self { objects, format })
    }
}

fn refused(config: &ObjectSourceConfig, key: &str, message: String) -> SourceError {
    SourceError::Refused {
        location: config.name_of(key).display().to_string(),
        message,
        is_transient: false,
    }
}

fn nothing_found(config: &ObjectSourceConfig) -> String {
    if has_wildcards(Path::new(&config.key)) {
        return "no object has this key, and none matches it as a pattern".to_owned();
    }
    let wanted = match config.records.format {
        Some(format) => format!("the format {format}"),
        None => "a known format".to_owned(),
    };
    format!("there is no such object, and none below it whose name tells {wanted}")
}

/// Looks for the objects of a source.
struct Search<'a> {
    store: &'a Store,
    config: &'a ObjectSourceConfig,
}

impl Search<'_> {
    /// An object that is there is meant as it stands, whatever else its key could mean.
    async fn find(&self) -> Result<Vec<FoundObject>, SourceError> {
        let key = self.config.key.as_str();
        let is_pattern = has_wildcards(Path::new(key));
        let may_be_object = !key.is_empty() && !key.ends_with(DELIMITER);
        if may_be_object && let Some(object) = self.object(key, is_pattern).await? {
            return Ok(vec![object]);
        }
        if is_pattern {
            self.matching(key).await
        } else {
            self.below(key).await
        }
    }

    /// The object with a key. Who may only list objects is refused one that is not there; a pattern is matched then.
    async fn object(&self, key: &str, is_pattern: bool) -> Result<Option<FoundObject>, SourceError> {
        if !can_be_asked_for(key) {
            let message = "a key with a name `.` or `..` in it cannot be asked for".to_owned();
            return Err(refused(self.config, key, message));
        }
        let path = self.path(key)?;
        let head = async {
            match self.store.objects.head(&path).await {
                Ok(object) => Ok(Some(object)),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(object_store::Error::PermissionDenied { .. }) if is_pattern => Ok(None),
                Err(error) => Err(error),
            }
        };
        let found = answered(&self.config.name_of(key), head).await?;
        Ok(found.map(|object| self.found(object)))
    }

    /// The objects whose keys match a pattern.
    async fn matching(&self, key: &str) -> Result<Vec<FoundObject>, SourceError> {
        let pattern = PathPattern::of_key(key).map_err(|problem| {
            let message = format!("no object has this key, and as a pattern it is malformed: {problem}");
            refused(self.config, key, message)
        })?;
        let (literal, rest) = key.split_at(key.find(['*', '?', '[']).unwrap_or(key.len()));
        let is_deep = rest.contains(DELIMITER) || rest.contains("**");
        let listed = self.list(literal, is_deep).await?;
        Ok(askable(listed, |object| pattern.matches_key(&object.key)))
    }

    /// The objects of the format below a prefix.
    async fn below(&self, key: &str) -> Result<Vec<FoundObject>, SourceError> {
        let prefix = if key.is_empty() || key.ends_with(DELIMITER) {
            key.to_owned()
        } else {
            format!("{key}{DELIMITER}")
        };
        let listed = self.list(&prefix, self.config.recursive).await?;
        let is_meant = |object: &FoundObject| {
            let mut below = object.key.strip_prefix(prefix.as_str()).into_iter();
            let is_shown = !below.any(|below| below.split(DELIMITER).any(is_hidden));
            is_shown && is_wanted(Path::new(&object.key), self.config.records.format)
        };
        Ok(askable(listed, is_meant))
    }

    /// The objects whose keys begin with a text, up to the next delimiter or all of them.
    async fn list(&self, beginning: &str, is_deep: bool) -> Result<Vec<FoundObject>, SourceError> {
        let listed = match &self.store.pages {
            Some(_) => self.list_pages(beginning, is_deep).await?,
            None => self.list_directory(beginning, is_deep).await?,
        };
        Ok(listed.into_iter().map(|object| self.found(object)).collect())
    }

    async fn list_pages(&self, beginning: &str, is_deep: bool) -> Result<Vec<ObjectMeta>, SourceError> {
        let name = self.config.name_of(&self.config.key);
        let (mut found, mut page_token) = (Vec::new(), None);
        let Some(pages) = &self.store.pages else {
            return Ok(found);
        };
        loop {
            let options = PaginatedListOptions {
                delimiter: (!is_deep).then_some(DELIMITER.into()),
                page_token,
                ..PaginatedListOptions::default()
            };
            let prefix = (!beginning.is_empty()).then_some(beginning);
            let page = answered(&name, pages.list_paginated(prefix, options)).await?;
            found.extend(page.result.objects);
            page_token = page.page_token;
            if page_token.is_none() {
                return Ok(found);
            }
        }
    }

    /// Of local files the directories are listed, since no system lists by the beginnings of names.
    async fn list_directory(&self, beginning: &str, is_deep: bool) -> Result<Vec<ObjectMeta>, SourceError> {
        let name = self.config.name_of(&self.config.key);
        let directory = beginning.rsplit_once(DELIMITER).map_or("", |(directory, _)| directory);
        let directory = self.path(directory)?;
        let store = &self.store.objects;
        if !is_deep {
            let listed = answered(&name, store.list_with_delimiter(Some(&directory))).await?;
            return Ok(listed.objects);
        }
        let mut listed = store.list(Some(&directory));
        let mut found = Vec::new();
        while let Some(object) = answered(&name, listed.try_next()).await? {
            found.push(object);
        }
        Ok(found)
    }

    fn found(&self, object: ObjectMeta) -> FoundObject {
        let key = match &self.store.pages {
            Some(_) => key_of(&object.location),
            None => object.location.to_string(),
        };
        FoundObject {
            name: self.config.name_of(&key),
            key,
            offset: ObjectOffset {
                bytes: object.size,
                modified_ms: object.last_modified.timestamp_millis(),
                etag: object.e_tag,
            },
            path: object.location,
        }
    }

    fn path(&self, key: &str) -> Result<StoredPath, SourceError> {
        let path = match &self.store.pages {
            Some(_) => path_of(key),
            None => StoredPath::parse(key),
        };
        path.map_err(|error| refused(self.config, key, error.to_string()))
    }
}

/// Those that are meant; of what cannot be asked for it is told that it is left out.
fn askable(listed: Vec<FoundObject>, is_meant: impl Fn(&FoundObject) -> bool) -> Vec<FoundObject> {
    let can_be_read = |object: &FoundObject| {
        let can_be_asked_for = can_be_asked_for(&object.key);
        if !can_be_asked_for {
            let object = object.name.display();
            notice!("{object} is skipped: a key with a name `.` or `..` in it cannot be asked for");
        }
        can_be_asked_for
    };
    // What stands for a directory in the views of some tools has no content.
    let is_marker = |object: &FoundObject| object.key.ends_with(DELIMITER) && object.offset.bytes == 0;
    let listed = listed.into_iter();
    listed
        .filter(|object| !is_marker(object) && is_meant(object) && can_be_read(object))
        .collect()
}
