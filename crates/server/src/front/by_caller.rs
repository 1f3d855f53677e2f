//! How many requests one caller may have at a time, so that it leaves room for the others.

use std::sync::{Arc, OnceLock};

use http::Extensions;
use keyward_engine::Taken;
use keyward_store::Actor;
use keyward_wire::ErrorCode;
use papaya::HashMap;
use prometheus_client::metrics::counter::Counter;

use crate::front::gate::Gate;
use crate::refusal::Refusal;

/// The places of each caller. Cloning it is cheap.
#[derive(Clone, Debug)]
pub(super) struct Callers {
    limit: u32,
    shed: Counter,
    /// By the caller's id. Those who have called once stay: there are as many as applications and environment keys.
    bounds: Arc<HashMap<Box<str>, Gate>>,
}

/// On a request: where its caller's place is kept until it is answered.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    callers: Callers,
    taken: Arc<OnceLock<Taken>>,
}

impl Callers {
    /// With so many places each. Requests beyond are counted in `shed`.
    pub(super) fn new(limit: u32, shed: Counter) -> Self {
        Self { limit, shed, bounds: Arc::default() }
    }

    /// Where the place for a request will be kept.
    pub(super) fn seat(&self) -> Seat {
        Seat { callers: self.clone(), taken: Arc::default() }
    }

    fn take(&self, id: &str) -> Option<Taken> {
        let bounds = self.bounds.pin();
        match bounds.get(id) {
            Some(bound) => bound.take(),
            None => bounds.get_or_insert_with(id.into(), || Gate::new(self.limit, self.shed.clone())).take(),
        }
    }
}

/// Gives the caller of a request one of its places until it is answered: `OVERLOADED` if all are in use.
pub(crate) fn seat(extensions: &Extensions, caller: &Actor) -> Result<(), Refusal> {
    let Some(seat) = extensions.get::<Seat>().filter(|seat| seat.taken.get().is_none()) else { return Ok(()) };
    let message = "This caller has as many requests at a time as it may. Try again.";
    let taken = seat.callers.take(&caller.id).ok_or_else(|| Refusal::with(ErrorCode::Overloaded, message))?;
    // A request has one caller.
    let _ = seat.taken.set(taken);
    Ok(())
}
