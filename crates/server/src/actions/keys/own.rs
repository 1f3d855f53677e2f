//! What a key tells whoever holds it.

use std::net::IpAddr;

use keyward_core::{ApiId, ApiKeyId, KeySecret, KeyStatus, Owner, PlainSecret, Timestamp};
use keyward_engine::index::{Index, Spent};
use keyward_engine::{CannotKnow, Verdict, verify};
use keyward_wire::ErrorCode;

use super::ask_of_holder;
use crate::actions::callers::{self, Unfound};
use crate::actions::follow;
use crate::app::App;
use crate::refusal::Refusal;

/// What whoever holds a key may know of it.
#[derive(Debug)]
pub struct OwnKey {
    /// The key's id.
    pub id: ApiKeyId,
    /// What people call it.
    pub name: String,
    /// Its status: it can be used.
    pub status: KeyStatus,
    /// Who owns it.
    pub owner: Owner,
    /// Its API.
    pub api_id: ApiId,
    /// Its API's audience.
    pub audience: String,
    /// The keys of its scopes.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it is no longer valid.
    pub expires_at: Option<Timestamp>,
    /// How often it was found valid.
    pub verification_count: u64,
    /// When last.
    pub last_verified_at: Option<Timestamp>,
    /// Where its limits of rate and its credits stand, and its owner's; nothing is spent.
    pub spent: Spent,
    /// The secret that was shown.
    pub secret: KeySecret,
}

/// Finds the key that somebody shows, from memory. This is no verification: nothing is counted of it, and where it may be used
/// from is not looked at, since the address that is seen here may be that of a proxy.
///
/// Everything but a key that can be used is one refusal. As for every credential, what was never one of ours counts against
/// the address that it comes from.
pub async fn get_own_key(app: &App, token: &PlainSecret, from: IpAddr) -> Result<OwnKey, Refusal> {
    let found = find_own_key(app, token).await;
    if matches!(found, Err(Unfound::Forged)) {
        app.count_failure(from, None)?;
    }
    Ok(found?)
}

async fn find_own_key(app: &App, token: &PlainSecret) -> Result<OwnKey, Unfound> {
    let invalid = || Unfound::Refused(Refusal::new(ErrorCode::TokenInvalid));
    let Some(secret) = KeySecret::parse(token.expose()) else {
        // An M2M token is one of ours, but no key.
        return Err(if callers::is_signed_token(app, token).await? { invalid() } else { Unfound::Forged });
    };
    let ask = ask_of_holder(&secret);
    let now = app.now();
    let found = |index: &Index| {
        index.look_up(secret.selector(), |found| {
            let verdict = verify(&app.keyring, &secret, found, &ask, now)?;
            Ok::<_, CannotKnow>((verdict.status, OwnKey::of(&verdict, &secret, now)))
        })
    };
    let (found, _) = follow::answer(app, found).await?;
    match found.map_err(|error| Refusal::caused_by(ErrorCode::Unavailable, error))? {
        (_, Some(key)) => Ok(key),
        (Some(_), None) => Err(invalid()),
        (None, None) => Err(Unfound::Forged),
    }
}

impl OwnKey {
    /// None if it cannot be used at all.
    fn of(verdict: &Verdict<'_>, secret: &KeySecret, now: Timestamp) -> Option<Self> {
        let status = verdict.status.filter(|status| *status == KeyStatus::Active)?;
        let entry = verdict.entry?;
        let key = entry.key;
        Some(Self {
            id: key.id.clone(),
            name: key.name.to_string(),
            status,
            owner: key.owner.clone(),
            api_id: key.api.id.clone(),
            audience: key.api.audience.clone(),
            scopes: verdict.scopes.iter().map(ToString::to_string).collect(),
            created_at: key.created_at,
            expires_at: key.expires_at,
            verification_count: key.usage.count(),
            last_verified_at: key.usage.last_at(),
            spent: entry.look(Some(0), now),
            secret: secret.clone(),
        })
    }
}
