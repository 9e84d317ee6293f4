use std::path::Path;

use rustls::ClientConfig;

use super::error::Place;
use crate::tls::{Authorities, Identity, Trust, client};
use crate::{PostgresTls, SourceError, TlsMode};

/// What PostgreSQL calls its protocol within TLS.
const PROTOCOL: &[u8] = b"postgresql";

/// Reads the files that a connection's encryption needs.
pub(super) fn tls_client(place: &Place) -> Result<ClientConfig, SourceError> {
    let PostgresTls { mode, identity } = place.server.tls();
    let authorities = |file: &Path| {
        let authorities = Authorities::read(file);
        authorities.map_err(|why| place.not_secure(&format!("`sslrootcert`: {why}")))
    };
    let trust = match mode {
        // Without encryption nobody asks whom to trust.
        TlsMode::Disable | TlsMode::Prefer | TlsMode::Require => Trust::Anyone,
        TlsMode::VerifyAuthority(file) => Trust::Unnamed(authorities(file)?),
        TlsMode::VerifyName(Some(file)) => Trust::Named(authorities(file)?),
        TlsMode::VerifyName(None) => Trust::Machine,
    };
    let identity = identity
        .as_ref()
        .map(|files| Identity::read(&files.certificate, &files.key));
    let identity = identity
        .transpose()
        .map_err(|why| place.not_secure(&format!("`sslcert`, `sslkey`: {why}")))?;
    let config = client(trust, identity, &[PROTOCOL]);
    config.map_err(|error| place.not_secure(&format!("`sslcert` and `sslkey` cannot be used: {error}")))
}
