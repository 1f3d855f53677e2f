//! What a node is told, as tests begin with it: each fact as it is if nothing is said about it.

use keyward_core::{ApiId, ApiKeyId, Owner, ScopeKey, ScopeNumbers, SecretMac, Selector, Timestamp};
use keyward_engine::facts;

pub(crate) fn api(id: &ApiId, revision: u64) -> facts::Api {
    let (id, audience) = (id.clone(), "https://api.example.com".into());
    facts::Api { id, audience, is_management_api: false, is_deleted: false, revision }
}

pub(crate) fn scope(api_id: &ApiId, number: u32, key: &str, revision: u64) -> facts::Scope {
    let key = ScopeKey::parse(key).unwrap();
    facts::Scope { api_id: api_id.clone(), number, key, is_deleted: false, revision }
}

pub(crate) fn owner(id: &Owner, revision: u64) -> facts::Owner {
    facts::Owner {
        id: id.clone(),
        external_id: None,
        is_suspended: false,
        is_deleted: false,
        rate_limits: Vec::new(),
        allowed_scopes: None,
        revision,
    }
}

pub(crate) fn secret(selector: Selector, mac: SecretMac) -> facts::Secret {
    facts::Secret { selector, mac, version: 1, expires_at: None }
}

/// A key with the scopes 1 and 2, whose owner was last changed by revision 1.
pub(crate) fn key(
    id: &ApiKeyId,
    api_id: &ApiId,
    owned_by: &Owner,
    revision: u64,
    secrets: Vec<facts::Secret>,
) -> facts::Key {
    facts::Key {
        id: id.clone(),
        api_id: api_id.clone(),
        owner: Some(owner(owned_by, 1)),
        name: format!("of {revision}"),
        scopes: ScopeNumbers::from(vec![1, 2]),
        allowed_cidrs: Vec::new(),
        rate_limits: Vec::new(),
        metadata: None,
        bound: None,
        is_enabled: true,
        is_revoked: false,
        created_at: Timestamp::from_seconds(1),
        expires_at: None,
        verification_count: 0,
        last_verified_at: None,
        revision,
        secrets,
    }
}
