//! HTTP/2 by its frames (RFC 9113), over real sockets.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::connections::{PATIENCE, Served, serve};
use crate::support::TestApp;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// `GET http://a/healthz` from the static table and literals (RFC 7541 section 6, appendix A).
const GET_HEALTHZ: &[u8] = b"\x82\x86\x01\x01a\x04\x08/healthz";
/// `GET http://a/openapi.json`, the same way.
const GET_DOCUMENT: &[u8] = b"\x82\x86\x01\x01a\x04\x0d/openapi.json";
/// `:status: 200`, by its index.
const IS_200: u8 = 0x88;
/// `:status: 204`, by its index.
const IS_204: u8 = 0x89;

/// A frame.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A connection that has begun to speak HTTP/2.
async fn begin(served: &Served) -> TcpStream {
    let mut stream = served.send("").await;
    stream.write_all(&preface()).await.unwrap();
    stream
}

/// What a client begins with (RFC 9113 section 3.4).
fn preface() -> Vec<u8> {
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &frame(SETTINGS, 0, 0, &[])].concat()
}

/// Begins on this stream, which may be encrypted, and asks once.
pub(super) async fn is_answered(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    stream.write_all(&[preface(), get(1)].concat()).await.unwrap();
    assert_eq!(answer_to(stream, 1).await, Some(IS_204));
}

fn get(stream: u32) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, stream, GET_HEALTHZ)
}

/// The next frame: its kind, stream and payload; none at the end.
async fn next(stream: &mut (impl AsyncRead + Unpin)) -> Option<(u8, u32, Vec<u8>)> {
    let mut head = [0; 9];
    timeout(PATIENCE, stream.read_exact(&mut head)).await.unwrap().ok()?;
    let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
    timeout(PATIENCE, stream.read_exact(&mut payload)).await.unwrap().ok()?;
    Some((head[3], u32::from_be_bytes([head[5], head[6], head[7], head[8]]), payload))
}

/// Reads until the answer to this stream begins: its first byte of HPACK.
async fn answer_to(stream: &mut (impl AsyncRead + Unpin), id: u32) -> Option<u8> {
    loop {
        match next(stream).await? {
            (HEADERS, of, payload) if of == id => return Some(payload[0]),
            (GOAWAY, ..) => return None,
            _ => {}
        }
    }
}

/// Reads until the end: whether the other side said goodbye, and how often it answered.
async fn rest(stream: &mut TcpStream) -> (bool, usize) {
    let (mut said_goodbye, mut answers) = (false, 0);
    while let Some((kind, ..)) = next(stream).await {
        said_goodbye |= kind == GOAWAY;
        answers += usize::from(kind == HEADERS);
    }
    (said_goodbye, answers)
}

/// Somebody else is answered while this goes on.
async fn others_are_answered(served: &Served) {
    let mut other = begin(served).await;
    other.write_all(&get(1)).await.unwrap();
    assert_eq!(answer_to(&mut other, 1).await, Some(IS_204));
}

#[tokio::test]
async fn requests_of_http_2_are_answered_in_the_clear_many_on_a_connection() {
    let app = TestApp::start().await;
    let served = serve(&app).await;
    let mut stream = begin(&served).await;
    for id in [1, 3, 5] {
        stream.write_all(&get(id)).await.unwrap();
    }
    for id in [1, 3, 5] {
        assert_eq!(answer_to(&mut stream, id).await, Some(IS_204));
    }
}

#[tokio::test]
async fn an_idle_connection_of_http_2_is_ended_with_a_goodbye_though_it_pings() {
    let app = TestApp::start_with("idle_timeout_seconds = 1").await;
    let served = serve(&app).await;
    let mut stream = begin(&served).await;
    stream.write_all(&get(1)).await.unwrap();
    assert_eq!(answer_to(&mut stream, 1).await, Some(IS_204));
    let (mut reader, mut writer) = stream.into_split();
    let pinging = tokio::spawn(async move {
        while writer.write_all(&frame(PING, 0, 0, &[7; 8])).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    let mut bytes = Vec::new();
    let _ = timeout(PATIENCE, reader.read_to_end(&mut bytes)).await.unwrap();
    assert!(bytes.windows(5).any(|window| window[0] == GOAWAY && window[1] == 0 && window[2..] == [0, 0, 0]));
    pinging.abort();
}

#[tokio::test]
async fn a_preface_without_a_request_is_waited_for_as_long_as_a_head() {
    let app = TestApp::start_with("header_timeout_seconds = 1").await;
    let served = serve(&app).await;
    let mut stream = begin(&served).await;
    assert_eq!(rest(&mut stream).await.1, 0);
}

#[tokio::test]
async fn a_client_that_resets_each_request_is_sent_away() {
    let app = TestApp::start().await;
    let served = serve(&app).await;
    let mut stream = begin(&served).await;
    let requests: Vec<u8> = (0..5_000_u32)
        .flat_map(|at| {
            let id = 2 * at + 1;
            [get(id), frame(RST_STREAM, 0, id, &[0, 0, 0, 8])].concat()
        })
        .collect();
    let _ = stream.write_all(&requests).await;
    others_are_answered(&served).await;
    let (_, answers) = rest(&mut stream).await;
    assert!(answers < 5_000, "{answers}");
}

#[tokio::test]
async fn a_head_that_does_not_end_is_refused() {
    let app = TestApp::start().await;
    let served = serve(&app).await;
    let mut stream = begin(&served).await;
    stream.write_all(&frame(HEADERS, END_STREAM, 1, GET_HEALTHZ)).await.unwrap();
    // A literal that is kept in no table, of 16,000 bytes (RFC 7541 sections 5.1 and 6.2.2).
    let field = [b"\x00\x01x\x7f\x81\x7c".as_slice(), &[b'a'; 16_000]].concat();
    let mut sent = 0;
    while sent < 1_000 && stream.write_all(&frame(CONTINUATION, 0, 1, &field)).await.is_ok() {
        sent += 1;
    }
    others_are_answered(&served).await;
    assert_eq!(rest(&mut stream).await.1, 0);
    assert!(sent < 1_000, "16 MB of one head were taken");
}

#[tokio::test]
async fn settings_and_pings_without_end_hold_up_nobody() {
    let app = TestApp::start().await;
    let served = serve(&app).await;
    for (kind, payload) in [(SETTINGS, &[][..]), (PING, &[0; 8][..])] {
        let mut stream = begin(&served).await;
        // The answers to them are never read.
        let flood = frame(kind, 0, 0, payload).repeat(1_000);
        let flooding = tokio::spawn(async move { while stream.write_all(&flood).await.is_ok() {} });
        for _ in 0..3 {
            others_are_answered(&served).await;
        }
        flooding.abort();
    }
}

#[tokio::test]
async fn a_client_that_gives_no_window_for_its_answer_is_waited_for_no_longer() {
    let app = TestApp::start_with("answer_timeout_seconds = 1").await;
    let served = serve(&app).await;
    let mut stream = begin(&served).await;
    // No byte of a body may be sent: SETTINGS_INITIAL_WINDOW_SIZE is 0 (RFC 9113 section 6.5.2).
    stream.write_all(&frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0])).await.unwrap();
    stream.write_all(&frame(HEADERS, END_STREAM | END_HEADERS, 1, GET_DOCUMENT)).await.unwrap();
    assert_eq!(answer_to(&mut stream, 1).await, Some(IS_200));
    // It stays in touch, which is no reading.
    let (mut reader, mut writer) = stream.into_split();
    let pinging = tokio::spawn(async move {
        while writer.write_all(&frame(PING, 0, 0, &[7; 8])).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    let mut answered = 0;
    while let Some((kind, ..)) = next(&mut reader).await {
        answered += usize::from(kind == DATA);
    }
    assert_eq!(answered, 0);
    pinging.abort();
    others_are_answered(&served).await;
}

#[tokio::test]
async fn a_client_that_gives_its_window_late_has_its_answer() {
    let app = TestApp::start_with("answer_timeout_seconds = 30").await;
    let served = serve(&app).await;
    let mut stream = begin(&served).await;
    stream.write_all(&frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0])).await.unwrap();
    stream.write_all(&frame(HEADERS, END_STREAM | END_HEADERS, 1, GET_DOCUMENT)).await.unwrap();
    assert_eq!(answer_to(&mut stream, 1).await, Some(IS_200));
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    stream.write_all(&frame(SETTINGS, 0, 0, &[0, 4, 0x7f, 0xff, 0xff, 0xff])).await.unwrap();
    loop {
        let (kind, _, payload) = next(&mut stream).await.unwrap();
        if kind == DATA {
            assert!(!payload.is_empty());
            break;
        }
    }
}
