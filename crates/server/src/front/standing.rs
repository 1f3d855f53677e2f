//! How a connection stands: what its client is waited for, and since when.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use http::Version;
use http_body::{Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::Instant;

/// How long clients are waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For the handshake of TLS.
    pub(super) handshake: Duration,
    /// For a head, from its first byte or the connection's begin.
    pub(super) head: Duration,
    /// For a body, from its head.
    pub(super) body: Duration,
    /// For an answer to be taken.
    pub(super) answer: Duration,
    /// For the next request.
    pub(super) idle: Duration,
}

/// What an end of waiting means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// The client keeps us from going on: its connection is dropped.
    Slow,
    /// The client wants nothing: its connection is ended as the protocol has it.
    Idle,
}

/// How a connection stands.
#[derive(Debug)]
pub(super) struct Standing {
    now: Mutex<Now>,
    /// Told when the connection's place is needed for somebody else.
    pub(super) given_up: Notify,
}

#[derive(Debug)]
struct Now {
    /// Requests whose head is here and whose answer is not handed over.
    asked: usize,
    /// When the last one ended, or the connection began.
    waits_since: Instant,
    /// When a head began that is not whole.
    head_since: Option<Instant>,
    /// Whether bytes without a request may be something else than a head.
    is_h2: bool,
    /// When bytes could not be written that are still not.
    unread_since: Option<Instant>,
    /// The answers that are being handed over and when that began, in this order.
    answers: BTreeMap<u64, Instant>,
    next_answer: u64,
}

/// A request, from its head until its answer is handed over.
pub(super) struct Asked {
    standing: Arc<Standing>,
    answer: Option<u64>,
}

/// An answer that is being handed over.
struct Handed {
    body: Body,
    _asked: Asked,
}

impl Standing {
    /// A connection that begins now.
    pub(super) fn new() -> Arc<Self> {
        let now = Now {
            asked: 0,
            waits_since: Instant::now(),
            head_since: None,
            is_h2: false,
            unread_since: None,
            answers: BTreeMap::new(),
            next_answer: 0,
        };
        Arc::new(Self { now: Mutex::new(now), given_up: Notify::new() })
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// HTTP may begin: the first head is waited for from now on.
    pub(super) fn is_open(&self) {
        self.now().head_since = Some(Instant::now());
    }

    /// Bytes have come. In HTTP/1.1, where nothing is asked, they are of the next head. In HTTP/2 they may be of anything,
    /// and only a request ends the waiting for one.
    pub(super) fn has_sent(&self) {
        let mut now = self.now();
        if now.asked == 0 && !now.is_h2 {
            now.head_since.get_or_insert_with(Instant::now);
        }
    }

    /// Bytes cannot be written.
    pub(super) fn is_not_read(&self) {
        self.now().unread_since.get_or_insert_with(Instant::now);
    }

    /// All bytes have been written.
    pub(super) fn has_read(&self) {
        self.now().unread_since = None;
    }

    /// The head of a request is here.
    pub(super) fn asks(self: &Arc<Self>, version: Version) -> Asked {
        let mut now = self.now();
        now.asked += 1;
        now.head_since = None;
        now.is_h2 = version == Version::HTTP_2;
        drop(now);
        Asked { standing: Arc::clone(self), answer: None }
    }

    /// Since when nothing is asked; none if something is.
    pub(super) fn waits_since(&self) -> Option<Instant> {
        let now = self.now();
        (now.asked == 0).then_some(now.waits_since)
    }

    /// When the client is overdue if nothing happens until then, and what that means.
    pub(super) fn due(&self, patience: &Patience) -> Option<(Instant, Overdue)> {
        let now = self.now();
        let head = now.head_since.map(|since| (since + patience.head, Overdue::Slow));
        let oldest = now.answers.first_key_value().map(|(_, since)| *since);
        let answer = oldest.into_iter().chain(now.unread_since).min();
        let answer = answer.map(|since| (since + patience.answer, Overdue::Slow));
        let idle = (now.asked == 0).then(|| (now.waits_since + patience.idle, Overdue::Idle));
        [head, answer, idle].into_iter().flatten().min_by_key(|(at, _)| *at)
    }
}

impl Asked {
    /// Watches the answer being handed over.
    pub(super) fn answered(mut self, response: Response) -> Response {
        let mut now = self.standing.now();
        let id = now.next_answer;
        now.next_answer += 1;
        now.answers.insert(id, Instant::now());
        drop(now);
        self.answer = Some(id);
        response.map(|body| Body::new(Handed { body, _asked: self }))
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let mut now = self.standing.now();
        if let Some(id) = self.answer {
            now.answers.remove(&id);
        }
        now.asked -= 1;
        now.waits_since = Instant::now();
    }
}

impl HttpBody for Handed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
