use std::path::Path;
use std::sync::LazyLock;

use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{Error, RootCertStore};

use super::provider;

/// Whose signature makes a certificate one to trust.
#[derive(Debug)]
pub(crate) struct Authorities {
    roots: RootCertStore,
    /// Certificates that are trusted when a server shows them itself: without an authority, a server signs its own.
    trusted_themselves: Vec<CertificateDer<'static>>,
}

impl Authorities {
    /// Those that the machine trusts, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`; read when somebody first asks.
    pub(crate) fn of_machine() -> Result<&'static Self, Error> {
        static OF_MACHINE: LazyLock<Result<Authorities, String>> = LazyLock::new(Authorities::read_machine);
        OF_MACHINE.as_ref().map_err(|why| Error::General(why.clone()))
    }

    fn read_machine() -> Result<Self, String> {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        // Stores hold ancient certificates that are none by today's rules; they do not keep the others from being used.
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            let why = "there is no certificate of an authority to trust; `SSL_CERT_FILE` names a file with some";
            return Err(match found.errors.first() {
                Some(error) => format!("{why} ({error})"),
                None => why.to_owned(),
            });
        }
        Ok(Self {
            roots,
            trusted_themselves: Vec::new(),
        })
    }

    /// Those of a file in PEM format, which may also hold the certificate of a server that signs its own.
    ///
    /// # Errors
    ///
    /// When it cannot be read or holds no certificate, or one that is malformed.
    pub(crate) fn read(file: &Path) -> Result<Self, String> {
        let malformed = |error: &dyn std::fmt::Display| format!("cannot read {}: {error}", file.display());
        let certificates = CertificateDer::pem_file_iter(file).map_err(|error| malformed(&error))?;
        let certificates = certificates.collect::<Result<Vec<_>, _>>();
        let certificates = certificates.map_err(|error| malformed(&error))?;
        if certificates.is_empty() {
            return Err(malformed(&"it holds no certificate in PEM format"));
        }
        let mut roots = RootCertStore::empty();
        for certificate in &certificates {
            roots.add(certificate.clone()).map_err(|error| malformed(&error))?;
        }
        Ok(Self {
            roots,
            trusted_themselves: certificates,
        })
    }

    /// Whether one of them stands behind a certificate, at that time.
    pub(crate) fn verify(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        // As a chain of one it would be refused: most self-signed certificates say that they are an authority's.
        if self.trusted_themselves.iter().any(|trusted| trusted == certificate) {
            return Ok(());
        }
        let parsed = ParsedCertificate::try_from(certificate)?;
        let algorithms = provider().signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&parsed, &self.roots, intermediates, now, algorithms)
    }
}
