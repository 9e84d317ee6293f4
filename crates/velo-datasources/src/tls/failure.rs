use std::error::Error;
use std::io;

use rustls::{CertificateError, InvalidMessage};

/// What TLS has against a server, if that is at the bottom of an error.
pub(crate) fn tls_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // What an I/O error wraps is not its cause: it stands in for it.
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

/// What TLS has against a server, for people; `authorities` is where the authorities that are trusted are named.
pub(crate) fn explain(error: &rustls::Error, authorities: &str) -> String {
    match error {
        rustls::Error::InvalidCertificate(error) => about_certificate(error, authorities),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "what answers there does not speak TLS".to_owned()
        }
        rustls::Error::General(why) => why.clone(),
        error => error.to_string(),
    }
}

fn about_certificate(error: &CertificateError, authorities: &str) -> String {
    match error {
        // A signature that does not fit is that of another authority with a name that is trusted.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => format!(
            "the authority behind the server's certificate is not trusted; {authorities} names a file with its certificate"
        ),
        CertificateError::NotValidForNameContext { expected, presented } => format!(
            "the server's certificate is not for {}, but for {}",
            expected.to_str(),
            names(presented)
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet".to_owned()
        }
        error => format!("the server's certificate cannot be accepted: {error}"),
    }
}

/// The names in a certificate, which rustls tells as `DnsName("example.com")`.
fn names(presented: &[String]) -> String {
    let bare = |name: &String| match name.split_once('(') {
        Some((_, name)) => name.trim_end_matches(')').trim_matches('"').to_owned(),
        None => name.clone(),
    };
    match presented {
        [] => "no name at all".to_owned(),
        names => names.iter().map(bare).collect::<Vec<_>>().join(", "),
    }
}
