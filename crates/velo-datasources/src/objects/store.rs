use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};

use super::failure::{failed, silent};
use super::wire::{AnyKey, Signer};
use crate::{ObjectSourceConfig, ObjectStoreConfig, S3Config, SourceError};

/// How long it may take until a connection is there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a store may be silent.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// Tries of a single request: one hiccup among thousands of objects need not begin a load anew. What goes on longer is left
/// to whoever retries the load.
const REQUEST_RETRIES_MAX: usize = 2;
const REQUEST_BACKOFF: Duration = Duration::from_millis(100);

/// The region that the library takes where none is configured.
const REGION_DEFAULT: &str = "us-east-1";

/// A store that is open.
#[derive(Debug, Clone)]
pub(super) struct Store {
    pub(super) objects: Arc<dyn ObjectStore>,
    /// The same store where it has keys, which can be listed by any beginning; none where it has directories.
    pub(super) pages: Option<Arc<AmazonS3>>,
}

/// Opens a store; nothing is asked of it yet.
pub(super) fn open_store(config: &ObjectSourceConfig) -> Result<Store, SourceError> {
    match &config.store {
        ObjectStoreConfig::Files => Ok(Store {
            objects: Arc::new(LocalFileSystem::new()),
            pages: None,
        }),
        ObjectStoreConfig::S3(s3) => {
            let opened = open_s3(s3).map_err(|error| failed(&config.name_of(&config.key), &error))?;
            Ok(Store {
                objects: Arc::clone(&opened) as _,
                pages: Some(opened),
            })
        }
    }
}

fn open_s3(s3: &S3Config) -> object_store::Result<Arc<AmazonS3>> {
    let connector = AnyKey::default();
    let builder = s3_builder(s3).with_http_connector(connector.clone());
    let region = builder.get_config_value(&AmazonS3ConfigKey::Region);
    let store = builder.build()?;
    connector.sign_with(Signer {
        credentials: Arc::clone(store.credentials()),
        region: region.unwrap_or_else(|| REGION_DEFAULT.to_owned()),
    });
    Ok(Arc::new(store))
}

fn s3_builder(s3: &S3Config) -> AmazonS3Builder {
    let options = ClientOptions::new()
        .with_connect_timeout(CONNECT_TIMEOUT)
        .with_timeout_disabled() // It would bound the time of a whole object; silence is bounded instead.
        .with_allow_http(s3.allow_http);
    let retries = RetryConfig {
        max_retries: REQUEST_RETRIES_MAX,
        backoff: BackoffConfig {
            init_backoff: REQUEST_BACKOFF,
            ..BackoffConfig::default()
        },
        ..RetryConfig::default()
    };
    let given = [
        (AmazonS3ConfigKey::Endpoint, s3.endpoint.as_deref()),
        (AmazonS3ConfigKey::Region, s3.region.as_deref()),
        (AmazonS3ConfigKey::AccessKeyId, s3.access_key_id.as_deref()),
        (
            AmazonS3ConfigKey::SecretAccessKey,
            s3.secret_access_key.as_ref().map(crate::Secret::expose),
        ),
    ];
    let builder = AmazonS3Builder::from_env()
        .with_bucket_name(&s3.bucket)
        .with_client_options(options)
        .with_retry(retries);
    let given = given.into_iter().filter_map(|(key, value)| Some((key, value?)));
    given.fold(builder, |builder, (key, value)| builder.with_config(key, value))
}

/// Waits for an answer of a store, but not for ever; `name` is what was asked for.
pub(super) async fn answered<T>(
    name: &Path,
    answer: impl Future<Output = object_store::Result<T>>,
) -> Result<T, SourceError> {
    match tokio::time::timeout(SILENCE_MAX, answer).await {
        Ok(answer) => answer.map_err(|error| failed(name, &error)),
        Err(_) => Err(silent(name, SILENCE_MAX)),
    }
}
