//! Whom the client trusts.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use url::Url;

use super::StudioError;
use super::transport::setup;

/// rustls with ring, the roots of the operating system and the extra ones. The process-wide default provider of
/// rustls is left alone.
pub(super) fn tls(base_url: &Url, extra_roots: Option<&str>) -> Result<rustls::ClientConfig, StudioError> {
    let secure = base_url.scheme() == "https";
    let mut roots = rustls::RootCertStore::empty();
    if secure {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    for certificate in CertificateDer::pem_slice_iter(extra_roots.unwrap_or_default().as_bytes()) {
        certificate
            .map_err(|error| error.to_string())
            .and_then(|certificate| roots.add(certificate).map_err(|error| error.to_string()))
            .map_err(|problem| setup("extra_roots", &problem))?;
    }
    if roots.is_empty() && secure {
        let problem = "this system trusts no certificates; install the package ca-certificates";
        return Err(setup("base_url", problem));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| setup("base_url", &error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
