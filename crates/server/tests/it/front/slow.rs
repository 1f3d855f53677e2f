//! Clients that are waited for, each for so long and no longer, over real sockets.

use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::connections::{PATIENCE, read_some, read_to_end, serve};
use crate::support::TestApp;

const GET: &str = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";

/// Sends a byte every so often until the other side has had enough: all that it answered.
async fn trickle(stream: &mut TcpStream, byte: u8) -> String {
    let (mut reader, mut writer) = stream.split();
    let sending = async {
        while writer.write_all(&[byte]).await.is_ok() {
            sleep(Duration::from_millis(100)).await;
        }
        std::future::pending().await
    };
    tokio::select! {
        answer = read_to_end(&mut reader) => answer,
        () = sending => unreachable!(),
    }
}

#[tokio::test]
async fn a_byte_every_so_often_does_not_put_off_the_end_of_a_head() {
    let app = TestApp::start_with("header_timeout_seconds = 1").await;
    let served = serve(&app).await;
    let mut first = served.send("GET /healthz HTTP/1.1\r\nhost: a\r\nx: ").await;
    assert_eq!(trickle(&mut first, b'a').await, "");
    // The same for a later head.
    let mut later = served.send(GET).await;
    assert_eq!(read_some(&mut later, 12).await, "HTTP/1.1 204");
    later.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\nx: ").await.unwrap();
    assert_eq!(trickle(&mut later, b'a').await.matches("HTTP/1.1").count(), 0);
}

#[tokio::test]
async fn a_body_that_comes_too_late_is_told_408_whatever_came_in_between() {
    let app = TestApp::start_with("body_timeout_seconds = 1").await;
    let token = app.admin().await.token.unwrap();
    let served = serve(&app).await;
    let head = format!(
        "POST /api/v1/apis HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         content-length: 9000\r\n\r\n"
    );
    let mut silent = served.send(&head).await;
    let mut trickling = served.send(&head).await;
    for answer in [read_to_end(&mut silent).await, trickle(&mut trickling, b' ').await] {
        assert!(answer.starts_with("HTTP/1.1 408 Request Timeout"), "{answer}");
        let body = json!({ "errors": [{ "code": "BODY_LATE", "message": "The body did not come whole in time." }] });
        assert!(answer.ends_with(&body.to_string()), "{answer}");
    }
}

#[tokio::test]
async fn a_late_body_of_the_oauth_endpoints_is_told_in_their_shape() {
    let app = TestApp::start_with("body_timeout_seconds = 1").await;
    let served = serve(&app).await;
    for path in ["token", "introspect", "revoke"] {
        let head = format!("POST /oauth2/{path} HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n");
        let answer = read_to_end(&mut served.send(&head).await).await;
        assert!(answer.starts_with("HTTP/1.1 408 Request Timeout"), "{path}: {answer}");
        let body = r#"{"error":"invalid_request","error_description":"The body did not come whole in time."}"#;
        assert!(answer.ends_with(body), "{path}: {answer}");
    }
}

#[tokio::test]
async fn an_idle_connection_outlives_the_time_for_a_head_and_ends_at_its_own() {
    let app = TestApp::start_with("header_timeout_seconds = 1\nidle_timeout_seconds = 3").await;
    let served = serve(&app).await;
    let mut stream = served.send(GET).await;
    assert_eq!(read_some(&mut stream, 12).await, "HTTP/1.1 204");
    sleep(Duration::from_millis(1_500)).await;
    let again = Instant::now();
    stream.write_all(GET.as_bytes()).await.unwrap();
    assert!(read_to_end(&mut stream).await.contains("HTTP/1.1 204"), "it was closed as if a head were late");
    assert!(again.elapsed() >= Duration::from_millis(2_900), "it was closed early");
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answers_is_waited_for_no_longer() {
    let app = TestApp::start_with("answer_timeout_seconds = 1").await;
    let served = serve(&app).await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let asking = async {
        while stream.write_all("GET /openapi.json HTTP/1.1\r\nhost: a\r\n\r\n".repeat(10).as_bytes()).await.is_ok() {}
    };
    timeout(PATIENCE, asking).await.unwrap();
    let mut other = served.send(GET).await;
    assert_eq!(read_some(&mut other, 12).await, "HTTP/1.1 204");
}
