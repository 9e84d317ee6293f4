//! TLS to servers, the same for all sources.
//!
//! A machine trusts a few hundred authorities, most often with a file for each. Reading them takes longer than all else
//! that a client needs, so that they are read once in a process, and only when a server has shown a certificate: a
//! load from servers without TLS does not read them at all.

mod authorities;
mod failure;
mod identity;
mod trust;

use std::sync::{Arc, LazyLock};

use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;

pub(crate) use self::authorities::Authorities;
pub(crate) use self::failure::{WayOut, explain, tls_error};
pub(crate) use self::identity::Identity;
pub(crate) use self::trust::Trust;

/// How TLS computes: named, since a process in which several libraries bring theirs has no default.
fn provider() -> &'static Arc<CryptoProvider> {
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
    static WEB_CLIENT: LazyLock<Result<ClientConfig, rustls::Error>> =
        LazyLock::new(|| client(Trust::Machine, None, &[b"h2", b"http/1.1"]));
    WEB_CLIENT.clone()
}

/// A client that trusts certain servers, shows who it is if they ask, and says which protocols it speaks within TLS.
///
/// # Errors
///
/// When the key of the identity cannot be used, or is not that of its certificate.
pub(crate) fn client(
    trust: Trust,
    identity: Option<Identity>,
    protocols: &[&[u8]],
) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(Arc::clone(provider())).with_safe_default_protocol_versions()?;
    // What rustls calls dangerous is to decide oneself whom to trust.
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(trust));
    let mut config = match identity {
        Some(identity) => builder.with_client_auth_cert(identity.certificates, identity.key)?,
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(config)
}
