//! Members of organizations, and what they are given there.

use keyward_core::{PermissionId, RoleId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::organizations::NameOrEmailSort;

/// Which members to list.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ListMembersQuery {
    /// In which order. Default `name_asc`. By e-mail address, who has none comes first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub sort: Option<NameOrEmailSort>,
    /// Members on a page, 1 to 500. Default 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 500))]
    pub page_size: Option<u32>,
    /// The `next_token` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// Only those that have all of these permissions, by a role or without: keys with commas between, at most 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<String>,
    /// Only those that have all of these roles: keys with commas between, at most 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<String>,
}

/// A page of members.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberList {
    /// The members.
    pub organization_users: Vec<Member>,
    /// Names the next page; null on the last one.
    pub next_token: Option<String>,
}

/// A member of an organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Member {
    /// The user's id.
    pub id: UserId,
    /// The e-mail address.
    pub email: Option<String>,
    /// First and last name; empty if neither is known.
    pub full_name: String,
    /// The last name.
    pub last_name: Option<String>,
    /// The first name.
    pub first_name: Option<String>,
    /// Always null: Keyward keeps no pictures.
    pub picture: Option<String>,
    /// When the user became a member, the last time.
    pub joined_on: Timestamp,
    /// Always null: Keyward signs no users in.
    pub last_accessed_on: Option<Timestamp>,
    /// Whether the user is suspended.
    pub is_suspended: bool,
    /// The keys of the roles that the user has in this organization.
    pub roles: Vec<String>,
}

/// Makes users members of an organization.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AddMembersRequest {
    /// The users, 1 to 100.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 100))]
    pub users: Vec<AddedMember>,
}

/// A user who is to be a member. One who is already is given the roles and permissions beside those that are there.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AddedMember {
    /// The user's id.
    pub id: String,
    /// Keys of roles, at most 100. Without this member, a new one has the default roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub roles: Option<Vec<String>>,
    /// Keys of permissions, at most 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub permissions: Option<Vec<String>>,
}

/// Who became a member.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AddedMembers {
    /// Those who were none before.
    pub users_added: Vec<UserId>,
}

/// Changes who is a member of an organization, and with what.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateMembersRequest {
    /// The users, 1 to 100.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 100))]
    pub users: Vec<UpdatedMember>,
}

/// A user who becomes a member, or is one and changes, or leaves.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdatedMember {
    /// The user's id.
    pub id: String,
    /// `delete` ends the membership.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<MemberOperation>,
    /// Keys of roles, at most 100: these and no others from then on. Absent, they stay as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub roles: Option<Vec<String>>,
    /// Keys of permissions, at most 100: these and no others from then on. Absent, they stay as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub permissions: Option<Vec<String>>,
}

/// What is to be done with a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MemberOperation {
    /// The membership ends.
    Delete,
}

/// Who became a member, changed, or left.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdatedMembers {
    /// Those who were none before.
    pub users_added: Vec<UserId>,
    /// Those who gained or lost a role or a permission.
    pub users_updated: Vec<UserId>,
    /// Those who are none any more.
    pub users_removed: Vec<UserId>,
}

/// The roles of a member.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberRoleList {
    /// The roles, by key.
    pub roles: Vec<MemberRole>,
    /// Always null: all of them are here.
    pub next_token: Option<String>,
}

/// A role of a member.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberRole {
    /// The role's id.
    pub id: RoleId,
    /// Its key.
    pub key: String,
    /// What people call it.
    pub name: String,
}

/// Gives a member a role.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AddMemberRoleRequest {
    /// The role's id.
    pub role_id: String,
}

/// What to answer with a member's permissions.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ListMemberPermissionsQuery {
    /// `roles` adds the roles that each permission comes with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expand: Option<String>,
}

/// The permissions of a member.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberPermissionList {
    /// The permissions, by key, whether the member has them by a role or without.
    pub permissions: Vec<MemberPermission>,
}

/// A permission of a member.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberPermission {
    /// The permission's id.
    pub id: PermissionId,
    /// Its key.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The roles that it comes with; only with `expand=roles`. Empty if the member has it without a role alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<PermissionRole>>,
}

/// A role that a permission comes with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PermissionRole {
    /// The role's id.
    pub id: RoleId,
    /// Its key.
    pub key: String,
}

/// Gives a member a permission without a role.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AddMemberPermissionRequest {
    /// The permission's id.
    pub permission_id: String,
}

/// Which of the members with a role to list.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ListRoleUsersQuery {
    /// Users on a page, 1 to 500. Default 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 500))]
    pub page_size: Option<u32>,
    /// The `next_token` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// A page of the members with a role.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoleUserList {
    /// The users, by id.
    pub users: Vec<UserRef>,
    /// Names the next page; null on the last one.
    pub next_token: Option<String>,
}

/// A user by id.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserRef {
    /// The user's id.
    pub id: UserId,
}

/// How many members have a role.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoleUserCount {
    /// How many they are.
    pub count: u64,
}

/// A page of the users with a role, in whatever organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoleHolderList {
    /// The users, by id.
    pub users: Vec<RoleHolder>,
    /// Names the next page; null on the last one.
    pub next_token: Option<String>,
}

/// A user with a role.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoleHolder {
    /// The user's id.
    pub id: UserId,
    /// The organizations where the user has it.
    pub org_codes: Vec<String>,
}
