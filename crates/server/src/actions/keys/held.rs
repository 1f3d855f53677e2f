//! Whoever holds a key may end it: RFC 7009.

use std::net::IpAddr;

use keyward_core::{KeySecret, OrgScope, PlainSecret};
use keyward_engine::index::Index;
use keyward_engine::verify;
use keyward_store::{Actor, ActorKind, keys};
use keyward_wire::ErrorCode;

use super::{ask_of_holder, revoke};
use crate::actions::follow;
use crate::app::App;
use crate::caller::{Caller, Origin};
use crate::refusal::Refusal;

/// Revokes a key by its secret, as any other revoke does: it is answered when no verification says "valid" any more.
/// False if it is the secret of no key, or no longer: then nothing is done, and it counts as a wrong secret from there.
pub async fn revoke_held_key(app: &App, secret: &PlainSecret, origin: Origin, from: IpAddr) -> Result<bool, Refusal> {
    let Some((secret, holder)) = find_held(app, secret).await? else {
        app.count_failure(from, None)?;
        return Ok(false);
    };
    let mut change = app.change(&holder.from(origin)).await?;
    let found = keys::find_key_secret(&mut change, secret.selector()).await?;
    let Some(stored) = found else { return Ok(false) };
    let Some(row) = keys::find_key(&mut change, &OrgScope::All, &stored.key_id).await? else { return Ok(false) };
    // It may have been replaced since: then it is worth nothing as soon as this node has heard of that.
    if stored.expires_at.is_some_and(|end| end <= app.now()) {
        app.leave(change, row.revision).await;
        return Ok(false);
    }
    revoke(app, change, row).await?;
    Ok(true)
}

/// The secret and who holds it, from memory, so that garbage holds nobody up. A key that is not known was perhaps made on
/// another node a moment ago, and lives.
async fn find_held(app: &App, secret: &PlainSecret) -> Result<Option<(KeySecret, Caller)>, Refusal> {
    let Some(secret) = KeySecret::parse(secret.expose()) else { return Ok(None) };
    let ask = ask_of_holder(&secret);
    let now = app.now();
    let held = |index: &Index| {
        index.look_up(secret.selector(), |found| {
            let is_known = found.is_some();
            let holder = verify(&app.keyring, &secret, found, &ask, now).map(|verdict| {
                verdict.entry.map(|entry| Actor {
                    kind: ActorKind::KeyHolder,
                    id: entry.key.id.to_string(),
                    name: entry.key.name.to_string(),
                })
            });
            is_known.then_some(holder)
        })
    };
    let Some(held) = follow::find(app, held).await? else { return Ok(None) };
    let holder = held.map_err(|error| Refusal::caused_by(ErrorCode::Unavailable, error))?;
    Ok(holder.map(|actor| (secret, Caller::holder(actor))))
}
