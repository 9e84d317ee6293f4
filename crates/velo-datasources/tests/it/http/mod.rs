//! Tables from the web, against a real server.

mod changes;
mod failures;
mod formats;
mod load;
mod paging;
mod settings;

use velo_datasources::SourceError;
use velo_testservices::HttpServer;

/// An error as people read it, with the server's port left out.
fn told(server: &HttpServer, error: &SourceError) -> String {
    let mut text = error.to_string();
    if let Some(cause) = std::error::Error::source(error) {
        text = format!("{text}: {cause}");
    }
    text.replace(&server.address(), "server")
}
