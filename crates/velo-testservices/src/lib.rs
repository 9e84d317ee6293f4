//! Servers that tests talk to, as they are in life: an HTTP server that does what a test tells it, a server that speaks
//! the protocol of S3, and PostgreSQL; and an authority that certifies them for TLS.
//!
//! For tests alone: a server that cannot be started ends the test with a panic, or where it is not installed, skips it
//! loudly; with `VELO_REQUIRE_SERVICES=1` a skip is a failure.

#![allow(clippy::expect_used, clippy::panic)]

mod authority;
mod http;
mod postgres;
mod s3;
mod service;

pub use authority::{Authority, Identity};
pub use http::{Answer, Gate, HttpServer, Request};
pub use postgres::{Database, PostgresServer};
pub use s3::S3Server;
pub use service::skip;
