//! Organizations: `/api/v1/organization`, and `/api/v1/organizations` for the list.

use axum::extract::State;
use keyward_wire::organizations::{
    CreateOrganizationRequest, CreatedOrganization, GetOrganizationQuery, ListOrganizationsQuery, ListedOrganization,
    Organization, OrganizationList, OrganizationRef, UpdateOrganizationQuery, UpdateOrganizationRequest,
};
use keyward_wire::{Done, Envelope, ErrorBody};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::credits::show_credits;
use crate::actions::limits::show_limits;
use crate::actions::organizations;
use crate::app::App;
use crate::auth::{Platform, PlatformOrOrganization, scope};
use crate::front::{Answer, Body, NoParams, Params, Path};
use crate::refusal::Refusal;
use crate::routes::failures::Failures;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_organizations))
        .routes(routes!(get_organization, create_organization))
        .routes(routes!(update_organization, delete_organization))
}

/// Lists organizations, a page at a time.
#[utoipa::path(
    get, path = "/api/v1/organizations", tag = "organizations", params(ListOrganizationsQuery),
    responses((status = 200, body = Envelope<OrganizationList>), Failures)
)]
async fn list_organizations(
    State(app): State<App>,
    caller: PlatformOrOrganization<scope::ReadOrganizations>,
    Params(query): Params<ListOrganizationsQuery>,
) -> Result<Answer<Envelope<OrganizationList>>, Refusal> {
    let page = organizations::list_organizations(&app, &caller, &query).await?;
    let organizations = page.rows.into_iter().map(|row| ListedOrganization {
        code: row.code,
        name: row.name,
        handle: None,
        is_default: false,
        external_id: row.external_id,
        is_auto_membership_enabled: false,
        is_suspended: row.suspended_at.is_some(),
    });
    let body = OrganizationList { organizations: organizations.collect(), next_token: page.next_token };
    Ok(Answer::ok(Envelope::read(body)))
}

/// Creates an organization.
#[utoipa::path(
    post, path = "/api/v1/organization", tag = "organizations", request_body = CreateOrganizationRequest,
    responses((status = 200, body = Envelope<CreatedOrganization>), Failures)
)]
async fn create_organization(
    State(app): State<App>,
    caller: Platform<scope::CreateOrganizations>,
    _: NoParams,
    Body(request): Body<CreateOrganizationRequest>,
) -> Result<Answer<Envelope<CreatedOrganization>>, Refusal> {
    let created = organizations::create_organization(&app, &caller, request).await?;
    let body = CreatedOrganization { organization: OrganizationRef { code: created.made } };
    Ok(Answer::ok(Envelope::changed("OK", "Success", created.revision, body)))
}

/// Reads an organization. The answer has no envelope: its `code` is the organization's.
#[utoipa::path(
    get, path = "/api/v1/organization", tag = "organizations", params(GetOrganizationQuery),
    responses((status = 200, body = Organization), (status = 404, body = ErrorBody), Failures)
)]
async fn get_organization(
    State(app): State<App>,
    caller: PlatformOrOrganization<scope::ReadOrganizations>,
    Params(query): Params<GetOrganizationQuery>,
) -> Result<Answer<Organization>, Refusal> {
    let (row, limits) = organizations::get_organization(&app, &caller, &query.code).await?;
    Ok(Answer::ok(Organization {
        code: row.code,
        name: row.name,
        handle: None,
        is_default: false,
        external_id: row.external_id,
        is_auto_membership_enabled: false,
        created_on: row.created_at,
        is_suspended: row.suspended_at.is_some(),
        suspended_on: row.suspended_at,
        plan_id: row.plan_id,
        rate_limits: show_limits(&limits),
        credits: show_credits(row.credits.as_ref(), app.now()),
    }))
}

/// Changes an organization. Suspended, its keys and its applications do nothing until that is lifted.
#[utoipa::path(
    patch, path = "/api/v1/organization/{org_code}", tag = "organizations",
    params(("org_code" = String, Path), UpdateOrganizationQuery), request_body = UpdateOrganizationRequest,
    responses((status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody), Failures)
)]
async fn update_organization(
    State(app): State<App>,
    caller: Platform<scope::UpdateOrganizations>,
    Path(org_code): Path<String>,
    Params(_): Params<UpdateOrganizationQuery>,
    Body(request): Body<UpdateOrganizationRequest>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let updated = organizations::update_organization(&app, &caller, &org_code, request).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", updated.revision, Done {})))
}

/// Deletes an organization. Its keys are revoked, its applications end.
#[utoipa::path(
    delete, path = "/api/v1/organization/{org_code}", tag = "organizations", params(("org_code" = String, Path)),
    responses((status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody), Failures)
)]
async fn delete_organization(
    State(app): State<App>,
    caller: Platform<scope::DeleteOrganizations>,
    _: NoParams,
    Path(org_code): Path<String>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let deleted = organizations::delete_organization(&app, &caller, &org_code).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", deleted.revision, Done {})))
}
