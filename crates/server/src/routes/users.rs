//! Users: `/api/v1/user`.

use axum::extract::State;
use keyward_wire::ErrorBody;
use keyward_wire::users::{CreateUserRequest, CreatedIdentity, CreatedUser, GetUserQuery, IdentityResult, User};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::users;
use crate::app::App;
use crate::auth::{Platform, scope};
use crate::front::{Answer, Body, Params};
use crate::refusal::Refusal;
use crate::routes::failures::Failures;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_user, create_user))
}

/// Creates a user.
#[utoipa::path(
    post, path = "/api/v1/user", tag = "users", request_body = CreateUserRequest,
    responses((status = 200, body = CreatedUser), Failures)
)]
async fn create_user(
    State(app): State<App>,
    caller: Platform<scope::CreateUsers>,
    Body(request): Body<CreateUserRequest>,
) -> Result<Answer<CreatedUser>, Refusal> {
    let kinds: Vec<_> = request.identities.iter().flatten().map(|identity| identity.r#type).collect();
    let created = users::create_user(&app, &caller, request).await?;
    let result = IdentityResult { created: true };
    let identities = kinds.into_iter().map(|kind| CreatedIdentity { r#type: kind, result: result.clone() }).collect();
    Ok(Answer::ok(CreatedUser { id: created.made, created: true, identities, revision: created.revision }))
}

/// Reads a user. The answer has no envelope.
#[utoipa::path(
    get, path = "/api/v1/user", tag = "users", params(GetUserQuery),
    responses((status = 200, body = User), (status = 404, body = ErrorBody), Failures)
)]
async fn get_user(
    State(app): State<App>,
    _: Platform<scope::ReadUsers>,
    Params(query): Params<GetUserQuery>,
) -> Result<Answer<User>, Refusal> {
    let row = users::get_user(&app, &query.id).await?;
    Ok(Answer::ok(User {
        id: row.id,
        provided_id: row.external_id,
        preferred_email: row.email,
        phone: row.phone,
        username: row.username,
        first_name: row.given_name,
        last_name: row.family_name,
        picture: None,
        is_suspended: row.suspended_at.is_some(),
        created_on: row.created_at,
    }))
}
