//! Organizations: owners of keys, and of members.

use keyward_core::{OrgCode, Timestamp};
use serde::{Deserialize, Serialize};

/// Creates an organization.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateOrganizationRequest {
    /// What people call it; 1 to 128 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128, example = "Acme Inc."))]
    pub name: String,
    /// The platform's own id of it; 1 to 128 characters, unique among organizations.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128, example = "customer-42"))]
    pub external_id: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_auto_membership_enabled: Option<bool>,
}

/// The code of the organization that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedOrganization {
    /// The organization.
    pub organization: OrganizationRef,
}

/// An organization by its code.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrganizationRef {
    /// The organization's code.
    pub code: OrgCode,
}

/// Which organization to read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct GetOrganizationQuery {
    /// The organization's code.
    pub code: String,
    /// Accepted for Kinde's clients; adds nothing yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expand: Option<String>,
}

/// An organization. `code` is the organization's, not a status.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Organization {
    /// The organization's code.
    pub code: OrgCode,
    /// What people call it.
    pub name: String,
    /// Always null: Keyward gives no handles.
    pub handle: Option<String>,
    /// Always false: no organization is the default one.
    pub is_default: bool,
    /// The platform's own id of it.
    pub external_id: Option<String>,
    /// Always false: who becomes a member is the platform's business.
    pub is_auto_membership_enabled: bool,
    /// When it was made.
    pub created_on: Timestamp,
    /// Whether its keys answer `API_KEY_OWNER_SUSPENDED`.
    pub is_suspended: bool,
    /// Since when.
    pub suspended_on: Option<Timestamp>,
}
