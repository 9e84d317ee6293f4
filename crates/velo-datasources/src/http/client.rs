use std::sync::Arc;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, StatusCode, Url};

use super::failure::{location, not_secure, refused, unanswered};
use super::marks::Marks;
use crate::tls::web_client;
use crate::{HttpCredentials, HttpSourceConfig, SourceError};

/// Redirects that are followed.
const REDIRECTS_MAX: usize = 5;

/// Asks a server, as a source's configuration says.
#[derive(Debug, Clone)]
pub(super) struct HttpClient {
    client: Client,
    config: Arc<HttpSourceConfig>,
}

impl HttpClient {
    /// A client that has not asked anything yet.
    pub(super) fn new(config: Arc<HttpSourceConfig>) -> Result<Self, SourceError> {
        let location = location(&config.url);
        let tls = web_client().map_err(|error| not_secure(location, &error))?;
        let builder = Client::builder()
            .use_preconfigured_tls(tls)
            .user_agent(concat!("velostream/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(config.connect_timeout)
            .read_timeout(config.request_timeout)
            .redirect(redirects(&config))
            .default_headers(headers(&config));
        match builder.build() {
            Ok(client) => Ok(Self { client, config }),
            Err(error) => Err(unanswered(&config, &config.url, &error)),
        }
    }

    pub(super) fn config(&self) -> &HttpSourceConfig {
        &self.config
    }

    /// Asks for a document, unless it is still the one with these marks. Any answer but a success and `304 Not Modified`
    /// is an error.
    pub(super) async fn get(&self, url: &Url, unless: &Marks) -> Result<Response, SourceError> {
        let response = self.send(Method::GET, url, unless).await?;
        let status = response.status();
        if status.is_success() || !unless.are_none() && status == StatusCode::NOT_MODIFIED {
            return Ok(response);
        }
        Err(refused(&self.config, url, response).await)
    }

    /// Asks for a document that may not be there: the error within is that of `404 Not Found`.
    pub(super) async fn find(&self, url: &Url) -> Result<Result<Response, SourceError>, SourceError> {
        let response = self.send(Method::GET, url, &Marks::default()).await?;
        let status = response.status();
        if status.is_success() {
            return Ok(Ok(response));
        }
        let error = refused(&self.config, url, response).await;
        if status == StatusCode::NOT_FOUND {
            Ok(Err(error))
        } else {
            Err(error)
        }
    }

    /// Asks what would be told of a document; `None` if the server does not answer such questions.
    pub(super) async fn head(&self, url: &Url) -> Result<Option<Response>, SourceError> {
        let response = self.send(Method::HEAD, url, &Marks::default()).await?;
        Ok(Some(response).filter(|response| response.status().is_success()))
    }

    async fn send(&self, method: Method, url: &Url, unless: &Marks) -> Result<Response, SourceError> {
        let request = self.client.request(method, url.clone()).headers(unless.as_conditions());
        let request = match &self.config.credentials {
            Some(HttpCredentials::Bearer(token)) => request.bearer_auth(token.expose()),
            Some(HttpCredentials::Basic { user, password }) => request.basic_auth(user, Some(password.expose())),
            None => request,
        };
        request
            .send()
            .await
            .map_err(|error| unanswered(&self.config, url, &error))
    }
}

/// What goes with every request.
fn headers(config: &HttpSourceConfig) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let given = config.headers.iter().filter_map(|(name, value)| {
        // Names and values have been checked when the configuration was read.
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_str(value.expose()).ok()?))
    });
    for (name, mut value) in given {
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    headers
}

/// Follows a few redirects; what is meant for one server's eyes alone goes to no other.
fn redirects(config: &HttpSourceConfig) -> Policy {
    let is_private = config.is_private();
    let origin = config.url.origin();
    Policy::custom(move |attempt| {
        if attempt.previous().len() > REDIRECTS_MAX {
            return attempt.error(format!("it redirects more than {REDIRECTS_MAX} times"));
        }
        if is_private && attempt.url().origin() != origin {
            let target = attempt.url().origin().ascii_serialization();
            return attempt.error(format!(
                "it redirects to {target}, which must not see the credentials meant for this server; say that URL"
            ));
        }
        attempt.follow()
    })
}
