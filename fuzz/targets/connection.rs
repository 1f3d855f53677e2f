//! The bytes of a connection, through all that stands between a socket and the routes: it ends in time, whatever comes and
//! however slowly, and what it answers is well-formed HTTP.
//!
//! Time is tokio's and stands still but for waiting, so that minutes of patience take none.

#![no_main]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::routing::any;
use http::Method;
use keyward_fuzz::front::{ANSWER, BODY, HEAD, IDLE, answer};
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex, split};
use tokio::time::{Instant, sleep, timeout};

/// What its client does.
#[derive(Clone, Copy)]
struct Manner {
    reads: bool,
    /// Tells that nothing more comes.
    ends: bool,
    /// Between two pieces.
    pause: Duration,
    /// Bytes that are sent at a time.
    piece: usize,
}

/// More than two of them fit into no buffer between us and the client.
const LARGE: usize = 40_000;
/// Bytes on their way in each direction.
const PIPE: usize = 16 * 1024;
/// The longest that pauses add up to.
const SPEAKS: Duration = Duration::from_secs(30);

/// How many requests came to the routes.
#[derive(Default)]
struct Seen {
    begun: AtomicUsize,
    answered: AtomicUsize,
}

/// Reads what is sent, counts it, and answers with nothing, or with much.
fn router(seen: &Arc<Seen>) -> Router {
    let seen = Arc::clone(seen);
    let handle = move |request: Request| async move {
        seen.begun.fetch_add(1, Ordering::SeqCst);
        let is_large = request.method() == Method::POST && request.uri().path() == "/large";
        let body = to_bytes(request.into_body(), usize::MAX).await;
        seen.answered.fetch_add(1, Ordering::SeqCst);
        vec![b'x'; if is_large && body.is_ok() { LARGE } else { 0 }]
    };
    Router::new().fallback(any(handle))
}

/// What came of it.
struct Spoken {
    /// The bytes of the answers.
    answers: Vec<u8>,
    /// How many requests began, and how many of them were answered.
    begun: usize,
    answered: usize,
    /// How long the connection was there.
    lived: Duration,
}

async fn speak(bytes: &[u8], manner: Manner) -> Spoken {
    let (seen, began) = (Arc::<Seen>::default(), Instant::now());
    let (client, server) = duplex(PIPE);
    let answering = answer(router(&seen), server);
    let serving = tokio::spawn(async move {
        answering.await;
        began.elapsed()
    });
    let (mut from, mut to) = split(client);
    let reading = tokio::spawn(async move {
        let mut answers = Vec::new();
        if manner.reads {
            let _ = from.read_to_end(&mut answers).await;
            return (answers, None);
        }
        (answers, Some(from))
    });
    let speaking = async {
        for piece in bytes.chunks(manner.piece) {
            if to.write_all(piece).await.is_err() {
                break;
            }
            sleep(manner.pause).await;
        }
        if manner.ends {
            let _ = to.shutdown().await;
        }
    };
    // Who is read no more from is let go of by then as well.
    let most = SPEAKS + HEAD + BODY + ANSWER + IDLE + Duration::from_secs(2);
    timeout(most, speaking).await.expect("a client that is not listened to is not let go of");
    let lived = timeout(most, serving).await.expect("a connection does not end").expect("a connection panics");
    let (mut answers, unread) = reading.await.expect("reading panics");
    if let Some(mut from) = unread {
        let _ = from.read_to_end(&mut answers).await;
    }
    drop(to);
    let (begun, answered) = (seen.begun.load(Ordering::SeqCst), seen.answered.load(Ordering::SeqCst));
    Spoken { answers, begun, answered, lived }
}

/// Takes one answer of HTTP/1.1 off; none if it was cut off. Answers whether it was a final one.
fn take_answer(bytes: &mut &[u8]) -> Option<bool> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).expect("a head that is no text");
    *bytes = &bytes[end + 4..];
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap_or_default();
    let code: u16 = status
        .strip_prefix("HTTP/1.1 ")
        .or_else(|| status.strip_prefix("HTTP/1.0 "))
        .and_then(|rest| rest.get(..3).filter(|_| rest.as_bytes().get(3) == Some(&b' ')))
        .and_then(|code| code.parse().ok())
        .unwrap_or_else(|| panic!("no status line: {status:?}"));
    let mut length = None;
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("no field: {line:?}"));
        let is_token = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        assert!(is_token && value.bytes().all(|byte| (32..127).contains(&byte)), "no field: {line:?}");
        assert_ne!(name, "transfer-encoding", "all bodies here have a length");
        if name == "content-length" {
            assert!(length.is_none(), "two lengths");
            length = Some(value.parse::<usize>().expect("a length that is no number"));
        }
    }
    if code == 100 {
        return Some(false);
    }
    let length = length.unwrap_or(0);
    assert!(length == 0 || length == LARGE, "a body that nobody wrote");
    let body = bytes.get(..length)?;
    assert!(body.iter().all(|byte| *byte == b'x'), "something else stands in a body");
    *bytes = &bytes[length..];
    Some(true)
}

/// Answers of HTTP/1.1, one behind the other. Answers how many there are, and whether all are whole.
fn read_answers(mut bytes: &[u8]) -> (usize, bool) {
    let mut count = 0;
    while !bytes.is_empty() {
        match take_answer(&mut bytes) {
            Some(is_final) => count += usize::from(is_final),
            None => return (count, false),
        }
    }
    (count, true)
}

/// Frames of HTTP/2 (RFC 9113 section 4.1), the first of them settings. Answers how many answers begin, and whether the
/// last frame is whole.
fn read_frames(mut bytes: &[u8]) -> (usize, bool) {
    let (mut heads, mut is_first) = (0, true);
    while let Some((head, rest)) = bytes.split_first_chunk::<9>() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let (kind, flags) = (head[3], head[4]);
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        assert!(length <= 16_384 && kind <= 9 && stream < 1 << 31, "no frame: {head:?}");
        assert!(!is_first || kind == 4 && stream == 0, "HTTP/2 does not begin with settings");
        match kind {
            // DATA, HEADERS and CONTINUATION belong to a stream that a client opens.
            0 | 1 | 9 => assert!(stream % 2 == 1, "frame {kind} on stream {stream}"),
            // RST_STREAM to one that it names. Where that is an even one, RFC 9113 would have the connection end; h2 ends
            // the stream.
            3 => assert!(stream > 0 && length == 4, "no reset"),
            4 => assert!(stream == 0 && length % 6 == 0 && (flags & 1 == 0 || length == 0), "no settings"),
            6 => assert!(stream == 0 && length == 8, "no ping"),
            7 => assert!(stream == 0 && length >= 8, "no goaway"),
            8 => assert_eq!(length, 4, "no window update"),
            _ => panic!("we send no frame {kind}"),
        }
        heads += usize::from(kind == 1);
        is_first = false;
        match rest.get(length..) {
            Some(rest) => bytes = rest,
            None => return (heads, false),
        }
    }
    (heads, bytes.is_empty())
}

fuzz_target!(|bytes: &[u8]| {
    let Some(([flags, size], bytes)) = bytes.split_first_chunk::<2>() else { return };
    if bytes.len() > 8192 {
        return;
    }
    let piece = if *size == 0 { bytes.len().max(1) } else { usize::from(*size) };
    let pieces = bytes.len().div_ceil(piece).max(1);
    let pause = if flags & 4 == 0 { Duration::ZERO } else { SPEAKS / u32::try_from(pieces).unwrap() };
    let manner = Manner { reads: flags & 1 == 0, ends: flags & 2 != 0, pause, piece };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let Spoken { answers, begun, answered, lived } = runtime.block_on(speak(bytes, manner));
    // Whoever asks nothing has a head's time and no more, whatever else comes.
    assert!(begun > 0 || pause > Duration::ZERO || lived <= HEAD + Duration::from_secs(1), "it lived for {lived:?}");
    let is_h1 = answers.starts_with(b"HTTP/1.");
    let (count, are_whole) = if is_h1 { read_answers(&answers) } else { read_frames(&answers) };
    assert!(is_h1 || answers.is_empty() || bytes.starts_with(b"PRI * HTTP/2.0\r\n\r\n"), "HTTP/2 that nobody spoke");
    // Who does not read is cut off in the middle, and so is who closes or makes us wait.
    let is_patient = manner.reads && !manner.ends && pause.is_zero();
    assert!(are_whole || !is_patient, "an answer is cut off");
    if is_h1 {
        // Beside those of the routes there is one at most: that what came is no request.
        assert!(count <= begun + 1, "{count} answers to {begun} requests");
        assert!(count >= answered || !is_patient, "{count} answers, and {answered} were given");
    }
});
