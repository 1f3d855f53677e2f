//! System permissions: what a role lets a member do with Keyward itself.

use serde::{Deserialize, Serialize};

use crate::roles::RolePermission;

/// A permission of Keyward's own.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SystemPermission {
    /// Its id, the same everywhere.
    pub id: String,
    /// By what code knows it.
    #[cfg_attr(feature = "openapi", schema(example = "read:org:authentication"))]
    pub key: String,
    /// What people call it.
    pub name: String,
    /// What it permits.
    pub description: String,
}

/// A page of system permissions.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SystemPermissionList {
    /// The system permissions.
    pub system_permissions: Vec<SystemPermission>,
    /// Names the next page; null on the last one.
    pub next_token: Option<String>,
}

/// Gives a role system permissions, and takes them: all in one change.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateRoleSystemPermissionsRequest {
    /// The system permissions, at most 100.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 100))]
    pub system_permissions: Vec<RolePermission>,
}

/// Which system permissions a role gained and lost, by id.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdatedRoleSystemPermissions {
    /// Those that it gained.
    pub system_permissions_added: Vec<String>,
    /// Those that it lost.
    pub system_permissions_removed: Vec<String>,
}
