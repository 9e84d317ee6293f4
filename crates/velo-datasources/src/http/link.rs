//! The header `Link` (RFC 8288).

use reqwest::header::{HeaderMap, LINK};

/// Where the header says that the next page is.
pub(super) fn next_link(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(LINK).iter();
    values.filter_map(|value| value.to_str().ok()).find_map(next_in)
}

/// The target of the first link of a header value with `rel="next"`.
fn next_in(value: &str) -> Option<String> {
    let mut rest = value;
    loop {
        let (_, behind) = rest.split_once('<')?;
        let (target, behind) = behind.split_once('>')?;
        let end = end_of_parameters(behind);
        if is_next(&behind[..end]) {
            return Some(target.trim().to_owned());
        }
        rest = &behind[end..];
    }
}

/// Where the comma stands that ends the parameters of a link: one that is not within quotes.
fn end_of_parameters(text: &str) -> usize {
    let mut is_quoted = false;
    let comma = text.find(|character| {
        is_quoted ^= character == '"';
        character == ',' && !is_quoted
    });
    comma.unwrap_or(text.len())
}

/// Whether `rel`, a list of words, has `next` among them.
fn is_next(parameters: &str) -> bool {
    parameters.split(';').any(|parameter| {
        let Some((name, value)) = parameter.split_once('=') else {
            return false;
        };
        let mut words = value.trim().trim_matches('"').split_ascii_whitespace();
        name.trim().eq_ignore_ascii_case("rel") && words.any(|word| word.eq_ignore_ascii_case("next"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_is_found_among_others() {
        let cases = [
            (r#"<https://a/?p=2>; rel="next""#, Some("https://a/?p=2")),
            (r#"<https://a/?p=9>; rel="last", </?p=2>; rel=next"#, Some("/?p=2")),
            (
                r#"<https://a/?ids=1,2>; title="a, b"; rel="prev next""#,
                Some("https://a/?ids=1,2"),
            ),
            (r#"<https://a/?p=1>; rel="prev""#, None),
            (r#"<https://a/?p=1>; title="next""#, None),
            ("<https://a", None),
            ("", None),
        ];
        for (value, expected) in cases {
            assert_eq!(next_in(value).as_deref(), expected, "{value}");
        }
    }
}
