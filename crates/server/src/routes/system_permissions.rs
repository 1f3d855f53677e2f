//! System permissions: `/api/v1/system_permissions`, and those of a role.

use axum::extract::State;
use keyward_core::SystemPermission as Known;
use keyward_wire::permissions::ListPermissionsQuery;
use keyward_wire::system_permissions::{
    SystemPermission, SystemPermissionList, UpdateRoleSystemPermissionsRequest, UpdatedRoleSystemPermissions,
};
use keyward_wire::{Envelope, ErrorBody};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::paging::Page;
use crate::actions::system_permissions;
use crate::app::App;
use crate::auth::{Platform, scope};
use crate::front::{Answer, Body, NoParams, Params, Path};
use crate::refusal::Refusal;
use crate::routes::failures::Failures;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_system_permissions))
        .routes(routes!(list_role_system_permissions, update_role_system_permissions))
}

/// Lists what a role can let a member do with Keyward itself.
#[utoipa::path(
    get, path = "/api/v1/system_permissions", tag = "system_permissions", params(ListPermissionsQuery),
    responses((status = 200, body = Envelope<SystemPermissionList>), Failures)
)]
async fn list_system_permissions(
    _: Platform<scope::ReadSystemPermissions>,
    Params(query): Params<ListPermissionsQuery>,
) -> Result<Answer<Envelope<SystemPermissionList>>, Refusal> {
    let page = system_permissions::list_system_permissions(&query)?;
    Ok(Answer::ok(Envelope::read(wire_system_permissions(page))))
}

/// Lists what a role lets a member do with Keyward itself.
#[utoipa::path(
    get, path = "/api/v1/roles/{role_id}/system_permissions", tag = "system_permissions",
    params(("role_id" = String, Path), ListPermissionsQuery),
    responses((status = 200, body = Envelope<SystemPermissionList>), (status = 404, body = ErrorBody), Failures)
)]
async fn list_role_system_permissions(
    State(app): State<App>,
    _: Platform<scope::ReadRoleSystemPermissions>,
    Path(role_id): Path<String>,
    Params(query): Params<ListPermissionsQuery>,
) -> Result<Answer<Envelope<SystemPermissionList>>, Refusal> {
    let page = system_permissions::list_role_system_permissions(&app, &role_id, &query).await?;
    Ok(Answer::ok(Envelope::read(wire_system_permissions(page))))
}

/// Gives a role system permissions, and takes them.
#[utoipa::path(
    patch, path = "/api/v1/roles/{role_id}/system_permissions", tag = "system_permissions",
    params(("role_id" = String, Path)), request_body = UpdateRoleSystemPermissionsRequest,
    responses(
        (status = 200, body = Envelope<UpdatedRoleSystemPermissions>), (status = 404, body = ErrorBody), Failures
    )
)]
async fn update_role_system_permissions(
    State(app): State<App>,
    caller: Platform<scope::UpdateRoleSystemPermissions>,
    _: NoParams,
    Path(role_id): Path<String>,
    Body(request): Body<UpdateRoleSystemPermissionsRequest>,
) -> Result<Answer<Envelope<UpdatedRoleSystemPermissions>>, Refusal> {
    let listed = &request.system_permissions;
    let updated = system_permissions::update_role_system_permissions(&app, &caller, &role_id, listed).await?;
    let ids = |of: Vec<Known>| of.iter().map(|known| known.id().to_owned()).collect();
    let body = UpdatedRoleSystemPermissions {
        system_permissions_added: ids(updated.made.added),
        system_permissions_removed: ids(updated.made.removed),
    };
    Ok(Answer::ok(Envelope::changed("OK", "Success", updated.revision, body)))
}

fn wire_system_permissions(page: Page<Known>) -> SystemPermissionList {
    let rows = page.rows.into_iter().map(|known| SystemPermission {
        id: known.id().to_owned(),
        key: known.key().to_owned(),
        name: known.name().to_owned(),
        description: known.description().to_owned(),
    });
    SystemPermissionList { system_permissions: rows.collect(), next_token: page.next_token }
}
