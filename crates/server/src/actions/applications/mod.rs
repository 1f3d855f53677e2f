//! Applications: OAuth clients of type `m2m`.

mod update;

use keyward_core::bounds::{self, MAX_NAME_CHARS};
use keyward_core::{ApiId, ClientId, IdempotencyKey, OrgCode, PlainSecret};
use keyward_store::applications::{ApplicationRow, ApplicationSecretRow, ApplicationSort, NewApplication};
use keyward_store::{Change, NewEvent, Tx, applications};
use keyward_wire::ErrorCode;
use keyward_wire::applications::{CreateApplicationRequest, ListApplicationsQuery, NameSort};
use serde::{Deserialize, Serialize};

use crate::actions::Changed;
use crate::actions::apis::read_bound;
use crate::actions::callers::begin;
use crate::actions::kept_answers::Repetition;
use crate::actions::organizations::find_organization;
use crate::actions::paging::{Page, read_asked};
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::{InField, Refusal};

pub use self::update::{
    MAX_TOKEN_SECONDS, delete_application_secret, rotate_application_secret, update_application,
    update_application_tokens,
};

/// The orders of the list, the usual one first.
const SORTS: &[(ApplicationSort, &str)] =
    &[(ApplicationSort::NameAsc, "applications.name_asc"), (ApplicationSort::NameDesc, "applications.name_desc")];

/// A client id and its secret. Written out only to be sealed, for a repeated request.
#[derive(Debug, Serialize, Deserialize)]
pub struct Credentials {
    /// The client id.
    pub client_id: ClientId,
    /// The secret, to be shown this once.
    #[serde(serialize_with = "keyward_core::secret::expose")]
    pub client_secret: PlainSecret,
    /// Whether they were shown before, to the same request.
    #[serde(skip, default = "is_repeated")]
    pub is_repeated: bool,
}

/// Credentials that are read were kept.
fn is_repeated() -> bool {
    true
}

/// Creates an application. It may do nothing yet. Repeated under the same `Idempotency-Key`, it answers the same one.
pub async fn create_application(
    app: &App,
    caller: &Caller,
    request: CreateApplicationRequest,
    repeat: Option<&IdempotencyKey>,
) -> Result<Changed<Credentials>, Refusal> {
    bounds::text(&request.name, MAX_NAME_CHARS).in_field("name")?;
    let repetition = Repetition::new(caller, "POST /api/v1/applications".into(), repeat, &request)?;
    let mut change = begin(app, caller).await?;
    if let Some(repetition) = &repetition
        && let Some((made, revision)) = repetition.recall(app, &mut change).await?
    {
        return Ok(Changed { made, revision: app.leave(change, revision).await });
    }
    let org_code = match &request.org_code {
        Some(code) => Some(find_organization(&mut change, caller, code, "org_code").await?.code),
        None => None,
    };
    let bound = read_bound(&mut change, caller, request.bound_api_ids.as_deref()).await?;
    let made = insert(app, &mut change, &request.name, org_code.as_ref(), bound.as_deref()).await?;
    if let Some(repetition) = &repetition {
        repetition.keep(app, &mut change, &made).await?;
    }
    let event = NewEvent::new("application.created", &made.client_id)
        .in_organization(org_code)
        .value("type", (), "m2m")
        .value("bound_api_ids", (), bound)
        .personal("name", (), &request.name);
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
    Ok(Credentials { client_id, client_secret, is_repeated: false })
}

/// One application, with its secrets that are valid now.
pub async fn get_application(app: &App, id: &str) -> Result<(ApplicationRow, Vec<ApplicationSecretRow>), Refusal> {
    let mut tx = app.read().await?;
    let application = find_application(&mut tx, id).await?;
    let secrets = applications::list_application_secrets(&mut tx, &application.client_id, app.now()).await?;
    Ok((application, secrets))
}

/// A page of all applications.
pub async fn list_applications(app: &App, query: &ListApplicationsQuery) -> Result<Page<ApplicationRow>, Refusal> {
    let sort = query.sort.map(|sort| match sort {
        NameSort::NameAsc => ApplicationSort::NameAsc,
        NameSort::NameDesc => ApplicationSort::NameDesc,
    });
    let asked = read_asked(query.page_size, query.next_token.as_deref(), sort, SORTS)?;
    let mut tx = app.read().await?;
    let rows = applications::list_applications(&mut tx, asked.sort, asked.after.as_deref(), asked.limit()).await?;
    Ok(asked.page(rows, SORTS, |row| row.client_id.as_str()))
}

/// Deletes an application: it gets no more tokens, and those that it has are worth nothing from then on.
pub async fn delete_application(app: &App, caller: &Caller, id: &str) -> Result<Changed<()>, Refusal> {
    let mut change = begin(app, caller).await?;
    let application = find_application(&mut change, id).await?;
    applications::delete_application(&mut change, &application).await?;
    let event = NewEvent::new("application.deleted", &application.client_id)
        .in_organization(application.org_code)
        .personal("name", &application.name, ());
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
