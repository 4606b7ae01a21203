//! TLS: a certificate is trusted by its authority and its name, or nothing is sent.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use turnstile_gateway::domain::CustomerId;
use turnstile_gateway::studio::{ApiKey, StudioClient, StudioError, StudioSettings};

use crate::server::KEY;

const AUTHORITY: &str = include_str!("tls/authority.pem");

/// Answers one TLS connection with an empty list and sends what it read, or nothing where there was no session.
fn serve(certificate: &[u8], key: &[u8]) -> (url::Url, mpsc::Receiver<String>) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(certificate).unwrap()],
            PrivateKeyDer::from_pem_slice(key).unwrap(),
        )
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    let (sender, receiver) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut session = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = rustls::Stream::new(&mut session, &mut socket);
        let mut buffer = [0; 4096];
        let length = stream.read(&mut buffer).unwrap_or(0);
        sender
            .send(String::from_utf8_lossy(&buffer[..length]).into_owned())
            .unwrap();
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]");
    });
    (url, receiver)
}

fn client(url: url::Url, extra_roots: Option<&str>) -> StudioClient {
    let mut settings = StudioSettings::new(url, ApiKey::new(KEY, "the test"));
    settings.extra_roots = extra_roots.map(str::to_owned);
    settings.timeout = Duration::from_secs(5);
    StudioClient::new(settings).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extra_root_is_trusted_for_its_name() {
    let (url, read) = serve(
        include_bytes!("tls/loopback.pem"),
        include_bytes!("tls/loopback.key.pem"),
    );
    let answer = client(url, Some(AUTHORITY)).benefits(CustomerId(1), &[]).await;
    assert!(answer.unwrap().is_empty());
    assert!(read.recv().unwrap().contains(KEY));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_another_name_or_authority_gets_no_key() {
    for (certificate, key, roots) in [
        (
            include_bytes!("tls/elsewhere.pem").as_slice(),
            include_bytes!("tls/elsewhere.key.pem").as_slice(),
            Some(AUTHORITY),
        ),
        (
            include_bytes!("tls/loopback.pem"),
            include_bytes!("tls/loopback.key.pem"),
            None,
        ),
    ] {
        let (url, read) = serve(certificate, key);
        let error = client(url, roots).benefits(CustomerId(1), &[]).await.unwrap_err();
        assert!(matches!(error, StudioError::NotSent { .. }), "{error:?}");
        assert!(error.to_string().contains("certificate"), "{error}");
        assert_eq!(read.recv().unwrap(), "");
    }
}
