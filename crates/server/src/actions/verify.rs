//! Verifying a key: decided from memory, and counted if it is valid.

use std::net::IpAddr;
use std::sync::Arc;

use keyward_core::bounds::{MAX_REVISION, MAX_SCOPES};
use keyward_core::{
    ApiId, ApiKeyId, KeySecret, KeyStatus, Keyring, Outcome, OutcomeCode, Owner, Presented, ScopeKey, Timestamp,
};
use keyward_engine::index::{Entry, Index, Usage};
use keyward_engine::{Ask, CannotKnow, Use, Wanted, verify};
use keyward_store::Revision;
use keyward_wire::ErrorCode;
use keyward_wire::verify::VerifyKeyRequest;
use serde_json::{Map, Value};

use crate::actions::{follow, usage};
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::Refusal;

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
    /// The key's id.
    pub id: ApiKeyId,
    /// Its API.
    pub api_id: ApiId,
    /// Its API's audience.
    pub audience: String,
    /// Who owns it.
    pub owner: Owner,
    /// The platform's own id of its owner.
    pub owner_external_id: Option<String>,
    /// What people call it.
    pub name: String,
    /// The keys of its scopes.
    pub scopes: Vec<String>,
    /// What the platform wants to find again.
    pub metadata: Option<Map<String, Value>>,
    /// Its status.
    pub status: KeyStatus,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it is no longer valid.
    pub expires_at: Option<Timestamp>,
    /// From when the secret that was presented is no longer valid, since another has taken its place.
    pub secret_expires_at: Option<Timestamp>,
    /// How often it was found valid, this time included.
    pub verification_count: u64,
    /// When last.
    pub last_verified_at: Option<Timestamp>,
    usage: Arc<Usage>,
}

/// Decides whether a key may be used for a request, and counts what that came to.
pub async fn verify_key(app: &App, caller: &Caller, request: &VerifyKeyRequest) -> Result<Verified, Refusal> {
    let begun = app.tick();
    let verified = decide_and_count(app, caller, request).await?;
    app.metrics.count_verification(&verified.outcome, app.tick().since(begun));
    Ok(verified)
}

async fn decide_and_count(app: &App, caller: &Caller, request: &VerifyKeyRequest) -> Result<Verified, Refusal> {
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
    if let Some(least) = request.min_revision {
        reach(app, least).await?;
    }
    let wanted = Wanted {
        api_id: request.api_id.as_deref(),
        audience: request.audience.as_deref(),
        bound: caller.bound.as_deref(),
    };
    let presented = Presented { ip, scopes: required };
    let secret = KeySecret::parse(request.api_key.expose());
    let mut verified = judge_key(app, caller, secret.as_ref(), wanted, presented).await?;
    count(app, secret.as_ref(), &mut verified, ip);
    // Writing takes its time, and a lease may run out meanwhile.
    follow::require_lease(app)?;
    Ok(verified)
}

/// Counts what a verification of a known key came to, before it is answered. What cannot be written down goes uncounted,
/// since the key is known all the same.
fn count(app: &App, secret: Option<&KeySecret>, verified: &mut Verified, ip: Option<IpAddr>) {
    let Some((outcome, secret)) = verified.outcome.code().zip(secret) else { return };
    let now = app.now();
    match &mut verified.key {
        Some(key) if outcome == OutcomeCode::Verified => {
            // In memory first: whoever folds the record may tell this memory of it.
            let counted = key.usage.count_one(now);
            if usage::record(app, secret.selector(), outcome, now, ip) {
                (key.verification_count, key.last_verified_at) = (counted, Some(now));
            } else {
                key.usage.uncount_one();
            }
        }
        _ => {
            usage::record(app, secret.selector(), outcome, now, ip);
        }
    }
}

/// Decides whether a key may be used, and counts nothing.
pub(super) async fn judge_key(
    app: &App,
    caller: &Caller,
    secret: Option<&KeySecret>,
    wanted: Wanted<'_>,
    presented: Presented<'_>,
) -> Result<Verified, Refusal> {
    let ask = Ask { used_for: Use::Customer, org_scope: &caller.org_scope, wanted, presented };
    let now = app.now();
    let decided = |index: &Index| match secret {
        None => Ok((Outcome::Invalid, None)),
        Some(secret) => index.look_up(secret.selector(), |found| decide(&app.keyring, secret, found, &ask, now)),
    };
    let (decided, revision) = follow::answer(app, decided).await?;
    let (outcome, key) = decided.map_err(|error| Refusal::caused_by(ErrorCode::Unavailable, error))?;
    Ok(Verified { outcome, key, revision })
}

/// Waits for a revision that the caller knows of, as long as one round takes.
async fn reach(app: &App, least: Revision) -> Result<(), Refusal> {
    if app.engine.revision() < least {
        follow::catch_up(app, least).await.map_err(|error| Refusal::caused_by(ErrorCode::Unavailable, error))?;
    }
    if app.engine.revision() < least { Err(Refusal::new(ErrorCode::RevisionNotReached)) } else { Ok(()) }
}

/// What is decided about what was found, and what is told of it.
fn decide(
    keyring: &Keyring,
    secret: &KeySecret,
    found: Option<Entry<'_>>,
    ask: &Ask<'_>,
    now: Timestamp,
) -> Result<(Outcome, Option<VerifiedKey>), CannotKnow> {
    let verdict = verify(keyring, secret, found, ask, now)?;
    let key = match (verdict.entry, verdict.status) {
        (Some(entry), Some(status)) => Some(VerifiedKey::of(&entry, status, &verdict.scopes)),
        _ => None,
    };
    Ok((verdict.outcome, key))
}

impl VerifiedKey {
    fn of(entry: &Entry<'_>, status: KeyStatus, scopes: &[&ScopeKey]) -> Self {
        let key = entry.key;
        Self {
            id: key.id.clone(),
            api_id: key.api.id.clone(),
            audience: key.api.audience.clone(),
            owner: key.owner.clone(),
            owner_external_id: entry.owner.and_then(|owner| owner.external_id.clone()),
            name: key.name.to_string(),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            metadata: key.metadata.as_deref().cloned(),
            status,
            created_at: key.created_at,
            expires_at: key.expires_at,
            secret_expires_at: entry.secret.expires_at,
            verification_count: key.usage.count(),
            last_verified_at: key.usage.last_at(),
            usage: Arc::clone(&key.usage),
        }
    }
}

pub(super) fn read_ip(text: &str) -> Result<IpAddr, Refusal> {
    let read: Result<IpAddr, _> = text.parse();
    // An IPv4 address written as IPv6 is kept as what it is.
    read.map(|ip| ip.to_canonical()).map_err(|_| Refusal::field("ip", "must be an IPv4 or IPv6 address"))
}
