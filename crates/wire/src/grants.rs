//! Grants: which applications are authorised for an API.

use keyward_core::ClientId;
use serde::{Deserialize, Serialize};

/// Authorises applications for an API, or takes that away.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateApiApplicationsRequest {
    /// The applications, at most 100.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 100))]
    pub applications: Vec<ApiApplication>,
}

/// One application to authorise, or to take that away from.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ApiApplication {
    /// The application's client id.
    pub id: String,
    /// Absent to authorise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<ApiApplicationOperation>,
}

/// What to do other than to authorise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ApiApplicationOperation {
    /// The application loses the API with all its scopes.
    Delete,
}

/// Which applications gained and lost the API.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdatedApiApplications {
    /// Those that lost it.
    pub applications_disconnected: Vec<ClientId>,
    /// Those that gained it.
    pub applications_connected: Vec<ClientId>,
}
