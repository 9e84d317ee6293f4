use std::sync::{Arc, LazyLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::provider;

/// Trusts the authorities that the machine does, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`; reads them when the first
/// certificate has to be verified.
#[derive(Debug)]
pub(crate) struct MachineRoots;

/// The verifier of the authorities, once they have been read; or why there are none.
fn verifier() -> Result<&'static WebPkiServerVerifier, Error> {
    static VERIFIER: LazyLock<Result<Arc<WebPkiServerVerifier>, String>> = LazyLock::new(read_verifier);
    match &*VERIFIER {
        Ok(verifier) => Ok(verifier),
        Err(why) => Err(Error::General(why.clone())),
    }
}

fn read_verifier() -> Result<Arc<WebPkiServerVerifier>, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Stores hold ancient certificates that are none by today's rules; they do not keep the others from being used.
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let mut why =
            "there is no certificate of an authority to trust; `SSL_CERT_FILE` names a file with some".to_owned();
        if let Some(error) = found.errors.first() {
            why = format!("{why} ({error})");
        }
        return Err(why);
    }
    let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider()));
    builder.build().map_err(|error| error.to_string())
}

impl ServerCertVerifier for MachineRoots {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        verifier()?.verify_server_cert(certificate, intermediates, name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &provider().signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &provider().signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}
