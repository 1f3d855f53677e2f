//! TLS, over real sockets, by a client that trusts one private authority.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use keyward_server::front::{Tls, TlsError, TlsFiles};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PKCS_ED25519, PKCS_RSA_SHA256};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::connections::{PATIENCE, Served, read_some, read_to_end, serve_by};
use crate::support::{SIGNING_KEY, TestApp};

const READYZ: &str = "GET /readyz HTTP/1.1\r\nhost: a\r\n\r\n";
const READYZ_ONCE: &str = "GET /readyz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

/// A private authority, and the files that its certificates are put into.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    /// With a first certificate and its key in the files.
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let authority = Self { issuer, folder: tempfile::tempdir().unwrap() };
        authority.renews(&KeyPair::generate().unwrap());
        authority
    }

    fn files(&self) -> TlsFiles {
        TlsFiles { cert: self.folder.path().join("cert.pem"), key: self.folder.path().join("key.pem") }
    }

    /// A certificate for this key.
    fn certifies(&self, key: &KeyPair) -> String {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        CertificateParams::new(names).unwrap().signed_by(key, &self.issuer).unwrap().pem()
    }

    /// Puts a new certificate for this key into the files.
    fn renews(&self, key: &KeyPair) {
        self.writes(&self.certifies(key), &key.serialize_pem());
    }

    fn writes(&self, cert: &str, key: &str) {
        fs::write(self.files().cert, cert).unwrap();
        fs::write(self.files().key, key).unwrap();
    }

    fn loads(&self) -> Tls {
        Tls::load(self.files()).unwrap()
    }

    /// Connects as a client that trusts this authority alone.
    async fn connects(&self, served: &Served) -> io::Result<TlsStream<TcpStream>> {
        self.connects_with(served, &[&TLS12, &TLS13]).await
    }

    async fn connects_with(
        &self,
        served: &Served,
        versions: &[&'static SupportedProtocolVersion],
    ) -> io::Result<TlsStream<TcpStream>> {
        self.connects_offering(served, versions, &["http/1.1"]).await
    }

    async fn connects_offering(
        &self,
        served: &Served,
        versions: &[&'static SupportedProtocolVersion],
        protocols: &[&str],
    ) -> io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(default_provider().into());
        let builder = builder.with_protocol_versions(versions).unwrap().with_root_certificates(roots);
        let mut config = builder.with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let stream = TcpStream::connect(served.address).await?;
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await
    }

    /// What a new client sees.
    async fn shown(&self, served: &Served) -> CertificateDer<'static> {
        let mut stream = self.connects(served).await.unwrap();
        assert_answers(&mut stream).await;
        stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
    }
}

async fn assert_answers(stream: &mut TlsStream<TcpStream>) {
    stream.write_all(READYZ.as_bytes()).await.unwrap();
    let mut answer = String::new();
    while !answer.ends_with("\r\n\r\n") {
        answer += &read_some(stream, 1).await;
    }
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
}

#[tokio::test]
async fn a_client_that_trusts_the_authority_is_answered() {
    let (app, authority) = (TestApp::start().await, Authority::new());
    let served = serve_by(&app, Some(authority.loads())).await;
    for version in [&TLS12, &TLS13] {
        let mut stream = authority.connects_with(&served, &[version]).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(version.version));
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        for request in [READYZ, READYZ_ONCE] {
            stream.write_all(request.as_bytes()).await.unwrap();
        }
        assert_eq!(read_to_end(&mut stream).await.matches("HTTP/1.1 204 No Content").count(), 2);
    }
}

#[tokio::test]
async fn http_2_is_chosen_where_a_client_offers_it_and_spoken_then() {
    let (app, authority) = (TestApp::start().await, Authority::new());
    let served = serve_by(&app, Some(authority.loads())).await;
    for (offered, chosen) in
        [(&["http/1.1", "h2"][..], Some(&b"h2"[..])), (&["http/1.1"], Some(b"http/1.1")), (&[], None)]
    {
        let stream = authority.connects_offering(&served, &[&TLS13], offered).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), chosen);
    }
    let mut stream = authority.connects_offering(&served, &[&TLS13], &["h2"]).await.unwrap();
    super::h2::is_answered(&mut stream).await;
}

#[tokio::test]
async fn a_client_that_trusts_another_authority_goes_away() {
    let (app, authority) = (TestApp::start().await, Authority::new());
    let served = serve_by(&app, Some(authority.loads())).await;
    assert!(Authority::new().connects(&served).await.is_err());
    authority.shown(&served).await;
}

#[tokio::test]
async fn keys_of_each_usual_kind_serve() {
    let (app, authority) = (TestApp::start().await, Authority::new());
    let rsa = KeyPair::from_pem_and_sign_algo(SIGNING_KEY, &PKCS_RSA_SHA256).unwrap();
    for key in [rsa, KeyPair::generate_for(&PKCS_ED25519).unwrap(), KeyPair::generate().unwrap()] {
        authority.renews(&key);
        authority.shown(&serve_by(&app, Some(authority.loads())).await).await;
    }
}

#[tokio::test]
async fn what_is_not_tls_gets_no_answer_of_http() {
    let (app, authority) = (TestApp::start().await, Authority::new());
    let served = serve_by(&app, Some(authority.loads())).await;
    for text in [READYZ_ONCE, "canary\r\n\r\n", "\x01\x02\x03\x04\x05\x06"] {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        // At most an alert of TLS comes.
        let mut answer = Vec::new();
        let read = timeout(PATIENCE, tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer)).await;
        assert!(read.is_ok() && !answer.starts_with(b"HTTP"), "{answer:?}");
    }
    authority.shown(&served).await;
}

#[tokio::test]
async fn half_a_handshake_is_waited_for_as_long_as_the_setting_says_and_holds_up_nobody() {
    let app = TestApp::start_with("handshake_timeout_seconds = 2").await;
    let authority = Authority::new();
    let served = serve_by(&app, Some(authority.loads())).await;
    let mut silent = [served.send("").await, served.send("\x16\x03\x01").await];
    authority.shown(&served).await;
    for stream in &mut silent {
        assert_eq!(read_to_end(stream).await, "");
    }
}

#[tokio::test]
async fn a_stop_waits_for_no_handshake() {
    let app = TestApp::start_with("handshake_timeout_seconds = 3600\nshutdown_timeout_seconds = 3600").await;
    let authority = Authority::new();
    let served = serve_by(&app, Some(authority.loads())).await;
    let mut silent = served.send("").await;
    let mut stream = authority.connects(&served).await.unwrap();
    assert_answers(&mut stream).await; // Whoever came before has been accepted too.
    served.stop.send(()).unwrap();
    assert_eq!(read_to_end(&mut silent).await, "");
    assert_eq!(read_to_end(&mut stream).await, "");
    timeout(PATIENCE, served.ended).await.unwrap().unwrap();
}

#[tokio::test]
async fn new_connections_get_the_certificate_that_stands_in_the_files_and_open_ones_stay() {
    let (app, authority) = (TestApp::start().await, Authority::new());
    let tls = authority.loads();
    let served = serve_by(&app, Some(tls.clone())).await;
    let mut before = authority.connects(&served).await.unwrap();
    assert_answers(&mut before).await;
    let first = authority.shown(&served).await;
    assert!(!tls.renew().unwrap(), "nothing has changed");

    authority.renews(&KeyPair::generate().unwrap());
    assert_eq!(authority.shown(&served).await, first, "nobody has looked yet");
    assert!(tls.renew().unwrap());
    assert!(!tls.renew().unwrap(), "once");
    assert_ne!(authority.shown(&served).await, first);
    assert_answers(&mut before).await;
}

#[tokio::test]
async fn files_that_cannot_be_used_leave_the_old_certificate_and_are_told_once() {
    let (app, authority) = (TestApp::start().await, Authority::new());
    let tls = authority.loads();
    let served = serve_by(&app, Some(tls.clone())).await;
    let first = authority.shown(&served).await;
    let (own, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    for (cert, key) in [
        (authority.certifies(&own), other.serialize_pem()),
        (String::new(), own.serialize_pem()),
        (authority.certifies(&own), "garbage".into()),
    ] {
        authority.writes(&cert, &key);
        assert!(tls.renew().is_err());
        assert!(!tls.renew().unwrap(), "told once");
        assert_eq!(authority.shown(&served).await, first);
    }
    fs::remove_file(authority.files().cert).unwrap();
    assert!(matches!(tls.renew(), Err(TlsError::Unreadable { setting: "tls_cert", .. })));
    assert!(!tls.renew().unwrap(), "told once");
    assert_eq!(authority.shown(&served).await, first);

    authority.renews(&own);
    assert!(tls.renew().unwrap());
    assert_ne!(authority.shown(&served).await, first);
}

#[test]
fn files_that_cannot_be_used_are_named_and_nothing_in_them_is_shown() {
    let authority = Authority::new();
    let TlsFiles { cert, key } = authority.files();
    let (own, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let (good, secret) = (authority.certifies(&own), own.serialize_pem());
    let shown = |path: &Path| path.display().to_string();
    let no_cert =
        format!("{}, which the setting `tls_cert` names, holds no certificate that can be read as PEM", shown(&cert));
    let no_key = format!(
        "{}, which the setting `tls_key` names, holds no private key that can be read as PEM without a password, RSA, \
         ECDSA or Ed25519",
        shown(&key)
    );
    let mismatch = format!("the key in {} is not that of the first certificate in {}", shown(&key), shown(&cert));
    let body: String = secret.lines().filter(|line| !line.starts_with('-')).collect();
    let broken = secret.replacen("-----END", "-----END OF", 1);
    let locked = secret.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let no_certificate_inside = "-----BEGIN CERTIFICATE-----\nY2FuYXJ5\n-----END CERTIFICATE-----\n";
    for (cert, key, error) in [
        ("", &*secret, &no_cert),
        ("garbage", &secret, &no_cert),
        (&secret, &secret, &no_cert),
        (&good.replace("-----END", "-----"), &secret, &no_cert),
        (no_certificate_inside, &secret, &no_cert),
        (&good, "", &no_key),
        (&good, "garbage", &no_key),
        (&good, &good, &no_key),
        (&good, &broken, &no_key),
        (&good, &locked, &no_key),
        (&good, &secret[..secret.len() / 2], &no_key),
        (&good, &format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", &body[..40]), &no_key),
        (&good, &other.serialize_pem(), &mismatch),
    ] {
        authority.writes(cert, key);
        let said = Tls::load(authority.files()).unwrap_err();
        assert_eq!(said.to_string(), *error, "{cert}{key}");
        assert!(!format!("{said:?}").contains(&body[..16]), "{said:?}");
    }
    authority.writes(&good, &secret);
    assert_eq!(format!("{:?}", authority.loads()), "Tls(..)");
    for (path, setting) in [(key, "tls_key"), (cert, "tls_cert")] {
        fs::remove_file(&path).unwrap();
        let said = Tls::load(authority.files()).unwrap_err().to_string();
        assert_eq!(said, format!("{}, which the setting `{setting}` names, cannot be read", shown(&path)));
    }
}
