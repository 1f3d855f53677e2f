//! Members of organizations: `/api/v1/organizations/{org_code}/users`.

use axum::extract::State;
use keyward_wire::members::{
    AddMembersRequest, AddedMembers, ListMembersQuery, Member, MemberList, UpdateMembersRequest, UpdatedMembers,
};
use keyward_wire::{Done, Envelope, ErrorBody};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::members::{self, MemberName, MemberRow};
use crate::app::App;
use crate::auth::{Platform, PlatformOrOrganization, scope};
use crate::front::{Answer, Body, NoParams, Params, Path};
use crate::refusal::Refusal;
use crate::routes::failures::Failures;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_members, add_members, update_members)).routes(routes!(remove_member))
}

/// Lists the members of an organization, a page at a time.
#[utoipa::path(
    get, path = "/api/v1/organizations/{org_code}/users", tag = "members",
    params(("org_code" = String, Path), ListMembersQuery),
    responses((status = 200, body = Envelope<MemberList>), (status = 404, body = ErrorBody), Failures)
)]
async fn list_members(
    State(app): State<App>,
    caller: PlatformOrOrganization<scope::ReadOrganizationUsers>,
    Path(org_code): Path<String>,
    Params(query): Params<ListMembersQuery>,
) -> Result<Answer<Envelope<MemberList>>, Refusal> {
    let page = members::list_members(&app, &caller, &org_code, &query).await?;
    let organization_users = page.rows.into_iter().map(wire_member).collect();
    Ok(Answer::ok(Envelope::read(MemberList { organization_users, next_token: page.next_token })))
}

/// Makes users members of an organization, each with the roles and permissions that are named.
#[utoipa::path(
    post, path = "/api/v1/organizations/{org_code}/users", tag = "members", params(("org_code" = String, Path)),
    request_body = AddMembersRequest,
    responses((status = 200, body = Envelope<AddedMembers>), (status = 404, body = ErrorBody), Failures)
)]
async fn add_members(
    State(app): State<App>,
    caller: Platform<scope::CreateOrganizationUsers>,
    _: NoParams,
    Path(org_code): Path<String>,
    Body(request): Body<AddMembersRequest>,
) -> Result<Answer<Envelope<AddedMembers>>, Refusal> {
    let done = members::add_members(&app, &caller, &org_code, &request.users).await?;
    let body = AddedMembers { users_added: done.made.added };
    Ok(Answer::ok(Envelope::changed("OK", "Success", done.revision, body)))
}

/// Makes users members of an organization, sets what members have, ends memberships: all in one change.
#[utoipa::path(
    patch, path = "/api/v1/organizations/{org_code}/users", tag = "members", params(("org_code" = String, Path)),
    request_body = UpdateMembersRequest,
    responses((status = 200, body = Envelope<UpdatedMembers>), (status = 404, body = ErrorBody), Failures)
)]
async fn update_members(
    State(app): State<App>,
    caller: Platform<scope::UpdateOrganizationUsers>,
    _: NoParams,
    Path(org_code): Path<String>,
    Body(request): Body<UpdateMembersRequest>,
) -> Result<Answer<Envelope<UpdatedMembers>>, Refusal> {
    let done = members::update_members(&app, &caller, &org_code, &request.users).await?;
    let moved = done.made;
    let body = UpdatedMembers { users_added: moved.added, users_updated: moved.updated, users_removed: moved.removed };
    Ok(Answer::ok(Envelope::changed("OK", "Success", done.revision, body)))
}

/// Ends a membership. The organization's keys stay.
#[utoipa::path(
    delete, path = "/api/v1/organizations/{org_code}/users/{user_id}", tag = "members",
    params(("org_code" = String, Path), ("user_id" = String, Path)),
    responses((status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody), Failures)
)]
async fn remove_member(
    State(app): State<App>,
    caller: Platform<scope::DeleteOrganizationUsers>,
    _: NoParams,
    Path((org_code, user_id)): Path<(String, String)>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let named = MemberName { org_code: &org_code, user_id: &user_id };
    let removed = members::remove_member(&app, &caller, &named).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", removed.revision, Done {})))
}

fn wire_member(row: MemberRow) -> Member {
    let name: Vec<&str> = [&row.given_name, &row.family_name].into_iter().flatten().map(String::as_str).collect();
    let full_name = name.join(" ");
    Member {
        id: row.user_id,
        email: row.email,
        full_name,
        last_name: row.family_name,
        first_name: row.given_name,
        picture: None,
        joined_on: row.joined_at,
        last_accessed_on: None,
        is_suspended: row.suspended_at.is_some(),
        roles: row.roles.iter().flat_map(|keys| keys.split(' ')).map(ToOwned::to_owned).collect(),
    }
}
