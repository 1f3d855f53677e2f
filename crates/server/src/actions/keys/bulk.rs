//! Keys by what they have in common, revoked or disabled in one change.

use keyward_core::bounds::{self, MAX_EXTERNAL_ID_CHARS, MAX_NAME_CHARS};
use keyward_core::{ApiId, ManagementScope, OrgCode, ScopeKey, ScopeNumber, UserId};
use keyward_store::key_sets::{self, SetAction, SetFilter};
use keyward_store::{NewEvent, Revision, Tx, scopes};
use keyward_wire::ErrorCode;
use keyward_wire::previews::{KeysAction, KeysFilter, UpdateKeysRequest};

use super::list::{find_organization_named, named_beside};
use crate::actions::callers::begin;
use crate::actions::previews::{Confirmable, Previewed, READ_AT_ONCE, hold_to_all, tell_keys};
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::{InField, Refusal};

/// What came of a request for many keys.
#[derive(Debug)]
pub struct ChangedKeys {
    /// The keys.
    pub previewed: Previewed,
    /// The revision of the change; none if they were only previewed.
    pub revision: Option<Revision>,
}

/// Previews what is to be done to the keys that pass a filter; with the token of that preview, does it as one change.
pub async fn update_keys(app: &App, caller: &Caller, request: &UpdateKeysRequest) -> Result<ChangedKeys, Refusal> {
    let UpdateKeysRequest { action, filter, confirm } = request;
    read_filter(filter)?;
    let action = match action {
        KeysAction::Revoke => SetAction::Revoke,
        KeysAction::Disable => {
            // As for one key alone.
            caller.require(ManagementScope::UpdateApiKeys)?;
            SetAction::Disable
        }
    };
    let confirmable = Confirmable::new(caller, "POST /api/v1/api_keys/bulk".into(), &(request.action, filter))?;
    let Some(token) = confirm else {
        let mut tx = app.read().await?;
        let found = match resolve(&mut tx, filter).await? {
            Some(named) => list(&mut tx, caller, action, &named.filter(filter)).await?,
            None => Vec::new(),
        };
        return Ok(ChangedKeys { previewed: confirmable.preview(app, found)?, revision: None });
    };
    let mut change = begin(app, caller).await?;
    let Some(named) = resolve(&mut change, filter).await? else {
        // Whoever was named at the preview is gone, and so are the keys. Who never previewed is not told.
        confirmable.require(app, token, &[], change.now())?;
        return Err(Refusal::new(ErrorCode::PreviewStale));
    };
    let within = named.filter(filter);
    let keys = list(&mut change, caller, action, &within).await?;
    confirmable.require(app, token, &keys, change.now())?;
    hold_to_all(&keys, key_sets::change_set(&mut change, &caller.org_scope, action, &within).await?)?;
    let event = tell_keys(tell(caller, action, filter, &named), &keys);
    let revision = app.commit(change, event).await?;
    Ok(ChangedKeys { previewed: Previewed { keys, confirm: None }, revision: Some(revision) })
}

async fn list(
    tx: &mut Tx,
    caller: &Caller,
    action: SetAction,
    filter: &SetFilter<'_>,
) -> Result<Vec<key_sets::SetKeyRow>, Refusal> {
    Ok(key_sets::list_set(tx, &caller.org_scope, action, filter, READ_AT_ONCE).await?)
}

/// What needs nothing but itself to be judged.
fn read_filter(filter: &KeysFilter) -> Result<(), Refusal> {
    if filter.is_empty() {
        return Err(Refusal::field("filter", "must have at least one member"));
    }
    for (name, text, max) in [
        ("filter.org_external_id", &filter.org_external_id, MAX_EXTERNAL_ID_CHARS),
        ("filter.created_by", &filter.created_by, MAX_NAME_CHARS),
    ] {
        text.as_deref().map_or(Ok(()), |text| bounds::searched(text, max)).in_field(name)?;
    }
    if let Some(scope) = &filter.scope {
        ScopeKey::parse(scope).in_field("filter.scope")?;
        if filter.api_id.is_none() {
            return Err(Refusal::field("filter.scope", "must come with `filter.api_id`"));
        }
    }
    Ok(())
}

/// What a filter names.
#[derive(Debug)]
struct Named {
    org_code: Option<OrgCode>,
    user_id: Option<UserId>,
    api_id: Option<ApiId>,
    scope: Option<ScopeNumber>,
}

impl Named {
    fn filter<'a>(&'a self, asked: &'a KeysFilter) -> SetFilter<'a> {
        SetFilter {
            org_code: self.org_code.as_ref(),
            user_id: self.user_id.as_ref(),
            api_id: self.api_id.as_ref(),
            scope: self.scope,
            created_after: asked.created_after,
            last_used_before: asked.last_used_before,
            created_by: asked.created_by.as_deref(),
        }
    }
}

/// Finds what a filter names; none if that is not there, and so has no keys.
async fn resolve(tx: &mut Tx, filter: &KeysFilter) -> Result<Option<Named>, Refusal> {
    let by_external_id = find_organization_named(tx, filter.org_external_id.as_deref()).await?;
    let org_code = named_beside(filter.org_code.as_deref().map(OrgCode::parse), by_external_id);
    let user_id = named_beside(filter.user_id.as_deref().map(UserId::parse), None);
    let api_id = named_beside(filter.api_id.as_deref().map(ApiId::parse), None);
    let (Ok(org_code), Ok(user_id), Ok(api_id)) = (org_code, user_id, api_id) else { return Ok(None) };
    let scope = match (&filter.scope, &api_id) {
        (Some(key), Some(api_id)) => {
            let rows = scopes::list_scopes(tx, api_id).await?;
            let Some(row) = rows.iter().find(|row| row.key.as_str() == key) else { return Ok(None) };
            Some(row.number)
        }
        _ => None,
    };
    Ok(Some(Named { org_code, user_id, api_id, scope }))
}

/// The event is about whom or what the keys have in common. By whom they were made is what people are called by.
fn tell(caller: &Caller, action: SetAction, filter: &KeysFilter, named: &Named) -> NewEvent {
    let name = match action {
        SetAction::Revoke => "keys.revoked",
        SetAction::Disable => "keys.disabled",
    };
    let org_code = caller.org_scope.org_code().or(named.org_code.as_ref());
    let target =
        [org_code.map(OrgCode::as_str), named.user_id.as_ref().map(UserId::as_str)].into_iter().flatten().next();
    let target = target.or(named.api_id.as_ref().map(ApiId::as_str)).unwrap_or("api_keys");
    let told = KeysFilter {
        org_code: named.org_code.as_ref().map(OrgCode::to_string),
        org_external_id: None,
        created_by: None,
        ..filter.clone()
    };
    NewEvent::new(name, target).in_organization(org_code.cloned()).fact("filter", told).personal(
        "created_by",
        (),
        &filter.created_by,
    )
}
