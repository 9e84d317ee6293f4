//! TLS to servers, the same for all sources.
//!
//! A machine trusts a few hundred authorities, most often with a file for each. Reading them takes longer than all else
//! that a client needs, so that they are read once in a process, and only when a server has shown a certificate: a
//! load from servers without TLS does not read them at all.

mod failure;
mod roots;

use std::sync::{Arc, LazyLock};

use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;

pub(crate) use self::failure::{explain, tls_error};
pub(crate) use self::roots::MachineRoots;

/// How TLS computes: named, since a process in which several libraries bring theirs has no default.
pub(crate) fn provider() -> &'static Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> =
        LazyLock::new(|| Arc::new(rustls::crypto::ring::default_provider()));
    &PROVIDER
}

/// How web servers are talked to: HTTP/2 or HTTP/1.1, and the authorities that the machine trusts. All sources share
/// sessions, too, so that a server is greeted at length only once.
///
/// # Errors
///
/// When the provider cannot speak any version of TLS, which does not happen with the one that is compiled in.
pub(crate) fn web_client() -> Result<ClientConfig, rustls::Error> {
    static WEB_CLIENT: LazyLock<Result<ClientConfig, rustls::Error>> = LazyLock::new(|| {
        let mut config = client(Arc::new(MachineRoots))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    });
    WEB_CLIENT.clone()
}

/// A client that has a server's certificate looked at by `verifier` and shows none of its own.
fn client(verifier: Arc<dyn ServerCertVerifier>) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(Arc::clone(provider()));
    let builder = builder.with_safe_default_protocol_versions()?;
    // What rustls calls dangerous is to choose the verifier.
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    Ok(builder.with_no_client_auth())
}
