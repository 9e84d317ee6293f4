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

/// What can be done about a server that is not trusted; it depends on how it is configured.
pub(crate) struct WayOut {
    /// Where a file of authorities is named: `` `SSL_CERT_FILE` ``.
    pub(crate) authorities: &'static str,
    /// What helps against a certificate for another name, as the end of a sentence.
    pub(crate) names: &'static str,
}

/// What TLS has against a server, for people.
pub(crate) fn explain(error: &rustls::Error, way_out: &WayOut) -> String {
    match error {
        rustls::Error::InvalidCertificate(error) => about_certificate(error, way_out),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "what answers there does not speak TLS".to_owned()
        }
        rustls::Error::General(why) => why.clone(),
        error => error.to_string(),
    }
}

fn about_certificate(error: &CertificateError, way_out: &WayOut) -> String {
    match error {
        // A signature that does not fit is that of another authority with a name that is trusted.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => format!(
            "the authority behind the server's certificate is not trusted; {} names a file with its certificate",
            way_out.authorities
        ),
        CertificateError::NotValidForNameContext { expected, presented } => format!(
            "the server's certificate is not for {}, but for {}; {}",
            expected.to_str(),
            names(presented),
            way_out.names
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
