//! Who is told to slow down. In memory, by node; what it remembers is bounded.
//!
//! A failure is counted only after a credential turned out wrong, and all that a budget of failures changes is a 401 into
//! a 429: nobody's failures stand in the way of a credential that is right. `docs/adr/0015` has the reasons.

mod ledger;
mod network;

use std::fmt;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use keyward_core::gcra::{self, Spending, Standing};
use keyward_core::{ClientId, Quota, Timestamp, Usage};

use crate::inputs::Clock;
use crate::settings::ThrottleSettings;
use ledger::Ledger;
use network::Network;

/// How many of a kind are remembered, twice: those seen lately, and those before them.
const REMEMBERED: usize = 16_384;

// The names of the budgets, as clients see them.
const FAILURES_BY_ADDRESS: &str = "failures-by-address";
const FAILURES_BY_CLIENT: &str = "failures-by-client";
const TOKENS_BY_CLIENT: &str = "tokens-by-client";

/// Counts failures by address and by client, and tokens by client.
pub(crate) struct Throttle {
    quotas: Quotas,
    /// Held for a look-up or two, never over an await.
    ledgers: Mutex<Ledgers>,
}

/// What is allowed; none for no limit.
struct Quotas {
    failures_by_address: Option<Quota>,
    failures_by_client: Option<Quota>,
    tokens_by_client: Option<Quota>,
}

struct Ledgers {
    failures_by_address: Ledger<Network>,
    failures_by_client: Ledger<ClientId>,
    tokens_by_client: Ledger<ClientId>,
}

/// Budgets that are used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttled(pub(crate) Vec<UsedUp>);

/// A budget that is used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UsedUp {
    /// Its name, as clients see it.
    pub(crate) policy: &'static str,
    /// What it allows.
    pub(crate) quota: Quota,
    /// Where it stands.
    pub(crate) standing: Standing,
}

impl Throttle {
    pub(crate) fn new(settings: &ThrottleSettings) -> Self {
        // The settings are within the bounds of a quota, and zero stands for none.
        let per_minute = |limit| Quota::new(limit, 60).ok();
        let quotas = Quotas {
            failures_by_address: per_minute(settings.failures_per_address_per_minute),
            failures_by_client: per_minute(settings.failures_per_client_per_minute),
            tokens_by_client: per_minute(settings.tokens_per_client_per_minute),
        };
        let ledgers = Ledgers {
            failures_by_address: Ledger::remembering(REMEMBERED),
            failures_by_client: Ledger::remembering(REMEMBERED),
            tokens_by_client: Ledger::remembering(REMEMBERED),
        };
        Self { quotas, ledgers: Mutex::new(ledgers) }
    }

    /// Counts a credential that turned out wrong, by where it came from and by the client that it named, if any: whether
    /// it is to be told to slow down. A failure that is told so is not counted.
    pub(crate) fn count_failure(
        &self,
        from: IpAddr,
        client: Option<&ClientId>,
        clock: &Clock,
    ) -> Result<(), Throttled> {
        let (mut ledgers, quotas) = (self.lock(), &self.quotas);
        let Ledgers { failures_by_address, failures_by_client, .. } = &mut *ledgers;
        let network = Network::of(from);
        let by_address = Budget::of(FAILURES_BY_ADDRESS, quotas.failures_by_address, failures_by_address, &network);
        let by_client = client
            .and_then(|client| Budget::of(FAILURES_BY_CLIENT, quotas.failures_by_client, failures_by_client, client));
        spend(by_address.into_iter().chain(by_client).collect(), clock.now())
    }

    /// Counts a token for a client that has shown its secret: whether it is to be told to slow down.
    pub(crate) fn count_token(&self, client: &ClientId, clock: &Clock) -> Result<(), Throttled> {
        let mut ledgers = self.lock();
        let budget = Budget::of(TOKENS_BY_CLIENT, self.quotas.tokens_by_client, &mut ledgers.tokens_by_client, client);
        spend(budget.into_iter().collect(), clock.now())
    }

    fn lock(&self) -> MutexGuard<'_, Ledgers> {
        self.ledgers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Throttled {
    /// What is wrong, for people.
    pub(crate) fn message(&self) -> &'static str {
        if self.0.iter().any(|used_up| used_up.policy == TOKENS_BY_CLIENT) {
            "The client asks for too many tokens. Use each until it expires, and wait as long as Retry-After says."
        } else {
            "Too many credentials were wrong. Wait as long as Retry-After says."
        }
    }
}

impl fmt::Debug for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Throttle(..)")
    }
}

/// What somebody has used of a quota.
struct Budget<'a> {
    policy: &'static str,
    quota: Quota,
    usage: &'a mut Usage,
}

impl<'a> Budget<'a> {
    fn of<K: Clone + Eq + Hash>(
        policy: &'static str,
        quota: Option<Quota>,
        ledger: &'a mut Ledger<K>,
        whose: &K,
    ) -> Option<Self> {
        quota.map(|quota| Self { policy, quota, usage: ledger.usage_of(whose) })
    }
}

/// One from each budget, or none from any.
fn spend(budgets: Vec<Budget<'_>>, now: Timestamp) -> Result<(), Throttled> {
    let names: Vec<_> = budgets.iter().map(|budget| (budget.policy, budget.quota)).collect();
    let each = budgets.into_iter();
    let mut spendings: Vec<_> = each.map(|Budget { quota, usage, .. }| Spending { quota, usage, cost: 1 }).collect();
    let Err(lacking) = gcra::spend(&mut spendings, now) else { return Ok(()) };
    let used_up = lacking.into_iter().map(|at| {
        let (policy, quota) = names[at];
        UsedUp { policy, quota, standing: spendings[at].usage.standing(quota, now) }
    });
    Err(Throttled(used_up.collect()))
}

#[cfg(test)]
mod tests;
