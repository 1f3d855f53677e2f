use std::collections::BTreeMap;

use ipnet::IpNet;
use keyward_core::{
    ApiId, ApiKeyId, KeyState, Owner, ScopeKey, ScopeNumber, ScopeNumbers, SecretMac, SecretVersion, Timestamp,
};

/// What a node knows about one secret of a key, and about the key itself.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key's id.
    pub key_id: ApiKeyId,
    /// Who owns the key.
    pub owner: Owner,
    /// The API that the key is for.
    pub api: ApiEntry,
    /// The code of the secret.
    pub mac: SecretMac,
    /// The master secret that the code was made under.
    pub secret_version: SecretVersion,
    /// From when this secret of the key is no longer valid.
    pub secret_expires_at: Option<Timestamp>,
    /// Whether the key can be used at all.
    pub state: KeyState,
    /// Where it may be used from; empty means anywhere.
    pub allowed_cidrs: Vec<IpNet>,
    /// Its scopes, as numbers within its API.
    pub scopes: ScopeNumbers,
}

/// What a node knows about an API.
#[derive(Clone, Debug)]
pub struct ApiEntry {
    /// The API's id.
    pub id: ApiId,
    /// The API's audience.
    pub audience: String,
    /// The scopes that it has now, by number.
    pub scopes: BTreeMap<ScopeNumber, ScopeKey>,
}

impl Entry {
    /// The scopes that the key carries and that its API still has, ascending by number.
    pub fn scope_keys(&self) -> Vec<&ScopeKey> {
        self.scopes.iter().filter_map(|number| self.api.scopes.get(&number)).collect()
    }
}
