//! Users: `/api/v1/user`, and `/api/v1/users` and `/api/v1/search/users` for lists.

use axum::extract::State;
use keyward_wire::users::{
    CreateUserRequest, CreatedIdentity, CreatedUser, DeleteUserQuery, FoundUsers, GetUserQuery, IdentityResult,
    IdentityType, KnownIdentity, ListUsersQuery, ListedUser, SearchUsersQuery, UpdateUserQuery, UpdateUserRequest,
    UpdatedUser, User, UserList,
};
use keyward_wire::{Done, Envelope, ErrorBody};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::credits::show_credits;
use crate::actions::limits::show_limits;
use crate::actions::users::{self, UserRow};
use crate::app::App;
use crate::auth::{Platform, scope};
use crate::front::{Answer, Body, NoParams, Params};
use crate::refusal::Refusal;
use crate::routes::failures::Failures;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_users)).routes(routes!(search_users)).routes(routes!(
        get_user,
        create_user,
        update_user,
        delete_user
    ))
}

/// Creates a user.
#[utoipa::path(
    post, path = "/api/v1/user", tag = "users", request_body = CreateUserRequest,
    responses((status = 200, body = CreatedUser), Failures)
)]
async fn create_user(
    State(app): State<App>,
    caller: Platform<scope::CreateUsers>,
    _: NoParams,
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
    let (row, limits) = users::get_user(&app, &query.id).await?;
    let ListedUser { email, organizations, identities, .. } = wire_user(row.clone(), query.expand.as_deref());
    Ok(Answer::ok(User {
        id: row.id,
        provided_id: row.external_id,
        preferred_email: email,
        phone: row.phone,
        username: row.username,
        last_name: row.family_name,
        first_name: row.given_name,
        is_suspended: row.suspended_at.is_some(),
        picture: None,
        total_sign_ins: None,
        failed_sign_ins: None,
        last_signed_in: None,
        plan_id: row.plan_id,
        rate_limits: show_limits(&limits),
        credits: show_credits(row.credits.as_ref(), app.now()),
        created_on: row.created_at,
        organizations,
        identities,
    }))
}

/// Lists users, a page at a time.
#[utoipa::path(
    get, path = "/api/v1/users", tag = "users", params(ListUsersQuery),
    responses((status = 200, body = Envelope<UserList>), Failures)
)]
async fn list_users(
    State(app): State<App>,
    _: Platform<scope::ReadUsers>,
    Params(query): Params<ListUsersQuery>,
) -> Result<Answer<Envelope<UserList>>, Refusal> {
    let page = users::list_users(&app, &query).await?;
    let expand = query.expand.as_deref();
    let users = page.rows.into_iter().map(|row| wire_user(row, expand)).collect();
    Ok(Answer::ok(Envelope::read(UserList { users, next_token: page.next_token })))
}

/// Searches for users. A page that is not full is the last one.
#[utoipa::path(
    get, path = "/api/v1/search/users", tag = "users", params(SearchUsersQuery),
    responses((status = 200, body = Envelope<FoundUsers>), Failures)
)]
async fn search_users(
    State(app): State<App>,
    _: Platform<scope::ReadUsers>,
    Params(query): Params<SearchUsersQuery>,
) -> Result<Answer<Envelope<FoundUsers>>, Refusal> {
    let rows = users::search_users(&app, &query).await?;
    let expand = query.expand.as_deref();
    let results = rows.into_iter().map(|row| wire_user(row, expand)).collect();
    Ok(Answer::ok(Envelope::read(FoundUsers { results })))
}

/// Changes a user. Suspended, the user's keys do nothing until that is lifted. The answer has no envelope.
#[utoipa::path(
    patch, path = "/api/v1/user", tag = "users", params(UpdateUserQuery), request_body = UpdateUserRequest,
    responses((status = 200, body = UpdatedUser), (status = 404, body = ErrorBody), Failures)
)]
async fn update_user(
    State(app): State<App>,
    caller: Platform<scope::UpdateUsers>,
    Params(query): Params<UpdateUserQuery>,
    Body(request): Body<UpdateUserRequest>,
) -> Result<Answer<UpdatedUser>, Refusal> {
    let updated = users::update_user(&app, &caller, &query.id, request).await?;
    let user = updated.made;
    Ok(Answer::ok(UpdatedUser {
        id: user.id,
        given_name: user.given_name,
        family_name: user.family_name,
        email: user.email,
        is_suspended: user.suspended_at.is_some(),
        is_password_reset_requested: false,
        picture: None,
        revision: updated.revision,
    }))
}

/// Deletes a user. The user's keys are revoked, the memberships end.
#[utoipa::path(
    delete, path = "/api/v1/user", tag = "users", params(DeleteUserQuery),
    responses((status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody), Failures)
)]
async fn delete_user(
    State(app): State<App>,
    caller: Platform<scope::DeleteUsers>,
    Params(query): Params<DeleteUserQuery>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let deleted = users::delete_user(&app, &caller, &query.id, query.is_delete_profile.unwrap_or(false)).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", deleted.revision, Done {})))
}

fn wire_user(row: UserRow, expand: Option<&str>) -> ListedUser {
    let is_wanted = |what: &str| expand.is_some_and(|list| list.split(',').any(|word| word.trim() == what));
    let known =
        [(IdentityType::Email, &row.email), (IdentityType::Phone, &row.phone), (IdentityType::Username, &row.username)];
    let identities = known.into_iter().filter_map(|(kind, value)| {
        value.clone().map(|identity| KnownIdentity { r#type: kind, identity, connection_id: None })
    });
    let organizations = row.organizations.iter().flat_map(|codes| codes.split(' ')).map(ToOwned::to_owned);
    ListedUser {
        organizations: is_wanted("organizations").then(|| organizations.collect()),
        identities: is_wanted("identities").then(|| identities.collect()),
        id: row.id,
        provided_id: row.external_id,
        email: row.email,
        phone: row.phone,
        username: row.username,
        last_name: row.family_name,
        first_name: row.given_name,
        is_suspended: row.suspended_at.is_some(),
        picture: None,
        total_sign_ins: None,
        failed_sign_ins: None,
        last_signed_in: None,
        created_on: row.created_at,
        last_organization_sign_ins: Vec::new(),
    }
}
