//! Organizations: owners of keys.

use keyward_core::bounds::{self, MAX_EXTERNAL_ID_CHARS, MAX_NAME_CHARS};
use keyward_core::{OrgCode, OrgScope};
use keyward_store::organizations::{self, NewOrganization, OrganizationRow};
use keyward_store::{Change, NewEvent, Tx};
use keyward_wire::ErrorCode;
use keyward_wire::organizations::CreateOrganizationRequest;
use serde_json::json;

use crate::actions::Changed;
use crate::actions::callers::begin;
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::{InField, Refusal};

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
    let mut change = begin(app, caller).await?;
    let made = insert(app, &mut change, &request.name, request.external_id.as_deref()).await?;
    let event = NewEvent {
        action: "organization.created",
        target_id: made.to_string(),
        org_code: Some(made.clone()),
        details: json!({}),
    };
    let revision = app.commit(change, event).await?;
    Ok(Changed { made, revision })
}

/// Stores an organization with a fresh code.
pub(super) async fn insert(
    app: &App,
    change: &mut Change,
    name: &str,
    external_id: Option<&str>,
) -> Result<OrgCode, Refusal> {
    if let Some(external_id) = external_id {
        let taken = organizations::find_organization_by_external_id(change, &OrgScope::All, external_id).await?;
        if taken.is_some() {
            let rule = "is that of another organization";
            return Err(Refusal::about(ErrorCode::ExternalIdTaken, "external_id", rule));
        }
    }
    let code = app.make(OrgCode::generate);
    organizations::insert_organization(change, &NewOrganization { code: &code, external_id, name }).await?;
    Ok(code)
}

/// One organization.
pub async fn get_organization(app: &App, caller: &Caller, code: &str) -> Result<OrganizationRow, Refusal> {
    let mut tx = app.read().await?;
    let found = match OrgCode::parse(code) {
        Some(code) => organizations::find_organization(&mut tx, &caller.org_scope, &code).await?,
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
