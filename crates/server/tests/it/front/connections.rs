//! Connections, over real sockets.

use std::net::SocketAddr;
use std::time::Duration;

use keyward_server::{front, routes};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::support::TestApp;

/// How long a test waits for what must come; how long it truly takes is not its business.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Served {
    pub(super) address: SocketAddr,
    pub(super) stop: oneshot::Sender<()>,
    pub(super) ended: JoinHandle<()>,
}

/// Serves the app on a port of its own.
pub(crate) async fn serve(app: &TestApp) -> Served {
    serve_by(app, None).await
}

/// The same by TLS.
pub(super) async fn serve_by(app: &TestApp, tls: Option<front::Tls>) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let (router, limits) = (routes::router(&app.app), app.app.settings.plain.clone());
    let counts = app.app.metrics.connections.clone();
    let ended = tokio::spawn(async move {
        let told = async { stopped.await.unwrap_or_default() };
        front::serve(listener, tls, router, &limits, counts, told).await;
    });
    Served { address, stop, ended }
}

impl Served {
    /// Opens a connection and sends this.
    pub(crate) async fn send(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }
}

/// Everything that comes until the other side closes.
pub(crate) async fn read_to_end(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    // A reset is a close as well: what was sent too much is thrown away unread.
    let _ = read.unwrap_or_else(|_| panic!("the connection stays open"));
    String::from_utf8(bytes).unwrap()
}

/// The first so many bytes of what comes.
pub(super) async fn read_some(stream: &mut (impl AsyncRead + Unpin), at_least: usize) -> String {
    let mut bytes = vec![0; at_least];
    timeout(PATIENCE, stream.read_exact(&mut bytes)).await.unwrap().unwrap();
    String::from_utf8(bytes).unwrap()
}

const FORM: &str = "content-type: application/x-www-form-urlencoded";

#[tokio::test]
async fn a_connection_serves_request_after_request() {
    let app = TestApp::start().await;
    let served = serve(&app).await;
    let mut stream = served.send("GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(read_some(&mut stream, 12).await, "HTTP/1.1 204");
    stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    assert!(read_to_end(&mut stream).await.contains("HTTP/1.1 204 No Content"));
}

#[tokio::test]
async fn headers_of_more_than_16_kibibytes_are_refused() {
    let app = TestApp::start().await;
    let served = serve(&app).await;
    let request = |bytes: usize| {
        let head = "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx: ";
        format!("{head}{}\r\n\r\n", "a".repeat(bytes - head.len() - 4))
    };
    let mut stream = served.send(&request(16 * 1024 - 1)).await;
    assert!(read_to_end(&mut stream).await.starts_with("HTTP/1.1 204"));
    let mut stream = served.send(&request(16 * 1024 + 1)).await;
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 431") && answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn half_a_header_is_waited_for_as_long_as_the_setting_says() {
    let app = TestApp::start_with("header_timeout_seconds = 1").await;
    let served = serve(&app).await;
    for begun in ["", "GET /healthz HTTP/1.1\r\nhost: a\r\nx:"] {
        let mut stream = served.send(begun).await;
        let answer = read_to_end(&mut stream).await;
        assert_eq!(answer, "");
    }
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    let app = TestApp::start().await;
    let served = serve(&app).await;
    for text in ["canary\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n"] {
        let mut stream = served.send(text).await;
        let answer = read_to_end(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 400") && !answer.contains("canary"), "{answer}");
    }
}

#[tokio::test]
async fn a_body_that_never_comes_is_waited_for_as_long_as_the_setting_says() {
    let app = TestApp::start_with("request_timeout_seconds = 1").await;
    let served = serve(&app).await;
    let head =
        format!("POST /oauth2/token HTTP/1.1\r\nhost: a\r\n{FORM}\r\ncontent-length: 9\r\nconnection: close\r\n\r\n");
    let mut stream = served.send(&head).await;
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    // In the shape of RFC 6749, as everything that the token endpoint answers.
    assert!(answer.contains(r#"{"error":"temporarily_unavailable","error_description":""#), "{answer}");
    assert!(answer.contains("retry-after: 1") && answer.contains("pragma: no-cache"), "{answer}");
}

#[tokio::test]
async fn a_stop_finishes_the_request_in_flight_and_takes_no_more() {
    let app = TestApp::start().await;
    let served = serve(&app).await;
    let head = format!(
        "POST /oauth2/token HTTP/1.1\r\nhost: a\r\n{FORM}\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n"
    );
    let mut slow = served.send(&head).await;
    // The server asks for the body: the request has reached its handler.
    assert_eq!(read_some(&mut slow, 25).await, "HTTP/1.1 100 Continue\r\n\r\n");
    let mut idle = served.send("GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(read_some(&mut idle, 12).await, "HTTP/1.1 204");

    served.stop.send(()).unwrap();
    read_to_end(&mut idle).await; // Once the idle connection is closed, the stop has been heard.
    assert!(TcpStream::connect(served.address).await.is_err(), "no connection is accepted any more");
    assert!(!served.ended.is_finished());

    slow.write_all(b"grant_typ").await.unwrap();
    let answer = read_to_end(&mut slow).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    timeout(PATIENCE, served.ended).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stop_waits_for_nobody_longer_than_the_setting_says() {
    let app = TestApp::start_with("shutdown_timeout_seconds = 1").await;
    let served = serve(&app).await;
    let head = format!(
        "POST /oauth2/token HTTP/1.1\r\nhost: a\r\n{FORM}\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n"
    );
    let mut slow = served.send(&head).await;
    read_some(&mut slow, 25).await;
    served.stop.send(()).unwrap();
    timeout(PATIENCE, served.ended).await.unwrap().unwrap();
    assert!(app.logged().contains("still in flight"));
}
