//! Which permissions a role carries: `/api/v1/roles/{role_id}/permissions`.

use axum::extract::State;
use keyward_wire::permissions::{ListPermissionsQuery, PermissionList};
use keyward_wire::roles::{UpdateRolePermissionsRequest, UpdatedRolePermissions};
use keyward_wire::{Done, Envelope, ErrorBody};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::role_permissions;
use crate::app::App;
use crate::auth::{Platform, scope};
use crate::front::{Answer, Body, NoParams, Params, Path};
use crate::refusal::Refusal;
use crate::routes::failures::Failures;
use crate::routes::permissions::wire_permissions;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_role_permissions, update_role_permissions))
        .routes(routes!(remove_role_permission))
}

/// Lists the permissions that a role carries, a page at a time.
#[utoipa::path(
    get, path = "/api/v1/roles/{role_id}/permissions", tag = "role_permissions",
    params(("role_id" = String, Path), ListPermissionsQuery),
    responses((status = 200, body = Envelope<PermissionList>), (status = 404, body = ErrorBody), Failures)
)]
async fn list_role_permissions(
    State(app): State<App>,
    _: Platform<scope::ReadRolePermissions>,
    Path(role_id): Path<String>,
    Params(query): Params<ListPermissionsQuery>,
) -> Result<Answer<Envelope<PermissionList>>, Refusal> {
    let page = role_permissions::list_role_permissions(&app, &role_id, &query).await?;
    Ok(Answer::ok(Envelope::read(wire_permissions(page))))
}

/// Gives a role permissions, and takes them.
#[utoipa::path(
    patch, path = "/api/v1/roles/{role_id}/permissions", tag = "role_permissions",
    params(("role_id" = String, Path)), request_body = UpdateRolePermissionsRequest,
    responses((status = 200, body = Envelope<UpdatedRolePermissions>), (status = 404, body = ErrorBody), Failures)
)]
async fn update_role_permissions(
    State(app): State<App>,
    caller: Platform<scope::UpdateRolePermissions>,
    _: NoParams,
    Path(role_id): Path<String>,
    Body(request): Body<UpdateRolePermissionsRequest>,
) -> Result<Answer<Envelope<UpdatedRolePermissions>>, Refusal> {
    let updated = role_permissions::update_role_permissions(&app, &caller, &role_id, &request.permissions).await?;
    let body =
        UpdatedRolePermissions { permissions_added: updated.made.added, permissions_removed: updated.made.removed };
    Ok(Answer::ok(Envelope::changed("OK", "Success", updated.revision, body)))
}

/// Takes a permission from a role.
#[utoipa::path(
    delete, path = "/api/v1/roles/{role_id}/permissions/{permission_id}", tag = "role_permissions",
    params(("role_id" = String, Path), ("permission_id" = String, Path)),
    responses((status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody), Failures)
)]
async fn remove_role_permission(
    State(app): State<App>,
    caller: Platform<scope::DeleteRolePermissions>,
    _: NoParams,
    Path((role_id, permission_id)): Path<(String, String)>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let removed = role_permissions::remove_role_permission(&app, &caller, &role_id, &permission_id).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", removed.revision, Done {})))
}
