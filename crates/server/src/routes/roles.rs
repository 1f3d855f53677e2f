//! Roles: `/api/v1/roles`.

use axum::extract::State;
use keyward_wire::roles::{
    CreateRoleRequest, CreatedRole, ListRolesQuery, Role, RoleDetail, RoleList, RoleRef, UpdateRoleRequest,
};
use keyward_wire::{Done, Envelope, ErrorBody};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::roles::{self, RoleRow};
use crate::app::App;
use crate::auth::{Platform, scope};
use crate::front::{Answer, Body, NoParams, Params, Path};
use crate::refusal::Refusal;
use crate::routes::failures::Failures;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_roles, create_role)).routes(routes!(get_role, update_role, delete_role))
}

/// Lists roles, a page at a time.
#[utoipa::path(
    get, path = "/api/v1/roles", tag = "roles", params(ListRolesQuery),
    responses((status = 200, body = Envelope<RoleList>), Failures)
)]
async fn list_roles(
    State(app): State<App>,
    _: Platform<scope::ReadRoles>,
    Params(query): Params<ListRolesQuery>,
) -> Result<Answer<Envelope<RoleList>>, Refusal> {
    let page = roles::list_roles(&app, &query).await?;
    let roles = page.rows.into_iter().map(wire_role).collect();
    Ok(Answer::ok(Envelope::read(RoleList { roles, next_token: page.next_token })))
}

/// Creates a role. It carries nothing yet.
#[utoipa::path(
    post, path = "/api/v1/roles", tag = "roles", request_body = CreateRoleRequest,
    responses((status = 201, body = Envelope<CreatedRole>), Failures)
)]
async fn create_role(
    State(app): State<App>,
    caller: Platform<scope::CreateRoles>,
    _: NoParams,
    Body(request): Body<CreateRoleRequest>,
) -> Result<Answer<Envelope<CreatedRole>>, Refusal> {
    let created = roles::create_role(&app, &caller, request).await?;
    let body = CreatedRole { role: RoleRef { id: created.made } };
    Ok(Answer::created(Envelope::changed("OK", "Success", created.revision, body)))
}

/// Reads a role.
#[utoipa::path(
    get, path = "/api/v1/roles/{role_id}", tag = "roles", params(("role_id" = String, Path)),
    responses((status = 200, body = Envelope<RoleDetail>), (status = 404, body = ErrorBody), Failures)
)]
async fn get_role(
    State(app): State<App>,
    _: Platform<scope::ReadRoles>,
    _: NoParams,
    Path(role_id): Path<String>,
) -> Result<Answer<Envelope<RoleDetail>>, Refusal> {
    let role = wire_role(roles::get_role(&app, &role_id).await?);
    Ok(Answer::ok(Envelope::read(RoleDetail { role })))
}

/// Changes a role for everybody who has it.
#[utoipa::path(
    patch, path = "/api/v1/roles/{role_id}", tag = "roles", params(("role_id" = String, Path)),
    request_body = UpdateRoleRequest,
    responses((status = 201, body = Envelope<Done>), (status = 404, body = ErrorBody), Failures)
)]
async fn update_role(
    State(app): State<App>,
    caller: Platform<scope::UpdateRoles>,
    _: NoParams,
    Path(role_id): Path<String>,
    Body(request): Body<UpdateRoleRequest>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let updated = roles::update_role(&app, &caller, &role_id, request).await?;
    // Kinde answers this change as it does a creation.
    Ok(Answer::created(Envelope::changed("OK", "Success", updated.revision, Done {})))
}

/// Deletes a role. It leaves every member at once, with all that it carried.
#[utoipa::path(
    delete, path = "/api/v1/roles/{role_id}", tag = "roles", params(("role_id" = String, Path)),
    responses((status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody), Failures)
)]
async fn delete_role(
    State(app): State<App>,
    caller: Platform<scope::DeleteRoles>,
    _: NoParams,
    Path(role_id): Path<String>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let deleted = roles::delete_role(&app, &caller, &role_id).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", deleted.revision, Done {})))
}

fn wire_role(row: RoleRow) -> Role {
    let RoleRow { id, key, name, description, is_default, .. } = row;
    Role { id, key: key.to_string(), name, description, is_default_role: is_default }
}
