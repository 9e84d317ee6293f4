//! Requests and listings with keys as they are, whatever the library's paths can hold.
//!
//! The library makes a request, signs it, and hands it to a service. This one puts the key back in its place and
//! signs again; and in listings it escapes keys before the library reads them. All else is the library's: connections,
//! tries, streams.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt as _;
use object_store::ClientOptions;
use object_store::aws::{AwsAuthorizer, AwsCredentialProvider};
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
    ReqwestConnector,
};

use super::keys::{EMPTY_NAME, ESCAPE_IN_URL, escaped};

/// What S3 is called in signatures.
const SERVICE: &str = "s3";

/// What tells a listing from other requests.
const LISTING: &str = "list-type=2";

/// Who signs, known once the store is built.
#[derive(Debug, Clone)]
pub(super) struct Signer {
    pub(super) credentials: AwsCredentialProvider,
    pub(super) region: String,
}

/// Opens connections whose requests carry any key.
#[derive(Debug, Clone, Default)]
pub(super) struct AnyKey {
    signer: Arc<OnceLock<Signer>>,
}

impl AnyKey {
    /// Says who signs; the first word counts.
    pub(super) fn sign_with(&self, signer: Signer) {
        self.signer.get_or_init(|| signer);
    }
}

impl HttpConnector for AnyKey {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(AnyKeyService {
            inner: ReqwestConnector::default().connect(options)?,
            signer: Arc::clone(&self.signer),
        }))
    }
}

#[derive(Debug)]
struct AnyKeyService {
    inner: HttpClient,
    signer: Arc<OnceLock<Signer>>,
}

#[async_trait]
impl HttpService for AnyKeyService {
    async fn call(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let path = request.uri().path();
        if path.contains(ESCAPE_IN_URL) {
            let query = request.uri().query().map_or(String::new(), |query| format!("?{query}"));
            let target = format!("{}{query}", with_key(path));
            self.send_to(&mut request, &target).await?;
        }
        let is_listing = request.uri().query().is_some_and(|query| query.contains(LISTING));
        let response = self.inner.execute(request).await?;
        if is_listing && response.status().is_success() {
            return with_escaped_keys(response).await;
        }
        Ok(response)
    }
}

impl AnyKeyService {
    /// Makes a path and a query those of a request, which is signed anew if it was signed.
    async fn send_to(&self, request: &mut HttpRequest, target: &str) -> Result<(), HttpError> {
        let mut address = request.uri().clone().into_parts();
        address.path_and_query = Some(target.parse().map_err(malformed)?);
        *request.uri_mut() = address.try_into().map_err(malformed)?;
        if request.headers_mut().remove("authorization").is_none() {
            return Ok(());
        }
        let Some(Signer { credentials, region }) = self.signer.get() else {
            return Ok(());
        };
        let credential = credentials.get_credential().await.map_err(malformed)?;
        AwsAuthorizer::new(&credential, SERVICE, region).authorize(request, None);
        Ok(())
    }
}

fn malformed(error: impl std::error::Error + Send + Sync + 'static) -> HttpError {
    HttpError::new(HttpErrorKind::Unknown, error)
}

/// The path of a URL with the key itself in place of what stands for it.
fn with_key(path: &str) -> String {
    let mut parts = path.split(ESCAPE_IN_URL);
    let mut key = parts.next().unwrap_or_default().to_owned();
    while let Some(part) = parts.next() {
        match part.strip_prefix(EMPTY_NAME) {
            Some(rest) => key.push_str(rest),
            None if part.is_empty() => {
                // Two escapes in a row stand for one.
                key.push_str(ESCAPE_IN_URL);
                key.push_str(parts.next().unwrap_or_default());
            }
            None => {
                key.push('%');
                key.push_str(part);
            }
        }
    }
    key
}

/// A listing in which every key is a path.
async fn with_escaped_keys(response: HttpResponse) -> Result<HttpResponse, HttpError> {
    let (mut parts, body) = response.into_parts();
    let pieces: BytesMut = body.bytes_stream().try_collect().await?;
    parts.headers.remove("content-length");
    let body = match std::str::from_utf8(&pieces) {
        Ok(listing) => Bytes::from(escaped_listing(listing)),
        Err(_) => pieces.freeze(), // The library will say what is wrong with it.
    };
    Ok(HttpResponse::from_parts(parts, HttpResponseBody::from(body)))
}

fn escaped_listing(listing: &str) -> String {
    ["Key", "Prefix"].iter().fold(listing.to_owned(), |listing, element| {
        let (start, end) = (format!("<{element}>"), format!("</{element}>"));
        let mut escaped_listing = String::with_capacity(listing.len());
        let mut rest = listing.as_str();
        while let Some((before, behind)) = rest.split_once(start.as_str()) {
            let Some((text, behind)) = behind.split_once(end.as_str()) else {
                break;
            };
            escaped_listing.push_str(before);
            escaped_listing.push_str(&start);
            escaped_listing.push_str(&to_xml(&escaped(&from_xml(text))));
            escaped_listing.push_str(&end);
            rest = behind;
        }
        escaped_listing.push_str(rest);
        escaped_listing
    })
}

/// The text of an element: entities, and characters by their numbers.
fn from_xml(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        plain.push_str(before);
        let entity = behind
            .split_once(';')
            .and_then(|(name, behind)| Some((character(name)?, behind)));
        match entity {
            Some((character, behind)) => {
                plain.push(character);
                rest = behind;
            }
            None => {
                plain.push('&');
                rest = behind;
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn character(entity: &str) -> Option<char> {
    let number = |digits: &str, radix: u32| char::from_u32(u32::from_str_radix(digits, radix).ok()?);
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let digits = entity.strip_prefix('#')?;
            match digits.strip_prefix(['x', 'X']) {
                Some(digits) => number(digits, 16),
                None => number(digits, 10),
            }
        }
    }
}

fn to_xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::keys::path_of;

    /// The strict set of the library's requests: all but letters, digits and `-._~/`.
    const IN_URL: percent_encoding::AsciiSet = percent_encoding::NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~')
        .remove(b'/');

    fn in_url(text: &str) -> String {
        percent_encoding::utf8_percent_encode(text, &IN_URL).to_string()
    }

    #[test]
    fn requests_are_sent_with_the_key() {
        for key in [
            "d//x.csv",
            "/a",
            "a/",
            "//",
            " a b /",
            "a\tb/\u{7F}",
            "\u{F8FF}",
            "\u{F8FF}\u{F8FF}_/",
            "a_b/_",
            "ä b+%[1]",
        ] {
            let path = path_of(key).unwrap();
            assert_eq!(with_key(&in_url(path.as_ref())), in_url(key), "{key}");
        }
    }

    #[test]
    fn listings_have_keys_that_are_paths() {
        let listing = "<R><Prefix>d/</Prefix><Contents><Key>d//a&amp;b&#x9;.csv</Key><Size>1</Size></Contents>\
                       <Contents><Key>d/c.csv</Key></Contents><CommonPrefixes><Prefix>d//</Prefix></CommonPrefixes></R>";
        let expected = "<R><Prefix>d/\u{F8FF}_</Prefix><Contents><Key>d/\u{F8FF}_/a&amp;b\u{F8FF}09.csv</Key><Size>1</Size></Contents>\
                        <Contents><Key>d/c.csv</Key></Contents><CommonPrefixes><Prefix>d/\u{F8FF}_/\u{F8FF}_</Prefix></CommonPrefixes></R>";
        assert_eq!(escaped_listing(listing), expected);
    }
}
