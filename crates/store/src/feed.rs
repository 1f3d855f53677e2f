//! The feed: what a node learns of the changes since the revision that it knows of.
//!
//! A reader takes the head first and the rows above its own revision after that, in one transaction. Rows of changes
//! beyond that head may be among them: they come again with the next head.

use ipnet::IpNet;
use keyward_core::{
    AllowedScopes, ApiId, ApiKeyId, ClientId, OrgCode, Owner, RateLimit, ScopeKey, ScopeNumber, ScopeNumbers,
    SecretMac, SecretVersion, Selector, Timestamp, UserId,
};
use serde_json::{Map, Value};

use crate::db::fetch_all;
use crate::row::{int, row};
use crate::signing_keys::SigningKeyRow;
use crate::{Revision, StoreError, Tx};

row! {
    /// What verifying needs of an API.
    pub struct ApiFact {
        /// The API's id.
        pub id: ApiId,
        /// Its audience; none for the management API, whose audience follows the issuer.
        pub audience: Option<String>,
        /// When it was deleted.
        pub deleted_at: Option<Timestamp>,
        /// The revision of its last change.
        pub revision: Revision,
    }
}

row! {
    /// What verifying needs of a scope.
    pub struct ScopeFact {
        /// The API that it belongs to.
        pub api_id: ApiId,
        /// Its number within its API.
        pub number: ScopeNumber,
        /// The scope's key.
        pub key: ScopeKey,
        /// When it was deleted.
        pub deleted_at: Option<Timestamp>,
        /// The revision of its last change.
        pub revision: Revision,
    }
}

row! {
    /// What verifying needs of an owner.
    pub struct OwnerFact {
        /// The organization.
        pub org_code: Option<OrgCode>,
        /// The user.
        pub user_id: Option<UserId>,
        /// The platform's own id of the owner.
        pub external_id: Option<String>,
        /// Since when it is suspended.
        pub suspended_at: Option<Timestamp>,
        /// When it was deleted.
        pub deleted_at: Option<Timestamp>,
        /// The limits of rate that all its keys share: its plan's, or its own.
        pub rate_limits: Vec<RateLimit>,
        /// The scopes that its plan allows its keys; none for all that they carry.
        pub allowed_scopes: Option<AllowedScopes>,
        /// The revision of its last change.
        pub revision: Revision,
    }
}

row! {
    /// What verifying needs of a key, with its owner as it was when the row was read.
    pub struct KeyFact {
        /// The key's id.
        pub id: ApiKeyId,
        /// The API that it is for.
        pub api_id: ApiId,
        /// The organization that owns it.
        pub org_code: Option<OrgCode>,
        /// The user that owns it.
        pub user_id: Option<UserId>,
        /// What people call it.
        pub name: String,
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
        /// When it was made.
        pub created_at: Timestamp,
        /// From when it is no longer valid.
        pub expires_at: Option<Timestamp>,
        /// When it was revoked.
        pub revoked_at: Option<Timestamp>,
        /// The revision of its last change.
        pub revision: Revision,
        /// The platform's own id of its owner.
        pub owner_external_id: Option<String>,
        /// Since when its owner is suspended.
        pub owner_suspended_at: Option<Timestamp>,
        /// When its owner was deleted.
        pub owner_deleted_at: Option<Timestamp>,
        /// The limits of rate that all keys of its owner share: the plan's, or the owner's own.
        pub owner_rate_limits: Option<Vec<RateLimit>>,
        /// The scopes that its owner's plan allows; none for all that it carries.
        pub owner_allowed_scopes: Option<AllowedScopes>,
        /// The revision of its owner's last change; none for a key of the platform.
        pub owner_revision: Option<Revision>,
        /// How often it was found valid.
        pub verification_count: u64,
        /// When it was last found valid.
        pub last_verified_at: Option<Timestamp>,
    }
}

row! {
    /// What verifying needs of a secret of a key.
    pub struct SecretFact {
        /// The public part.
        pub selector: Selector,
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
    /// What verifying needs of an application that calls, with its organization as it was when the row was read.
    pub struct ApplicationFact {
        /// The client id.
        pub client_id: ClientId,
        /// What people call it.
        pub name: String,
        /// The organization that it is kept to.
        pub org_code: Option<OrgCode>,
        /// The APIs whose keys it may verify; none for those of every API.
        pub bound_api_ids: Option<Vec<ApiId>>,
        /// Since when it is disabled.
        pub disabled_at: Option<Timestamp>,
        /// When it was deleted.
        pub deleted_at: Option<Timestamp>,
        /// The revision of its last change.
        pub revision: Revision,
        /// The platform's own id of its organization.
        pub org_external_id: Option<String>,
        /// Since when its organization is suspended.
        pub org_suspended_at: Option<Timestamp>,
        /// When its organization was deleted.
        pub org_deleted_at: Option<Timestamp>,
        /// The limits of rate that all keys of its organization share: the plan's, or the organization's own.
        pub org_rate_limits: Option<Vec<RateLimit>>,
        /// The scopes that its organization's plan allows keys; none for all that they carry.
        pub org_allowed_scopes: Option<AllowedScopes>,
        /// The revision of its organization's last change.
        pub org_revision: Option<Revision>,
    }
}

row! {
    /// What an application was granted of the management API.
    pub struct GrantFact {
        /// The application.
        pub client_id: ClientId,
        /// The management API.
        pub api_id: ApiId,
        /// The scopes, as numbers within that API; empty when it has ended.
        pub scopes: ScopeNumbers,
        /// The revision of its last change.
        pub revision: Revision,
    }
}

impl OwnerFact {
    /// Which one it is.
    pub fn owner(&self) -> Owner {
        Owner::of(self.user_id.as_ref(), self.org_code.as_ref())
    }
}

impl KeyFact {
    /// Who owns it. The table's own rules hold the columns and the type together.
    pub fn owner(&self) -> Owner {
        Owner::of(self.user_id.as_ref(), self.org_code.as_ref())
    }
}

/// The APIs that were changed above a revision, the deleted ones included.
pub async fn list_apis(tx: &mut Tx, above: Revision) -> Result<Vec<ApiFact>, StoreError> {
    const SQL: &str = "SELECT id, audience, deleted_at, revision FROM apis WHERE revision > $1";
    Ok(fetch_all!(tx, SQL, int(above))?)
}

/// The scopes that were changed above a revision, the deleted ones included.
pub async fn list_scopes(tx: &mut Tx, above: Revision) -> Result<Vec<ScopeFact>, StoreError> {
    const SQL: &str = "SELECT api_id, number, key, deleted_at, revision FROM scopes WHERE revision > $1";
    Ok(fetch_all!(tx, SQL, int(above))?)
}

/// The organizations and users that were changed above a revision, the deleted ones included.
pub async fn list_owners(tx: &mut Tx, above: Revision) -> Result<Vec<OwnerFact>, StoreError> {
    const SQL: &str = "SELECT o.code AS org_code, NULL AS user_id, o.external_id, o.suspended_at, o.deleted_at, \
         COALESCE(p.rate_limits, o.rate_limits) AS rate_limits, p.allowed_scopes, o.revision \
         FROM organizations o LEFT JOIN plans p ON p.id = o.plan_id WHERE o.revision > $1 \
         UNION ALL SELECT NULL, u.id, u.external_id, u.suspended_at, u.deleted_at, \
         COALESCE(p.rate_limits, u.rate_limits), p.allowed_scopes, u.revision \
         FROM users u LEFT JOIN plans p ON p.id = u.plan_id WHERE u.revision > $1";
    Ok(fetch_all!(tx, SQL, int(above))?)
}

/// The applications that were changed above a revision, the deleted ones included.
pub async fn list_applications(tx: &mut Tx, above: Revision) -> Result<Vec<ApplicationFact>, StoreError> {
    const SQL: &str = "SELECT p.client_id, p.name, p.org_code, p.bound_api_ids, p.disabled_at, p.deleted_at, p.revision, \
         o.external_id AS org_external_id, o.suspended_at AS org_suspended_at, o.deleted_at AS org_deleted_at, \
         COALESCE(l.rate_limits, o.rate_limits) AS org_rate_limits, l.allowed_scopes AS org_allowed_scopes, \
         o.revision AS org_revision FROM applications p LEFT JOIN organizations o ON o.code = p.org_code \
         LEFT JOIN plans l ON l.id = o.plan_id WHERE p.revision > $1";
    Ok(fetch_all!(tx, SQL, int(above))?)
}

/// The grants for the management API that were changed above a revision, the ended ones included.
pub async fn list_management_grants(tx: &mut Tx, above: Revision) -> Result<Vec<GrantFact>, StoreError> {
    const SQL: &str = "SELECT g.client_id, g.api_id, g.scopes, g.revision \
         FROM grants g JOIN apis a ON a.id = g.api_id WHERE g.revision > $1 AND a.is_management_api";
    Ok(fetch_all!(tx, SQL, int(above))?)
}

/// The keys that tokens are signed with, and that were changed above a revision, the retired ones included.
pub async fn list_signing_keys(tx: &mut Tx, above: Revision) -> Result<Vec<SigningKeyRow>, StoreError> {
    const SQL: &str = "SELECT kid, public_jwk, private_sealed, secret_version, created_at, active_at, retired_at, \
         revision FROM signing_keys WHERE revision > $1";
    Ok(fetch_all!(tx, SQL, int(above))?)
}

/// Keys behind one in the order of their changes: those that were changed above a revision, the revoked ones included.
pub async fn list_keys(tx: &mut Tx, (above, after): (Revision, &str), limit: u32) -> Result<Vec<KeyFact>, StoreError> {
    const SQL: &str = "SELECT k.id, k.api_id, k.org_code, k.user_id, k.name, k.scopes, k.allowed_cidrs, k.rate_limits, \
         k.metadata, k.bound_api_ids, k.is_enabled, k.created_at, k.expires_at, k.revoked_at, k.revision, \
         COALESCE(o.external_id, u.external_id) AS owner_external_id, \
         COALESCE(o.suspended_at, u.suspended_at) AS owner_suspended_at, \
         COALESCE(o.deleted_at, u.deleted_at) AS owner_deleted_at, \
         COALESCE(p.rate_limits, o.rate_limits, u.rate_limits) AS owner_rate_limits, \
         p.allowed_scopes AS owner_allowed_scopes, \
         COALESCE(o.revision, u.revision) AS owner_revision, \
         COALESCE(c.verification_count, 0) AS verification_count, c.last_verified_at \
         FROM keys k LEFT JOIN organizations o ON o.code = k.org_code LEFT JOIN users u ON u.id = k.user_id \
         LEFT JOIN plans p ON p.id = COALESCE(o.plan_id, u.plan_id) \
         LEFT JOIN key_usage c ON c.key_id = k.id \
         WHERE (k.revision, k.id) > ($1, $2) ORDER BY k.revision, k.id LIMIT $3";
    Ok(fetch_all!(tx, SQL, int(above), after, i64::from(limit))?)
}

/// The secrets of the keys that stand between two in the order of their changes, the second one included.
pub async fn list_key_secrets(
    tx: &mut Tx,
    (above, after): (Revision, &str),
    (last_revision, last): (Revision, &ApiKeyId),
) -> Result<Vec<SecretFact>, StoreError> {
    const SQL: &str = "SELECT s.selector, s.key_id, s.mac, s.secret_version, s.expires_at \
         FROM keys k JOIN key_secrets s ON s.key_id = k.id \
         WHERE (k.revision, k.id) > ($1, $2) AND (k.revision, k.id) <= ($3, $4)";
    Ok(fetch_all!(tx, SQL, int(above), after, int(last_revision), last.as_str())?)
}
