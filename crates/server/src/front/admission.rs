//! Admission: how many requests are worked on at a time. Verifications, batches of them and everything else each have a
//! bound of their own, so that none keeps the others waiting. Whoever finds no place is told so at once.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;
use http_body::{Frame, SizeHint};
use keyward_engine::Taken;
use keyward_wire::ErrorCode;

use crate::front::by_caller::Callers;
use crate::front::gate::Gate;
use crate::front::refuse;
use crate::metrics::ShedRequests;
use crate::refusal::Refusal;
use crate::settings::PlainSettings;

/// What is always answered.
const HEALTH: [&str; 2] = ["/healthz", "/readyz"];
/// What counts as a verification, by POST.
const VERIFICATIONS: [&str; 2] = ["/api/v1/api_keys/verify", "/oauth2/introspect"];
/// What counts as a batch of verifications, by POST.
const BATCH: &str = "/api/v1/api_keys/verify_batch";
/// There is room for one batch for so many single verifications: it is as much work as a thousand of them, and its answer
/// takes as much memory.
const VERIFICATIONS_A_BATCH: u32 = 64;

/// The places for requests. Cloning it is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    verifications: Gate,
    batches: Gate,
    requests: Gate,
    callers: Callers,
}

/// There was no place left when the body had come.
#[derive(Debug, thiserror::Error)]
#[error("there was no place left when the body had come")]
pub(crate) struct Overloaded;

/// A request's place, taken once.
#[derive(Clone, Debug)]
struct Place {
    of: Gate,
    taken: Arc<OnceLock<Taken>>,
}

/// A body that takes the place of its request when it has come whole, so that no client holds one by sending slowly.
struct Admitted {
    body: Body,
    place: Place,
}

impl Admission {
    /// With as many places as the settings have. Whoever finds none is counted.
    pub(crate) fn new(limits: &PlainSettings, shed: &ShedRequests) -> Self {
        Self {
            verifications: Gate::new(limits.max_verifications, shed.verifications.clone()),
            batches: Gate::new((limits.max_verifications / VERIFICATIONS_A_BATCH).max(1), shed.verifications.clone()),
            requests: Gate::new(limits.max_requests, shed.requests.clone()),
            callers: Callers::new(limits.max_requests_per_caller, shed.requests_per_caller.clone()),
        }
    }

    /// The bound that a request counts for; none for health.
    fn bound_of(&self, method: &Method, path: &str) -> Option<&Gate> {
        match path {
            path if HEALTH.contains(&path) => None,
            path if method == Method::POST && VERIFICATIONS.contains(&path) => Some(&self.verifications),
            path if method == Method::POST && path == BATCH => Some(&self.batches),
            _ => Some(&self.requests),
        }
    }
}

impl Place {
    /// Takes it if it is not taken: whether it is now.
    fn take(&self) -> Result<(), Overloaded> {
        if self.taken.get().is_none() {
            // A second one is given back at once.
            let _ = self.taken.set(self.of.take().ok_or(Overloaded)?);
        }
        Ok(())
    }
}

/// Gives a request its place until it is answered, or says at once that there is none. A request with a body waits for
/// it without a place, and is turned away before if none is free at its head.
pub(crate) async fn admit(State(admission): State<Admission>, mut request: Request, next: Next) -> Response {
    let Some(bound) = admission.bound_of(request.method(), request.uri().path()) else {
        return next.run(request).await;
    };
    let place = Place { of: bound.clone(), taken: Arc::default() };
    let is_whole = request.body().is_end_stream();
    let admitted = if is_whole { place.take().is_ok() } else { bound.has_room() };
    if !admitted {
        return refuse(request.uri().path(), Refusal::new(ErrorCode::Overloaded));
    }
    let seat = admission.callers.seat();
    request.extensions_mut().insert(seat.clone());
    let request = if is_whole {
        request
    } else {
        let place = place.clone();
        request.map(|body| Body::new(Admitted { body, place }))
    };
    let response = next.run(request).await;
    drop((place, seat));
    response
}

impl HttpBody for Admitted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let is_last = frame.is_none() || self.body.is_end_stream();
        if is_last && self.place.take().is_err() {
            return Poll::Ready(Some(Err(axum::Error::new(Overloaded))));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.place.taken.get().is_some() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
