//! Scopes: the permissions of an API.

use keyward_core::ScopeId;
use serde::{Deserialize, Serialize};

/// Adds a scope to an API.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateScopeRequest {
    /// The scope's key: 1 to 64 printable ASCII characters without spaces, quotes and backslashes. It never changes.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::texts::ScopeKey))]
    pub key: String,
    /// What it permits, for the people who choose it; at most 512 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::Description>))]
    pub description: Option<String>,
}

/// Describes a scope anew. Its key never changes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateScopeRequest {
    /// What it permits; at most 512 characters. Null or empty for none.
    #[serde(default, deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::Description>))]
    pub description: Option<Option<String>>,
}

/// A scope of an API.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Scope {
    /// The scope's id.
    pub id: ScopeId,
    /// The scope's key.
    pub key: String,
    /// What it permits.
    pub description: Option<String>,
}

/// The scopes of an API, by key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScopeList {
    /// The scopes.
    pub scopes: Vec<Scope>,
}

/// One scope.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScopeDetail {
    /// The scope.
    pub scope: Scope,
}

/// The id of the scope that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedScope {
    /// The scope.
    pub scope: ScopeRef,
}

/// A scope by its id.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScopeRef {
    /// The scope's id.
    pub id: ScopeId,
}
