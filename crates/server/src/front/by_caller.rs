//! How many requests one caller may have at a time, so that it leaves room for the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use http::Extensions;
use keyward_store::Actor;
use keyward_wire::ErrorCode;

use crate::refusal::Refusal;

/// The places of each caller. Cloning it is cheap.
#[derive(Clone, Debug)]
pub(super) struct Callers {
    limit: u32,
    /// By the caller's id; who has none in use does not stand here.
    used: Arc<Mutex<HashMap<Box<str>, u32>>>,
}

/// On a request: where its caller's place is kept until it is answered.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    callers: Callers,
    taken: Arc<OnceLock<Taken>>,
}

/// A place that is in use.
#[derive(Debug)]
struct Taken {
    callers: Callers,
    id: Box<str>,
}

impl Callers {
    /// With so many places each.
    pub(super) fn new(limit: u32) -> Self {
        Self { limit, used: Arc::default() }
    }

    /// Where the place for a request will be kept.
    pub(super) fn seat(&self) -> Seat {
        Seat { callers: self.clone(), taken: Arc::default() }
    }

    fn take(&self, id: &str) -> Option<Taken> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        match used.get_mut(id) {
            Some(count) if *count >= self.limit => return None,
            Some(count) => *count += 1,
            None => {
                used.insert(id.into(), 1);
            }
        }
        Some(Taken { callers: self.clone(), id: id.into() })
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut used = self.callers.used.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = used.get_mut(&self.id) {
            *count -= 1;
            if *count == 0 {
                used.remove(&self.id);
            }
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
