//! Tables from objects, in a real store and in local files.

mod failures;
mod incremental;
mod local;
mod parallel;
mod s3;

use velo_datasources::SourceConfig;
use velo_testservices::S3Server;

use crate::tables::config;

const SECRET: &str = "s3cr3t-value";

/// A source of a bucket, with further settings.
fn bucket_config(endpoint: &str, path: &str, settings: &[(&str, &str)]) -> SourceConfig {
    let mut properties = vec![
        ("path", path),
        ("s3.endpoint", endpoint),
        ("s3.allow.http", "true"),
        ("s3.region", "us-east-1"),
        ("s3.access.key.id", "test"),
        ("s3.secret.access.key", SECRET),
    ];
    properties.extend(settings);
    config(&properties)
}

/// The server with a fresh bucket; `None` where there is none.
fn bucket(name: &str) -> Option<&'static S3Server> {
    let server = S3Server::shared()?;
    server.create_bucket(name);
    Some(server)
}
