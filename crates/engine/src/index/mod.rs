//! The index: every secret of every key by its public part, with all that a decision needs.
//!
//! Readers take no lock. One writer brings it up to date ([`Writer`]).

mod api;
mod key;
mod owner;
mod writer;

use keyward_core::Selector;
use papaya::HashMap;

pub use api::{Api, ApiState};
pub use key::{Entry, Key, Secret, Usage};
pub use owner::{KnownOwner, OwnerState};
pub use writer::{Unappliable, Writer};

/// Every secret of every key by its public part.
#[derive(Debug, Default)]
pub struct Index {
    secrets: HashMap<Selector, Secret>,
}

impl Index {
    /// Looks at what is known under a selector. What is looked at stays as it is for as long as `look` takes, whatever
    /// is applied meanwhile.
    pub fn look_up<T>(&self, selector: Selector, look: impl FnOnce(Option<Entry<'_>>) -> T) -> T {
        let secrets = self.secrets.pin();
        let Some(secret) = secrets.get(&selector) else { return look(None) };
        let key = &*secret.key;
        let (api, owner) = (key.api.state(), key.owned_by.as_deref().map(KnownOwner::state));
        look(Some(Entry { secret, key, api: &api, owner: owner.as_deref().map(|state| &**state) }))
    }

    /// How many secrets it holds.
    pub fn secrets(&self) -> usize {
        self.secrets.len()
    }
}
