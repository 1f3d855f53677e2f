//! Organizations: `/api/v1/organization`.

use axum::extract::State;
use keyward_wire::organizations::{
    CreateOrganizationRequest, CreatedOrganization, GetOrganizationQuery, Organization, OrganizationRef,
};
use keyward_wire::{Envelope, ErrorBody};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::organizations;
use crate::app::App;
use crate::auth::{Platform, PlatformOrOrganization, scope};
use crate::front::{Answer, Body, Params};
use crate::refusal::Refusal;
use crate::routes::failures::Failures;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_organization, create_organization))
}

/// Creates an organization.
#[utoipa::path(
    post, path = "/api/v1/organization", tag = "organizations", request_body = CreateOrganizationRequest,
    responses((status = 200, body = Envelope<CreatedOrganization>), Failures)
)]
async fn create_organization(
    State(app): State<App>,
    caller: Platform<scope::CreateOrganizations>,
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
    let row = organizations::get_organization(&app, &caller, &query.code).await?;
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
    }))
}
