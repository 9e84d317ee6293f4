use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};

use super::keys::RECORDS_KEYS;
use super::properties::{Properties, PropertyError, PropertyErrorKind, parse_count, parse_interval};
use super::{FileFormat, RecordsConfig, Secret};

/// What is read from a web server, and how.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpSourceConfig {
    /// Where it is, without credentials.
    pub url: Url,
    /// How records stand in it.
    pub records: RecordsConfig,
    /// Members that lead from the top of a JSON document to its array of records, as in `data.items`; empty where the
    /// document is the records.
    pub records_path: Vec<String>,
    /// Headers that go with every request.
    pub headers: Vec<(String, Secret)>,
    /// Who asks.
    pub credentials: Option<HttpCredentials>,
    /// How long it may take until a connection is there.
    pub connect_timeout: Duration,
    /// How long a server may be silent, before its answer and within it.
    pub request_timeout: Duration,
    /// How one page leads to the next.
    pub paging: Paging,
    /// Most pages of one load.
    pub pages_max: u64,
}

/// Who asks a web server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpCredentials {
    /// A token, sent as `Authorization: Bearer …`.
    Bearer(Secret),
    /// A user with a password, sent as `Authorization: Basic …`.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
}

/// How one page leads to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paging {
    /// There is one page.
    None,
    /// The header `Link` names the next one with `rel="next"` (RFC 8288).
    Link,
    /// Pages have numbers; the first one without records is the end.
    Number {
        /// The query parameter with the number.
        parameter: String,
        /// Number of the first page.
        start: u64,
        /// The query parameter that asks for so many records a page, if one is wanted.
        size: Option<(String, u64)>,
        /// How the server says that there are no more pages.
        end: PagingEnd,
    },
    /// Each page has a mark that asks for the next one; the last one has none.
    Cursor {
        /// Members that lead to it from the top of the document.
        path: Vec<String>,
        /// The query parameter that takes it. A mark that is a URL is followed instead.
        parameter: String,
    },
}

/// How a server says that there is no page any more, where pages have numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PagingEnd {
    /// By one without records.
    #[default]
    Empty,
    /// By `404 Not Found`; a page without records is the end as well.
    NotFound,
}

/// Keys that an HTTP source understands besides those of records.
const KEYS: [&str; 20] = [
    "type",
    "path",
    "url",
    "method",
    "headers",
    "auth.bearer",
    "auth.user",
    "auth.password",
    "connect.timeout",
    "request.timeout",
    "records.path",
    "paging.style",
    "paging.parameter",
    "paging.start",
    "paging.size",
    "paging.size.parameter",
    "paging.cursor.path",
    "paging.end",
    "http.pages.end",
    "paging.max_pages",
];

/// A shorter piece of a secret may be in a text by chance, and tells little.
const SECRET_PIECE_CHARACTERS: usize = 4;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const PAGES_MAX: u64 = 10_000;

impl HttpSourceConfig {
    /// Where the document is, for people: without the query, which may hold a key.
    pub fn location(&self) -> String {
        crate::http::location(&self.url)
    }

    /// The server, with its port.
    pub fn endpoint(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// A document in a format that its server or its URL tells.
    pub fn new(url: Url) -> Self {
        Self {
            url,
            records: RecordsConfig::default(),
            records_path: Vec::new(),
            headers: Vec::new(),
            credentials: None,
            connect_timeout: CONNECT_TIMEOUT,
            request_timeout: REQUEST_TIMEOUT,
            paging: Paging::None,
            pages_max: PAGES_MAX,
        }
    }

    /// Whether requests carry what is meant for this server alone.
    pub(crate) fn is_private(&self) -> bool {
        self.credentials.is_some() || !self.headers.is_empty()
    }

    /// Whether a text tells a part of what is meant for this server alone. It may be escaped there in any way, so that short
    /// pieces are looked for.
    pub(crate) fn is_told_in(&self, text: &str) -> bool {
        let headers = self.headers.iter().filter(|(name, _)| !is_plain_header(name));
        let headers = headers.map(|(_, value)| value.expose());
        let secret = self.credentials.iter().map(|credentials| match credentials {
            HttpCredentials::Bearer(secret) | HttpCredentials::Basic { password: secret, .. } => secret.expose(),
        });
        let query: Vec<_> = self.url.query_pairs().map(|(_, value)| value.into_owned()).collect();
        let mut all = headers.chain(secret).chain(query.iter().map(String::as_str));
        all.any(|value| {
            let characters: Vec<char> = value.chars().collect();
            let mut pieces = characters.windows(SECRET_PIECE_CHARACTERS);
            pieces.any(|piece| text.contains(&piece.iter().collect::<String>()))
        })
    }

    /// Whether records stand within a JSON document.
    pub(crate) fn is_within_document(&self) -> bool {
        !self.records_path.is_empty()
    }

    /// Whether properties are those of an HTTP source.
    pub(super) fn is_meant(kind: Option<&str>, properties: &BTreeMap<String, String>) -> bool {
        let kind = kind.or(properties.get("type").map(String::as_str));
        match kind {
            Some(kind) => kind.eq_ignore_ascii_case("http_source"),
            None => properties.contains_key("url") || properties.get("path").is_some_and(|path| is_web_address(path)),
        }
    }

    pub(super) fn from_properties(properties: &BTreeMap<String, String>) -> Result<Self, Vec<PropertyError>> {
        let keys: Vec<&str> = KEYS.iter().chain(RECORDS_KEYS).copied().collect();
        let mut read = Properties::of_kind(properties, "an HTTP source", &keys);
        let url = read_url(&mut read);
        let mut records = RecordsConfig::read(&mut read);
        refuse_format(&mut read, &mut records);
        refuse_method(&mut read);
        let headers = read.parsed_secret("headers", parse_headers).unwrap_or_default();
        let credentials = read_credentials(&mut read);
        let records_path = read.parsed(&["records.path"], parse_member_path).unwrap_or_default();
        let paging = read_paging(&mut read);
        let pages_max = read.parsed(&["paging.max_pages"], parse_positive);
        let connect_timeout = read.parsed(&["connect.timeout"], parse_interval);
        let request_timeout = read.parsed(&["request.timeout"], parse_interval);
        if matches!(paging, Paging::Cursor { .. }) && records_path.is_empty() {
            let message = "`paging.style` = 'cursor' needs `records.path`, since the page is a document".to_owned();
            read.reject("records.path", PropertyErrorKind::Missing, message);
        }
        if !records_path.is_empty() && records.format.is_some_and(|format| format != FileFormat::Json) {
            let message = "records within a document are in the format `json`".to_owned();
            read.reject("format", PropertyErrorKind::Invalid, message);
        }
        read.finish()?;
        let Some(url) = url else {
            return Err(Vec::new()); // Refused above.
        };
        Ok(Self {
            records,
            records_path,
            headers,
            credentials,
            connect_timeout: connect_timeout.unwrap_or(CONNECT_TIMEOUT),
            request_timeout: request_timeout.unwrap_or(REQUEST_TIMEOUT),
            paging,
            pages_max: pages_max.unwrap_or(PAGES_MAX),
            ..Self::new(url)
        })
    }

    /// The given keys that only another paging would have a use for.
    pub(super) fn keys_without_effect<'a>(&self, properties: &'a BTreeMap<String, String>) -> Vec<&'a str> {
        let is_idle = |key: &str| match key {
            "paging.parameter" => matches!(self.paging, Paging::None | Paging::Link),
            "paging.start" | "paging.size" | "paging.end" | "http.pages.end" => {
                !matches!(self.paging, Paging::Number { .. })
            }
            "paging.size.parameter" => !matches!(self.paging, Paging::Number { size: Some(_), .. }),
            "paging.cursor.path" => !matches!(self.paging, Paging::Cursor { .. }),
            "paging.max_pages" => self.paging == Paging::None,
            _ => false,
        };
        properties
            .keys()
            .map(String::as_str)
            .filter(|key| is_idle(key))
            .collect()
    }
}

impl fmt::Debug for HttpSourceConfig {
    /// Leaves out the query of the URL, which may hold a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = self.url.clone();
        url.set_query(None);
        f.debug_struct("HttpSourceConfig")
            .field("url", &url.as_str())
            .field("records", &self.records)
            .field("records_path", &self.records_path)
            .field("headers", &self.headers)
            .field("credentials", &self.credentials)
            .field("connect_timeout", &self.connect_timeout)
            .field("request_timeout", &self.request_timeout)
            .field("paging", &self.paging)
            .field("pages_max", &self.pages_max)
            .finish()
    }
}

/// Whether a header says what is wanted, not who wants it.
fn is_plain_header(name: &str) -> bool {
    ["accept", "accept-language", "user-agent"]
        .iter()
        .any(|plain| name.eq_ignore_ascii_case(plain))
}

/// Whether a path is one on the web.
fn is_web_address(path: &str) -> bool {
    let starts_with = |scheme: &str| {
        let head = path.get(..scheme.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(scheme))
    };
    starts_with("http://") || starts_with("https://")
}

fn read_url(read: &mut Properties<'_>) -> Option<Url> {
    let given = read.one_of(&["url", "path"]).filter(|(_, text)| !text.is_empty());
    let Some((key, text)) = given else {
        let message = "an HTTP source needs `url`".to_owned();
        read.reject("url", PropertyErrorKind::Missing, message);
        return None;
    };
    let refused = match Url::parse(text) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => format!("`{key}` must begin with http:// or https://"),
        // A password in a URL would be printed with it.
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            format!("`{key}` must not hold credentials; say `auth.user` and `auth.password`")
        }
        Ok(url) => return Some(url),
        Err(error) => format!("`{key}` is no URL: {error}"),
    };
    read.reject(key, PropertyErrorKind::Invalid, refused);
    None
}

fn refuse_format(read: &mut Properties<'_>, records: &mut RecordsConfig) {
    let Some(format) = records.format else { return };
    if format.is_typed() || format == FileFormat::Envelope {
        let message = format!("an HTTP source reads json, jsonlines and csv, not {format}");
        read.reject("format", PropertyErrorKind::Unsupported, message);
        records.format = None;
    }
}

fn refuse_method(read: &mut Properties<'_>) {
    let parse = |method: &str| {
        let is_get = method.eq_ignore_ascii_case("GET");
        is_get
            .then_some(())
            .ok_or_else(|| "`GET`, which is all that reads".to_owned())
    };
    read.parsed(&["method"], parse);
}

fn read_credentials(read: &mut Properties<'_>) -> Option<HttpCredentials> {
    let bearer = read.text("auth.bearer").map(Secret::new);
    let user = read.text("auth.user").map(str::to_owned);
    let password = read.text("auth.password").map(Secret::new);
    match (bearer, user, password) {
        (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
            let message = "`auth.bearer` and `auth.user` exclude each other".to_owned();
            read.reject("auth.bearer", PropertyErrorKind::Invalid, message);
            None
        }
        (Some(token), None, None) => Some(HttpCredentials::Bearer(token)),
        (None, Some(user), password) => Some(HttpCredentials::Basic {
            user,
            password: password.unwrap_or_else(|| Secret::new("")),
        }),
        (None, None, Some(_)) => {
            let message = "`auth.password` needs `auth.user`".to_owned();
            read.reject("auth.user", PropertyErrorKind::Missing, message);
            None
        }
        (None, None, None) => None,
    }
}

fn read_paging(read: &mut Properties<'_>) -> Paging {
    let style = read.parsed(&["paging.style"], |style| match style.to_ascii_lowercase().as_str() {
        known @ ("none" | "link" | "page" | "cursor") => Ok(known.to_owned()),
        _ => Err("one of none, link, page, cursor".to_owned()),
    });
    let parameter = read.text("paging.parameter").map(str::to_owned);
    let start = read.parsed(&["paging.start"], parse_count);
    let size = read.parsed(&["paging.size"], parse_positive);
    let size_parameter = read.text("paging.size.parameter").unwrap_or("size").to_owned();
    let cursor_path = read.parsed(&["paging.cursor.path"], parse_member_path);
    let end = read
        .parsed(&["paging.end", "http.pages.end"], parse_end)
        .unwrap_or_default();
    let style = style.as_deref().unwrap_or("none");
    if style == "cursor" && cursor_path.is_none() {
        let message = "`paging.style` = 'cursor' needs `paging.cursor.path`".to_owned();
        read.reject("paging.cursor.path", PropertyErrorKind::Missing, message);
    }
    match style {
        "link" => Paging::Link,
        "page" => Paging::Number {
            parameter: parameter.unwrap_or_else(|| "page".to_owned()),
            start: start.unwrap_or(1),
            size: size.map(|size| (size_parameter, size)),
            end,
        },
        "cursor" => Paging::Cursor {
            path: cursor_path.unwrap_or_default(),
            parameter: parameter.unwrap_or_else(|| "cursor".to_owned()),
        },
        _ => Paging::None,
    }
}

fn parse_end(end: &str) -> Result<PagingEnd, String> {
    match end.to_ascii_lowercase().as_str() {
        "empty" => Ok(PagingEnd::Empty),
        "404" => Ok(PagingEnd::NotFound),
        _ => Err("one of empty, 404".to_owned()),
    }
}

/// A JSON object of header names and values.
fn parse_headers(text: &str) -> Result<Vec<(String, Secret)>, String> {
    let wanted = || r#"a JSON object of texts, such as {"Accept": "text/csv"}"#.to_owned();
    let headers: BTreeMap<String, String> = serde_json::from_str(text).map_err(|_| wanted())?;
    let valid = |(name, value): (String, String)| {
        HeaderName::from_bytes(name.as_bytes()).ok()?;
        HeaderValue::from_str(&value).ok()?;
        Some((name, Secret::new(value)))
    };
    let headers: Option<Vec<_>> = headers.into_iter().map(valid).collect();
    headers.ok_or_else(wanted)
}

/// Names of members with dots between them; a leading `$.` may stand for the document.
fn parse_member_path(text: &str) -> Result<Vec<String>, String> {
    let path = text.strip_prefix("$.").unwrap_or(text);
    let members: Vec<String> = path.split('.').map(str::to_owned).collect();
    if members.iter().any(String::is_empty) {
        return Err("names of members with dots between them, such as `data.items`".to_owned());
    }
    Ok(members)
}

fn parse_positive(value: &str) -> Result<u64, String> {
    parse_count(value)
        .ok()
        .filter(|count| *count > 0)
        .ok_or_else(|| "a whole number above 0".to_owned())
}
