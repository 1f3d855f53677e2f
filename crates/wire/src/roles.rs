//! Roles: what members of organizations are given.

use keyward_core::{PermissionId, RoleId};
use serde::{Deserialize, Serialize};

/// Creates a role. It carries nothing yet.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateRoleRequest {
    /// What people call it; 1 to 128 characters.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::texts::Name))]
    pub name: String,
    /// What it is for; at most 512 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::Description>))]
    pub description: Option<String>,
    /// By what code knows it: 1 to 64 printable ASCII characters without spaces, commas, quotes and backslashes.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::texts::AccessKey))]
    pub key: String,
    /// Whether new members of organizations are given it. Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_default_role: Option<bool>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignment_permission_id: Option<String>,
}

/// Changes a role; absent members stay as they are.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateRoleRequest {
    /// What people call it; 1 to 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::Name>))]
    pub name: Option<String>,
    /// What it is for; at most 512 characters. Null or empty for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::Description>))]
    pub description: Option<Option<String>>,
    /// By what code knows it: 1 to 64 printable ASCII characters without spaces, commas, quotes and backslashes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::AccessKey>))]
    pub key: Option<String>,
    /// Whether members are given it who join from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_default_role: Option<bool>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignment_permission_id: Option<String>,
}

/// Which roles to list.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ListRolesQuery {
    /// In which order. Default `name_asc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub sort: Option<RoleSort>,
    /// Roles on a page, 1 to 500. Default 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 500))]
    pub page_size: Option<u32>,
    /// The `next_token` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// An order of roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RoleSort {
    /// By name, from A to Z.
    NameAsc,
    /// By name, from Z to A.
    NameDesc,
    /// By key, from A to Z.
    KeyAsc,
    /// By key, from Z to A.
    KeyDesc,
}

/// A role.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Role {
    /// The role's id.
    pub id: RoleId,
    /// By what code knows it.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether new members of organizations are given it.
    pub is_default_role: bool,
}

/// A page of roles.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoleList {
    /// The roles.
    pub roles: Vec<Role>,
    /// Names the next page; null on the last one.
    pub next_token: Option<String>,
}

/// One role.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoleDetail {
    /// The role.
    pub role: Role,
}

/// The id of the role that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedRole {
    /// The role.
    pub role: RoleRef,
}

/// A role by its id.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoleRef {
    /// The role's id.
    pub id: RoleId,
}

/// Gives a role permissions, and takes them: all in one change.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateRolePermissionsRequest {
    /// The permissions, at most 100.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 100))]
    pub permissions: Vec<RolePermission>,
}

/// One permission to give to a role, or to take from it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RolePermission {
    /// The permission's id. Addition: for one of Keyward's own, its key will do as well.
    pub id: String,
    /// Absent to give it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<RolePermissionOperation>,
}

/// What to do other than to give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RolePermissionOperation {
    /// The role loses it.
    Delete,
}

/// Which permissions a role gained and lost.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdatedRolePermissions {
    /// Those that it gained.
    pub permissions_added: Vec<PermissionId>,
    /// Those that it lost.
    pub permissions_removed: Vec<PermissionId>,
}
