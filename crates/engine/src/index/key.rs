use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use ipnet::IpNet;
use keyward_core::{ApiId, ApiKeyId, KeyState, Owner, ScopeKey, ScopeNumbers, SecretMac, SecretVersion, Timestamp};
use serde_json::{Map, Value};

use crate::index::{Allowance, Api, ApiState, KnownOwner, OwnerState};

/// What a node knows about a key. A change of its row makes a new one.
#[derive(Debug)]
pub struct Key {
    /// The key's id.
    pub id: ApiKeyId,
    /// Who owns it.
    pub owner: Owner,
    /// The API that it is for.
    pub api: Arc<Api>,
    /// What people call it.
    pub name: Box<str>,
    /// Its scopes, as numbers within its API.
    pub scopes: ScopeNumbers,
    /// Where it may be used from; empty means anywhere.
    pub allowed_cidrs: Box<[IpNet]>,
    /// What the platform wants to find again.
    pub metadata: Option<Box<Map<String, Value>>>,
    /// The APIs whose keys it may verify; none for those of every API.
    pub bound: Option<Box<[ApiId]>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it is no longer valid.
    pub expires_at: Option<Timestamp>,
    /// Its own limits of rate and credits, if it has any.
    pub allowance: Option<Arc<Allowance>>,
    /// What is counted of it, whatever becomes of the rest.
    pub usage: Arc<Usage>,
    pub(super) owned_by: Option<Arc<KnownOwner>>,
    pub(super) is_enabled: bool,
    pub(super) is_revoked: bool,
    pub(super) revision: u64,
}

/// What a node knows about a secret of a key.
#[derive(Debug)]
pub struct Secret {
    /// The code of the secret.
    pub mac: SecretMac,
    /// The master secret that the code was made under.
    pub version: SecretVersion,
    /// From when it is no longer valid.
    pub expires_at: Option<Timestamp>,
    pub(super) key: Arc<Key>,
}

/// Everything that is known under a selector, at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The secret.
    pub secret: &'a Secret,
    /// Its key.
    pub key: &'a Key,
    /// What is true of the key's API.
    pub api: &'a ApiState,
    /// What is true of the key's owner; none for a key of the platform.
    pub owner: Option<&'a OwnerState>,
}

impl<'a> Entry<'a> {
    /// Whether the key can be used at all, by itself and by its references.
    pub fn state(&self) -> KeyState {
        KeyState {
            is_revoked: self.key.is_revoked || self.api.is_deleted || self.owner.is_some_and(|owner| owner.is_deleted),
            is_enabled: self.key.is_enabled,
            is_owner_suspended: self.owner.is_some_and(|owner| owner.is_suspended),
            expires_at: self.key.expires_at,
        }
    }

    /// The scopes in force: those that the key carries, that its API still has, and that its owner's plan allows; ascending by
    /// number.
    pub fn scope_keys(&self) -> Vec<&'a ScopeKey> {
        match self.owner.and_then(|owner| owner.allowed_scopes.as_ref()) {
            None => self.api.scope_keys(&self.key.scopes),
            Some(allowed) => self.api.scope_keys(&allowed.among(&self.key.api.id, &self.key.scopes)),
        }
    }
}

/// What is counted of a key: of valid verifications, and those alone.
#[derive(Debug)]
pub struct Usage {
    count: AtomicU64,
    /// Microseconds since the epoch.
    last_at: AtomicI64,
}

/// In the place of an instant: never.
const NEVER: i64 = i64::MIN;

impl Usage {
    pub(super) fn new(count: u64, last_at: Option<Timestamp>) -> Self {
        let last_at = last_at.map_or(NEVER, Timestamp::as_micros);
        Self { count: AtomicU64::new(count), last_at: AtomicI64::new(last_at) }
    }

    /// How often the key was found valid.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// When last.
    pub fn last_at(&self) -> Option<Timestamp> {
        let micros = self.last_at.load(Ordering::Relaxed);
        (micros != NEVER).then(|| Timestamp::from_micros(micros))
    }

    /// Counts one more, and answers how many there are with it.
    pub fn count_one(&self, at: Timestamp) -> u64 {
        self.last_at.fetch_max(at.as_micros(), Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    /// Takes one back that could not be written down.
    pub fn uncount_one(&self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }

    /// Learns what is counted elsewhere: no less than that.
    pub fn at_least(&self, count: u64, last_at: Option<Timestamp>) {
        self.count.fetch_max(count, Ordering::Relaxed);
        self.last_at.fetch_max(last_at.map_or(NEVER, Timestamp::as_micros), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_counted_taken_back_and_learned_from_elsewhere() {
        let at = Timestamp::from_seconds;
        let usage = Usage::new(7, None);
        assert_eq!((usage.count(), usage.last_at()), (7, None));
        assert_eq!((usage.count_one(at(5)), usage.count_one(at(4))), (8, 9));
        assert_eq!((usage.count(), usage.last_at()), (9, Some(at(5))));
        usage.uncount_one();
        assert_eq!(usage.count(), 8);
        usage.at_least(6, Some(at(9)));
        assert_eq!((usage.count(), usage.last_at()), (8, Some(at(9))));
        usage.at_least(12, None);
        assert_eq!((usage.count(), usage.last_at()), (12, Some(at(9))));
    }
}
