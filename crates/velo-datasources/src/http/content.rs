use std::path::Path;

use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName};
use reqwest::{Response, Url};

use super::failure::location;
use crate::config::{FormatKind, Packing};
use crate::{Compression, FileFormat, FileSourceConfig, HttpSourceConfig, SourceError, TextEncoding, TextFormat};

/// What an answer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    /// How records stand in it.
    pub(super) format: TextFormat,
    /// How they are read.
    pub(super) file: FileSourceConfig,
    /// What the answer has to go through before records can be taken out of it; nothing where all of it is records.
    pub(super) document: Packing,
}

impl Content {
    /// Format, packing and encoding as configured, else as the answer tells them, else as the name in the URL does.
    pub(super) fn of(config: &HttpSourceConfig, response: &Response) -> Result<Self, SourceError> {
        let url = &config.url;
        let headers = response.headers();
        let told = || format_of_type(headers).or_else(|| format_of_name(url));
        let format = if config.is_within_document() {
            TextFormat::Json
        } else {
            match config.records.format.map(FileFormat::kind) {
                Some(FormatKind::Text(format)) => format,
                Some(FormatKind::Typed(_)) | None => told().ok_or_else(|| untold(url, headers))?,
            }
        };
        let mut file = config.records.as_file(location(url));
        let packed = compression_of_encoding(url, headers)?;
        let by_name = || Compression::of_path(Path::new(url.path()));
        file.compression = Some(file.compression.or(packed).unwrap_or_else(by_name));
        file.encoding = match file.encoding {
            Some(encoding) => Some(encoding),
            None => encoding_of_type(url, headers)?,
        };
        file.format = Some(format.into());
        let mut document = Packing::NONE;
        if config.is_within_document() {
            document = file.packing_of(Path::new(url.path()));
            file.compression = Some(Compression::None);
            file.encoding = None;
        }
        Ok(Self { format, file, document })
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn format_of_type(headers: &HeaderMap) -> Option<TextFormat> {
    let kind = text(headers, &CONTENT_TYPE)?
        .split(';')
        .next()?
        .trim()
        .to_ascii_lowercase();
    match kind.as_str() {
        "text/csv" | "application/csv" => Some(TextFormat::Csv),
        "application/json" | "text/json" => Some(TextFormat::Json),
        // RFC 6839: whatever else it is, it can be read as JSON.
        kind if kind.starts_with("application/") && kind.ends_with("+json") => Some(TextFormat::Json),
        "application/x-ndjson"
        | "application/ndjson"
        | "application/jsonl"
        | "application/x-jsonlines"
        | "application/jsonlines" => Some(TextFormat::JsonLines),
        _ => None,
    }
}

/// The encoding that the content type names.
fn encoding_of_type(url: &Url, headers: &HeaderMap) -> Result<Option<TextEncoding>, SourceError> {
    let parameters = text(headers, &CONTENT_TYPE)
        .into_iter()
        .flat_map(|kind| kind.split(';').skip(1));
    let charset = parameters
        .filter_map(|parameter| parameter.split_once('='))
        .find_map(|(name, value)| {
            let is_charset = name.trim().eq_ignore_ascii_case("charset");
            is_charset.then(|| value.trim().trim_matches('"').trim())
        });
    let Some(charset) = charset.filter(|charset| !charset.is_empty()) else {
        return Ok(None);
    };
    match TextEncoding::of_label(charset) {
        Some(encoding) => Ok(Some(encoding)),
        None => Err(SourceError::Refused {
            location: location(url),
            message: format!(
                "its text is in `{charset}`, which is not supported; if that is not so, say `encoding`: utf-8 or another"
            ),
            is_transient: false,
        }),
    }
}

/// The format that the name in a URL tells; a document named `.json` is one array.
fn format_of_name(url: &Url) -> Option<TextFormat> {
    let path = Path::new(url.path());
    let packed = Compression::of_path(path);
    let stem = if packed == Compression::None {
        path
    } else {
        Path::new(path.file_stem()?)
    };
    let is_array = stem
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    match FileFormat::of_path(path)? {
        FileFormat::JsonLines if is_array => Some(TextFormat::Json),
        FileFormat::JsonLines => Some(TextFormat::JsonLines),
        FileFormat::Csv => Some(TextFormat::Csv),
        _ => None,
    }
}

fn untold(url: &Url, headers: &HeaderMap) -> SourceError {
    let kind = text(headers, &CONTENT_TYPE).unwrap_or("none");
    SourceError::Refused {
        location: location(url),
        message: format!(
            "neither its content type ({kind}) nor its name tells its format; say `format`: json, jsonlines or csv"
        ),
        is_transient: false,
    }
}

/// Packing is not asked for, but some servers pack all the same.
fn compression_of_encoding(url: &Url, headers: &HeaderMap) -> Result<Option<Compression>, SourceError> {
    match text(headers, &CONTENT_ENCODING).map(str::to_ascii_lowercase).as_deref() {
        None | Some("" | "identity") => Ok(None),
        Some("gzip" | "x-gzip") => Ok(Some(Compression::Gzip)),
        Some("zstd") => Ok(Some(Compression::Zstd)),
        Some(other) => Err(SourceError::Refused {
            location: location(url),
            message: format!("its content is encoded with `{other}`, which is not supported"),
            is_transient: false,
        }),
    }
}
