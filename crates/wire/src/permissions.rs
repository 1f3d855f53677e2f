//! Permissions: the platform's own words for what a member may do in its product.

use keyward_core::PermissionId;
use serde::{Deserialize, Serialize};

/// Creates a permission.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreatePermissionRequest {
    /// What people call it; 1 to 128 characters.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::texts::Name))]
    pub name: String,
    /// What it permits; at most 512 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::Description>))]
    pub description: Option<String>,
    /// By what code knows it: 1 to 64 printable ASCII characters without spaces, commas, quotes and backslashes.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::texts::AccessKey))]
    pub key: String,
}

/// Changes a permission; absent members stay as they are.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdatePermissionRequest {
    /// What people call it; 1 to 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::Name>))]
    pub name: Option<String>,
    /// What it permits; at most 512 characters. Null or empty for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::Description>))]
    pub description: Option<Option<String>>,
    /// By what code knows it: 1 to 64 printable ASCII characters without spaces, commas, quotes and backslashes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::AccessKey>))]
    pub key: Option<String>,
}

/// Which permissions to list.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ListPermissionsQuery {
    /// In which order. Default `name_asc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub sort: Option<PermissionSort>,
    /// Permissions on a page, 1 to 500. Default 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 500))]
    pub page_size: Option<u32>,
    /// The `next_token` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// An order of permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PermissionSort {
    /// By name, from A to Z.
    NameAsc,
    /// By name, from Z to A.
    NameDesc,
    /// By id, from A to Z.
    IdAsc,
    /// By id, from Z to A.
    IdDesc,
}

/// A permission.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Permission {
    /// The permission's id.
    pub id: PermissionId,
    /// By what code knows it.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// What it permits.
    pub description: Option<String>,
}

/// A page of permissions.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PermissionList {
    /// The permissions.
    pub permissions: Vec<Permission>,
    /// Names the next page; null on the last one.
    pub next_token: Option<String>,
}

/// The permission that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedPermission {
    /// Addition. The permission.
    pub permission: PermissionRef,
}

/// A permission by its id.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PermissionRef {
    /// The permission's id.
    pub id: PermissionId,
}
