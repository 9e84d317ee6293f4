//! What went wrong with a server, and whether it is worth while to ask it again.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};
use velo_common::format_duration;

use crate::tls::{WayOut, explain, tls_error};
use crate::{HttpSourceConfig, SourceError};

/// Longest part of a server's explanation that is shown.
const EXPLANATION_CHARACTERS_MAX: usize = 200;

/// What can be done about a server that is not trusted.
const WAY_OUT: WayOut = WayOut {
    authorities: "`SSL_CERT_FILE`",
    names: "ask it by one of its names",
};

/// A URL for people: without its query, which may hold a key.
pub(crate) fn location(url: &Url) -> String {
    let mut shown = url.clone();
    shown.set_query(None);
    shown.set_fragment(None);
    match url.query() {
        Some(_) => format!("{shown}?…"),
        None => shown.to_string(),
    }
}

/// A request without an answer.
pub(super) fn unanswered(config: &HttpSourceConfig, url: &Url, error: &reqwest::Error) -> SourceError {
    let location = location(url);
    let innermost = innermost(error);
    if error.is_redirect() {
        return SourceError::Refused {
            location,
            message: innermost,
            is_transient: false,
        };
    }
    if let Some(error) = tls_error(error) {
        return not_secure(location, error);
    }
    let (message, is_transient) = match () {
        () if error.is_timeout() && error.is_connect() => {
            let patience = format_duration(config.connect_timeout);
            (format!("no connection within {patience} (`connect.timeout`)"), true)
        }
        () if error.is_timeout() => (silence(config), true),
        () if mentions(error, &["dns error", "failed to lookup"]) => {
            (format!("the name of the server cannot be resolved: {innermost}"), true)
        }
        () if mentions(error, &["tls handshake eof"]) => {
            let message = "no secure connection: the server hung up at the first word; does it speak TLS?";
            (message.to_owned(), false)
        }
        () if error.is_builder() => (innermost, false),
        () => (innermost, true),
    };
    SourceError::Connection {
        location,
        message,
        is_transient,
    }
}

/// A server that TLS does not accept; asking it again would not change that.
pub(super) fn not_secure(location: String, error: &rustls::Error) -> SourceError {
    SourceError::Connection {
        location,
        message: format!("no secure connection: {}", explain(error, &WAY_OUT)),
        is_transient: false,
    }
}

/// An answer that did not come to its end.
pub(super) fn broken_off(config: &HttpSourceConfig, url: &Url, error: &reqwest::Error) -> SourceError {
    let message = if error.is_timeout() {
        silence(config)
    } else {
        format!("the answer broke off: {}", innermost(error))
    };
    SourceError::Connection {
        location: location(url),
        message,
        is_transient: true,
    }
}

fn silence(config: &HttpSourceConfig) -> String {
    let patience = format_duration(config.request_timeout);
    format!("no answer for {patience} (`request.timeout`)")
}

/// An answer that is none.
pub(super) async fn refused(url: &Url, response: Response) -> SourceError {
    let location = location(url);
    let status = response.status();
    let is_transient = status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
        );
    let retry_after = retry_after(response.headers());
    let mut message = format!("the server answers {status}");
    if let Some(explanation) = explanation(response).await {
        message = format!("{message}: {explanation}");
    }
    if let Some(advice) = advice(status) {
        message = format!("{message}; {advice}");
    }
    if is_transient {
        return SourceError::Busy {
            location,
            message,
            retry_after,
        };
    }
    SourceError::Refused {
        location,
        message,
        is_transient,
    }
}

/// What can be done about an answer that is none.
fn advice(status: StatusCode) -> Option<&'static str> {
    Some(match status {
        StatusCode::UNAUTHORIZED => "say who asks with `auth.bearer`, or `auth.user` and `auth.password`",
        StatusCode::FORBIDDEN => "who asks may not read it",
        StatusCode::NOT_FOUND | StatusCode::GONE => "check the URL",
        _ => return None,
    })
}

/// How long the server asks to be left alone, where it says so in seconds.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The beginning of what the server says about it, if that is one line of text.
async fn explanation(mut response: Response) -> Option<String> {
    let bytes = response.chunk().await.ok()??;
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim();
    let is_readable = !text.is_empty() && !text.starts_with('<') && !text.contains(['\n', '\u{FFFD}']);
    is_readable.then(|| text.chars().take(EXPLANATION_CHARACTERS_MAX).collect())
}

fn chain<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    fn cause_of<'e>(error: &&'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
        (*error).source()
    }
    std::iter::successors(error.source(), cause_of)
}

/// What is at the bottom of it; the layers above only repeat that a request failed.
fn innermost(error: &reqwest::Error) -> String {
    chain(error)
        .last()
        .map_or_else(|| error.to_string(), ToString::to_string)
}

/// Whether an error or a cause of it says one of these words. The libraries below tell these kinds by text alone.
fn mentions(error: &reqwest::Error, words: &[&str]) -> bool {
    chain(error).any(|cause| {
        let text = cause.to_string().to_ascii_lowercase();
        words.iter().any(|word| text.contains(&word.to_ascii_lowercase()))
    })
}
