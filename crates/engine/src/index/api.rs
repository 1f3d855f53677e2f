use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use keyward_core::{ApiId, ScopeKey, ScopeNumber, ScopeNumbers};

use crate::facts;

/// What a node knows about an API. All its keys refer to it, so that whatever becomes of it is one exchange.
#[derive(Debug)]
pub struct Api {
    /// The API's id.
    pub id: ApiId,
    /// Its audience, which never changes.
    pub audience: String,
    /// Whether it is Keyward's own.
    pub is_management_api: bool,
    state: ArcSwap<ApiState>,
}

/// What may change about an API.
#[derive(Clone, Debug, Default)]
pub struct ApiState {
    /// Whether it was deleted, and its keys with it.
    pub is_deleted: bool,
    revision: u64,
    scopes: BTreeMap<ScopeNumber, ScopeState>,
}

#[derive(Clone, Debug)]
struct ScopeState {
    key: ScopeKey,
    is_deleted: bool,
    revision: u64,
}

impl Api {
    pub(super) fn new(fact: facts::Api) -> Self {
        let state = ApiState { is_deleted: fact.is_deleted, revision: fact.revision, scopes: BTreeMap::new() };
        let (id, audience, is_management_api) = (fact.id, fact.audience, fact.is_management_api);
        Self { id, audience, is_management_api, state: ArcSwap::from_pointee(state) }
    }

    /// What is true of it now.
    pub fn state(&self) -> Guard<Arc<ApiState>> {
        self.state.load()
    }

    pub(super) fn apply(&self, fact: &facts::Api) {
        let now = self.state.load();
        if now.revision < fact.revision {
            let next = ApiState { is_deleted: fact.is_deleted, revision: fact.revision, ..ApiState::clone(&now) };
            self.state.store(Arc::new(next));
        }
    }

    pub(super) fn apply_scopes(&self, facts: impl Iterator<Item = facts::Scope>) {
        let mut next = ApiState::clone(&self.state.load());
        for fact in facts {
            let known = next.scopes.get(&fact.number);
            if known.is_none_or(|known| known.revision < fact.revision) {
                let scope = ScopeState { key: fact.key, is_deleted: fact.is_deleted, revision: fact.revision };
                next.scopes.insert(fact.number, scope);
            }
        }
        self.state.store(Arc::new(next));
    }
}

impl ApiState {
    /// The scopes that these numbers name and that the API still has, ascending by number.
    pub fn scope_keys(&self, numbers: &ScopeNumbers) -> Vec<&ScopeKey> {
        let known = numbers.iter().filter_map(|number| self.scopes.get(&number));
        known.filter(|scope| !scope.is_deleted).map(|scope| &scope.key).collect()
    }
}
