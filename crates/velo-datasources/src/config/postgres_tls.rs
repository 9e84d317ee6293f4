//! How connections to PostgreSQL servers are encrypted, in the words of libpq.
//!
//! The client library knows three of the modes. All of them, and the files, are taken out of the URL here.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use super::properties::PropertyErrorKind;

/// Parameters of a URL that are about encryption and honoured.
const PARAMETERS: [&str; 4] = ["sslmode", "sslrootcert", "sslcert", "sslkey"];

/// Parameters of libpq that are not.
const UNSUPPORTED: [&str; 10] = [
    "sslpassword",
    "sslcrl",
    "sslcrldir",
    "sslcertmode",
    "sslcompression",
    "sslsni",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "requiressl",
    "gssencmode",
];

/// How a connection is encrypted, and whom it trusts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PostgresTls {
    pub(crate) mode: TlsMode,
    /// What is shown to a server that asks who connects.
    pub(crate) identity: Option<IdentityFiles>,
}

/// What is asked of a server: libpq's `sslmode`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum TlsMode {
    /// No encryption.
    Disable,
    /// Encryption where the server can; whoever answers is believed.
    #[default]
    Prefer,
    /// Encryption; whoever answers is believed.
    Require,
    /// Encryption, and a certificate from an authority in this file.
    VerifyAuthority(PathBuf),
    /// Encryption, and a certificate for the name of the host, from an authority in this file or one that the machine
    /// trusts.
    VerifyName(Option<PathBuf>),
}

/// Files with a certificate of the client and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdentityFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// The kind of a mistake and a sentence about it.
type Mistake = (PropertyErrorKind, String);

/// Takes what is about encryption out of a URL; gives the rest of it, too.
pub(super) fn take_tls(url: &str) -> Result<(String, PostgresTls), Mistake> {
    let Some(question_mark) = query_start(url) else {
        return Ok((url.to_owned(), PostgresTls::default()));
    };
    let (server, query) = (&url[..question_mark], &url[question_mark + 1..]);
    let mut given = Parameters::default();
    let mut others = Vec::new();
    for parameter in query.split('&') {
        let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        if !given.take(key, value)? {
            others.push(parameter);
        }
    }
    let url = match others.join("&") {
        others if others.is_empty() => server.to_owned(),
        others => format!("{server}?{others}"),
    };
    Ok((url, given.into_tls()?))
}

/// Where the parameters begin: a question mark in a password does not begin them.
fn query_start(url: &str) -> Option<usize> {
    let host = url.find('@').map_or(0, |at| at + 1);
    url[host..].find('?').map(|place| host + place)
}

#[derive(Default)]
struct Parameters {
    mode: Option<String>,
    authorities: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
}

impl Parameters {
    /// Takes a parameter, if it is about encryption.
    fn take(&mut self, key: &str, value: &str) -> Result<bool, Mistake> {
        let place = match key {
            "sslmode" => &mut self.mode,
            "sslrootcert" => &mut self.authorities,
            "sslcert" => &mut self.certificate,
            "sslkey" => &mut self.key,
            key if UNSUPPORTED.contains(&key) => {
                let known = PARAMETERS.map(|known| format!("`{known}`")).join(", ");
                return Err(unsupported(format!(
                    "`{key}` in `connection.url` is not supported; {known} are"
                )));
            }
            _ => return Ok(false),
        };
        let decoded = percent_decode_str(value).decode_utf8().ok();
        let Some(decoded) = decoded.filter(|value| !value.is_empty()) else {
            return Err(invalid(format!(
                "`{key}` in `connection.url` has no value that is text"
            )));
        };
        if place.replace(decoded.into_owned()).is_some() {
            return Err(invalid(format!("`{key}` stands in `connection.url` twice")));
        }
        Ok(true)
    }

    fn into_tls(self) -> Result<PostgresTls, Mistake> {
        let identity = match (self.certificate, self.key) {
            (Some(certificate), Some(key)) => Some(IdentityFiles {
                certificate: PathBuf::from(certificate),
                key: PathBuf::from(key),
            }),
            (None, None) => None,
            _ => {
                let message = "`sslcert` and `sslkey` belong together: a certificate and its private key";
                return Err(invalid(message.to_owned()));
            }
        };
        let mode = mode(self.mode.as_deref(), self.authorities.as_deref())?;
        if mode == TlsMode::Disable && identity.is_some() {
            let message = "`sslcert` has no effect with `sslmode=disable`; leave one of them out";
            return Err(invalid(message.to_owned()));
        }
        Ok(PostgresTls { mode, identity })
    }
}

/// The mode, given how it and the file of authorities are written.
fn mode(mode: Option<&str>, authorities: Option<&str>) -> Result<TlsMode, Mistake> {
    let file = |path: &str| PathBuf::from(path);
    Ok(match (mode, authorities) {
        (None | Some("verify-full"), Some("system")) => TlsMode::VerifyName(None),
        (Some(_), Some("system")) => {
            let message = "`sslrootcert=system` needs `sslmode=verify-full`: everybody gets a certificate from an \
                           authority that all machines trust, for a name of their own";
            return Err(invalid(message.to_owned()));
        }
        (Some("verify-full"), path) => TlsMode::VerifyName(path.map(file)),
        (Some("verify-ca" | "require"), Some(path)) => TlsMode::VerifyAuthority(file(path)),
        (Some("verify-ca"), None) => {
            let message = "`sslmode=verify-ca` needs `sslrootcert`, a file with the certificate of the authority; \
                           `verify-full` does without and asks those that the machine trusts";
            return Err(invalid(message.to_owned()));
        }
        (Some("require"), None) => TlsMode::Require,
        (None | Some("prefer"), None) => TlsMode::Prefer,
        (Some("disable"), None) => TlsMode::Disable,
        (None | Some("prefer" | "disable"), Some(_)) => {
            let message = "`sslrootcert` names whom to trust, so that it needs `sslmode=verify-full`, or `verify-ca`, \
                           which accepts any name in a certificate";
            return Err(invalid(message.to_owned()));
        }
        (Some("allow"), _) => {
            let message =
                "`sslmode=allow` is not supported; `prefer` encrypts where the server can, and `require` always";
            return Err(unsupported(message.to_owned()));
        }
        (Some(_), _) => {
            let message = "`sslmode` in `connection.url` must be disable, prefer, require, verify-ca or verify-full";
            return Err(invalid(message.to_owned()));
        }
    })
}

fn invalid(message: String) -> Mistake {
    (PropertyErrorKind::Invalid, message)
}

fn unsupported(message: String) -> Mistake {
    (PropertyErrorKind::Unsupported, message)
}
