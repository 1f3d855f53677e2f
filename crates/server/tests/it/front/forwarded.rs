//! Whose request it is, over real sockets: behind a proxy that is trusted, and without one.

use super::connections::{Served, read_to_end, serve};
use crate::support::TestApp;

/// The status of a wrong secret, sent with these lines.
async fn status_of(served: &Served, client: &str, lines: &str) -> String {
    let body = format!("grant_type=client_credentials&client_id={client}&client_secret=wrong");
    let head = "POST /oauth2/token HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
                content-type: application/x-www-form-urlencoded";
    let mut stream = served.send(&format!("{head}\r\n{lines}content-length: {}\r\n\r\n{body}", body.len())).await;
    read_to_end(&mut stream).await.split(' ').nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_is_counted_for_itself() {
    let app = TestApp::start_with("trusted_proxies = ['127.0.0.0/8']\nfailures_per_address_per_minute = 1").await;
    let served = serve(&app).await;
    assert_eq!(status_of(&served, "one", "x-forwarded-for: 198.51.100.7\r\n").await, "401");
    assert_eq!(status_of(&served, "two", "x-forwarded-for: 198.51.100.8\r\n").await, "401");
    // What it makes up on the left does not help it.
    assert_eq!(status_of(&served, "six", "x-forwarded-for: 203.0.113.1, 198.51.100.7\r\n").await, "429");
    let two_lines = "x-forwarded-for: 203.0.113.2\r\nx-forwarded-for: 198.51.100.7, 127.0.0.9\r\n";
    assert_eq!(status_of(&served, "ten", two_lines).await, "429");
}

#[tokio::test]
async fn without_a_trusted_proxy_the_peer_is_who_it_is_whatever_it_says() {
    let app = TestApp::start_with("failures_per_address_per_minute = 1").await;
    let served = serve(&app).await;
    assert_eq!(status_of(&served, "one", "x-forwarded-for: 198.51.100.7\r\n").await, "401");
    for (client, said) in [("two", "198.51.100.8"), ("six", "127.0.0.1"), ("ten", "unknown"), ("ten", "")] {
        assert_eq!(status_of(&served, client, &format!("x-forwarded-for: {said}\r\n")).await, "429", "{said}");
    }
    assert_eq!(status_of(&served, "two", "").await, "429");
}
