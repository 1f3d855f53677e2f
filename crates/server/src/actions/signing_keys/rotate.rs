//! One signing key follows another: shown before it signs, and accepted after it has signed.

use std::time::Duration;

use keyward_core::Timestamp;
use keyward_store::signing_keys::{list_signing_keys, retire_signing_keys, wipe_retired_signing_keys};
use keyward_store::{NewEvent, Tx};
use keyward_wire::ErrorCode;

use super::{SigningKeyRow, insert, make_key};
use crate::actions::Changed;
use crate::actions::applications::MAX_TOKEN_SECONDS;
use crate::actions::callers::begin;
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::Refusal;

/// How long a new key is shown before tokens are signed with it: twice the time for which the public keys may be cached,
/// which is 300 seconds.
pub const SIGNING_KEY_LEAD: Duration = Duration::from_secs(600);
/// How long the tokens of a key are accepted after the last of them was signed: the longest life of a token, and what
/// clocks may differ by.
const OVERLAP: Duration = Duration::from_secs(MAX_TOKEN_SECONDS as u64 + 60);

/// The signing keys whose tokens are accepted, or will be.
pub async fn list_keys(app: &App) -> Result<Vec<SigningKeyRow>, Refusal> {
    let mut tx = app.read().await?;
    Ok(list_signing_keys(&mut tx, app.now()).await?)
}

/// Makes a new signing key. It is shown at once and signs after [`SIGNING_KEY_LEAD`]; those before it are accepted until
/// their last token has expired. While a new key waits to sign, it is the answer and no other is made.
///
/// `at_once` is for a key that others have got hold of: the new one signs from now on, and tokens of all others are worth
/// nothing.
pub async fn rotate_signing_key(app: &App, caller: &Caller, at_once: bool) -> Result<Changed<SigningKeyRow>, Refusal> {
    let made = make_key().await?;
    let mut change = begin(app, caller).await?;
    let now = change.now();
    if !at_once && let Some(waiting) = newest(&mut change, now).await?.filter(|key| key.active_at > now) {
        let revision = waiting.revision;
        return Ok(Changed { made: waiting, revision: app.leave(change, revision).await });
    }
    let (active_at, retired_at) =
        if at_once { (now, now) } else { (now.after(SIGNING_KEY_LEAD), now.after(SIGNING_KEY_LEAD).after(OVERLAP)) };
    retire_signing_keys(&mut change, retired_at).await?;
    insert(app, &mut change, &made, active_at).await?;
    let rows = list_signing_keys(&mut change, now).await?;
    let row = rows.into_iter().find(|row| row.kid == made.jwk.kid);
    let row = row.ok_or_else(|| Refusal::caused_by(ErrorCode::Internal, "the new signing key is not listed"))?;
    let event = NewEvent::new("signing_key.rotated", &row.kid)
        .fact("at_once", at_once)
        .fact("active_on", active_at)
        .fact("others_retire_on", retired_at);
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: row, revision })
}

/// Makes a new signing key if the newest one has signed for as long as the settings say; whether it was so. Of several
/// nodes one is the first, and the others find its key.
pub async fn rotate_if_due(app: &App) -> Result<bool, Refusal> {
    let days = app.settings.plain.signing_key_rotation_days;
    if days == 0 {
        return Ok(false);
    }
    let age = Duration::from_secs(u64::from(days) * 24 * 60 * 60);
    let mut tx = app.read().await?;
    let is_due = newest(&mut tx, app.now()).await?.is_some_and(|key| key.active_at.after(age) <= app.now());
    drop(tx);
    if is_due {
        let key = rotate_signing_key(app, &Caller::system(), false).await?.made;
        tracing::info!(kid = key.kid, active_at = %key.active_at, "a new signing key was made");
    }
    Ok(is_due)
}

/// Wipes the private halves of keys that are retired; false when there was none.
pub async fn wipe_retired(app: &App) -> Result<bool, Refusal> {
    let mut tx = app.tally().await?;
    let wiped = wipe_retired_signing_keys(&mut tx, app.now()).await?;
    tx.commit().await?;
    Ok(wiped > 0)
}

/// The key that became, or becomes, active last.
async fn newest(tx: &mut Tx, now: Timestamp) -> Result<Option<SigningKeyRow>, Refusal> {
    Ok(list_signing_keys(tx, now).await?.into_iter().next())
}
