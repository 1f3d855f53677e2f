//! APIs: what a platform protects.

use keyward_core::{ApiId, ClientId, ScopeId};
use serde::{Deserialize, Serialize};

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
