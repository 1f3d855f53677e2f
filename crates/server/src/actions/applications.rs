//! Applications: OAuth clients of type `m2m`.

use keyward_core::bounds::{self, MAX_NAME_CHARS};
use keyward_core::{ApiId, ClientId, OrgCode, PlainSecret};
use keyward_store::applications::{ApplicationRow, NewApplication};
use keyward_store::{Change, NewEvent, Tx, applications};
use keyward_wire::ErrorCode;
use keyward_wire::applications::CreateApplicationRequest;
use serde_json::json;

use crate::actions::Changed;
use crate::actions::apis::read_bound;
use crate::actions::callers::begin;
use crate::actions::organizations::find_organization;
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::{InField, Refusal};

/// A client id and its secret.
#[derive(Debug)]
pub struct Credentials {
    /// The client id.
    pub client_id: ClientId,
    /// The secret, to be shown this once.
    pub client_secret: PlainSecret,
}

/// Creates an application. It may do nothing yet.
pub async fn create_application(
    app: &App,
    caller: &Caller,
    request: CreateApplicationRequest,
) -> Result<Changed<Credentials>, Refusal> {
    bounds::text(&request.name, MAX_NAME_CHARS).in_field("name")?;
    let mut change = begin(app, caller).await?;
    let org_code = match &request.org_code {
        Some(code) => Some(find_organization(&mut change, caller, code, "org_code").await?.code),
        None => None,
    };
    let bound = read_bound(&mut change, caller, request.bound_api_ids.as_deref()).await?;
    let made = insert(app, &mut change, &request.name, org_code.as_ref(), bound.as_deref()).await?;
    let event = NewEvent {
        action: "application.created",
        target_id: made.client_id.to_string(),
        org_code,
        details: json!({ "type": "m2m", "bound_api_ids": bound }),
    };
    let revision = app.commit(change, event).await?;
    Ok(Changed { made, revision })
}

/// Stores an application with a fresh id and secret.
pub(super) async fn insert(
    app: &App,
    change: &mut Change,
    name: &str,
    org_code: Option<&OrgCode>,
    bound_api_ids: Option<&[ApiId]>,
) -> Result<Credentials, Refusal> {
    let client_id = app.make(ClientId::generate);
    let client_secret = app.make(|fill, _| PlainSecret::generate(fill));
    let secret_version = app.keyring.version();
    let mac = app.keyring.client_mac(secret_version, &client_id, &client_secret);
    let new = NewApplication {
        client_id: &client_id,
        name,
        org_code,
        bound_api_ids,
        token_lifetime: app.settings.plain.token_lifetime_seconds,
        mac: mac.ok_or_else(|| Refusal::new(ErrorCode::Internal))?,
        secret_version,
    };
    applications::insert_application(change, &new).await?;
    Ok(Credentials { client_id, client_secret })
}

/// One application.
pub async fn get_application(app: &App, id: &str) -> Result<ApplicationRow, Refusal> {
    let mut tx = app.read().await?;
    find_application(&mut tx, id).await
}

/// Deletes an application: it gets no more tokens, and those that it has are worth nothing from then on.
pub async fn delete_application(app: &App, caller: &Caller, id: &str) -> Result<Changed<()>, Refusal> {
    let mut change = begin(app, caller).await?;
    let application = find_application(&mut change, id).await?;
    applications::delete_application(&mut change, &application).await?;
    let event = NewEvent {
        action: "application.deleted",
        target_id: application.client_id.to_string(),
        org_code: application.org_code,
        details: json!({}),
    };
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: (), revision })
}

/// An application by an id that a caller sent.
pub(super) async fn find_application(tx: &mut Tx, id: &str) -> Result<ApplicationRow, Refusal> {
    let found = match ClientId::parse(id) {
        Some(id) => applications::find_application(tx, &id).await?,
        None => None,
    };
    found.ok_or_else(|| Refusal::new(ErrorCode::ApplicationNotFound))
}
