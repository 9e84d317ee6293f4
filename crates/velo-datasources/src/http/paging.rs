//! From one page to the next.

use reqwest::Url;

use super::failure::location;
use super::fingerprint::Fingerprint;
use crate::{HttpSourceConfig, Paging, SourceError};

/// Walks the pages of one load.
#[derive(Debug)]
pub(super) struct PageWalk {
    /// Pages handed out.
    pages: u64,
    /// The URL of the page that was handed out last.
    current: Url,
    cursor: Option<String>,
    /// Of the page before the one that was read last.
    before: Option<Fingerprint>,
}

/// What a page says that has been read.
#[derive(Debug, Default)]
pub(super) struct PageEnd {
    /// Its records, malformed ones included.
    pub(super) records: u64,
    /// The target of its link to the next one.
    pub(super) link: Option<String>,
    /// Its mark for the next one.
    pub(super) cursor: Option<String>,
    /// What tells it from others.
    pub(super) fingerprint: Option<Fingerprint>,
}

impl PageWalk {
    /// Begins at the first page.
    pub(super) fn new(config: &HttpSourceConfig) -> Self {
        Self {
            pages: 1,
            current: first_page(config),
            cursor: None,
            before: None,
        }
    }

    /// The page to read.
    pub(super) fn current(&self) -> &Url {
        &self.current
    }

    /// Its number, from 1.
    pub(super) fn page(&self) -> u64 {
        self.pages
    }

    /// Moves on to the next page; `false` if there is none.
    ///
    /// # Errors
    ///
    /// When pages do not end, are the same, or lead to another server.
    pub(super) fn move_on(&mut self, config: &HttpSourceConfig, end: PageEnd) -> Result<bool, SourceError> {
        self.check_differs(config, &end)?;
        let next = match &config.paging {
            Paging::None => None,
            Paging::Link => end.link.map(|link| self.resolve(config, &link)).transpose()?,
            Paging::Number { parameter, start, .. } => {
                let number = start.saturating_add(self.pages);
                (end.records > 0).then(|| with_parameter(&self.current, parameter, &number.to_string()))
            }
            Paging::Cursor { parameter, .. } => {
                let next = end.cursor.as_deref();
                let next = next.map(|cursor| self.behind_cursor(config, parameter, cursor));
                let next = next.transpose()?;
                self.cursor = end.cursor;
                next
            }
        };
        let Some(next) = next else { return Ok(false) };
        if next == self.current {
            return Err(refused(config, "a page names itself as the next one".to_owned()));
        }
        if self.pages >= config.pages_max {
            let message = format!(
                "there are more than {} pages; raise `paging.max_pages` if that is right",
                config.pages_max
            );
            return Err(refused(config, message));
        }
        self.pages += 1;
        self.current = next;
        Ok(true)
    }

    /// Refuses a page with the same records as the one before: a server that ignores the parameter that asks for a page
    /// gives the first one again and again.
    fn check_differs(&mut self, config: &HttpSourceConfig, end: &PageEnd) -> Result<(), SourceError> {
        let (Paging::Number { parameter, .. } | Paging::Cursor { parameter, .. }) = &config.paging else {
            return Ok(()); // The server itself says where the next page is.
        };
        let before = std::mem::replace(&mut self.before, end.fingerprint);
        if end.records == 0 || before.is_none() || before != end.fingerprint {
            return Ok(());
        }
        let (earlier, later) = (self.pages - 1, self.pages);
        Err(refused(
            config,
            format!(
                "pages {earlier} and {later} are the same: the server ignores the query parameter `{parameter}`; say the \
                 one that it knows as `paging.parameter`"
            ),
        ))
    }

    fn behind_cursor(&self, config: &HttpSourceConfig, parameter: &str, cursor: &str) -> Result<Url, SourceError> {
        if self.cursor.as_deref() == Some(cursor) {
            return Err(refused(
                config,
                format!(
                    "two pages have the same mark for the next one; does the server know the query parameter `{parameter}`?"
                ),
            ));
        }
        if cursor.starts_with("http://") || cursor.starts_with("https://") {
            return self.resolve(config, cursor);
        }
        Ok(with_parameter(&self.current, parameter, cursor))
    }

    /// The URL that a page names, seen from that page.
    fn resolve(&self, config: &HttpSourceConfig, link: &str) -> Result<Url, SourceError> {
        let next = self.current.join(link);
        let next = next.map_err(|error| refused(config, format!("its link to the next page is no URL: {error}")))?;
        if next.origin() != self.current.origin() && config.is_private() {
            let other = next.origin().ascii_serialization();
            let message = format!("its next page is at {other}, which must not see the credentials for this server");
            return Err(refused(config, message));
        }
        Ok(next)
    }
}

fn first_page(config: &HttpSourceConfig) -> Url {
    let Paging::Number {
        parameter, start, size, ..
    } = &config.paging
    else {
        return config.url.clone();
    };
    let url = with_parameter(&config.url, parameter, &start.to_string());
    match size {
        Some((parameter, size)) => with_parameter(&url, parameter, &size.to_string()),
        None => url,
    }
}

/// A URL whose query has a parameter once, with this value.
fn with_parameter(url: &Url, name: &str, value: &str) -> Url {
    let others = url.query_pairs().filter(|(key, _)| key != name);
    let others: Vec<(String, String)> = others
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    let mut url = url.clone();
    url.query_pairs_mut()
        .clear()
        .extend_pairs(others)
        .append_pair(name, value);
    url
}

fn refused(config: &HttpSourceConfig, message: String) -> SourceError {
    SourceError::Refused {
        location: location(&config.url),
        message,
        is_transient: false,
    }
}
