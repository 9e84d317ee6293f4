//! Records that stand within a JSON document.

use std::collections::HashMap;

use serde_json::value::RawValue;

/// What is taken out of a document.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Document {
    /// The array of records, as it stands there.
    pub(super) records: Vec<u8>,
    /// The mark that asks for the next page.
    pub(super) cursor: Option<String>,
}

impl Document {
    /// Takes records and cursor out of a document, by the members that lead to them.
    ///
    /// # Errors
    ///
    /// What is wrong, when the document is not JSON or has other things there.
    pub(super) fn read(body: &[u8], records_path: &[String], cursor_path: &[String]) -> Result<Self, String> {
        let document: &RawValue = serde_json::from_slice(body).map_err(|error| format!("it is no JSON: {error}"))?;
        let records =
            member(document, records_path)?.ok_or_else(|| format!("it has no member `{}`", records_path.join(".")))?;
        let records = match records.get().as_bytes() {
            // What some servers write for an empty list.
            b"null" => b"[]".to_vec(),
            array @ [b'[', ..] => array.to_vec(),
            _ => return Err(format!("its member `{}` is no array", records_path.join("."))),
        };
        let cursor = match cursor_path {
            [] => None,
            path => member(document, path)?.map_or(Ok(None), |value| read_cursor(value, path))?,
        };
        Ok(Self { records, cursor })
    }
}

/// The value that members lead to; `None` if one of them is missing or stands in `null`.
fn member<'a>(document: &'a RawValue, path: &[String]) -> Result<Option<&'a RawValue>, String> {
    let mut value = document;
    for (depth, name) in path.iter().enumerate() {
        if value.get() == "null" {
            return Ok(None);
        }
        let members: HashMap<String, &RawValue> = serde_json::from_str(value.get()).map_err(|_| match depth {
            0 => "it is no JSON object".to_owned(),
            _ => format!("its member `{}` is no object", path[..depth].join(".")),
        })?;
        match members.get(name.as_str()) {
            Some(found) => value = found,
            None => return Ok(None),
        }
    }
    Ok(Some(value))
}

fn read_cursor(value: &RawValue, path: &[String]) -> Result<Option<String>, String> {
    match serde_json::from_str(value.get()) {
        Ok(serde_json::Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Ok(serde_json::Value::Number(number)) => Ok(Some(number.to_string())),
        Ok(serde_json::Value::Null) => Ok(None),
        _ => Err(format!("its member `{}` is neither text nor number", path.join("."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split('.')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn records_and_cursors_are_found() {
        let found = |records: &str, cursor: Option<&str>| {
            Ok(Document {
                records: records.as_bytes().to_vec(),
                cursor: cursor.map(str::to_owned),
            })
        };
        let failed = |message: &str| Err(message.to_owned());
        let cases = [
            (
                r#"{"data": {"items": [1, 2]}}"#,
                "data.items",
                "",
                found("[1, 2]", None),
            ),
            (
                r#"{"items": [], "next": "a\"b"}"#,
                "items",
                "next",
                found("[]", Some("a\"b")),
            ),
            (
                r#"{"items": null, "next": 12}"#,
                "items",
                "next",
                found("[]", Some("12")),
            ),
            (r#"{"items": [], "next": ""}"#, "items", "next", found("[]", None)),
            (
                r#"{"items": [], "page": null}"#,
                "items",
                "page.next",
                found("[]", None),
            ),
            ("[1]", "", "", found("[1]", None)),
            (r#"{"item": []}"#, "items", "", failed("it has no member `items`")),
            (r#"{"items": 3}"#, "items", "", failed("its member `items` is no array")),
            (
                r#"{"data": 3}"#,
                "data.items",
                "",
                failed("its member `data` is no object"),
            ),
            ("[1]", "items", "", failed("it is no JSON object")),
            (
                r#"{"items": [], "next": {}}"#,
                "items",
                "next",
                failed("its member `next` is neither text nor number"),
            ),
        ];
        for (body, records, cursor, expected) in cases {
            let read = Document::read(body.as_bytes(), &path(records), &path(cursor));
            assert_eq!(read, expected, "{body}");
        }
        let cut = Document::read(br#"{"items": [1"#, &path("items"), &[]);
        assert!(cut.unwrap_err().starts_with("it is no JSON: EOF"));
    }
}
