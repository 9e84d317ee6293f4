use std::path::Path;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Who a client is, for servers that want to know it by a certificate.
pub(crate) struct Identity {
    /// Its certificate, and those between it and the authority that the server trusts.
    pub(super) certificates: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Reads certificates and key, each from a file in PEM format.
    ///
    /// # Errors
    ///
    /// When one of them cannot be read or does not hold what it should; of the key nothing is told.
    pub(crate) fn read(certificate_file: &Path, key_file: &Path) -> Result<Self, String> {
        let certificates = CertificateDer::pem_file_iter(certificate_file).and_then(Iterator::collect);
        let certificates = certificates.map_err(|error| unreadable(certificate_file, "a certificate", &error))?;
        let key = PrivateKeyDer::from_pem_file(key_file);
        let key = key.map_err(|error| unreadable(key_file, "a private key without a password", &error))?;
        Ok(Self { certificates, key })
    }
}

fn unreadable(file: &Path, what: &str, error: &pem::Error) -> String {
    format!("cannot read {what} in PEM format from {}: {error}", file.display())
}
