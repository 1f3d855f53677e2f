//! Whoever holds a key may end it: RFC 7009.

use std::net::IpAddr;

use keyward_core::{KeyClass, KeySecret, OrgScope, PlainSecret, Presented};
use keyward_engine::index::Index;
use keyward_engine::{Ask, CannotKnow, Use, Wanted, verify};
use keyward_store::{Actor, ActorKind, keys};
use keyward_wire::ErrorCode;

use super::revoke;
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
    // It may have been replaced since.
    let stored = found.filter(|stored| stored.expires_at.is_none_or(|end| app.now() < end));
    let Some(stored) = stored else { return Ok(false) };
    let Some(row) = keys::find_key(&mut change, &OrgScope::All, &stored.key_id).await? else { return Ok(false) };
    revoke(app, change, row).await?;
    Ok(true)
}

/// The secret and who holds it, from memory: so garbage costs no look-up, and holds nobody up.
async fn find_held(app: &App, secret: &PlainSecret) -> Result<Option<(KeySecret, Caller)>, Refusal> {
    let Some(secret) = KeySecret::parse(secret.expose()) else { return Ok(None) };
    let ask = Ask {
        used_for: if secret.class() == KeyClass::Admin { Use::Management } else { Use::Customer },
        org_scope: &OrgScope::All,
        wanted: Wanted::default(),
        presented: Presented::default(),
    };
    let now = app.now();
    let held = |index: &Index| {
        index.look_up(secret.selector(), |found| {
            let verdict = verify(&app.keyring, &secret, found, &ask, now)?;
            let holder = verdict.entry.map(|entry| Actor {
                kind: ActorKind::KeyHolder,
                id: entry.key.id.to_string(),
                name: entry.key.name.to_string(),
            });
            Ok::<_, CannotKnow>(holder)
        })
    };
    let (held, _) = follow::answer(app, held).await?;
    let holder = held.map_err(|error| Refusal::caused_by(ErrorCode::Unavailable, error))?;
    Ok(holder.map(|actor| (secret, Caller::holder(actor))))
}
