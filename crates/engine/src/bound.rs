//! A bound on how many of something there are at a time. Taking and giving back is one step each, without a lock.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::sync::AtomicU32;

/// So many places.
#[derive(Debug)]
pub struct Bound {
    used: AtomicU32,
    limit: u32,
}

/// A place that is in use until this is dropped.
#[derive(Debug)]
pub struct Taken(Arc<Bound>);

impl Bound {
    /// With this many places.
    pub fn new(limit: u32) -> Arc<Self> {
        Arc::new(Self { used: AtomicU32::new(0), limit })
    }

    /// Takes a place, if one is free.
    pub fn take(self: &Arc<Self>) -> Option<Taken> {
        let next = |used: u32| (used < self.limit).then(|| used + 1);
        let taken = self.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
        taken.is_ok().then(|| Taken(Arc::clone(self)))
    }

    /// Whether a place is free at this moment.
    pub fn has_room(&self) -> bool {
        self.used.load(Ordering::Acquire) < self.limit
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
        let bound = Bound::new(2);
        let (first, second) = (bound.take(), bound.take());
        assert!(first.is_some() && second.is_some() && bound.take().is_none() && !bound.has_room());
        drop(first);
        assert!(bound.has_room() && bound.take().is_some());
        drop(second);
        let again = [bound.take(), bound.take(), bound.take()];
        assert_eq!(again.each_ref().map(Option::is_some), [true, true, false]);
        assert!(Bound::new(0).take().is_none());
    }

    #[test]
    fn nobody_has_more_than_all_places_whoever_takes_them() {
        let bound = Bound::new(3);
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
