//! What was refused, counted in memory until it is written: never on a request's path, and never more than a bound.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use keyward_core::Timestamp;
use keyward_store::ActorKind;

/// Kinds of refusals that are counted apart between two writings.
const MOST_KINDS: usize = 1_000;

/// The code of all that there was no room for.
pub const OTHER: &str = "OTHER";

/// One kind of refusal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Refused {
    /// The hour in which it was.
    pub hour_at: Timestamp,
    /// The code that was answered.
    pub code: Cow<'static, str>,
    /// Method and route, without what stood in its place-holders.
    pub route: String,
    /// Who asked, if that is known.
    pub actor: Option<(ActorKind, String)>,
    /// From where, if that is known.
    pub address: Option<IpAddr>,
}

/// How many there were, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// How many.
    pub count: u64,
    /// The first.
    pub first_at: Timestamp,
    /// The last.
    pub last_at: Timestamp,
}

impl Refused {
    /// What there was no room for, of the same hour.
    pub fn other(&self) -> Self {
        Self { hour_at: self.hour_at, code: OTHER.into(), route: String::new(), actor: None, address: None }
    }
}

impl Counted {
    /// Both of them.
    pub fn and(self, more: Self) -> Self {
        Self {
            count: self.count + more.count,
            first_at: self.first_at.min(more.first_at),
            last_at: self.last_at.max(more.last_at),
        }
    }
}

/// What was refused and is not stored yet. The lock is held for one look into the map, never over an await.
#[derive(Debug, Default)]
pub struct RefusalLog(Mutex<HashMap<Refused, Counted>>);

impl RefusalLog {
    /// Counts one.
    pub fn note(&self, refused: Refused, at: Timestamp) {
        self.add(refused, Counted { count: 1, first_at: at, last_at: at });
    }

    /// Counts some. A kind that there is no room for is counted among the others of its hour.
    pub fn add(&self, refused: Refused, counted: Counted) {
        self.with(|map| {
            let is_full = map.len() >= MOST_KINDS && !map.contains_key(&refused);
            let refused = if is_full { refused.other() } else { refused };
            map.entry(refused).and_modify(|known| *known = known.and(counted)).or_insert(counted);
        });
    }

    /// Takes out all that was counted.
    pub fn take(&self) -> HashMap<Refused, Counted> {
        self.with(std::mem::take)
    }

    fn with<T>(&self, change: impl FnOnce(&mut HashMap<Refused, Counted>) -> T) -> T {
        // A panic while the lock is held cannot leave half a change: each closure changes one entry.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(number: u32) -> Refused {
        let (hour_at, address) = (Timestamp::from_seconds(0), Some(IpAddr::from(number.to_be_bytes())));
        Refused { hour_at, code: "TOKEN_INVALID".into(), route: "GET /".into(), actor: None, address }
    }

    #[test]
    fn what_is_the_same_is_counted_together() {
        let log = RefusalLog::default();
        for second in [5, 3, 9] {
            log.note(refused(1), Timestamp::from_seconds(second));
        }
        log.note(refused(2), Timestamp::from_seconds(4));
        let taken = log.take();
        let (first_at, last_at) = (Timestamp::from_seconds(3), Timestamp::from_seconds(9));
        assert_eq!((taken.len(), taken[&refused(1)]), (2, Counted { count: 3, first_at, last_at }));
        assert!(log.take().is_empty(), "it is taken once");
    }

    #[test]
    fn what_there_is_no_room_for_is_counted_among_the_others() {
        let log = RefusalLog::default();
        for number in 0..5_000 {
            log.note(refused(number), Timestamp::from_seconds(1));
        }
        log.note(refused(0), Timestamp::from_seconds(2));
        let taken = log.take();
        // One for the others of the hour, beyond the bound.
        assert_eq!(taken.len(), MOST_KINDS + 1);
        assert_eq!(taken[&refused(0)].count, 2, "what has its place keeps it");
        assert_eq!(taken[&refused(0).other()].count, 4_000);
    }
}
