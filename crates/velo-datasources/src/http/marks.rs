use reqwest::header::{ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};

use crate::SourceOffset;

/// The marks by which a server tells whether a document has changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Marks {
    etag: Option<String>,
    last_modified: Option<String>,
}

impl Marks {
    /// Those of an answer.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let text = |name: &HeaderName| Some(headers.get(name)?.to_str().ok()?.to_owned());
        Self {
            etag: text(&ETAG),
            last_modified: text(&LAST_MODIFIED),
        }
    }

    /// Those of an earlier load, if it had any.
    pub(super) fn of_offset(offset: &SourceOffset) -> Option<Self> {
        match offset {
            SourceOffset::Document { etag, last_modified } => Some(Self {
                etag: etag.clone(),
                last_modified: last_modified.clone(),
            })
            .filter(|marks| !marks.are_none()),
            _ => None,
        }
    }

    pub(super) fn are_none(&self) -> bool {
        *self == Self::default()
    }

    /// The position of a load of the document that has them.
    pub(super) fn into_offset(self) -> SourceOffset {
        SourceOffset::Document {
            etag: self.etag,
            last_modified: self.last_modified,
        }
    }

    /// The headers that ask for a document only if it has others. A server that has both kinds looks at the first alone
    /// (RFC 9110, 13.2.2).
    pub(super) fn as_conditions(&self) -> HeaderMap {
        let both = [(IF_NONE_MATCH, &self.etag), (IF_MODIFIED_SINCE, &self.last_modified)];
        let given = both.into_iter().filter_map(|(name, mark)| {
            let value = HeaderValue::from_str(mark.as_deref()?).ok()?;
            Some((name, value))
        });
        given.collect()
    }
}
