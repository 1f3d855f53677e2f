//! A bound on how many of something there are at a time. Taking and giving back is one step each, without a lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use prometheus_client::metrics::counter::Counter;

/// So many places.
#[derive(Debug)]
pub(super) struct Bound {
    used: AtomicU32,
    limit: u32,
    shed: Counter,
}

/// A place that is in use until this is dropped.
#[derive(Debug)]
pub(super) struct Taken(Arc<Bound>);

impl Bound {
    /// With this many places. Whoever finds none is counted in `shed`.
    pub(super) fn new(limit: u32, shed: Counter) -> Arc<Self> {
        Arc::new(Self { used: AtomicU32::new(0), limit, shed })
    }

    /// Takes a place, if one is free. Else whoever asks is to be turned away, and is counted.
    pub(super) fn take(self: &Arc<Self>) -> Option<Taken> {
        let next = |used: u32| (used < self.limit).then(|| used + 1);
        let taken = self.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
        self.counted(taken.is_ok()).then(|| Taken(Arc::clone(self)))
    }

    /// Whether a place is free at this moment. If not, whoever asks is to be turned away, and is counted.
    pub(super) fn has_room(&self) -> bool {
        self.counted(self.used.load(Ordering::Acquire) < self.limit)
    }

    fn counted(&self, is_free: bool) -> bool {
        if !is_free {
            self.shed.inc();
        }
        is_free
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.used.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_places_as_were_said_and_each_comes_back() {
        let shed = Counter::default();
        let bound = Bound::new(2, shed.clone());
        let (first, second) = (bound.take(), bound.take());
        assert!(first.is_some() && second.is_some() && !bound.has_room() && bound.take().is_none());
        drop(first);
        assert!(bound.has_room() && bound.take().is_some());
        drop(second);
        let again = [bound.take(), bound.take(), bound.take()];
        assert_eq!(again.each_ref().map(Option::is_some), [true, true, false]);
        assert!(Bound::new(0, shed.clone()).take().is_none());
        assert_eq!(shed.get(), 4);
    }

    #[test]
    fn nobody_has_more_than_all_places_whoever_takes_them() {
        let bound = Bound::new(3, Counter::default());
        let most = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..10_000 {
                        let taken = bound.take();
                        most.fetch_max(bound.used.load(Ordering::Acquire), Ordering::Relaxed);
                        drop(taken);
                    }
                });
            }
        });
        assert!((1..=3).contains(&most.load(Ordering::Relaxed)));
        assert_eq!(bound.used.load(Ordering::Acquire), 0);
    }
}
