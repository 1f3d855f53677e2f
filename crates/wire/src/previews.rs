//! Changes of many keys at once, which are previewed and then confirmed.

use keyward_core::{ApiKeyId, KeyType, OrgCode, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// Revokes or disables the keys that pass a filter: without `confirm` nothing is done, and the answer tells which they are.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateKeysRequest {
    /// What is to be done to them.
    pub action: KeysAction,
    /// Which keys; at least one member.
    pub filter: KeysFilter,
    /// The token of a preview that was answered to the same request, to do what it showed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
}

/// What can be done to many keys at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum KeysAction {
    /// They are revoked for good.
    Revoke,
    /// They are disabled, until somebody enables them one by one.
    Disable,
}

/// Which keys are meant: those that pass every member that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct KeysFilter {
    /// Only keys of this organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_code: Option<String>,
    /// Only keys of the organization with this external id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"))]
    pub org_external_id: Option<String>,
    /// Only keys of this user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Only keys for this API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_id: Option<String>,
    /// Only keys with this scope, by its key; with `api_id` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::ScopeKey>))]
    pub scope: Option<String>,
    /// Only keys that were made after this instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_after: Option<Timestamp>,
    /// Only keys that were made before this instant and not found valid since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_before: Option<Timestamp>,
    /// Only keys that this one has made, by the name that the list of keys shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"))]
    pub created_by: Option<String>,
}

impl KeysFilter {
    /// Whether nothing is asked of a key.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The keys that a change is about.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviewedKeys {
    /// How many they are.
    pub count: u64,
    /// The newest 20 of them, as they are before the change; none of them without `read:api_keys`.
    pub api_keys: Vec<PreviewedKey>,
    /// Send it with the same request to make the change. Null if it is made, or if there is nothing to change.
    pub confirm: Option<String>,
    /// From when it confirms nothing any more.
    pub confirm_expires_on: Option<Timestamp>,
}

/// A key that a change is about.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviewedKey {
    /// The key's id.
    pub id: ApiKeyId,
    /// What people call it.
    pub name: String,
    /// Whose key it is.
    pub r#type: KeyType,
    /// The organization that owns it.
    pub organization_id: Option<OrgCode>,
    /// The user that owns it.
    pub user_id: Option<UserId>,
    /// The instant from which it is no longer valid.
    pub expires_on: Option<Timestamp>,
}
