//! Verifying a key. Reads the store for now; counts what was valid.

use std::net::IpAddr;

use keyward_core::bounds::{MAX_REVISION, MAX_SCOPES};
use keyward_core::{KeySecret, OrgScope, Outcome, Presented, Selector};
use keyward_engine::{ApiEntry, Ask, Entry, Use, Verdict, Wanted, verify};
use keyward_store::keys::{self, KeyRow};
use keyward_store::usage::{self, UsageRow};
use keyward_store::{Revision, StoreError, Tx, head, scopes};
use keyward_wire::ErrorCode;
use keyward_wire::verify::VerifyKeyRequest;

use crate::app::App;
use crate::caller::Caller;
use crate::refusal::Refusal;

/// What the store knows under a selector.
#[derive(Debug)]
pub struct Found {
    /// What the decision needs.
    pub entry: Entry,
    /// What the answer tells beside it.
    pub row: KeyRow,
}

/// What a verification came to, with all that its answer tells.
#[derive(Debug)]
pub struct Verified {
    /// The decision.
    pub outcome: Outcome,
    /// The key, where something is told about it.
    pub key: Option<VerifiedKey>,
    /// The revision that the answer knows of.
    pub revision: Revision,
}

/// What is told about a key.
#[derive(Debug)]
pub struct VerifiedKey {
    /// The key.
    pub row: KeyRow,
    /// Its API's audience.
    pub audience: String,
    /// The keys of its scopes.
    pub scopes: Vec<String>,
    /// Its status.
    pub status: keyward_core::KeyStatus,
    /// What is counted of it, this time included.
    pub usage: Option<UsageRow>,
}

/// Decides whether a key may be used for a request, and counts it if so.
pub async fn verify_key(app: &App, caller: &Caller, request: &VerifyKeyRequest) -> Result<Verified, Refusal> {
    let required = request.scopes.as_deref().unwrap_or_default();
    if required.len() > MAX_SCOPES {
        return Err(Refusal::field("scopes", "must have at most 100 entries"));
    }
    // The scopes that a key lacks are told to whoever sent it.
    if let Some(at) = required.iter().position(|scope| KeySecret::parse(scope).is_some()) {
        return Err(Refusal::field(&format!("scopes[{at}]"), "must be a scope, and not the secret of a key"));
    }
    let ip = request.ip.as_deref().map(read_ip).transpose()?;
    // One that nobody can be told of exactly, and no node will ever reach, is a mistake and not a matter of waiting.
    if request.min_revision.is_some_and(|least| least > MAX_REVISION) {
        return Err(Refusal::field("min_revision", "must be at most 9007199254740991"));
    }
    let mut tx = app.read().await?;
    let revision = head::get_revision(&mut tx).await?;
    if request.min_revision.is_some_and(|least| least > revision) {
        return Err(Refusal::new(ErrorCode::RevisionNotReached));
    }
    let nothing = |outcome| Verified { outcome, key: None, revision };
    let Some(secret) = KeySecret::parse(request.api_key.expose()) else { return Ok(nothing(Outcome::Invalid)) };
    let found = find_entry(app, &mut tx, secret.selector()).await?;
    drop(tx);

    let wanted = Wanted {
        api_id: request.api_id.as_deref(),
        audience: request.audience.as_deref(),
        bound: caller.bound.as_deref(),
    };
    let presented = Presented { ip, scopes: required };
    let ask = Ask { used_for: Use::Customer, org_scope: &caller.org_scope, wanted, presented };
    let verdict = verify(&app.keyring, &secret, found.as_ref().map(|found| &found.entry), &ask, app.now())
        .map_err(|error| Refusal::caused_by(ErrorCode::Unavailable, error))?;
    let Verdict { outcome, status: Some(status), entry: Some(entry), scopes } = verdict else {
        return Ok(nothing(verdict.outcome));
    };
    let scopes = scopes.iter().map(ToString::to_string).collect();
    let audience = entry.api.audience.clone();
    let usage = if outcome == Outcome::Verified { count(app, entry, ip).await? } else { None };
    let key = found.map(|found| VerifiedKey { row: found.row, audience, scopes, status, usage });
    Ok(Verified { outcome, key, revision })
}

/// Counts a valid verification before it is answered. Where there is no room it goes uncounted, since the key is known
/// to be valid all the same; any other failure leaves open what is known, and the answer with it.
async fn count(app: &App, entry: &Entry, ip: Option<IpAddr>) -> Result<Option<UsageRow>, Refusal> {
    match add(app, entry, ip).await {
        Ok(usage) => Ok(Some(usage)),
        Err(StoreError::Full(cause)) => {
            tracing::warn!(key_id = %entry.key_id, %cause, "a valid verification is not counted: there is no room");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

async fn add(app: &App, entry: &Entry, ip: Option<IpAddr>) -> Result<UsageRow, StoreError> {
    let mut tx = app.tally().await?;
    let usage = usage::add_verification(&mut tx, &entry.key_id, app.now(), ip).await?;
    tx.commit().await?;
    Ok(usage)
}

/// What the store knows under a selector, in the engine's words.
pub(super) async fn find_entry(app: &App, tx: &mut Tx, selector: Selector) -> Result<Option<Found>, Refusal> {
    let Some(secret) = keys::find_key_secret(tx, selector).await? else { return Ok(None) };
    let Some(row) = keys::find_key(tx, &OrgScope::All, &secret.key_id).await? else { return Ok(None) };
    let scopes = scopes::list_scopes(tx, &row.api_id).await?;
    let audience = row.audience.clone().unwrap_or_else(|| app.issuer.management_audience());
    let scopes = scopes.into_iter().map(|scope| (scope.number, scope.key)).collect();
    let api = ApiEntry { id: row.api_id.clone(), audience, scopes };
    let entry = Entry {
        key_id: row.id.clone(),
        owner: row.owner(),
        api,
        mac: secret.mac,
        secret_version: secret.secret_version,
        secret_expires_at: secret.expires_at,
        state: row.state(),
        allowed_cidrs: row.allowed_cidrs.clone(),
        scopes: row.scopes.clone(),
    };
    Ok(Some(Found { entry, row }))
}

fn read_ip(text: &str) -> Result<IpAddr, Refusal> {
    let read: Result<IpAddr, _> = text.parse();
    // An IPv4 address written as IPv6 is kept as what it is.
    read.map(|ip| ip.to_canonical()).map_err(|_| Refusal::field("ip", "must be an IPv4 or IPv6 address"))
}
