use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

use super::{Authorities, provider};

/// Which servers are talked to.
///
/// Whatever is trusted, a server has to prove that the certificate it shows is its own.
#[derive(Debug)]
pub(crate) enum Trust {
    /// Any: who listens on the way learns nothing, but who answers in the server's stead is not noticed.
    Anyone,
    /// Those that an authority of the machine has certified under the name they are asked by.
    Machine,
    /// Those that one of these authorities has certified under the name they are asked by.
    Named(Authorities),
    /// Those that one of these authorities has certified under any name.
    Unnamed(Authorities),
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let (authorities, is_name_verified) = match self {
            Self::Anyone => return Ok(ServerCertVerified::assertion()),
            Self::Machine => (Authorities::of_machine()?, true),
            Self::Named(authorities) => (authorities, true),
            Self::Unnamed(authorities) => (authorities, false),
        };
        authorities.verify(certificate, intermediates, now)?;
        if is_name_verified {
            verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
        }
        Ok(ServerCertVerified::assertion())
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
