use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use keyward_core::gcra::{self, Spending};
use keyward_core::{CreditTerms, Outcome, Quota, RateLimit, Timestamp};

use crate::facts;
use crate::index::Entry;
use crate::index::purse::{Block, Funds, Purse};
use crate::payment::Payment;
use crate::sync::{Mutex, MutexGuard, hold};

/// What a key or an owner may spend: its limits of rate, and its credits. A change of them makes a new one, and what was used
/// stays.
#[derive(Debug)]
pub struct Allowance {
    limits: Box<[RateLimit]>,
    credits: Option<CreditTerms>,
    used: Arc<Used>,
}

/// What was used. Its lock is held while one verification spends, and is that of one key or owner.
#[derive(Debug, Default)]
struct Used(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// What was used of limits, by name.
    limits: Vec<(Box<str>, gcra::Usage)>,
    purse: Purse,
}

/// Whose it is.
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
    pub wait: Option<Duration>,
}

/// Where credits stand after a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditStanding {
    /// Whose they are.
    pub holder: Holder,
    /// How many are left, as this node knows.
    pub remaining: u64,
    /// When they are filled up again.
    pub refills_at: Option<Timestamp>,
    /// Whether they were too few for what was asked.
    pub is_exhausted: bool,
    /// How long until there are enough, if they were too few; none if there never are.
    pub wait: Option<Duration>,
}

/// What spending came to: all of it or nothing.
#[derive(Debug, Default)]
pub struct Spent {
    /// Where each limit of rate stands.
    pub limits: Vec<LimitStanding>,
    /// Where the credits stand, the key's and its owner's.
    pub credits: Vec<CreditStanding>,
    /// What is to be asked of the store before it can be known: nothing is spent, and the question is to be put again then.
    pub asks: Vec<BlockAsk>,
    /// What was paid, and is to be written down.
    pub paid: Vec<Paid>,
}

/// What was paid of somebody's credits.
#[derive(Clone, Debug)]
pub struct Paid {
    used: Arc<Used>,
    /// Whose.
    pub holder: Holder,
    /// How much.
    pub payment: Payment,
}

impl Paid {
    /// Takes it back, since it could not be written down.
    pub fn take_back(&self) {
        self.used.lock().purse.take_back(self.payment);
    }
}

/// A question to the store: for a block of a holder's credits.
#[derive(Clone, Debug)]
pub struct BlockAsk {
    used: Arc<Used>,
    /// Whose.
    pub holder: Holder,
    /// The revision that set the balance, as this node knows.
    pub generation: u64,
    /// When the period began that this node is in.
    pub period: Timestamp,
    cost: u32,
    /// Whether the store has probably too few.
    pub is_doubtful: bool,
}

impl BlockAsk {
    /// The number of the purse, for more of the same period; none before the first block.
    pub fn number(&self) -> Option<NonZeroU32> {
        self.used.lock().purse.number()
    }

    /// Puts what was taken into the purse.
    pub fn put_in(&self, block: Block, now: Timestamp) {
        self.used.lock().purse.put_in(self.generation, block, now);
    }

    /// How many are to be taken at least; none if there is nothing to ask any more, since somebody else has asked.
    pub fn needed(&self, now: Timestamp) -> Option<u32> {
        let purse = &self.used.lock().purse;
        let is_open = purse.generation() == self.generation && purse.funds(self.cost, now) == Funds::Unasked;
        is_open.then(|| purse.lacks(self.cost))
    }
}

impl Spent {
    /// What is wrong, if anything is: limits are asked first.
    pub fn failure(&self) -> Option<Outcome> {
        if self.limits.iter().any(|limit| limit.is_exceeded) {
            return Some(Outcome::RateLimited);
        }
        self.credits.iter().any(|credits| credits.is_exhausted).then_some(Outcome::CreditsExhausted)
    }
}

impl Allowance {
    /// These limits and credits; none if there are neither. What was used before counts on: of limits under the same names,
    /// of credits until the balance is set anew.
    pub(super) fn after(
        before: Option<&Arc<Self>>,
        limits: &[RateLimit],
        credits: Option<&facts::Credits>,
    ) -> Option<Arc<Self>> {
        let terms = credits.and_then(|credits| credits.terms);
        if limits.is_empty() && terms.is_none() {
            return None;
        }
        let used = before.map_or_else(Arc::default, |before| Arc::clone(&before.used));
        let mut state = used.lock();
        if let Some(credits) = credits {
            state.purse.set(credits);
        }
        state.limits.retain(|(name, _)| limits.iter().any(|limit| limit.name() == &**name));
        drop(state);
        let is_same = |before: &&Arc<Self>| *before.limits == *limits && before.credits == terms;
        if let Some(before) = before.filter(is_same) {
            return Some(Arc::clone(before));
        }
        Some(Arc::new(Self { limits: limits.into(), credits: terms, used }))
    }
}

/// Seconds of the longest window that is forgotten when a node ends: what was used of longer ones is remembered.
const FORGOTTEN_SECONDS: u32 = 3_600;

impl Allowance {
    /// The longest window in seconds of which something is to be remembered; none if there is none.
    pub(super) fn longest_window(&self) -> Option<u32> {
        let windows = self.limits.iter().map(|limit| limit.quota().window_seconds());
        windows.filter(|window| *window > FORGOTTEN_SECONDS).max()
    }

    /// Remembers what was used in an hour, at the end of which this is, of windows that are longer. Where it is not known what
    /// each verification spent, it is the more.
    pub(super) fn remember(&self, hour: &facts::UsedHour, at: Timestamp) {
        let mut state = self.used.lock();
        for limit in self.limits.iter().filter(|limit| limit.quota().window_seconds() > FORGOTTEN_SECONDS) {
            let more = u64::from(limit.cost().saturating_sub(1)).saturating_mul(hour.count);
            state.usage_of(limit.name()).note(limit.quota(), hour.cost.saturating_add(more), at);
        }
    }
}

impl State {
    /// What was used of a limit.
    fn usage_of(&mut self, name: &str) -> &mut gcra::Usage {
        let at = self.limits.iter().position(|(known, _)| **known == *name).unwrap_or_else(|| {
            self.limits.push((name.into(), gcra::Usage::default()));
            self.limits.len() - 1
        });
        &mut self.limits[at].1
    }
}

impl Used {
    fn lock(&self) -> MutexGuard<'_, State> {
        hold(&self.0)
    }
}

/// What one holder may spend, while a verification does.
struct Held<'a> {
    holder: Holder,
    allowance: &'a Allowance,
    state: MutexGuard<'a, State>,
}

impl<'a> Held<'a> {
    fn of(holder: Holder, allowance: &'a Allowance, now: Timestamp) -> Self {
        let mut state = allowance.used.lock();
        for limit in &allowance.limits {
            state.usage_of(limit.name());
        }
        if let Some(terms) = &allowance.credits {
            state.purse.turn(terms, now);
        }
        Self { holder, allowance, state }
    }

    /// The limits with what was used of each.
    fn each(&mut self) -> impl Iterator<Item = (Holder, &'a RateLimit, &mut gcra::Usage)> {
        let (holder, limits) = (self.holder, &self.allowance.limits);
        self.state.limits.iter_mut().filter_map(move |(name, usage)| {
            let limit = limits.iter().find(|limit| limit.name() == &**name)?;
            Some((holder, limit, usage))
        })
    }

    /// The credits, if there are any, with what a verification costs of them.
    fn credits(&self, cost: Option<u32>) -> Option<(CreditTerms, u32)> {
        self.allowance.credits.map(|terms| (terms, cost.unwrap_or(terms.cost())))
    }

    fn ask(&self, cost: u32) -> BlockAsk {
        let purse = &self.state.purse;
        BlockAsk {
            used: Arc::clone(&self.allowance.used),
            holder: self.holder,
            generation: purse.generation(),
            period: purse.period(),
            cost,
            is_doubtful: purse.left() < u64::from(cost),
        }
    }

    fn standing(&self, (terms, cost): (&CreditTerms, u32), is_exhausted: bool, now: Timestamp) -> CreditStanding {
        let purse = &self.state.purse;
        // A clock that was set back does not bring a refill a second time.
        let refills_at = terms.refills_after(now.max(purse.period()));
        let is_enough_then = terms.refill().is_some_and(|refill| refill.amount() >= u64::from(cost));
        let wait = refills_at
            .filter(|_| is_exhausted && is_enough_then)
            .map(|at| Duration::from_micros(at.as_micros().saturating_sub(now.as_micros()).max(0).unsigned_abs()));
        CreditStanding { holder: self.holder, remaining: purse.left(), refills_at, is_exhausted, wait }
    }
}

/// Whether what is asked is spent, or only looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Spend,
    Look,
}

impl Entry<'_> {
    /// Spends of every limit and of the credits, the key's and its owner's, or of none: then one of them says that it is
    /// exceeded, or the store is to be asked first. Each spends its own cost where none is given. Nothing is there to spend of
    /// a key without limits and credits.
    pub fn spend(&self, cost: Option<u32>, now: Timestamp) -> Spent {
        self.weigh(cost, now, Mode::Spend)
    }

    /// What [`Self::spend`] would come to, and where all stands before it: nothing is spent, and nothing asked of the store.
    pub fn look(&self, cost: Option<u32>, now: Timestamp) -> Spent {
        self.weigh(cost, now, Mode::Look)
    }

    fn weigh(&self, cost: Option<u32>, now: Timestamp, mode: Mode) -> Spent {
        let owners = self.owner.and_then(|owner| owner.allowance.as_deref());
        let keys = self.key.allowance.as_deref();
        // Always in this order, so that two who spend do not wait for each other in a circle.
        let owners = owners.map(|allowance| Held::of(Holder::Owner, allowance, now));
        let keys = keys.map(|allowance| Held::of(Holder::Key, allowance, now));
        let mut held: Vec<Held<'_>> = keys.into_iter().chain(owners).collect();
        let before: Vec<gcra::Usage> = held.iter_mut().flat_map(Held::each).map(|(.., usage)| *usage).collect();
        let cost_of = |limit: &RateLimit| cost.unwrap_or(limit.cost());
        let each = held.iter_mut().flat_map(Held::each);
        let mut spendings: Vec<Spending<'_>> =
            each.map(|(_, limit, usage)| Spending { quota: limit.quota(), usage, cost: cost_of(limit) }).collect();
        let exceeded = gcra::spend(&mut spendings, now).err().unwrap_or_default();
        let (credits, asks) = weigh_credits(&held, cost, now, mode);
        let pass = exceeded.is_empty() && asks.is_empty() && !credits.iter().any(|credits| credits.is_exhausted);
        let is_spent = pass && mode == Mode::Spend;
        let each = held.iter_mut().flat_map(Held::each).enumerate();
        let limits = each.map(|(at, (holder, limit, usage))| {
            // What was refused by its limits has spent nothing; time counts from here on for it all the same.
            if !is_spent && (mode == Mode::Look || exceeded.is_empty()) {
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
        let limits = limits.collect();
        if is_spent {
            let (paid, credits) = pay(&mut held, cost, now);
            return Spent { limits, credits, asks, paid };
        }
        // Who is refused by a limit learns of that, and does not wait for the store.
        let asks = if exceeded.is_empty() { asks } else { Vec::new() };
        Spent { limits, credits, asks, paid: Vec::new() }
    }
}

/// Where the credits of each stand, and what is to be asked of the store before that is known.
fn weigh_credits(
    held: &[Held<'_>],
    cost: Option<u32>,
    now: Timestamp,
    mode: Mode,
) -> (Vec<CreditStanding>, Vec<BlockAsk>) {
    let (mut standings, mut asks) = (Vec::new(), Vec::new());
    for held in held {
        let Some((terms, cost)) = held.credits(cost) else { continue };
        let funds = held.state.purse.funds(cost, now);
        let is_exhausted = match mode {
            Mode::Spend => funds == Funds::Short,
            Mode::Look => held.state.purse.left() < u64::from(cost),
        };
        standings.push(held.standing((&terms, cost), is_exhausted, now));
        if mode == Mode::Spend && funds == Funds::Unasked {
            asks.push(held.ask(cost));
        }
    }
    // Where one is too short, nothing more is to be found out.
    if standings.iter().any(|credits| credits.is_exhausted) {
        asks.clear();
    }
    (standings, asks)
}

/// Pays what was found enough; answers what is to be written down, and where the credits stand then.
fn pay(held: &mut [Held<'_>], cost: Option<u32>, now: Timestamp) -> (Vec<Paid>, Vec<CreditStanding>) {
    let (mut paid, mut standings) = (Vec::new(), Vec::new());
    for held in held {
        let Some((terms, cost)) = held.credits(cost) else { continue };
        if let Some(payment) = held.state.purse.pay(cost) {
            paid.push(Paid { used: Arc::clone(&held.allowance.used), holder: held.holder, payment });
        }
        standings.push(held.standing((&terms, cost), false, now));
    }
    (paid, standings)
}
