//! The body of a request as it arrives, which its client has only so long for.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

/// Why a body ends early.
pub(super) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The body did not come whole in time.
#[derive(Debug, thiserror::Error)]
#[error("the body did not come whole in time")]
pub(crate) struct Late;

/// A body with an end to waiting for it. What comes in between does not put it off.
pub(super) struct Arriving<B> {
    body: B,
    until: Instant,
    /// Made when there is something to wait for, as there seldom is.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<B> Arriving<B> {
    /// This body, until then.
    pub(super) fn new(body: B, until: Instant) -> Self {
        Self { body, until, waiting: None }
    }
}

impl<B: HttpBody<Data = Bytes, Error: Into<Failure>> + Unpin> HttpBody for Arriving<B> {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            // Whoever sends faster than we read is late all the same.
            if self.until > Instant::now() || frame.is_none() {
                return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
            }
        }
        let until = self.until;
        ready!(self.waiting.get_or_insert_with(|| Box::pin(sleep_until(until))).as_mut().poll(cx));
        Poll::Ready(Some(Err(Late.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
