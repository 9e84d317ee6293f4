use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::keys::RECORDS_KEYS;
use super::properties::{Properties, PropertyError, PropertyErrorKind};
use super::{FileFormat, RecordsConfig, Secret};
use crate::file::has_wildcards;

/// Which objects of a store are read, and how. All of them have one format and the same columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectSourceConfig {
    /// The store.
    pub store: ObjectStoreConfig,
    /// The key of an object, a pattern of keys (`*`, `?`, `[…]`, `**`), or what keys begin with up to a `/`, without a
    /// leading one.
    pub key: String,
    /// Whether objects are read whose keys have more `/` behind that.
    pub recursive: bool,
    /// How records stand in the objects.
    pub records: RecordsConfig,
}

impl ObjectSourceConfig {
    /// Where the objects are, for people.
    pub fn location(&self) -> String {
        self.name_of(&self.key).display().to_string()
    }
}

/// Where objects are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectStoreConfig {
    /// A bucket of S3, or of what speaks its protocol.
    S3(S3Config),
    /// Local files, whose paths are the keys.
    Files,
}

impl ObjectStoreConfig {
    /// What kind of store it is, in one word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::S3(_) => "s3",
            Self::Files => "file",
        }
    }

    /// The bucket, where it is on a network.
    pub fn endpoint(&self) -> Option<String> {
        match self {
            Self::Files => None,
            Self::S3(s3) => Some(match &s3.endpoint {
                Some(endpoint) => format!("{endpoint}/{}", s3.bucket),
                None => format!("s3://{}", s3.bucket),
            }),
        }
    }
}

/// A bucket, and how it is reached. What is absent comes from the environment (`AWS_…`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Config {
    /// The bucket.
    pub bucket: String,
    /// Another server than Amazon's.
    pub endpoint: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// Who asks.
    pub access_key_id: Option<String>,
    /// The key with which requests are signed.
    pub secret_access_key: Option<Secret>,
    /// Whether the server may be asked without TLS.
    pub allow_http: bool,
}

/// Keys that a source of objects understands besides those of records.
const KEYS: [&str; 8] = [
    "type",
    "path",
    "recursive",
    "s3.endpoint",
    "s3.region",
    "s3.access.key.id",
    "s3.secret.access.key",
    "s3.allow.http",
];

const S3_SCHEME: &str = "s3://";
const FILE_SCHEME: &str = "file://";

impl ObjectSourceConfig {
    /// Whether properties are those of a source of objects.
    pub(super) fn is_meant(kind: Option<&str>, properties: &BTreeMap<String, String>) -> bool {
        let kind = kind.or(properties.get("type").map(String::as_str));
        match kind {
            Some(kind) => kind.eq_ignore_ascii_case("s3_source"),
            None => properties.get("path").is_some_and(|path| path.starts_with(S3_SCHEME)),
        }
    }

    pub(super) fn from_properties(properties: &BTreeMap<String, String>) -> Result<Self, Vec<PropertyError>> {
        let keys: Vec<&str> = KEYS.iter().chain(RECORDS_KEYS).copied().collect();
        let mut read = Properties::of_kind(properties, "a source of objects", &keys);
        let place = read_path(&mut read);
        let records = RecordsConfig::read(&mut read);
        let recursive = read.boolean("recursive");
        let allow_http = read.boolean("s3.allow.http").unwrap_or(false);
        let endpoint = read_endpoint(&mut read, allow_http);
        let access_key_id = read.text("s3.access.key.id").map(str::to_owned);
        let secret_access_key = read.text("s3.secret.access.key").map(Secret::new);
        refuse_half_a_key(&mut read, access_key_id.is_some(), secret_access_key.is_some());
        let region = read.text("s3.region").map(str::to_owned);
        let key = place.as_ref().map(|(_, key)| key.as_str());
        must_tell_format(&mut read, key, &records);
        read.finish()?;
        let Some((bucket, key)) = place else {
            return Err(Vec::new()); // Refused above.
        };
        let s3 = |bucket| S3Config {
            bucket,
            endpoint,
            region,
            access_key_id,
            secret_access_key,
            allow_http,
        };
        Ok(Self {
            store: bucket.map_or(ObjectStoreConfig::Files, |bucket| ObjectStoreConfig::S3(s3(bucket))),
            key,
            recursive: recursive.unwrap_or(false),
            records,
        })
    }

    /// The given keys that only other objects or another store would have a use for.
    pub(super) fn keys_without_effect<'a>(&self, properties: &'a BTreeMap<String, String>) -> Vec<&'a str> {
        let is_local = self.store == ObjectStoreConfig::Files;
        let is_typed = self.records.format.is_some_and(FileFormat::is_typed);
        let is_idle = |key: &str| match key {
            "recursive" => has_wildcards(Path::new(&self.key)),
            "compression" => is_typed,
            _ => is_local && key.starts_with("s3."),
        };
        properties
            .keys()
            .map(String::as_str)
            .filter(|key| is_idle(key))
            .collect()
    }

    /// What an object is called in messages.
    pub(crate) fn name_of(&self, key: &str) -> PathBuf {
        PathBuf::from(match &self.store {
            ObjectStoreConfig::S3(s3) => format!("{S3_SCHEME}{}/{key}", s3.bucket),
            ObjectStoreConfig::Files => format!("{FILE_SCHEME}/{key}"),
        })
    }
}

/// Bucket, if it is one, and key.
fn read_path(read: &mut Properties<'_>) -> Option<(Option<String>, String)> {
    let Some(path) = read.text("path") else {
        let message = "a source of objects needs `path`, such as s3://bucket/prefix/*.parquet".to_owned();
        read.reject("path", PropertyErrorKind::Missing, message);
        return None;
    };
    // What would be malformed as a pattern may be the key of an object.
    split_path(path)
        .map_err(|message| read.reject("path", PropertyErrorKind::Invalid, message))
        .ok()
}

fn split_path(path: &str) -> Result<(Option<String>, String), String> {
    if let Some(rest) = path.strip_prefix(S3_SCHEME) {
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        // It may be a key, and would be printed wherever the bucket is.
        if bucket.contains(['@', ':']) {
            return Err(
                "`path` must not hold credentials; say `s3.access.key.id` and `s3.secret.access.key`".to_owned(),
            );
        }
        if bucket.is_empty() || has_wildcards(Path::new(bucket)) {
            return Err(format!("`{path}` names no bucket: write s3://bucket/key"));
        }
        return Ok((Some(bucket.to_owned()), key.to_owned()));
    }
    match path.strip_prefix("file:///") {
        Some(key) => Ok((None, key.to_owned())),
        None => Err(format!("`path` must begin with {S3_SCHEME} or {FILE_SCHEME}/")),
    }
}

fn read_endpoint(read: &mut Properties<'_>, allow_http: bool) -> Option<String> {
    let endpoint = read.text("s3.endpoint")?;
    let problem = match reqwest::Url::parse(endpoint) {
        Err(error) => format!("`s3.endpoint` is no URL: {error}"),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            "`s3.endpoint` must not hold credentials; say `s3.access.key.id` and `s3.secret.access.key`".to_owned()
        }
        Ok(url) if url.scheme() == "http" && !allow_http => {
            "`s3.endpoint` is without TLS; say 's3.allow.http' = 'true' if that is meant".to_owned()
        }
        Ok(_) => return Some(endpoint.to_owned()),
    };
    read.reject("s3.endpoint", PropertyErrorKind::Invalid, problem);
    None
}

/// Half of a key from here and half from the environment would be no key.
fn refuse_half_a_key(read: &mut Properties<'_>, has_id: bool, has_secret: bool) {
    let (missing, given) = match (has_id, has_secret) {
        (true, false) => ("s3.secret.access.key", "s3.access.key.id"),
        (false, true) => ("s3.access.key.id", "s3.secret.access.key"),
        _ => return,
    };
    read.reject(
        missing,
        PropertyErrorKind::Missing,
        format!("`{given}` needs `{missing}`"),
    );
}

/// One object whose name tells no format needs one; of several, those that are found may tell it.
fn must_tell_format(read: &mut Properties<'_>, key: Option<&str>, records: &RecordsConfig) {
    let Some(key) = key.filter(|key| !key.ends_with('/')) else {
        return;
    };
    let key = Path::new(key);
    if !has_wildcards(key)
        && key.extension().is_some()
        && records.format.is_none()
        && let Err(error) = super::properties::format_of_path(key)
    {
        read.reject("format", error.kind, error.message);
    }
}
