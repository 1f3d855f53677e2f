//! Permissions: `/api/v1/permissions`.

use axum::extract::State;
use keyward_wire::permissions::{
    CreatePermissionRequest, CreatedPermission, ListPermissionsQuery, Permission, PermissionList, PermissionRef,
    UpdatePermissionRequest,
};
use keyward_wire::{Done, Envelope, ErrorBody};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::paging::Page;
use crate::actions::permissions::{self, PermissionRow};
use crate::app::App;
use crate::auth::{Platform, scope};
use crate::front::{Answer, Body, NoParams, Params, Path};
use crate::refusal::Refusal;
use crate::routes::failures::Failures;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_permissions, create_permission))
        .routes(routes!(update_permission, delete_permission))
}

/// Lists permissions, a page at a time.
#[utoipa::path(
    get, path = "/api/v1/permissions", tag = "permissions", params(ListPermissionsQuery),
    responses((status = 200, body = Envelope<PermissionList>), Failures)
)]
async fn list_permissions(
    State(app): State<App>,
    _: Platform<scope::ReadPermissions>,
    Params(query): Params<ListPermissionsQuery>,
) -> Result<Answer<Envelope<PermissionList>>, Refusal> {
    let page = permissions::list_permissions(&app, &query).await?;
    Ok(Answer::ok(Envelope::read(wire_permissions(page))))
}

/// Creates a permission. Nobody has it yet.
#[utoipa::path(
    post, path = "/api/v1/permissions", tag = "permissions", request_body = CreatePermissionRequest,
    responses((status = 201, body = Envelope<CreatedPermission>), Failures)
)]
async fn create_permission(
    State(app): State<App>,
    caller: Platform<scope::CreatePermissions>,
    _: NoParams,
    Body(request): Body<CreatePermissionRequest>,
) -> Result<Answer<Envelope<CreatedPermission>>, Refusal> {
    let created = permissions::create_permission(&app, &caller, request).await?;
    let body = CreatedPermission { permission: PermissionRef { id: created.made } };
    Ok(Answer::created(Envelope::changed("OK", "Success", created.revision, body)))
}

/// Changes a permission for everybody who has it.
#[utoipa::path(
    patch, path = "/api/v1/permissions/{permission_id}", tag = "permissions",
    params(("permission_id" = String, Path)), request_body = UpdatePermissionRequest,
    responses((status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody), Failures)
)]
async fn update_permission(
    State(app): State<App>,
    caller: Platform<scope::UpdatePermissions>,
    _: NoParams,
    Path(permission_id): Path<String>,
    Body(request): Body<UpdatePermissionRequest>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let updated = permissions::update_permission(&app, &caller, &permission_id, request).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", updated.revision, Done {})))
}

/// Deletes a permission. It leaves every role and every member at once.
#[utoipa::path(
    delete, path = "/api/v1/permissions/{permission_id}", tag = "permissions",
    params(("permission_id" = String, Path)),
    responses((status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody), Failures)
)]
async fn delete_permission(
    State(app): State<App>,
    caller: Platform<scope::DeletePermissions>,
    _: NoParams,
    Path(permission_id): Path<String>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let deleted = permissions::delete_permission(&app, &caller, &permission_id).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", deleted.revision, Done {})))
}

pub(super) fn wire_permissions(page: Page<PermissionRow>) -> PermissionList {
    let permissions = page.rows.into_iter().map(|row| Permission {
        id: row.id,
        key: row.key.to_string(),
        name: row.name,
        description: row.description,
    });
    PermissionList { permissions: permissions.collect(), next_token: page.next_token }
}
