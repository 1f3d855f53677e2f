//! APIs: what a platform protects.

use keyward_core::{ApiId, ClientId, ScopeId};
use serde::{Deserialize, Serialize};

use crate::limits::RateLimit;

/// Registers an API.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateApiRequest {
    /// What people call it; 1 to 128 characters.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::texts::Name))]
    pub name: String,
    /// What tokens and verifications name it by, usually its address. It never changes.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::texts::Audience))]
    pub audience: String,
    /// Addition. What the secrets of its keys begin with: 1 to 16 of `a-z0-9`, a letter first. Default `k`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 16, pattern = "^[a-z][a-z0-9]{0,15}$", example = "acme"))]
    pub key_prefix: Option<String>,
    /// Addition. Whether its keys are for production or for trying out. Default `live`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<ApiMode>,
    /// Addition. What it asks of its keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_policy: Option<KeyPolicy>,
}

/// Changes an API. Absent members stay as they are, null clears one, and a value sets it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateApiRequest {
    /// What people call it; 1 to 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::Name>))]
    pub name: Option<String>,
    /// What it asks of its keys; it takes the place of all that it has asked before. Null for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<KeyPolicy>))]
    pub key_policy: Option<Option<KeyPolicy>>,
    /// The token of a preview of the same policy, where keys are to end sooner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
}

/// What an API asks of its keys. What is absent is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct KeyPolicy {
    /// A key that is made without `expires_on` ends after so many seconds; at most `max_lifetime_seconds`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 60, maximum = 315_360_000))]
    pub default_lifetime_seconds: Option<u32>,
    /// Every key has an end, at most so many seconds after it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 60, maximum = 315_360_000))]
    pub max_lifetime_seconds: Option<u32>,
    /// Whether every key has an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requires_expiry: Option<bool>,
    /// Keys that one owner may have which are neither revoked nor expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10_000))]
    pub max_keys_per_owner: Option<u32>,
    /// The limits of rate of a key whose maker names none; at most 8. An organization's application can name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_items = 8))]
    pub default_rate_limits: Option<Vec<RateLimit>>,
}

/// Asks which keys a policy would end sooner.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PreviewKeyPolicyRequest {
    /// What the API is to ask of its keys.
    pub key_policy: KeyPolicy,
}

/// What a change of an API has done to its keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdatedApi {
    /// Keys that end sooner by it.
    pub shortened_keys: u64,
}

/// Whether an API's keys are for production or for trying out. It stands in every key secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ApiMode {
    /// Secrets begin with `<prefix>_live_`.
    Live,
    /// Secrets begin with `<prefix>_test_`.
    Test,
}

/// The id of the API that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedApi {
    /// The API.
    pub api: ApiRef,
}

/// An API by its id.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiRef {
    /// The API's id.
    pub id: ApiId,
}

/// An API in the list of all.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Api {
    /// The API's id.
    pub id: ApiId,
    /// What people call it.
    pub name: String,
    /// What tokens and verifications name it by.
    pub audience: String,
    /// Whether it is Keyward's own.
    pub is_management_api: bool,
    /// Addition. What the secrets of its keys begin with, class included.
    pub key_prefix: String,
    /// Addition. What it asks of its keys; null for nothing.
    pub key_policy: Option<KeyPolicy>,
    /// Its scopes; in the list only with `expand=scopes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<ApiScope>>,
}

/// A scope of an API by its id and key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiScope {
    /// The scope's id.
    pub id: ScopeId,
    /// The scope's key.
    pub key: String,
}

/// All APIs, by name.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiList {
    /// Always null: the list has one page.
    pub next_token: Option<String>,
    /// The APIs.
    pub apis: Vec<Api>,
}

/// One API with its scopes and the applications that are authorised for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiDetail {
    /// The API.
    pub api: ApiWithApplications,
}

/// An API with the applications that are authorised for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiWithApplications {
    /// The API itself.
    #[serde(flatten)]
    pub api: Api,
    /// Who may ask for tokens for it.
    pub applications: Vec<AuthorizedApplication>,
}

/// An application that is authorised for an API.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuthorizedApplication {
    /// The application's client id.
    pub id: ClientId,
    /// The application's name.
    pub name: String,
    /// `Machine to machine (M2M)`.
    pub r#type: String,
    /// Whether it can get tokens: false while it is disabled.
    pub is_active: bool,
}
