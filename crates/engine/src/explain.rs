//! Why a verification comes to what it does: the same steps, each of them told.

use keyward_core::{KeyFacts, KeyStatus, Outcome, ScopeKey, Step, Timestamp};

use crate::index::{Entry, Spent};
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
    /// Where each limit of rate and the credits stand, and whether they are enough for what is asked: the last steps.
    pub spent: Spent,
}

impl Explanation<'_> {
    /// What a verification comes to: the first step that fails decides.
    pub fn outcome(&self) -> Outcome {
        if !self.is_wanted {
            return Outcome::WrongApi;
        }
        let failed = self.steps.iter().find_map(|(_, failed)| failed.clone());
        failed.or_else(|| self.spent.failure()).unwrap_or(Outcome::Verified)
    }
}

/// Looks at every step for a key that the caller may know of: by its secret, which was found right, or otherwise. Of limits and
/// credits it would spend so many units, each its own cost where none is given, and spends none.
pub fn explain<'a>(entry: Entry<'a>, ask: &Ask<'_>, cost: Option<u32>, now: Timestamp) -> Explanation<'a> {
    let (scopes, state) = (entry.scope_keys(), entry.state());
    let facts = KeyFacts { state, allowed_cidrs: &entry.key.allowed_cidrs, scopes: &scopes };
    let steps = Step::ALL.map(|step| (step, step.check(&facts, &ask.presented, now)));
    let is_wanted = ask.wanted.takes(&entry.key.api);
    let spent = entry.look(cost, now);
    Explanation { entry, scopes, status: state.status(now), is_wanted, steps, spent }
}
