//! What went wrong with a server, and whether it is worth while to ask it again.

use std::error::Error;
use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};
use velo_common::format_duration;
use velo_data::{Clock as _, SystemClock};

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
    let innermost = innermost(error, url);
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
        format!("the answer broke off: {}", innermost(error, url))
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
pub(super) async fn refused(config: &HttpSourceConfig, url: &Url, response: Response) -> SourceError {
    let location = location(url);
    let status = response.status();
    let is_transient = status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
        );
    let now = SystemTime::UNIX_EPOCH + Duration::from_millis(SystemClock.now_ms().unsigned_abs());
    let retry_after = retry_after(response.headers(), now);
    let mut message = format!("the server answers {status}");
    // Some servers say what key they do not know.
    let explanation = explanation(response).await.filter(|text| !config.is_told_in(text));
    if let Some(explanation) = explanation {
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

/// How long the server asks to be left alone: so many seconds, or until a date (RFC 9110, 10.2.3). A date is taken by
/// the clock of the server, if it tells it.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name| Some(headers.get(name)?.to_str().ok()?.trim());
    let given = text(RETRY_AFTER)?;
    if let Ok(seconds) = given.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(given).ok()?;
    let now = text(DATE)
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .unwrap_or(now);
    Some(until.duration_since(now).unwrap_or_default())
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

/// What is at the bottom of it; the layers above only repeat that a request failed, and to what URL.
fn innermost(error: &reqwest::Error, url: &Url) -> String {
    let text = chain(error)
        .last()
        .map_or_else(|| error.to_string(), ToString::to_string);
    let asked = [Some(url), error.url()].into_iter().flatten();
    asked.fold(text, |text, url| text.replace(url.as_str(), &location(url)))
}

/// Whether an error or a cause of it says one of these words. The libraries below tell these kinds by text alone.
fn mentions(error: &reqwest::Error, words: &[&str]) -> bool {
    chain(error).any(|cause| {
        let text = cause.to_string().to_ascii_lowercase();
        words.iter().any(|word| text.contains(&word.to_ascii_lowercase()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The three forms of a date are those of RFC 9110, 5.6.7; they mean 784111777 s.
    #[test]
    fn servers_ask_for_patience_in_seconds_and_by_dates() {
        const IMF: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_700);
        let cases = [
            (Some("120"), None, Some(120)),
            (Some(" 0 "), None, Some(0)),
            (Some(IMF), None, Some(77)),
            (Some("Sunday, 06-Nov-94 08:49:37 GMT"), None, Some(77)),
            (Some("Sun Nov  6 08:49:37 1994"), None, Some(77)),
            (Some(IMF), Some("Sun, 06 Nov 1994 08:49:07 GMT"), Some(30)),
            (Some(IMF), Some("Sun, 06 Nov 1994 08:50:00 GMT"), Some(0)),
            (Some(IMF), Some("today"), Some(77)),
            (Some("soon"), None, None),
            (Some("-1"), None, None),
            (None, None, None),
        ];
        for (given, date, seconds) in cases {
            let header = |name, value: Option<&'static str>| Some((name, value?.parse().unwrap()));
            let headers: HeaderMap = [header(RETRY_AFTER, given), header(DATE, date)]
                .into_iter()
                .flatten()
                .collect();
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(retry_after(&headers, now), expected, "{given:?} {date:?}");
        }
    }
}
