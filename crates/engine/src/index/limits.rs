use std::sync::Arc;

use keyward_core::gcra::{self, Spending};
use keyward_core::{Quota, RateLimit, Timestamp};

use crate::index::Entry;
use crate::sync::{Mutex, MutexGuard, hold};

/// The limits of a key or an owner. A change of them makes new ones, and what was used stays.
#[derive(Debug)]
pub struct Limits {
    limits: Box<[RateLimit]>,
    used: Arc<Used>,
}

/// What was used of limits, by name. Its lock is held while one verification spends, and is that of one key or owner.
#[derive(Debug, Default)]
struct Used(Mutex<Vec<(Box<str>, gcra::Usage)>>);

/// Whose limit it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The key's own.
    Key,
    /// Its owner's, which all keys of the owner share.
    Owner,
}

/// Where a limit stands after a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitStanding {
    /// Whose it is.
    pub holder: Holder,
    /// Its name.
    pub name: String,
    /// How much of it there is.
    pub quota: Quota,
    /// What is left of it.
    pub standing: gcra::Standing,
    /// Whether it had too little for what was asked.
    pub is_exceeded: bool,
    /// How long until there is enough for it, if it had too little; none if there never is.
    pub wait: Option<std::time::Duration>,
}

impl Limits {
    /// These limits; none if there are none. What was used of the ones before counts on under the same names.
    pub(super) fn after(before: Option<&Arc<Self>>, limits: &[RateLimit]) -> Option<Arc<Self>> {
        if limits.is_empty() {
            return None;
        }
        if let Some(before) = before.filter(|before| *before.limits == *limits) {
            return Some(Arc::clone(before));
        }
        let used = before.map_or_else(Arc::default, |before| Arc::clone(&before.used));
        used.lock().retain(|(name, _)| limits.iter().any(|limit| limit.name() == &**name));
        Some(Arc::new(Self { limits: limits.into(), used }))
    }
}

impl Used {
    fn lock(&self) -> MutexGuard<'_, Vec<(Box<str>, gcra::Usage)>> {
        hold(&self.0)
    }
}

/// Limits of one holder, while a verification spends of them.
struct Held<'a> {
    holder: Holder,
    limits: &'a [RateLimit],
    used: MutexGuard<'a, Vec<(Box<str>, gcra::Usage)>>,
}

impl<'a> Held<'a> {
    fn of(holder: Holder, limits: &'a Limits) -> Self {
        let mut used = limits.used.lock();
        for limit in &limits.limits {
            if !used.iter().any(|(name, _)| **name == *limit.name()) {
                used.push((limit.name().into(), gcra::Usage::default()));
            }
        }
        Self { holder, limits: &limits.limits, used }
    }

    /// The limits with what was used of each.
    fn each(&mut self) -> impl Iterator<Item = (Holder, &'a RateLimit, &mut gcra::Usage)> {
        let (holder, limits) = (self.holder, self.limits);
        self.used.iter_mut().filter_map(move |(name, usage)| {
            let limit = limits.iter().find(|limit| limit.name() == &**name)?;
            Some((holder, limit, usage))
        })
    }
}

impl Entry<'_> {
    /// Spends of every limit of the key and of its owner, or of none: then one of them says that it is exceeded. Each
    /// spends its own cost where none is given. Nothing is there to spend of a key without limits.
    pub fn spend(&self, cost: Option<u32>, now: Timestamp) -> Vec<LimitStanding> {
        self.weigh(cost, now, true)
    }

    /// What [`Self::spend`] would come to, and where the limits stand before it: nothing is spent.
    pub fn look_at_limits(&self, cost: Option<u32>, now: Timestamp) -> Vec<LimitStanding> {
        self.weigh(cost, now, false)
    }

    fn weigh(&self, cost: Option<u32>, now: Timestamp, is_spent: bool) -> Vec<LimitStanding> {
        let owners = self.owner.and_then(|owner| owner.limits.as_deref());
        let keys = self.key.limits.as_deref();
        // Always in this order, so that two who spend do not wait for each other in a circle.
        let owners = owners.map(|limits| Held::of(Holder::Owner, limits));
        let keys = keys.map(|limits| Held::of(Holder::Key, limits));
        let mut held: Vec<Held<'_>> = keys.into_iter().chain(owners).collect();
        let before: Vec<gcra::Usage> = held.iter_mut().flat_map(Held::each).map(|(.., usage)| *usage).collect();
        let cost_of = |limit: &RateLimit| cost.unwrap_or(limit.cost());
        let each = held.iter_mut().flat_map(Held::each);
        let mut spendings: Vec<Spending<'_>> =
            each.map(|(_, limit, usage)| Spending { quota: limit.quota(), usage, cost: cost_of(limit) }).collect();
        let exceeded = gcra::spend(&mut spendings, now).err().unwrap_or_default();
        let each = held.iter_mut().flat_map(Held::each).enumerate();
        let seen = each.map(|(at, (holder, limit, usage))| {
            if !is_spent {
                *usage = before[at];
            }
            let is_exceeded = exceeded.contains(&at);
            LimitStanding {
                holder,
                name: limit.name().to_owned(),
                quota: limit.quota(),
                standing: usage.standing(limit.quota(), now),
                is_exceeded,
                wait: if is_exceeded { usage.wait(limit.quota(), cost_of(limit), now) } else { None },
            }
        });
        seen.collect()
    }
}
