//! The index: every secret of every key by its public part, with all that a decision needs; and the applications that
//! may ask, with what their tokens are checked by.
//!
//! Readers take no lock. One writer brings it up to date ([`Writer`]).

mod allowance;
mod api;
mod application;
mod key;
mod owner;
mod purse;
mod signing_key;
mod writer;

use std::sync::Arc;

use keyward_core::{ClientId, Selector};
use papaya::HashMap;

pub use allowance::{Allowance, BlockAsk, CreditStanding, Holder, LimitStanding, Paid, Spent};
pub use api::{Api, ApiState};
pub use application::{Application, KnownApplication};
pub use key::{Entry, Key, Secret, Usage};
pub use owner::{KnownOwner, OwnerState};
pub use purse::Block;
pub use signing_key::SigningKey;
pub use writer::{Unappliable, Writer};

/// What a node knows: it is read by whoever asks, and written by a [`Writer`] alone.
#[derive(Debug, Default)]
pub struct Index {
    secrets: HashMap<Selector, Secret>,
    applications: HashMap<ClientId, Application>,
    signing_keys: HashMap<String, SigningKey>,
    /// The APIs that were registered and are there, by their audience.
    audiences: HashMap<String, Arc<Api>>,
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

    /// Looks at what is known about an application, as [`Self::look_up`] does.
    pub fn look_up_application<T>(&self, id: &ClientId, look: impl FnOnce(Option<KnownApplication<'_>>) -> T) -> T {
        let applications = self.applications.pin();
        let Some(application) = applications.get(id) else { return look(None) };
        let organization = application.organization.as_deref().map(KnownOwner::state);
        let granted = application.granted.as_ref().map(|granted| (granted.api.state(), &granted.scopes));
        look(Some(KnownApplication {
            application,
            organization: organization.as_deref().map(|state| &**state),
            scopes: granted.as_ref().map_or_else(Vec::new, |(api, scopes)| api.scope_keys(scopes)),
        }))
    }

    /// Looks at what is known about a key that tokens are signed with.
    pub fn look_up_signing_key<T>(&self, kid: &str, look: impl FnOnce(Option<&SigningKey>) -> T) -> T {
        look(self.signing_keys.pin().get(kid))
    }

    /// Whether a registered API has this audience. That of the management API is not among them.
    pub fn has_audience(&self, audience: &str) -> bool {
        self.audiences.pin().contains_key(audience)
    }

    /// How many secrets it holds.
    pub fn secrets(&self) -> usize {
        self.secrets.len()
    }
}
