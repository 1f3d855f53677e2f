//! What members of organizations are given: `/api/v1/organizations/{org_code}/users/{user_id}/roles` and
//! `.../permissions`, and who has a role.

use axum::extract::State;
use keyward_wire::members::{
    AddMemberPermissionRequest, AddMemberRoleRequest, ListMemberPermissionsQuery, ListRoleUsersQuery, MemberPermission,
    MemberPermissionList, MemberRole, MemberRoleList, RoleHolder, RoleHolderList, RoleUserCount, RoleUserList, UserRef,
};
use keyward_wire::{Done, Envelope, ErrorBody};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::members::{self, MemberName};
use crate::app::App;
use crate::auth::{Platform, scope};
use crate::front::{Answer, Body, NoParams, Params, Path};
use crate::refusal::Refusal;
use crate::routes::failures::Failures;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_member_roles, add_member_role))
        .routes(routes!(remove_member_role))
        .routes(routes!(list_member_permissions, add_member_permission))
        .routes(routes!(remove_member_permission))
        .routes(routes!(list_role_users))
        .routes(routes!(get_role_user_count))
        .routes(routes!(list_role_holders))
}

/// Lists the roles of a member.
#[utoipa::path(
    get, path = "/api/v1/organizations/{org_code}/users/{user_id}/roles", tag = "members",
    params(("org_code" = String, Path), ("user_id" = String, Path)),
    responses((status = 200, body = Envelope<MemberRoleList>), (status = 404, body = ErrorBody), Failures)
)]
async fn list_member_roles(
    State(app): State<App>,
    caller: Platform<scope::ReadOrganizationUserRoles>,
    _: NoParams,
    Path((org_code, user_id)): Path<(String, String)>,
) -> Result<Answer<Envelope<MemberRoleList>>, Refusal> {
    let named = MemberName { org_code: &org_code, user_id: &user_id };
    let rows = members::list_member_roles(&app, &caller, &named).await?;
    let roles = rows.into_iter().map(|row| MemberRole { id: row.role_id, key: row.key, name: row.name });
    Ok(Answer::ok(Envelope::read(MemberRoleList { roles: roles.collect(), next_token: None })))
}

/// Gives a member a role.
#[utoipa::path(
    post, path = "/api/v1/organizations/{org_code}/users/{user_id}/roles", tag = "members",
    params(("org_code" = String, Path), ("user_id" = String, Path)), request_body = AddMemberRoleRequest,
    responses((status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody), Failures)
)]
async fn add_member_role(
    State(app): State<App>,
    caller: Platform<scope::CreateOrganizationUserRoles>,
    _: NoParams,
    Path((org_code, user_id)): Path<(String, String)>,
    Body(request): Body<AddMemberRoleRequest>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let named = MemberName { org_code: &org_code, user_id: &user_id };
    let given = members::give_role(&app, &caller, &named, &request.role_id).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", given.revision, Done {})))
}

/// Takes a role from a member.
#[utoipa::path(
    delete, path = "/api/v1/organizations/{org_code}/users/{user_id}/roles/{role_id}", tag = "members",
    params(("org_code" = String, Path), ("user_id" = String, Path), ("role_id" = String, Path)),
    responses((status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody), Failures)
)]
async fn remove_member_role(
    State(app): State<App>,
    caller: Platform<scope::DeleteOrganizationUserRoles>,
    _: NoParams,
    Path((org_code, user_id, role_id)): Path<(String, String, String)>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let named = MemberName { org_code: &org_code, user_id: &user_id };
    let taken = members::take_role(&app, &caller, &named, &role_id).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", taken.revision, Done {})))
}

/// Lists the permissions of a member, whether by a role or without.
#[utoipa::path(
    get, path = "/api/v1/organizations/{org_code}/users/{user_id}/permissions", tag = "members",
    params(("org_code" = String, Path), ("user_id" = String, Path), ListMemberPermissionsQuery),
    responses((status = 200, body = Envelope<MemberPermissionList>), (status = 404, body = ErrorBody), Failures)
)]
async fn list_member_permissions(
    State(app): State<App>,
    caller: Platform<scope::ReadOrganizationUserPermissions>,
    Path((org_code, user_id)): Path<(String, String)>,
    Params(query): Params<ListMemberPermissionsQuery>,
) -> Result<Answer<Envelope<MemberPermissionList>>, Refusal> {
    let named = MemberName { org_code: &org_code, user_id: &user_id };
    let listed = members::list_member_permissions(&app, &caller, &named).await?;
    let with_roles = query.expand.iter().flat_map(|list| list.split(',')).any(|word| word.trim() == "roles");
    let permissions = listed.into_iter().map(|permission| MemberPermission {
        id: permission.id,
        key: permission.key,
        name: permission.name,
        description: permission.description,
        roles: with_roles.then_some(permission.roles),
    });
    Ok(Answer::ok(Envelope::read(MemberPermissionList { permissions: permissions.collect() })))
}

/// Gives a member a permission without a role.
#[utoipa::path(
    post, path = "/api/v1/organizations/{org_code}/users/{user_id}/permissions", tag = "members",
    params(("org_code" = String, Path), ("user_id" = String, Path)), request_body = AddMemberPermissionRequest,
    responses((status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody), Failures)
)]
async fn add_member_permission(
    State(app): State<App>,
    caller: Platform<scope::CreateOrganizationUserPermissions>,
    _: NoParams,
    Path((org_code, user_id)): Path<(String, String)>,
    Body(request): Body<AddMemberPermissionRequest>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let named = MemberName { org_code: &org_code, user_id: &user_id };
    let given = members::give_permission(&app, &caller, &named, &request.permission_id).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", given.revision, Done {})))
}

/// Takes a permission from a member who has it without a role.
#[utoipa::path(
    delete, path = "/api/v1/organizations/{org_code}/users/{user_id}/permissions/{permission_id}", tag = "members",
    params(("org_code" = String, Path), ("user_id" = String, Path), ("permission_id" = String, Path)),
    responses((status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody), Failures)
)]
async fn remove_member_permission(
    State(app): State<App>,
    caller: Platform<scope::DeleteOrganizationUserPermissions>,
    _: NoParams,
    Path((org_code, user_id, permission_id)): Path<(String, String, String)>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let named = MemberName { org_code: &org_code, user_id: &user_id };
    let taken = members::take_permission(&app, &caller, &named, &permission_id).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", taken.revision, Done {})))
}

/// Lists the members of an organization that have a role, a page at a time.
#[utoipa::path(
    get, path = "/api/v1/organizations/{org_code}/roles/{role_id}/users", tag = "members",
    params(("org_code" = String, Path), ("role_id" = String, Path), ListRoleUsersQuery),
    responses((status = 200, body = Envelope<RoleUserList>), (status = 404, body = ErrorBody), Failures)
)]
async fn list_role_users(
    State(app): State<App>,
    caller: Platform<scope::ReadOrganizationUserRoles>,
    Path((org_code, role_id)): Path<(String, String)>,
    Params(query): Params<ListRoleUsersQuery>,
) -> Result<Answer<Envelope<RoleUserList>>, Refusal> {
    let page = members::list_role_users(&app, &caller, (&org_code, &role_id), &query).await?;
    let users = page.rows.into_iter().map(|id| UserRef { id }).collect();
    Ok(Answer::ok(Envelope::read(RoleUserList { users, next_token: page.next_token })))
}

/// Lists the users that have a role in any organization, a page at a time.
#[utoipa::path(
    get, path = "/api/v1/roles/{role_id}/users", tag = "members",
    params(("role_id" = String, Path), ListRoleUsersQuery),
    responses((status = 200, body = Envelope<RoleHolderList>), (status = 404, body = ErrorBody), Failures)
)]
async fn list_role_holders(
    State(app): State<App>,
    _: Platform<scope::ReadOrganizationUserRoles>,
    Path(role_id): Path<String>,
    Params(query): Params<ListRoleUsersQuery>,
) -> Result<Answer<Envelope<RoleHolderList>>, Refusal> {
    let page = members::list_role_holders(&app, &role_id, &query).await?;
    let users = page
        .rows
        .into_iter()
        .map(|row| RoleHolder { id: row.id, org_codes: row.org_codes.split(' ').map(ToOwned::to_owned).collect() });
    Ok(Answer::ok(Envelope::read(RoleHolderList { users: users.collect(), next_token: page.next_token })))
}

/// Counts the members of an organization that have a role.
#[utoipa::path(
    get, path = "/api/v1/organizations/{org_code}/roles/{role_id}/users/count", tag = "members",
    params(("org_code" = String, Path), ("role_id" = String, Path)),
    responses((status = 200, body = Envelope<RoleUserCount>), (status = 404, body = ErrorBody), Failures)
)]
async fn get_role_user_count(
    State(app): State<App>,
    caller: Platform<scope::ReadOrganizationUserRoles>,
    _: NoParams,
    Path((org_code, role_id)): Path<(String, String)>,
) -> Result<Answer<Envelope<RoleUserCount>>, Refusal> {
    let count = members::count_role_users(&app, &caller, &org_code, &role_id).await?;
    Ok(Answer::ok(Envelope::read(RoleUserCount { count })))
}
