use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use keyward_core::AllowedScopes;

use crate::facts;
use crate::index::Allowance;

/// What a node knows about an owner of keys. All its keys refer to it, so that whatever becomes of it is one exchange.
#[derive(Debug)]
pub struct KnownOwner {
    state: ArcSwap<OwnerState>,
}

/// What may change about an owner.
#[derive(Clone, Debug)]
pub struct OwnerState {
    /// The platform's own id of it.
    pub external_id: Option<String>,
    /// Whether its keys are out of use for a time.
    pub is_suspended: bool,
    /// Whether it was deleted, and its keys with it.
    pub is_deleted: bool,
    /// The limits of rate and the credits that all its keys share, if it has any.
    pub allowance: Option<Arc<Allowance>>,
    /// The scopes that its plan allows its keys; none for all that they carry.
    pub allowed_scopes: Option<AllowedScopes>,
    revision: u64,
}

impl OwnerState {
    fn of(fact: &facts::Owner, credits: Option<&facts::Credits>, before: Option<&Self>) -> Self {
        let before = before.and_then(|before| before.allowance.as_ref());
        Self {
            external_id: fact.external_id.clone(),
            is_suspended: fact.is_suspended,
            is_deleted: fact.is_deleted,
            allowance: Allowance::after(before, &fact.rate_limits, credits),
            allowed_scopes: fact.allowed_scopes.clone(),
            revision: fact.revision,
        }
    }
}

impl KnownOwner {
    pub(super) fn new(fact: &facts::Owner, credits: Option<&facts::Credits>) -> Self {
        Self { state: ArcSwap::from_pointee(OwnerState::of(fact, credits, None)) }
    }

    /// What is true of it now.
    pub fn state(&self) -> Guard<Arc<OwnerState>> {
        self.state.load()
    }

    pub(super) fn apply(&self, fact: &facts::Owner, credits: Option<&facts::Credits>) {
        let before = self.state.load();
        if before.revision < fact.revision {
            self.state.store(Arc::new(OwnerState::of(fact, credits, Some(&before))));
        }
    }
}
