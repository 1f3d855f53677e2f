//! Keys, given new secrets.

use std::time::Duration;

use keyward_core::bounds::MAX_GRACE_SECONDS;
use keyward_core::{ApiScope, IdempotencyKey, KeySecret, Owner};
use keyward_store::keys::{self, KeyRow};
use keyward_store::{Change, NewEvent, apis, scopes};
use keyward_wire::ErrorCode;
use keyward_wire::keys::RotateKeyRequest;

use super::{Issued, IssuedAgain, find_key, management_scopes, sealed};
use crate::actions::Changed;
use crate::actions::callers::begin;
use crate::actions::kept_answers::Repetition;
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::Refusal;

/// Gives a key a new secret; the key stays what it was. The secret before goes on for the grace that is asked for, and one
/// that was going on so ends. Repeated under the same `Idempotency-Key`, it answers the same secret.
pub async fn rotate_key(
    app: &App,
    caller: &Caller,
    id: &str,
    request: &RotateKeyRequest,
    repeat: Option<&IdempotencyKey>,
) -> Result<Changed<Issued>, Refusal> {
    let grace_seconds = request.grace_seconds.unwrap_or(0);
    if grace_seconds > MAX_GRACE_SECONDS {
        return Err(Refusal::field("grace_seconds", "must be 0 to 2592000"));
    }
    let repetition = Repetition::new(caller, format!("PUT /api/v1/api_keys/{id}"), repeat, request)?;
    let mut change = begin(app, caller).await?;
    let row = find_key(&mut change, caller, id).await?;
    if let Some(repetition) = &repetition
        && let Some((answer, revision)) = repetition.recall::<IssuedAgain>(app, &mut change).await?
    {
        return Ok(Changed { made: answer.read()?, revision: app.leave(change, revision).await });
    }
    let (issued, event) = replace_secret(app, caller, &mut change, row, grace_seconds).await?;
    if let Some(repetition) = &repetition {
        repetition.keep(app, &mut change, &IssuedAgain::of(&issued)).await?;
    }
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: issued, revision })
}

async fn replace_secret(
    app: &App,
    caller: &Caller,
    change: &mut Change,
    row: KeyRow,
    grace_seconds: u32,
) -> Result<(Issued, NewEvent), Refusal> {
    if row.state().is_revoked {
        return Err(Refusal::new(ErrorCode::KeyRevoked));
    }
    let owner = row.owner();
    if owner == Owner::Environment {
        let rows = scopes::list_scopes(change, &row.api_id).await?;
        caller.require_may_give(&management_scopes(&rows, &row.scopes)?, row.bound_api_ids.as_deref())?;
    }
    let api = apis::find_api(change, &ApiScope::All, &row.api_id).await?;
    // A key whose API was deleted is revoked.
    let api = api.ok_or_else(|| Refusal::new(ErrorCode::KeyRevoked))?;
    let secret = app.make(|fill, _| KeySecret::generate(&api.key_prefix, api.key_class, fill));
    let grace_ends_at = change.now().after(Duration::from_secs(grace_seconds.into()));
    let next = sealed(app, &row.id, &row.api_id, &owner, &secret)?;
    keys::replace_key_secret(change, &row, &next, grace_ends_at).await?;
    let event = NewEvent::new("key.rotated", &row.id)
        .in_organization(row.org_code)
        .fact("grace_seconds", grace_seconds)
        .value("selector", (), secret.selector().as_str());
    Ok((Issued { id: row.id, secret, is_repeated: false }, event))
}
