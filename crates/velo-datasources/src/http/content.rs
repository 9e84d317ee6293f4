use std::path::Path;

use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName};
use reqwest::{Response, Url};

use super::failure::location;
use crate::config::FormatKind;
use crate::{Compression, FileFormat, FileSourceConfig, HttpSourceConfig, SourceError, TextFormat};

/// What an answer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    /// How records stand in it.
    pub(super) format: TextFormat,
    /// How it is read.
    pub(super) file: FileSourceConfig,
}

impl Content {
    /// Format and packing as configured, else as the answer tells them, else as the name in the URL does.
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
        file.format = Some(format.into());
        Ok(Self { format, file })
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
        "application/json" => Some(TextFormat::Json),
        "application/x-ndjson"
        | "application/ndjson"
        | "application/jsonl"
        | "application/x-jsonlines"
        | "application/jsonlines" => Some(TextFormat::JsonLines),
        _ => None,
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
