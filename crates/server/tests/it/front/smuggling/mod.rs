//! Bytes that two readers could divide into requests in two ways, and bytes that are no HTTP/1.1, over real sockets
//! (RFC 9112 section 11.2).
//!
//! In each vector `{smuggled}` stands where somebody might take it for a request. Where only one answer is expected, it
//! must be none; where it is a request by every reading, it is answered with 404.

mod bodies;
mod framing;
mod heads;
mod targets;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::connections::{Served, read_to_end, serve};
use crate::support::TestApp;

/// A request that is answered with 404, which nothing else here is answered with.
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

/// What comes of the bytes.
#[derive(Clone, Copy)]
enum Outcome {
    /// One refusal with this status; then the connection is closed.
    Refused(u16),
    /// The connection is closed without an answer.
    Closed,
    /// They are requests that have one meaning, each answered with its status; then the connection is closed.
    Answered(&'static [u16]),
}

use Outcome::{Answered, Closed, Refused};

/// What is sent, with the words in braces written out.
fn fill(text: &str) -> Vec<u8> {
    let (length, hex) = (SMUGGLED.len().to_string(), format!("{:x}", SMUGGLED.len()));
    let words = [
        ("{post}", "POST /healthz HTTP/1.1\r\nhost: a\r\n"),
        ("{get}", "GET /healthz HTTP/1.1\r\nhost: a\r\n"),
        ("{last}", "GET /readyz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"),
        ("{smuggled}", SMUGGLED),
        ("{length}", &length),
        ("{hex}", &hex),
    ];
    words.iter().fold(text.to_owned(), |text, (word, written)| text.replace(word, written)).into_bytes()
}

/// Sends bytes, and reads until the server closes.
async fn send(served: &Served, bytes: &[u8]) -> Vec<u16> {
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    // What is refused early may be closed before all was sent.
    let _ = stream.write_all(bytes).await;
    statuses(&read_to_end(&mut stream).await)
}

/// The statuses of the answers. None has a body that could be taken for an answer.
fn statuses(answers: &str) -> Vec<u16> {
    let each = answers.split("HTTP/1.").skip(1);
    each.map(|answer| answer.split(' ').nth(1).unwrap().parse().unwrap()).collect()
}

/// Tries every vector, each on a connection of its own, and tells all that came out otherwise.
async fn try_all(vectors: &[(&str, &str, Outcome)]) {
    let app = TestApp::start().await;
    let served = serve(&app).await;
    let mut wrong = Vec::new();
    for (name, text, outcome) in vectors {
        let found = send(&served, &fill(text)).await;
        let expected = match outcome {
            Refused(status) => vec![*status],
            Closed => Vec::new(),
            Answered(statuses) => statuses.to_vec(),
        };
        if found != expected {
            wrong.push(format!("{name}: {found:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn two_requests_that_are_two_are_answered_twice() {
    let body = "grant_type=client_credentials";
    let form = "content-type: application/x-www-form-urlencoded";
    let post = format!("POST /oauth2/token HTTP/1.1\r\nhost: a\r\n{form}\r\n");
    let by_length = format!("{post}content-length: {}\r\n\r\n{body}{{smuggled}}", body.len());
    let chunked =
        format!("{post}transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n{{smuggled}}", body.len());
    try_all(&[
        ("without bodies", "{get}\r\n{smuggled}", Answered(&[204, 404])),
        ("with a length", &by_length, Answered(&[401, 404])),
        ("in chunks", &chunked, Answered(&[401, 404])),
    ])
    .await;
}
