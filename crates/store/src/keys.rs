//! API keys, and their secrets.

use ipnet::IpNet;
use keyward_core::bounds::fold;
use keyward_core::{
    ApiId, ApiKeyId, Balance, KeySecret, KeyState, KeyStatus, KeyType, OrgCode, OrgScope, Owner, RateLimit,
    ScopeNumbers, SecretMac, SecretVersion, Selector, Timestamp, UserId,
};
use serde_json::{Map, Value};

use crate::change::Change;
use crate::credits::balance_of;
use crate::db::{execute, fetch_all, fetch_optional};
use crate::row::{anywhere, hit_one, row, to_json};
use crate::{StoreError, Tx};

row! {
    /// A key as it is stored, with what its references say about it: its API, its owner, its usage.
    pub struct KeyRow {
        /// The key's id.
        pub id: ApiKeyId,
        /// What kind of owner it has.
        pub r#type: KeyType,
        /// The API that it is for.
        pub api_id: ApiId,
        /// The organization that owns it.
        pub org_code: Option<OrgCode>,
        /// The user that owns it.
        pub user_id: Option<UserId>,
        /// What people call it.
        pub name: String,
        /// What its secret begins with, class included.
        pub key_prefix: String,
        /// The last four characters of its secret.
        pub key_suffix: String,
        /// Its scopes, as numbers within its API.
        pub scopes: ScopeNumbers,
        /// Where it may be used from; empty means anywhere.
        pub allowed_cidrs: Vec<IpNet>,
        /// Its own limits of rate.
        pub rate_limits: Vec<RateLimit>,
        /// What the platform wants to find again.
        pub metadata: Option<Map<String, Value>>,
        /// The APIs whose keys it may verify; none for those of every API.
        pub bound_api_ids: Option<Vec<ApiId>>,
        /// False while somebody has disabled it.
        pub is_enabled: bool,
        /// From when it is no longer valid.
        pub expires_at: Option<Timestamp>,
        /// When it was revoked.
        pub revoked_at: Option<Timestamp>,
        /// The name of whoever made it.
        pub created_by: String,
        /// When it was made.
        pub created_at: Timestamp,
        /// The revision of its last change.
        pub revision: u64,
        /// Its API's audience; none for the management API.
        pub audience: Option<String>,
        /// When its API was deleted.
        pub api_deleted_at: Option<Timestamp>,
        /// The platform's own id of its owner.
        pub owner_external_id: Option<String>,
        /// Since when its owner is suspended.
        pub owner_suspended_at: Option<Timestamp>,
        /// When its owner was deleted.
        pub owner_deleted_at: Option<Timestamp>,
        /// Its own credits, if it has any.
        pub credits: Option<Balance>,
        /// How often it was found valid.
        pub verification_count: u64,
        /// When it was last found valid.
        pub last_verified_at: Option<Timestamp>,
        /// Where it was used from then.
        pub last_verified_ip: Option<String>,
        /// The revision that revoked it, by itself or by what it refers to.
        pub revoked_revision: Option<u64>,
    }
}

impl KeyRow {
    /// Who owns it. The table's own rules hold the columns and the type together.
    pub fn owner(&self) -> Owner {
        Owner::of(self.user_id.as_ref(), self.org_code.as_ref())
    }

    /// Whether it can be used at all, by itself and by its references.
    pub fn state(&self) -> KeyState {
        let ends = [self.revoked_at, self.api_deleted_at, self.owner_deleted_at];
        KeyState {
            is_revoked: ends.iter().any(Option::is_some),
            is_enabled: self.is_enabled,
            is_owner_suspended: self.owner_suspended_at.is_some(),
            expires_at: self.expires_at,
        }
    }
}

row! {
    /// A secret of a key as it is stored.
    pub struct KeySecretRow {
        /// The key.
        pub key_id: ApiKeyId,
        /// The code of the secret.
        pub mac: SecretMac,
        /// The master secret that the code was made under.
        pub secret_version: SecretVersion,
        /// From when it is no longer valid.
        pub expires_at: Option<Timestamp>,
    }
}

row! {
    /// A secret of a key, by what is not secret of it.
    pub struct ShownSecretRow {
        /// The public part.
        pub selector: Selector,
        /// When it was made.
        pub created_at: Timestamp,
        /// From when it is no longer valid.
        pub expires_at: Option<Timestamp>,
        /// When it was last found valid.
        pub last_verified_at: Option<Timestamp>,
    }
}

row! {
    /// The public part of a secret.
    struct SelectorRow {
        selector: Selector,
    }
}

/// A key to store.
#[derive(Clone, Debug)]
pub struct NewKey<'a> {
    /// The key's id.
    pub id: &'a ApiKeyId,
    /// The API that it is for.
    pub api_id: &'a ApiId,
    /// Who owns it.
    pub owner: &'a Owner,
    /// What people call it.
    pub name: &'a str,
    /// Its scopes, as numbers within its API.
    pub scopes: &'a ScopeNumbers,
    /// Where it may be used from; empty means anywhere.
    pub allowed_cidrs: &'a [IpNet],
    /// Its own limits of rate.
    pub rate_limits: &'a [RateLimit],
    /// What the platform wants to find again.
    pub metadata: Option<&'a Map<String, Value>>,
    /// The APIs whose keys it may verify; none for those of every API.
    pub bound_api_ids: Option<&'a [ApiId]>,
    /// From when it is no longer valid.
    pub expires_at: Option<Timestamp>,
    /// Whether it can be used.
    pub is_enabled: bool,
}

/// A secret to store for a key.
#[derive(Clone, Debug)]
pub struct NewKeySecret<'a> {
    /// The secret, of which the public part alone is stored.
    pub secret: &'a KeySecret,
    /// Its code.
    pub mac: SecretMac,
    /// The master secret that the code was made under.
    pub secret_version: SecretVersion,
}

/// Which keys to list.
#[derive(Clone, Debug, Default)]
pub struct KeyFilter<'a> {
    /// Only those made before this one.
    pub starting_after: Option<&'a ApiKeyId>,
    /// Only those of this type.
    pub r#type: Option<KeyType>,
    /// Only those with this status.
    pub status: Option<KeyStatus>,
    /// Only those of this user.
    pub user_id: Option<&'a UserId>,
    /// Only those of this organization.
    pub org_code: Option<&'a OrgCode>,
    /// Only those for this API.
    pub api_id: Option<&'a ApiId>,
    /// Only those whose name has this in it, in capital letters or small ones.
    pub name: Option<&'a str>,
    /// Only those that have an end, and no later than this.
    pub expires_before: Option<Timestamp>,
    /// Only those that were not found valid since then, and were there before.
    pub unused_since: Option<Timestamp>,
}

macro_rules! select {
    ($rest:expr) => {
        concat!(
            "SELECT k.id, k.type, k.api_id, k.org_code, k.user_id, k.name, k.key_prefix, k.key_suffix, k.scopes, \
             k.allowed_cidrs, k.rate_limits, k.metadata, k.bound_api_ids, k.is_enabled, k.expires_at, k.revoked_at, k.created_by, \
             k.created_at, k.revision, a.audience, a.deleted_at AS api_deleted_at, \
             COALESCE(o.external_id, u.external_id) AS owner_external_id, \
             COALESCE(o.suspended_at, u.suspended_at) AS owner_suspended_at, \
             COALESCE(o.deleted_at, u.deleted_at) AS owner_deleted_at, \
             COALESCE(c.verification_count, 0) AS verification_count, c.last_verified_at, c.last_verified_ip, ",
            balance_of!("k.id"),
            ", \
             CASE WHEN k.revoked_at IS NOT NULL THEN k.revision WHEN a.deleted_at IS NOT NULL THEN a.revision \
                 WHEN o.deleted_at IS NOT NULL THEN o.revision WHEN u.deleted_at IS NOT NULL THEN u.revision \
             END AS revoked_revision \
             FROM keys k JOIN apis a ON a.id = k.api_id \
             LEFT JOIN organizations o ON o.code = k.org_code LEFT JOIN users u ON u.id = k.user_id \
             LEFT JOIN key_usage c ON c.key_id = k.id WHERE ",
            $rest
        )
    };
}

/// A key by its id.
pub async fn find_key(tx: &mut Tx, scope: &OrgScope, id: &ApiKeyId) -> Result<Option<KeyRow>, StoreError> {
    let within = scope.org_code().map(OrgCode::as_str);
    Ok(fetch_optional!(tx, select!("k.id = $2 AND ($1 IS NULL OR k.org_code = $1)"), within, id.as_str())?)
}

/// The keys that pass a filter, the newest first.
///
/// The status is the one that [`KeyState::status`] gives; the conformance suite holds the two together. An owner or an API
/// narrows the list by an index, so what one customer has is found among everybody's.
pub async fn list_keys(
    tx: &mut Tx,
    scope: &OrgScope,
    filter: &KeyFilter<'_>,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<KeyRow>, StoreError> {
    // $1 is what the list is narrowed to.
    macro_rules! list {
        ($narrowed:literal) => {
            select!(concat!(
                $narrowed,
                " AND ($2 IS NULL OR k.id < $2) AND ($3 IS NULL OR k.type = $3) \
                 AND ($4 IS NULL OR $4 = CASE \
                     WHEN k.revoked_at IS NOT NULL OR a.deleted_at IS NOT NULL \
                         OR o.deleted_at IS NOT NULL OR u.deleted_at IS NOT NULL THEN 'revoked' \
                     WHEN NOT k.is_enabled OR o.suspended_at IS NOT NULL OR u.suspended_at IS NOT NULL \
                         OR k.expires_at <= $5 THEN 'inactive' \
                     ELSE 'active' END) \
                 AND ($7 IS NULL OR k.name_folded LIKE $7 ESCAPE '!') \
                 AND ($8 IS NULL OR k.expires_at <= $8) \
                 AND ($9 IS NULL OR (k.created_at < $9 AND (c.last_verified_at IS NULL OR c.last_verified_at < $9))) \
                 ORDER BY k.id DESC LIMIT $10"
            ))
        };
    }
    let (user_id, api_id) = (filter.user_id.map(UserId::as_str), filter.api_id.map(ApiId::as_str));
    let org_code = match (scope.org_code(), filter.org_code) {
        (Some(own), Some(asked)) if own != asked => return Ok(Vec::new()),
        (own, asked) => own.or(asked).map(OrgCode::as_str),
    };
    let (sql, narrowed_to) = match (org_code, user_id, api_id) {
        // A key has one owner.
        (Some(_), Some(_), _) => return Ok(Vec::new()),
        (Some(code), None, _) => (list!("k.org_code = $1 AND ($6 IS NULL OR k.api_id = $6)"), Some(code)),
        (None, Some(id), _) => (list!("k.user_id = $1 AND ($6 IS NULL OR k.api_id = $6)"), Some(id)),
        (None, None, Some(id)) => (list!("k.api_id = $1"), Some(id)),
        (None, None, None) => (list!("$1 IS NULL"), None),
    };
    Ok(fetch_all!(
        tx,
        sql,
        narrowed_to,
        filter.starting_after.map(ApiKeyId::as_str),
        filter.r#type.map(KeyType::as_str),
        filter.status.map(KeyStatus::as_str),
        now.as_micros(),
        api_id,
        filter.name.map(anywhere),
        filter.expires_before.map(Timestamp::as_micros),
        filter.unused_since.map(Timestamp::as_micros),
        i64::from(limit)
    )?)
}

/// A secret by its public part.
pub async fn find_key_secret(tx: &mut Tx, selector: Selector) -> Result<Option<KeySecretRow>, StoreError> {
    const SQL: &str = "SELECT key_id, mac, secret_version, expires_at FROM key_secrets WHERE selector = $1";
    Ok(fetch_optional!(tx, SQL, selector.as_str())?)
}

/// The secrets of a key that are valid, the newest first.
pub async fn list_key_secrets(tx: &mut Tx, id: &ApiKeyId, now: Timestamp) -> Result<Vec<ShownSecretRow>, StoreError> {
    const SQL: &str = "SELECT selector, created_at, expires_at, last_verified_at FROM key_secrets \
         WHERE key_id = $1 AND (expires_at IS NULL OR expires_at > $2) ORDER BY created_at DESC, expires_at IS NOT NULL";
    Ok(fetch_all!(tx, SQL, id.as_str(), now.as_micros())?)
}

/// The public part of one of a key's secrets, whether that has ended or not; none for a key that is not there.
pub async fn find_selector(tx: &mut Tx, id: &ApiKeyId) -> Result<Option<Selector>, StoreError> {
    const SQL: &str = "SELECT selector FROM key_secrets WHERE key_id = $1 ORDER BY selector";
    let found: Option<SelectorRow> = fetch_optional!(tx, SQL, id.as_str())?;
    Ok(found.map(|row| row.selector))
}

/// Stores a key with its first secret.
pub async fn insert_key(change: &mut Change, new: &NewKey<'_>, first: &NewKeySecret<'_>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO keys (id, type, api_id, org_code, user_id, name, name_folded, key_prefix, \
         key_suffix, scopes, allowed_cidrs, rate_limits, metadata, bound_api_ids, is_enabled, expires_at, created_by, \
         created_at, revision) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";
    let (now, stamp, created_by) = (change.now().as_micros(), change.stamp(), change.actor().name.clone());
    execute!(
        change,
        SQL,
        new.id.as_str(),
        new.owner.key_type().as_str(),
        new.api_id.as_str(),
        new.owner.org_code().map(OrgCode::as_str),
        new.owner.user_id().map(UserId::as_str),
        new.name,
        fold(new.name),
        first.secret.shown_prefix(),
        first.secret.shown_suffix(),
        to_json(new.scopes),
        to_json(&new.allowed_cidrs),
        to_json(&new.rate_limits),
        new.metadata.map(to_json),
        new.bound_api_ids.as_ref().map(to_json),
        new.is_enabled,
        new.expires_at.map(Timestamp::as_micros),
        created_by,
        now,
        stamp
    )?;
    insert_key_secret(change, new.id, first).await
}

/// Gives a key that was found a new secret. The one before goes on until `grace_ends_at`, and all others end.
pub async fn replace_key_secret(
    change: &mut Change,
    key: &KeyRow,
    next: &NewKeySecret<'_>,
    grace_ends_at: Timestamp,
) -> Result<(), StoreError> {
    const END: &str = "UPDATE key_secrets SET expires_at = $2, revision = $3 WHERE key_id = $1 AND expires_at > $2";
    const GRACE: &str = "UPDATE key_secrets SET expires_at = $2, revision = $3 \
         WHERE key_id = $1 AND expires_at IS NULL";
    const SHOW: &str = "UPDATE keys SET key_prefix = $2, key_suffix = $3, revision = $4 WHERE id = $1";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    execute!(change, END, key.id.as_str(), now, stamp)?;
    execute!(change, GRACE, key.id.as_str(), grace_ends_at.as_micros(), stamp)?;
    let (prefix, suffix) = (next.secret.shown_prefix(), next.secret.shown_suffix());
    hit_one("keys", execute!(change, SHOW, key.id.as_str(), prefix, suffix, stamp)?)?;
    insert_key_secret(change, &key.id, next).await
}

/// Stores what may change about a key that was found and is not revoked.
pub async fn update_key(change: &mut Change, key: &KeyRow) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE keys SET name = $2, name_folded = $3, scopes = $4, allowed_cidrs = $5, metadata = $6, \
         is_enabled = $7, expires_at = $8, rate_limits = $9, revision = $10 WHERE id = $1 AND revoked_at IS NULL";
    let stamp = change.stamp();
    let updated = execute!(
        change,
        SQL,
        key.id.as_str(),
        key.name.as_str(),
        fold(&key.name),
        to_json(&key.scopes),
        to_json(&key.allowed_cidrs),
        key.metadata.as_ref().map(to_json),
        key.is_enabled,
        key.expires_at.map(Timestamp::as_micros),
        to_json(&key.rate_limits),
        stamp
    )?;
    hit_one("keys", updated)
}

/// Revokes a key that was found and is not revoked, for good.
pub async fn revoke_key(change: &mut Change, key: &KeyRow) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE keys SET revoked_at = $2, revision = $3 WHERE id = $1 AND revoked_at IS NULL";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    hit_one("keys", execute!(change, SQL, key.id.as_str(), now, stamp)?)
}

async fn insert_key_secret(change: &mut Change, id: &ApiKeyId, new: &NewKeySecret<'_>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO key_secrets (selector, key_id, mac, secret_version, created_at, revision) \
         VALUES ($1, $2, $3, $4, $5, $6)";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    execute!(
        change,
        SQL,
        new.secret.selector().as_str(),
        id.as_str(),
        new.mac.as_bytes(),
        i64::from(new.secret_version),
        now,
        stamp
    )?;
    Ok(())
}
