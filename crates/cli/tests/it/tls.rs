//! `keyward serve` by TLS.

use std::fs;
use std::process::Command;

use crate::support::{Place, Running, refusal};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::{Certificate, Client};
use serde_json::Value;

/// A private authority.
fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A client that trusts this authority alone.
fn trusting(authority: &CertifiedIssuer<'static, KeyPair>) -> Client {
    let root = Certificate::from_pem(authority.pem().as_bytes()).unwrap();
    // Without idle connections each request shakes hands anew.
    Client::builder().no_proxy().tls_certs_only([root]).pool_max_idle_per_host(0).build().unwrap()
}

impl Place {
    /// Puts a certificate of this authority, and its key, into the files that [`Place::serve_by_tls`] names.
    fn certify(&self, authority: &CertifiedIssuer<'static, KeyPair>) {
        let key = KeyPair::generate().unwrap();
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let cert = CertificateParams::new(names).unwrap().signed_by(&key, authority).unwrap();
        self.replace("key.pem", &key.serialize_pem());
        self.replace("cert.pem", &cert.pem());
    }

    /// Exchanges a file at once, so that nobody reads half of it.
    fn replace(&self, name: &str, text: &str) {
        fs::write(self.path("unfinished"), text).unwrap();
        fs::rename(self.path("unfinished"), self.path(name)).unwrap();
    }

    fn serve_by_tls(&self) -> Command {
        let mut command = self.serve();
        command.env("KEYWARD_TLS_CERT", "cert.pem").env("KEYWARD_TLS_KEY", "key.pem");
        command
    }
}

#[tokio::test]
async fn with_a_certificate_https_is_served_and_is_the_issuer() {
    let (place, authority) = (Place::new(), authority());
    place.certify(&authority);
    let mut server = Running::start(&mut place.serve_by_tls());
    let ready: Value = serde_json::from_str(&server.line_with("Keyward is ready")).unwrap();
    let address = ready["listen"].as_str().unwrap();
    let port = address.rsplit_once(':').unwrap().1;
    assert_eq!(ready["issuer"], format!("https://localhost:{port}"));
    let client = trusting(&authority);
    assert_eq!(client.get(format!("https://{address}/readyz")).send().await.unwrap().status(), 204);
    let found = client.get(format!("https://{address}/.well-known/openid-configuration")).send().await.unwrap();
    let found: Value = found.json().await.unwrap();
    assert_eq!(found["token_endpoint"], format!("https://localhost:{port}/oauth2/token"));
    assert!(client.get(format!("http://{address}/readyz")).send().await.is_err(), "plain HTTP was answered");
    assert_eq!(server.stop().code, Some(0));
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_up_without_a_restart_and_a_broken_one_is_not() {
    let (place, first, second) = (Place::new(), authority(), authority());
    place.certify(&first);
    let mut server = Running::start(&mut place.serve_by_tls());
    let url = format!("https://{}/readyz", server.address());
    let is_answered = async |authority| trusting(authority).get(&url).send().await.is_ok();
    assert!(is_answered(&first).await && !is_answered(&second).await);

    place.replace("key.pem", &KeyPair::generate().unwrap().serialize_pem());
    let told = server.line_with("the old ones stay");
    assert!(told.contains(r#""level":"ERROR""#), "{told}");
    assert!(told.contains("the key in key.pem is not that of the first certificate in cert.pem"), "{told}");
    assert!(is_answered(&first).await);

    place.certify(&second);
    server.line_with("the TLS certificate was renewed");
    assert!(is_answered(&second).await && !is_answered(&first).await);
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn files_that_cannot_be_used_refuse_the_start_before_anything_is_made() {
    let place = Place::new();
    let why = refusal(&mut place.serve_by_tls());
    assert!(why.starts_with("keyward: cert.pem, which the setting `tls_cert` names, cannot be read\n"), "{why}");
    assert!(why.contains("because: No such file"), "{why}");
    place.certify(&authority());
    fs::write(place.path("key.pem"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    assert_eq!(
        refusal(&mut place.serve_by_tls()),
        "keyward: the key in key.pem is not that of the first certificate in cert.pem\n"
    );
    fs::write(place.path("cert.pem"), "").unwrap();
    assert_eq!(
        refusal(&mut place.serve_by_tls()),
        "keyward: cert.pem, which the setting `tls_cert` names, holds no certificate that can be read as PEM\n"
    );
    assert_eq!(
        refusal(place.serve().env("KEYWARD_TLS_CERT", "cert.pem")),
        "keyward: the setting `tls_key` must be given too where `tls_cert` is\n"
    );
    assert!(!place.data().exists());
}
