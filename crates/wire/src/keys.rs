//! API keys: made, listed, read, rotated, revoked.

use keyward_core::{ApiId, ApiKeyId, OrgCode, PlainSecret, Timestamp, UserId};
pub use keyward_core::{KeyStatus, KeyType};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::credits::{Credits, GivenCredits};
use crate::limits::RateLimit;

/// Creates a key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateKeyRequest {
    /// What people call it; 1 to 128 characters. Names need not be unique.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::texts::Name))]
    pub name: String,
    /// Whose key it is. If missing: `organization` with an organization, `user` with a user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<KeyType>,
    /// The API that it is for.
    pub api_id: String,
    /// Its scopes, by id or by key; at most 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub scope_ids: Option<Vec<String>>,
    /// The user that owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The organization that owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_code: Option<String>,
    /// Addition. The user that owns it, by the platform's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::ExternalId>))]
    pub user_external_id: Option<String>,
    /// Addition. The organization that owns it, by the platform's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::ExternalId>))]
    pub org_external_id: Option<String>,
    /// Addition. With an external id: make the owner if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_owner: Option<bool>,
    /// Addition. The instant from which the key is no longer valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_on: Option<Timestamp>,
    /// Addition. Where it may be used from: addresses or CIDR ranges, at most 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_items = 64, example = json!(["203.0.113.0/24"])))]
    pub allowed_cidrs: Option<Vec<String>>,
    /// Addition. Limits of rate; at most 8.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_items = 8))]
    pub rate_limits: Option<Vec<RateLimit>>,
    /// Addition. Credits, which verifications use up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credits: Option<GivenCredits>,
    /// Addition. What the platform wants to find again at each verification; at most 4 KiB of JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>, example = json!({"plan": "pro"})))]
    pub metadata: Option<Map<String, Value>>,
    /// Addition, for `environment` keys. The APIs whose keys it may verify; absent means those of every API.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 100))]
    pub bound_api_ids: Option<Vec<String>>,
    /// Addition. Whether it can be used; if not, until somebody enables it. Default true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// Changes a key. Absent members stay as they are, null clears one, and a value sets it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateKeyRequest {
    /// What people call it; 1 to 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::Name>))]
    pub name: Option<String>,
    /// Its scopes, by id or by key; at most 100. Null for none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<String>>, max_items = 100))]
    pub scope_ids: Option<Option<Vec<String>>>,
    /// Whether it can be used. Disabled, it is `inactive` until somebody enables it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The instant from which it is no longer valid, which lies in the future. Null for never.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Timestamp>))]
    pub expires_on: Option<Option<Timestamp>>,
    /// Where it may be used from: addresses or CIDR ranges, at most 64. Null for anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<String>>, max_items = 64, example = json!(["203.0.113.0/24"])))]
    pub allowed_cidrs: Option<Option<Vec<String>>>,
    /// Limits of rate; at most 8. Null for none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<RateLimit>>, max_items = 8))]
    pub rate_limits: Option<Option<Vec<RateLimit>>>,
    /// Credits, which verifications use up. Null for doing without.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<GivenCredits>))]
    pub credits: Option<Option<GivenCredits>>,
    /// What the platform wants to find again at each verification; at most 4 KiB of JSON. It takes the place of all that
    /// was there.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>, example = json!({"plan": "pro"})))]
    pub metadata: Option<Option<Map<String, Value>>>,
}

/// Gives a key a new secret.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RotateKeyRequest {
    /// Addition. Seconds for which the secret before goes on beside the new one: 0 to 2592000, 30 days. Default 0. One
    /// that was already going on so ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(maximum = 2_592_000))]
    pub grace_seconds: Option<u32>,
}

/// A key with its secret, which is shown this once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IssuedKey {
    /// The key.
    pub api_key: KeySecretOnce,
}

/// A key's id and its secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeySecretOnce {
    /// The key's id, which is not secret.
    pub id: ApiKeyId,
    /// The secret. It is stored as a code and cannot be read again.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    #[serde(serialize_with = "keyward_core::secret::expose")]
    pub key: PlainSecret,
}

/// Which keys to list, the newest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ListKeysQuery {
    /// Keys on a page, 1 to 500. Default 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 500))]
    pub page_size: Option<u32>,
    /// The id of the last key of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starting_after: Option<String>,
    /// Only keys of this type.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub key_type: Option<KeyType>,
    /// Only keys with this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub status: Option<KeyStatus>,
    /// Only keys of this user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Only keys of this organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_code: Option<String>,
    /// Addition. Only keys for this API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_id: Option<String>,
    /// Addition. Only keys of the user with this external id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(min_length = 1, max_length = 128, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"))]
    pub user_external_id: Option<String>,
    /// Addition. Only keys of the organization with this external id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(min_length = 1, max_length = 128, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"))]
    pub org_external_id: Option<String>,
    /// Addition. Only keys that have an end, and no later than this instant. With `status=active`: those that end by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_before: Option<Timestamp>,
    /// Addition. Only keys that were not found valid since this instant, and were made before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unused_since: Option<Timestamp>,
    /// Addition. Only keys whose name has this in it, in capital letters or small ones; at most 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(min_length = 1, max_length = 128, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"))]
    pub name: Option<String>,
}

/// A page of keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyList {
    /// Whether there is another page.
    pub has_more: bool,
    /// The keys, the newest first.
    pub api_keys: Vec<Key>,
}

/// One key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyDetail {
    /// The key.
    pub api_key: Key,
}

/// A key. Its secret is not among its members: it is stored as a code.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Key {
    /// The key's id.
    pub id: ApiKeyId,
    /// What people call it.
    pub name: String,
    /// Whose key it is.
    pub r#type: KeyType,
    /// One word about it.
    pub status: KeyStatus,
    /// What its secret begins with.
    pub key_prefix: String,
    /// The last four characters of its secret, which are part of the check.
    pub key_suffix: Option<String>,
    /// When it was made.
    pub created_on: Timestamp,
    /// When it was last found valid.
    pub last_verified_on: Option<Timestamp>,
    /// From where it was used then, as the verifying API said.
    pub last_verified_ip: Option<String>,
    /// The name of whoever made it.
    pub created_by: Option<String>,
    /// The API that it is for, a list of one.
    pub api_ids: Vec<ApiId>,
    /// Its scopes, by key, also those that its owner's plan does not allow now.
    pub scopes: Vec<String>,
    /// How often it was found valid.
    pub verification_count: u64,
    /// The organization that owns it.
    pub organization_id: Option<OrgCode>,
    /// The user that owns it.
    pub user_id: Option<UserId>,
    /// Addition. The platform's own id of the owner.
    pub owner_external_id: Option<String>,
    /// Addition. The instant from which it is no longer valid.
    pub expires_on: Option<Timestamp>,
    /// Addition. Where it may be used from; empty means anywhere.
    pub allowed_cidrs: Vec<String>,
    /// Addition. What the platform wants to find again.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<Map<String, Value>>,
    /// Addition, for `environment` keys. The APIs whose keys it may verify; null means those of every API.
    pub bound_api_ids: Option<Vec<ApiId>>,
    /// Addition. Its own limits of rate.
    pub rate_limits: Vec<RateLimit>,
    /// Addition. Its own credits; null if it does without.
    pub credits: Option<Credits>,
    /// Addition. Whether it can be used, as far as somebody has enabled or disabled it.
    pub enabled: bool,
    /// Addition. Its secrets that are valid, the newest first; in the answer about one key alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<KeySecret>,
}

/// A secret of a key, by what is not secret of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeySecret {
    /// The twelve characters behind the prefix, by which it is looked up. They open nothing.
    pub selector: String,
    /// When it was made.
    pub created_on: Timestamp,
    /// The instant from which it is no longer valid; null for the one that took the place of all others.
    pub expires_on: Option<Timestamp>,
    /// When it was last found valid: an old one that nobody uses any more can be let go.
    pub last_verified_on: Option<Timestamp>,
}
