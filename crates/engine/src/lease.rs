//! The lease: until when a node may answer from memory.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::sync::AtomicU64;

/// An instant of a clock that never goes back and counts while the machine sleeps (`CLOCK_BOOTTIME`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick(Duration);

impl Tick {
    /// So long after the clock's beginning.
    pub const fn at(since_beginning: Duration) -> Self {
        Self(since_beginning)
    }

    /// The instant so much later.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }

    /// How long after another one it is; zero if it is before.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// Nanoseconds since the clock's beginning; enough for 584 years.
    pub(crate) fn nanos(self) -> u64 {
        u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX - 1)
    }
}

/// Until when the node may answer: the nanosecond at which it ends; 0 for none, and the highest number for ever.
///
/// One writer renews it, after the index holds what the renewal stands for; every verification reads it before the index
/// and once more before it answers.
#[derive(Debug, Default)]
pub(crate) struct Lease(AtomicU64);

const FOR_EVER: u64 = u64::MAX;

impl Lease {
    /// Whether the node may answer at this instant.
    pub(crate) fn holds_at(&self, now: Tick) -> bool {
        now.nanos() < self.0.load(Ordering::Acquire)
    }

    /// From now until this instant, or longer if it held longer.
    pub(crate) fn extend(&self, until: Tick) {
        self.0.fetch_max(until.nanos(), Ordering::Release);
    }

    /// From now for ever, or until it is given up.
    pub(crate) fn hold(&self) {
        self.0.store(FOR_EVER, Ordering::Release);
    }

    /// Not any more.
    pub(crate) fn give_up(&self) {
        self.0.store(0, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn an_instant_is_so_long_after_another_and_never_less_than_nothing() {
        let (early, late) = (Tick::at(SECOND), Tick::at(3 * SECOND));
        assert_eq!(
            (late.since(early), early.since(late), late.since(late)),
            (2 * SECOND, Duration::ZERO, Duration::ZERO)
        );
    }

    #[test]
    fn it_holds_until_its_end_and_not_at_it() {
        let (lease, start) = (Lease::default(), Tick::at(SECOND));
        assert!(!lease.holds_at(start), "nobody gave one");
        lease.extend(start.after(SECOND));
        let end = Tick::at(2 * SECOND);
        assert!(lease.holds_at(start) && lease.holds_at(Tick::at(2 * SECOND - Duration::from_nanos(1))));
        assert!(!lease.holds_at(end) && !lease.holds_at(end.after(SECOND)));
    }

    #[test]
    fn a_late_renewal_takes_nothing_from_an_earlier_one() {
        let lease = Lease::default();
        lease.extend(Tick::at(3 * SECOND));
        lease.extend(Tick::at(2 * SECOND));
        assert!(lease.holds_at(Tick::at(2 * SECOND)));
    }

    #[test]
    fn given_up_it_is_gone_at_once_even_if_it_was_for_ever() {
        let lease = Lease::default();
        lease.hold();
        assert!(lease.holds_at(Tick::at(Duration::MAX)));
        lease.give_up();
        assert!(!lease.holds_at(Tick::at(Duration::ZERO)));
    }
}
