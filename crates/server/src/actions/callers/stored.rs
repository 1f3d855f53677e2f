//! What a caller may do by what is stored at this moment: for a change, while nothing can take it.

use std::collections::BTreeSet;

use keyward_core::{ApiScope, ClientId, KeySecret, KeyStatus, ManagementScope, OrgScope};
use keyward_store::applications::ApplicationRow;
use keyward_store::{Actor, ActorKind, Change, Tx, apis, applications, grants, keys, scopes};
use keyward_wire::ErrorCode;

use super::{Unfound, key_caller};
use crate::app::App;
use crate::caller::{Caller, Credential, Origin};
use crate::refusal::Refusal;

/// Begins a change by a caller. The caller was identified before the body was read and before the changes in front were
/// done, so its rights are looked up again, now that nothing can take them: if it has lost any since, it is refused.
pub(in crate::actions) async fn begin(app: &App, caller: &Caller) -> Result<Change, Refusal> {
    let mut change = app.change(caller).await?;
    let Some(credential) = &caller.credential else { return Ok(change) };
    let now = look_up(app, &mut change, credential).await?;
    if let Some(lost) = caller.scopes.iter().find(|scope| !now.scopes.contains(scope)) {
        return Err(Refusal::scope_missing(*lost));
    }
    if now.bound != caller.bound || now.org_scope != caller.org_scope {
        return Err(Refusal::new(ErrorCode::TokenInvalid));
    }
    Ok(change)
}

/// Who shows a credential whose form is good, and what it may do at this moment.
async fn look_up(app: &App, tx: &mut Tx, credential: &Credential) -> Result<Caller, Unfound> {
    match credential {
        Credential::Key(secret) => look_up_key(app, tx, secret).await,
        Credential::Token { client_id, org_code, scopes } => {
            let invalid = || Refusal::new(ErrorCode::TokenInvalid);
            let row = applications::find_application(tx, client_id).await?.ok_or_else(invalid)?;
            if !row.is_active() || row.org_code != *org_code {
                return Err(invalid().into());
            }
            let granted = granted_scopes(tx, client_id).await?;
            let scopes = scopes.intersection(&granted).copied().collect();
            Ok(application_caller(row, scopes, credential.clone()))
        }
    }
}

/// An application that calls, with what it may do.
pub(in crate::actions) fn application_caller(
    row: ApplicationRow,
    scopes: BTreeSet<ManagementScope>,
    credential: Credential,
) -> Caller {
    Caller {
        actor: Actor { kind: ActorKind::Application, id: row.client_id.to_string(), name: row.name },
        api_scope: row.org_code.as_ref().map_or(ApiScope::All, |_| ApiScope::GrantedTo(row.client_id.clone())),
        org_scope: row.org_code.map_or(OrgScope::All, OrgScope::One),
        scopes,
        bound: row.bound_api_ids,
        origin: Origin::default(),
        credential: Some(credential),
    }
}

/// The scopes of the management API that an application has now.
pub(in crate::actions) async fn granted_scopes(
    tx: &mut Tx,
    client: &ClientId,
) -> Result<BTreeSet<ManagementScope>, Refusal> {
    let Some(api) = apis::find_management_api(tx).await? else { return Ok(BTreeSet::new()) };
    let Some(grant) = grants::find_grant(tx, client, &api.id).await? else { return Ok(BTreeSet::new()) };
    let rows = scopes::list_scopes(tx, &api.id).await?;
    let granted = rows.iter().filter(|row| grant.scopes.contains(row.number));
    Ok(granted.filter_map(|row| ManagementScope::parse(row.key.as_str())).collect())
}

/// What an environment key, whose secret was found right, may do by what is stored now.
async fn look_up_key(app: &App, tx: &mut Tx, secret: &KeySecret) -> Result<Caller, Unfound> {
    let invalid = || Refusal::new(ErrorCode::TokenInvalid);
    let stored = keys::find_key_secret(tx, secret.selector()).await?.ok_or_else(invalid)?;
    let row = keys::find_key(tx, &OrgScope::All, &stored.key_id).await?.ok_or_else(invalid)?;
    let now = app.now();
    if stored.expires_at.is_some_and(|end| end <= now) || row.state().status(now) != KeyStatus::Active {
        return Err(invalid().into());
    }
    let rows = scopes::list_scopes(tx, &row.api_id).await?;
    let carried = rows.iter().filter(|scope| row.scopes.contains(scope.number));
    let scopes = carried.filter_map(|scope| ManagementScope::parse(scope.key.as_str())).collect();
    Ok(key_caller(&row.id, &row.name, scopes, row.bound_api_ids, secret.clone()))
}
