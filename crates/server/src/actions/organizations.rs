//! Organizations: owners of keys.

use keyward_core::bounds::{self, MAX_EXTERNAL_ID_CHARS, MAX_NAME_CHARS};
use keyward_core::{OrgCode, OrgScope, RateLimit};
use keyward_store::organizations::{self, NewOrganization, OrganizationRow, OrganizationSort};
use keyward_store::{Change, NewEvent, Tx};
use keyward_wire::ErrorCode;
use keyward_wire::organizations::{
    CreateOrganizationRequest, ListOrganizationsQuery, NameOrEmailSort, UpdateOrganizationRequest,
};

use crate::actions::Changed;
use crate::actions::callers::begin;
use crate::actions::credits::read_credits;
use crate::actions::limits::{read_given_limits, read_limits};
use crate::actions::paging::{Page, read_asked};
use crate::actions::plans::{Terms, limits_in_force, next_credits};
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::{InField, Refusal};

/// The orders of the list, the usual one first.
const SORTS: &[(OrganizationSort, &str)] =
    &[(OrganizationSort::NameAsc, "organizations.name_asc"), (OrganizationSort::NameDesc, "organizations.name_desc")];

/// Creates an organization.
pub async fn create_organization(
    app: &App,
    caller: &Caller,
    request: CreateOrganizationRequest,
) -> Result<Changed<OrgCode>, Refusal> {
    bounds::text(&request.name, MAX_NAME_CHARS).in_field("name")?;
    if let Some(external_id) = &request.external_id {
        bounds::text(external_id, MAX_EXTERNAL_ID_CHARS).in_field("external_id")?;
    }
    let limits = request.rate_limits.as_deref().map(|given| read_limits(caller, given)).transpose()?;
    let credits = request.credits.as_ref().map(|given| read_credits(caller, Some(given))).transpose()?;
    let mut change = begin(app, caller).await?;
    let terms = Terms::default().with(&mut change, Some(request.plan_id.as_deref()), limits.map(Some)).await?;
    let made = insert(app, &mut change, (&request.name, request.external_id.as_deref()), &terms).await?;
    let next = next_credits(&mut change, (None, terms.plan_id.as_ref()), None, credits).await?;
    next.store(&mut change, made.as_str()).await?;
    let event = event("organization.created", &made)
        .value("plan_id", (), &terms.plan_id)
        .value("rate_limits", (), Some(&terms.rate_limits).filter(|limits| !limits.is_empty()))
        .personal("name", (), &request.name)
        .personal("external_id", (), &request.external_id);
    let revision = app.commit(change, next.tell(event, None)).await?;
    Ok(Changed { made, revision })
}

/// Stores an organization with a fresh code.
pub(super) async fn insert(
    app: &App,
    change: &mut Change,
    (name, external_id): (&str, Option<&str>),
    terms: &Terms,
) -> Result<OrgCode, Refusal> {
    require_free(change, external_id).await?;
    let code = app.make(OrgCode::generate);
    let Terms { plan_id, rate_limits } = terms;
    let new = NewOrganization { code: &code, external_id, name, plan_id: plan_id.as_ref(), rate_limits };
    organizations::insert_organization(change, &new).await?;
    Ok(code)
}

async fn require_free(change: &mut Change, external_id: Option<&str>) -> Result<(), Refusal> {
    let Some(external_id) = external_id else { return Ok(()) };
    match organizations::find_organization_by_external_id(change, &OrgScope::All, external_id).await? {
        None => Ok(()),
        Some(_) => {
            let rule = "is that of another organization";
            Err(Refusal::about(ErrorCode::ExternalIdTaken, "external_id", rule))
        }
    }
}

/// Names an organization anew, suspends or resumes it. Absent members stay as they are.
pub async fn update_organization(
    app: &App,
    caller: &Caller,
    code: &str,
    request: UpdateOrganizationRequest,
) -> Result<Changed<()>, Refusal> {
    if let Some(name) = &request.name {
        bounds::text(name, MAX_NAME_CHARS).in_field("name")?;
    }
    if let Some(Some(external_id)) = &request.external_id {
        bounds::text(external_id, MAX_EXTERNAL_ID_CHARS).in_field("external_id")?;
    }
    let limits = read_given_limits(caller, request.rate_limits.as_ref())?;
    let credits = request.credits.map(|given| read_credits(caller, given.as_ref())).transpose()?;
    let mut change = begin(app, caller).await?;
    let before = require_organization(&mut change, caller, code).await?;
    let mut after = before.clone();
    after.name = request.name.unwrap_or(after.name);
    after.external_id = request.external_id.unwrap_or(after.external_id);
    after.suspended_at = match request.is_suspended {
        Some(true) => after.suspended_at.or(Some(change.now())),
        Some(false) => None,
        None => after.suspended_at,
    };
    let terms = Terms { plan_id: after.plan_id, rate_limits: after.rate_limits };
    let plan_id = request.plan_id.as_ref().map(Option::as_deref);
    Terms { plan_id: after.plan_id, rate_limits: after.rate_limits } = terms.with(&mut change, plan_id, limits).await?;
    let plans = (before.plan_id.as_ref(), after.plan_id.as_ref());
    let next = next_credits(&mut change, plans, before.credits.as_ref(), credits).await?;
    let action = match (before.suspended_at, after.suspended_at) {
        (None, Some(_)) => "organization.suspended",
        (Some(_), None) => "organization.resumed",
        _ => "organization.updated",
    };
    let event = event(action, &after.code)
        .value("is_suspended", before.suspended_at.is_some(), after.suspended_at.is_some())
        .value("plan_id", &before.plan_id, &after.plan_id)
        .value("rate_limits", &before.rate_limits, &after.rate_limits)
        .personal("name", &before.name, &after.name)
        .personal("external_id", &before.external_id, &after.external_id);
    let event = next.tell(event, before.credits.as_ref());
    if event.is_unchanged() && next.is_kept() {
        return Ok(Changed { made: (), revision: app.leave(change, before.revision).await });
    }
    if before.external_id != after.external_id {
        require_free(&mut change, after.external_id.as_deref()).await?;
    }
    next.store(&mut change, after.code.as_str()).await?;
    organizations::update_organization(&mut change, &after).await?;
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: (), revision })
}

/// Deletes an organization: its keys answer that they are revoked, and its applications end. Its external id is free.
pub async fn delete_organization(app: &App, caller: &Caller, code: &str) -> Result<Changed<()>, Refusal> {
    let mut change = begin(app, caller).await?;
    let organization = require_organization(&mut change, caller, code).await?;
    organizations::delete_organization(&mut change, &organization).await?;
    let event = event("organization.deleted", &organization.code).personal("name", &organization.name, ());
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: (), revision })
}

fn event(action: &'static str, code: &OrgCode) -> NewEvent {
    NewEvent::new(action, code).in_organization(Some(code.clone()))
}

/// A page of the organizations that the caller may see.
pub async fn list_organizations(
    app: &App,
    caller: &Caller,
    query: &ListOrganizationsQuery,
) -> Result<Page<OrganizationRow>, Refusal> {
    let sort = query.sort.map(|sort| match sort {
        NameOrEmailSort::NameAsc | NameOrEmailSort::EmailAsc => OrganizationSort::NameAsc,
        NameOrEmailSort::NameDesc | NameOrEmailSort::EmailDesc => OrganizationSort::NameDesc,
    });
    if let Some(external_id) = &query.external_id {
        bounds::searched(external_id, MAX_EXTERNAL_ID_CHARS).in_field("external_id")?;
    }
    let asked = read_asked(query.page_size, query.next_token.as_deref(), sort, SORTS)?;
    let mut tx = app.read().await?;
    let page = (asked.sort, asked.after.as_deref(), asked.limit());
    let external_id = query.external_id.as_deref();
    let rows = organizations::list_organizations(&mut tx, &caller.org_scope, external_id, page).await?;
    Ok(asked.page(rows, SORTS, |row| row.code.as_str()))
}

/// One organization, with the limits of rate that are in force for it.
pub async fn get_organization(
    app: &App,
    caller: &Caller,
    code: &str,
) -> Result<(OrganizationRow, Vec<RateLimit>), Refusal> {
    let mut tx = app.read().await?;
    let row = require_organization(&mut tx, caller, code).await?;
    let limits = limits_in_force(&mut tx, row.plan_id.as_ref(), &row.rate_limits).await?;
    Ok((row, limits))
}

/// An organization by the code that a caller names it with.
pub(super) async fn require_organization(tx: &mut Tx, caller: &Caller, code: &str) -> Result<OrganizationRow, Refusal> {
    let found = match OrgCode::parse(code) {
        Some(code) => organizations::find_organization(tx, &caller.org_scope, &code).await?,
        None => None,
    };
    found.ok_or_else(|| Refusal::new(ErrorCode::OrganizationNotFound))
}

/// An organization by a code that a caller sent in a field.
pub(super) async fn find_organization(
    tx: &mut Tx,
    caller: &Caller,
    code: &str,
    field: &str,
) -> Result<OrganizationRow, Refusal> {
    let found = match OrgCode::parse(code) {
        Some(code) => organizations::find_organization(tx, &caller.org_scope, &code).await?,
        None => None,
    };
    found.ok_or_else(|| Refusal::about(ErrorCode::OwnerNotFound, field, "is not the code of an organization"))
}
