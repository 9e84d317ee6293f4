//! Passwords that stand in a program's text, which no message may show.

use std::ops::Range;

use velo_common::{SourceText, Span};
use velo_planner::properties::PropertyValue;
use velo_planner::{Outline, SourceOutline};

/// Keys whose whole value is secret.
const SECRET_KEYS: [&str; 5] = [
    "connection.password",
    "auth.bearer",
    "auth.password",
    "headers",
    "s3.secret.access.key",
];

/// Where passwords stand in the text.
pub(crate) fn secrets(outline: &Outline<'_>, source: &SourceText) -> Vec<Span> {
    let of_source = |object: &SourceOutline| -> Vec<Span> {
        let properties = object.properties.iter();
        properties
            .filter_map(|(key, value)| secret(key, value, source))
            .collect()
    };
    outline.sources.iter().flat_map(of_source).collect()
}

fn secret(key: &str, value: &PropertyValue, source: &SourceText) -> Option<Span> {
    let within: fn(&str) -> Option<Range<usize>> = match key {
        _ if SECRET_KEYS.contains(&key) => |text| Some(0..text.len()),
        "url" | "path" => secret_of_web_address,
        "connection.url" => password_of_url,
        _ => return None,
    };
    // A relative path is no address.
    let span = value.span.filter(|_| value.relative.is_none())?;
    let written = source.slice(span);
    // What comes from a configuration file has the place of the property that names the file.
    if !written.to_ascii_lowercase().contains(key) {
        return None;
    }
    let range = match written.rfind(value.text.as_str()) {
        Some(start) => {
            let range = within(&value.text)?;
            start + range.start..start + range.end
        }
        // It is written otherwise than it is meant, with doubled quotes.
        None => written.find('=')? + 1..written.len(),
    };
    let start = span.start + range.start as u32;
    Some(Span::new(start, start + range.len() as u32))
}

/// What stands between the user and the last `@` before the host.
fn password_of_url(url: &str) -> Option<Range<usize>> {
    let start = url.find("://")? + 3;
    let end = start + url[start..].rfind('@')?;
    let colon = start + url[start..end].find(':')?;
    Some(colon + 1..end)
}

/// A password in an address on the web, else its query, which is where keys of such services stand.
fn secret_of_web_address(path: &str) -> Option<Range<usize>> {
    let scheme = path.get(..4)?;
    if !scheme.eq_ignore_ascii_case("http") {
        return None; // A question mark in a path is a wildcard.
    }
    password_of_url(path).or_else(|| Some(path.find('?')? + 1..path.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_urls() {
        let password = |url: &'static str| password_of_url(url).map(|range| &url[range]);
        assert_eq!(password("postgres://ann:hunter2@db:5432/shop"), Some("hunter2"));
        assert_eq!(password("postgres://ann:hunt@er2@db:5432/shop"), Some("hunt@er2"));
        assert_eq!(password("postgres://ann@db:5432/shop"), None);
        assert_eq!(password("postgres://db:5432/shop"), None);
        assert_eq!(password("sqlite:shop.db"), None);
    }

    #[test]
    fn secrets_of_web_addresses() {
        let secret = |path: &'static str| secret_of_web_address(path).map(|range| &path[range]);
        assert_eq!(secret("https://example.com/data?key=hunter2"), Some("key=hunter2"));
        assert_eq!(secret("https://ann:hunter2@example.com/data"), Some("hunter2"));
        assert_eq!(secret("https://example.com/data"), None);
        assert_eq!(secret("data/day?.csv"), None);
        assert_eq!(secret("é?"), None);
    }
}
