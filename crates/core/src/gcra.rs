//! Limits of rate by the generic cell rate algorithm (ITU-T I.371), in whole numbers and without a clock.
//!
//! What is used of a quota comes back evenly, not at the end of a window. So in no stretch of time is more admitted than
//! the limit and what came back meanwhile, and nobody can use two windows' worth around the end of one.

use std::time::Duration;

use crate::{Broken, Timestamp};

/// The largest limit.
pub const MAX_LIMIT: u32 = 1_000_000;
/// The longest window in seconds: 31 days.
pub const MAX_WINDOW_SECONDS: u32 = 31 * 86_400;

/// So many units at once, and as many again in each window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    limit: u32,
    window_seconds: u32,
}

/// What was used of a quota and has not come back yet; by default nothing.
///
/// It counts in drops, so that no rate has to be rounded: one unit is as many drops as its window has microseconds, and in
/// a microsecond as many come back as the limit has units. Instants are compared with the last one alone: a clock that
/// jumps back gives nothing back for that time, and takes nothing either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    drops: u64,
    at: Timestamp,
}

/// Where a quota stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whole units that may be used now.
    pub remaining: u32,
    /// How long until there is one more; zero if all are there.
    pub more_after: Duration,
}

/// A quota, what was used of it, and what a request would use.
#[derive(Debug)]
pub struct Spending<'a> {
    /// The quota.
    pub quota: Quota,
    /// What was used of it.
    pub usage: &'a mut Usage,
    /// What the request costs, in units.
    pub cost: u32,
}

impl Quota {
    /// So many units in so many seconds.
    pub fn new(limit: u32, window_seconds: u32) -> Result<Self, Broken> {
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Broken("must be a limit of 1 to 1000000".into()));
        }
        if !(1..=MAX_WINDOW_SECONDS).contains(&window_seconds) {
            return Err(Broken("must have a window of 1 to 2678400 seconds".into()));
        }
        Ok(Self { limit, window_seconds })
    }

    /// Units that may be used at once.
    pub const fn limit(self) -> u32 {
        self.limit
    }

    /// Seconds in which as many come back.
    pub const fn window_seconds(self) -> u32 {
        self.window_seconds
    }

    /// The drops of one unit.
    fn drops_per_unit(self) -> u64 {
        u64::from(self.window_seconds) * 1_000_000
    }

    /// The drops of the whole quota; the bounds above keep it below 2^62.
    fn capacity(self) -> u64 {
        self.drops_per_unit() * u64::from(self.limit)
    }

    /// How long it takes until so many drops have come back.
    fn time_of(self, drops: u64) -> Duration {
        Duration::from_micros(drops.div_ceil(self.limit.into()))
    }
}

impl Default for Usage {
    fn default() -> Self {
        Self { drops: 0, at: Timestamp::from_micros(0) }
    }
}

impl Usage {
    /// Where the quota stands.
    pub fn standing(&self, quota: Quota, now: Timestamp) -> Standing {
        let used = self.drops_at(quota, now);
        let room = quota.capacity() - used;
        let remaining = room / quota.drops_per_unit();
        let short = if used == 0 { 0 } else { quota.drops_per_unit() - room % quota.drops_per_unit() };
        Standing { remaining: u32::try_from(remaining).unwrap_or(u32::MAX), more_after: quota.time_of(short) }
    }

    /// How long until a request of this cost fits; zero if it does now, `None` if it never will.
    pub fn wait(&self, quota: Quota, cost: u32, now: Timestamp) -> Option<Duration> {
        let wanted = u64::from(cost).saturating_mul(quota.drops_per_unit());
        let room_for = quota.capacity().checked_sub(wanted)?;
        Some(quota.time_of(self.drops_at(quota, now).saturating_sub(room_for)))
    }

    /// Takes note of units that were used at an instant, as far as the quota goes: what is remembered from elsewhere. Instants
    /// come in their order.
    pub fn note(&mut self, quota: Quota, units: u64, at: Timestamp) {
        let used = units.saturating_mul(quota.drops_per_unit());
        let drops = self.drops_at(quota, at).saturating_add(used).min(quota.capacity());
        *self = Self { drops, at: self.at.max(at) };
    }

    /// Whether everything has come back, so that nothing needs to be remembered.
    pub fn is_unused(&self, quota: Quota, now: Timestamp) -> bool {
        self.drops_at(quota, now) == 0
    }

    /// What is still used now. A quota that has become smaller counts as used up, not as more than that.
    fn drops_at(&self, quota: Quota, now: Timestamp) -> u64 {
        let micros = now.as_micros().saturating_sub(self.at.as_micros()).max(0).unsigned_abs();
        let back = micros.saturating_mul(quota.limit.into());
        self.drops.saturating_sub(back).min(quota.capacity())
    }
}

/// A wait in seconds, rounded up: whoever comes back then is served.
pub fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// Spends from all of the quotas, or from none: then the answer is which of them do not suffice, by their place.
pub fn spend(spendings: &mut [Spending<'_>], now: Timestamp) -> Result<(), Vec<usize>> {
    for Spending { quota, usage, .. } in &mut *spendings {
        // Time counts from here on for those who are refused too: else a clock that jumped back would keep them waiting
        // until it has caught up with itself.
        **usage = Usage { drops: usage.drops_at(*quota, now), at: now };
    }
    let lacks = |spending: &Spending<'_>| {
        spending.usage.wait(spending.quota, spending.cost, now).is_none_or(|wait| !wait.is_zero())
    };
    let lacking: Vec<usize> = (0..spendings.len()).filter(|at| lacks(&spendings[*at])).collect();
    if !lacking.is_empty() {
        return Err(lacking);
    }
    for Spending { quota, usage, cost } in spendings {
        usage.drops += u64::from(*cost) * quota.drops_per_unit();
    }
    Ok(())
}
