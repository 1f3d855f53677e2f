//! Why a verification comes to what it does: the same steps, each of them told.

use keyward_core::{KeyFacts, KeyStatus, Outcome, ScopeKey, Step, Timestamp};

use crate::index::{Entry, LimitStanding};
use crate::verify::Ask;

/// What each step of a decision comes to for a key.
#[derive(Debug)]
pub struct Explanation<'a> {
    /// The key.
    pub entry: Entry<'a>,
    /// The key's scopes that are in force.
    pub scopes: Vec<&'a ScopeKey>,
    /// The key's status.
    pub status: KeyStatus,
    /// Whether its API is one of those that were asked for.
    pub is_wanted: bool,
    /// Each step, and what is wrong by it alone.
    pub steps: [(Step, Option<Outcome>); Step::ALL.len()],
    /// Where each limit of rate stands, and whether what is asked exceeds it: the last step.
    pub limits: Vec<LimitStanding>,
}

impl Explanation<'_> {
    /// Whether what is asked exceeds a limit of rate.
    pub fn is_limited(&self) -> bool {
        self.limits.iter().any(|limit| limit.is_exceeded)
    }

    /// What a verification comes to: the first step that fails decides.
    pub fn outcome(&self) -> Outcome {
        if !self.is_wanted {
            return Outcome::WrongApi;
        }
        let limited = self.is_limited().then_some(Outcome::RateLimited);
        self.steps.iter().find_map(|(_, failed)| failed.clone()).or(limited).unwrap_or(Outcome::Verified)
    }
}

/// Looks at every step for a key that the caller may know of: by its secret, which was found right, or otherwise. Of limits of
/// rate it would spend so many units, each its own cost where none is given, and spends none.
pub fn explain<'a>(entry: Entry<'a>, ask: &Ask<'_>, cost: Option<u32>, now: Timestamp) -> Explanation<'a> {
    let (scopes, state) = (entry.scope_keys(), entry.state());
    let facts = KeyFacts { state, allowed_cidrs: &entry.key.allowed_cidrs, scopes: &scopes };
    let steps = Step::ALL.map(|step| (step, step.check(&facts, &ask.presented, now)));
    let is_wanted = ask.wanted.takes(&entry.key.api);
    let limits = entry.look_at_limits(cost, now);
    Explanation { entry, scopes, status: state.status(now), is_wanted, steps, limits }
}
