//! What went wrong with a store, and whether it is worth while to ask it again.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use object_store::client::{HttpError, HttpErrorKind};
use velo_common::format_duration;

use crate::SourceError;

/// What the libraries below write before a status; they tell it by text alone.
const STATUS_PREFIX: &str = "non-2xx status code: ";

/// What is said of a connection that is not secure, which no other try will change.
const INSECURE: [&str; 4] = [
    "certificate",
    "handshake",
    "InvalidContentType",
    "scheme is not allowed",
];

/// An answer that is none.
pub(super) fn failed(name: &Path, error: &object_store::Error) -> SourceError {
    let refused = |message: &str| SourceError::Refused {
        location: name.display().to_string(),
        message: message.to_owned(),
        is_transient: false,
    };
    match error {
        _ if mentions(error, "<Code>NoSuchBucket</Code>") => refused("there is no such bucket"),
        object_store::Error::NotFound { .. } => refused("there is no such object"),
        object_store::Error::PermissionDenied { .. } if status(error).is_none() => {
            refused("this program may not read it")
        }
        object_store::Error::Precondition { .. } => changed(name),
        _ => match status(error) {
            Some(status) if status >= 500 || status == 429 || status == 408 => SourceError::Busy {
                location: name.display().to_string(),
                message: format!("the store answers {status}{}", because(error)),
                retry_after: None,
            },
            Some(denied @ (401 | 403)) => refused(&format!(
                "the store answers {denied}{}; {ACCESS_ADVICE}",
                because(error)
            )),
            Some(status) => refused(&format!("the store answers {status}{}", because(error))),
            None => unreached(name, error),
        },
    }
}

const ACCESS_ADVICE: &str = "check `s3.access.key.id`, `s3.secret.access.key` and what this key may read";

/// An object that is not the one any more that was listed.
pub(super) fn changed(name: &Path) -> SourceError {
    SourceError::Busy {
        location: name.display().to_string(),
        message: "it changed while it was read".to_owned(),
        retry_after: None,
    }
}

/// An object that is not there any more although it was listed.
pub(super) fn vanished(name: &Path) -> SourceError {
    SourceError::Busy {
        location: name.display().to_string(),
        message: "it went away after it was listed".to_owned(),
        retry_after: None,
    }
}

/// An object of which fewer bytes came than it has.
pub(super) fn cut_short(name: &Path, bytes: u64, expected: u64) -> SourceError {
    SourceError::Connection {
        location: name.display().to_string(),
        message: format!("it broke off behind {bytes} of {expected} bytes"),
        is_transient: true,
    }
}

/// A store that does not answer.
pub(super) fn silent(name: &Path, patience: Duration) -> SourceError {
    SourceError::Connection {
        location: name.display().to_string(),
        message: format!("no answer for {}", format_duration(patience)),
        is_transient: true,
    }
}

/// A store that did not answer, or not to the end, or that was not asked at all.
fn unreached(name: &Path, error: &object_store::Error) -> SourceError {
    let location = name.display().to_string();
    let message = chain(error)
        .last()
        .map_or_else(|| error.to_string(), ToString::to_string);
    let Some(http) = chain(error).find_map(|cause| cause.downcast_ref::<HttpError>()) else {
        return SourceError::Refused {
            location,
            message,
            is_transient: false,
        };
    };
    let is_insecure = INSECURE.iter().any(|word| mentions(error, word));
    SourceError::Connection {
        location,
        message,
        is_transient: !is_insecure && http.kind() != HttpErrorKind::Decode,
    }
}

/// The status of an answer that is none.
fn status(error: &object_store::Error) -> Option<u16> {
    chain(error).find_map(|cause| {
        let text = cause.to_string();
        let (_, behind) = text.split_once(STATUS_PREFIX)?;
        behind.get(..3)?.parse().ok()
    })
}

fn because(error: &object_store::Error) -> String {
    reason(error).map_or_else(String::new, |reason| format!(": {reason}"))
}

/// What the store says about it: the message in its XML.
fn reason(error: &object_store::Error) -> Option<String> {
    chain(error).find_map(|cause| {
        let text = cause.to_string();
        let (_, behind) = text.split_once("<Message>")?;
        let (message, _) = behind.split_once("</Message>")?;
        Some(message.trim().trim_end_matches('.').to_owned())
    })
}

fn mentions(error: &object_store::Error, word: &str) -> bool {
    chain(error).any(|cause| cause.to_string().contains(word))
}

fn chain<'a>(error: &'a object_store::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    fn cause_of<'e>(error: &&'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
        (*error).source()
    }
    std::iter::successors(error.source(), cause_of)
}
