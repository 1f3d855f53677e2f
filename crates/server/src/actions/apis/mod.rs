//! APIs: registered, listed, read, changed.

mod policy;
mod update;

use keyward_core::bounds::{self, MAX_NAME_CHARS};
use keyward_core::{ApiId, KeyClass, KeyPolicy, KeyPrefix};
use keyward_store::apis::{ApiRow, NewApi};
use keyward_store::grants::GranteeRow;
use keyward_store::scopes::ScopeRow;
use keyward_store::{NewEvent, Tx, apis, grants, scopes};
use keyward_wire::ErrorCode;
use keyward_wire::apis::{ApiMode, CreateApiRequest};

use self::policy::read_policy;
pub use self::policy::show_policy;
pub use self::update::{preview_key_policy, update_api};
use crate::actions::Changed;
use crate::actions::callers::begin;
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::{InField, Refusal};

/// APIs that a credential is bound to.
const MAX_BOUND: usize = 100;

/// An API with its scopes.
#[derive(Debug)]
pub struct ApiWithScopes {
    /// The API.
    pub api: ApiRow,
    /// Its scopes, by key.
    pub scopes: Vec<ScopeRow>,
}

/// Registers an API.
pub async fn create_api(app: &App, caller: &Caller, request: CreateApiRequest) -> Result<Changed<ApiId>, Refusal> {
    bounds::text(&request.name, MAX_NAME_CHARS).in_field("name")?;
    bounds::audience(&request.audience).in_field("audience")?;
    let key_prefix = match &request.key_prefix {
        Some(prefix) => KeyPrefix::parse(prefix).in_field("key_prefix")?,
        None => KeyPrefix::default(),
    };
    let key_policy = read_policy(request.key_policy.as_ref())?;
    let key_class = if request.mode == Some(ApiMode::Test) { KeyClass::Test } else { KeyClass::Live };

    let mut change = begin(app, caller).await?;
    // A registered audience wins over the names of the management API, whose callers would get no more tokens.
    let is_taken = app.issuer.is_own_audience(&request.audience)
        || apis::find_api_by_audience(&mut change, &request.audience).await?.is_some();
    if is_taken {
        return Err(Refusal::about(ErrorCode::AudienceTaken, "audience", "is that of another API"));
    }
    let id = app.make(ApiId::generate);
    let new = NewApi {
        id: &id,
        name: &request.name,
        audience: Some(&request.audience),
        key_prefix: &key_prefix,
        key_class,
        key_policy: &key_policy,
    };
    apis::insert_api(&mut change, &new).await?;
    let event = NewEvent::new("api.created", &id)
        .value("audience", (), &request.audience)
        .value("key_prefix", (), key_prefix.as_str())
        .value("key_class", (), key_class.as_str())
        .value("key_policy", (), Some(&key_policy).filter(|policy| **policy != KeyPolicy::NONE))
        .personal("name", (), &request.name);
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: id, revision })
}

/// Every API that the caller may see, by name, with its scopes if they are wanted.
pub async fn list_apis(app: &App, caller: &Caller, with_scopes: bool) -> Result<Vec<ApiWithScopes>, Refusal> {
    let mut tx = app.read().await?;
    let mut found = Vec::new();
    for api in apis::list_apis(&mut tx, &caller.api_scope).await? {
        let scopes = if with_scopes { scopes::list_scopes(&mut tx, &api.id).await? } else { Vec::new() };
        found.push(ApiWithScopes { api, scopes });
    }
    Ok(found)
}

/// An API with its scopes and the applications that are authorised for it.
pub async fn get_api(app: &App, caller: &Caller, id: &str) -> Result<(ApiWithScopes, Vec<GranteeRow>), Refusal> {
    let mut tx = app.read().await?;
    let api = find_api(&mut tx, caller, id).await?.ok_or_else(|| Refusal::new(ErrorCode::ApiNotFound))?;
    let scopes = scopes::list_scopes(&mut tx, &api.id).await?;
    let grantees = grants::list_grantees(&mut tx, &caller.api_scope, &api.id).await?;
    Ok((ApiWithScopes { api, scopes }, grantees))
}

/// Deletes an API: its keys answer that they are revoked, and no more tokens are issued for it. Its audience is free.
pub async fn delete_api(app: &App, caller: &Caller, id: &str) -> Result<Changed<()>, Refusal> {
    let mut change = begin(app, caller).await?;
    let api = find_changeable(&mut change, caller, id).await?;
    apis::delete_api(&mut change, &api).await?;
    let event =
        NewEvent::new("api.deleted", &api.id).value("audience", &api.audience, ()).personal("name", &api.name, ());
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: (), revision })
}

/// The id of the management API.
pub async fn management_api_id(app: &App) -> Result<ApiId, Refusal> {
    let mut tx = app.read().await?;
    let api = apis::find_management_api(&mut tx).await?;
    Ok(api.ok_or_else(|| Refusal::caused_by(ErrorCode::Internal, "no management API"))?.id)
}

/// An API by an id that a caller sent, which may be changed: the management API is Keyward's own.
async fn find_changeable(tx: &mut Tx, caller: &Caller, id: &str) -> Result<ApiRow, Refusal> {
    let api = find_api(tx, caller, id).await?.ok_or_else(|| Refusal::new(ErrorCode::ApiNotFound))?;
    if api.is_management_api { Err(Refusal::new(ErrorCode::ManagementApi)) } else { Ok(api) }
}

/// An API by an id that a caller sent.
pub(super) async fn find_api(tx: &mut Tx, caller: &Caller, id: &str) -> Result<Option<ApiRow>, Refusal> {
    match ApiId::parse(id) {
        Some(id) => Ok(apis::find_api(tx, &caller.api_scope, &id).await?),
        None => Ok(None),
    }
}

/// Reads the list of APIs that a credential is to be bound to.
pub(super) async fn read_bound(
    tx: &mut Tx,
    caller: &Caller,
    given: Option<&[String]>,
) -> Result<Option<Vec<ApiId>>, Refusal> {
    const FIELD: &str = "bound_api_ids";
    let Some(given) = given else { return Ok(None) };
    if given.is_empty() || given.len() > MAX_BOUND {
        return Err(Refusal::field(FIELD, "must have 1 to 100 entries"));
    }
    let mut bound = Vec::new();
    for (at, id) in given.iter().enumerate() {
        let api = find_api(tx, caller, id).await?;
        let field = format!("{FIELD}[{at}]");
        let api = api.ok_or_else(|| Refusal::about(ErrorCode::ApiUnknown, &field, "is not the id of an API"))?;
        bound.push(api.id);
    }
    Ok(Some(bound))
}
