//! Following the store: what was changed there is applied to the engine, round by round.
//!
//! A round reads the head, then the rows above what is applied. One goes on at a time; whoever needs one that began after
//! some instant, or one that has come to some revision, shares it with all who do.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use keyward_core::ApiKeyId;
use keyward_engine::facts::{self, Changes};
use keyward_engine::index::Index;
use keyward_engine::{Follower, NoLease, RoundError, Tenure};
use keyward_store::feed::{self, ApiFact, KeyFact, OwnerFact, ScopeFact, SecretFact};
use keyward_store::{Database, Revision, StoreError, Tx, head};
use keyward_wire::ErrorCode;

use crate::app::App;
use crate::refusal::Refusal;

/// How long a node on PostgreSQL may answer from memory after it last began to read the head.
const LEASE: Duration = Duration::from_secs(2);
/// Keys that are read at a time.
const PORTION: u32 = 10_000;
/// How long a verification without a lease waits for a round.
const PATIENCE: Duration = Duration::from_millis(50);
/// How long a change rests before it tries a round again.
const REST: Duration = Duration::from_millis(25);

/// Why a round came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum RoundFailure {
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was read cannot be applied.
    #[error(transparent)]
    Round(#[from] RoundError),
}

/// Begins to follow: reads all that there is. From then on this node may answer, and changes wait until it knows of them.
pub async fn begin(app: &App) -> Result<(), RoundFailure> {
    let tenure = match app.settings.database {
        Database::Sqlite(_) => Tenure::Alone,
        Database::Postgres(_) => Tenure::Among(LEASE),
    };
    app.follow_with(Follower::new(Arc::clone(&app.engine), tenure));
    renew(app).await?;
    tracing::info!(secrets = app.engine.secrets(), revision = app.engine.revision(), "the keys are in memory");
    Ok(())
}

/// Answers from memory. A node that may not waits for one round that begins now, and then cannot know.
pub async fn answer<T>(app: &App, from: impl Fn(&Index) -> T) -> Result<(T, Revision), Refusal> {
    let clock = || app.tick();
    if let Ok(answer) = app.engine.answer(clock, &from) {
        return Ok(answer);
    }
    // A task of its own, so that a round that takes longer comes to its end for those who come next.
    let round = {
        let app = app.clone();
        tokio::spawn(async move { renew(&app).await })
    };
    // What comes of it is seen by the lease.
    let _ = tokio::time::timeout(PATIENCE, round).await;
    app.engine.answer(clock, &from).map_err(cannot_know)
}

/// Refuses to answer what was decided under a lease that has run out since.
pub fn require_lease(app: &App) -> Result<(), Refusal> {
    app.engine.require_lease(app.tick()).map_err(cannot_know)
}

fn cannot_know(error: NoLease) -> Refusal {
    Refusal::caused_by(ErrorCode::Unavailable, error)
}

/// One round that begins after now, for the lease that it brings.
pub async fn renew(app: &App) -> Result<(), RoundFailure> {
    let Some(follower) = app.follower() else { return Ok(()) };
    let asked_at = app.tick();
    let mut follower = follower.lock().await;
    if app.engine.require_lease(app.tick()).is_ok() && follower.begun_at() > Some(asked_at) {
        return Ok(());
    }
    round(app, &mut follower).await
}

/// One round, unless this node knows of a revision already.
pub async fn catch_up(app: &App, revision: Revision) -> Result<(), RoundFailure> {
    let Some(follower) = app.follower() else { return Ok(()) };
    if app.engine.revision() >= revision {
        return Ok(());
    }
    let mut follower = follower.lock().await;
    if app.engine.revision() >= revision { Ok(()) } else { round(app, &mut follower).await }
}

/// Waits until a revision that was committed is in force on this node: it is applied, or the node does not answer any
/// more.
pub async fn put_in_force(app: &App, revision: Revision) {
    if app.follower().is_none() {
        return;
    }
    loop {
        let caught_up = catch_up(app, revision).await;
        if app.engine.revision() >= revision {
            return;
        }
        let error = caught_up.err().map(tracing::field::display);
        tracing::error!(error, revision, "a change could not be applied here and is tried again");
        if app.engine.require_lease(app.tick()).is_err() {
            return;
        }
        tokio::time::sleep(REST).await;
    }
}

async fn round(app: &App, follower: &mut Follower) -> Result<(), RoundFailure> {
    follower.on_round_sent(app.tick());
    let done = read_and_apply(app, follower).await;
    match &done {
        Ok(()) => follower.on_round_done(),
        Err(_) => follower.on_round_failed(),
    }
    done
}

async fn read_and_apply(app: &App, follower: &mut Follower) -> Result<(), RoundFailure> {
    let mut tx = app.read().await?;
    let head = head::get_revision(&mut tx).await?;
    let Some(above) = follower.on_head(head)? else { return Ok(()) };
    let audience = app.issuer.management_audience();
    let changes = Changes {
        apis: feed::list_apis(&mut tx, above).await?.into_iter().map(|fact| api(fact, &audience)).collect(),
        scopes: feed::list_scopes(&mut tx, above).await?.into_iter().map(scope).collect(),
        owners: feed::list_owners(&mut tx, above).await?.into_iter().map(owner).collect(),
        keys: Vec::new(),
    };
    follower.apply(changes)?;
    let mut behind = (above + 1, String::new());
    while let Some((keys, last)) = read_keys(&mut tx, &behind).await? {
        follower.apply(Changes { keys, ..Changes::default() })?;
        tracing::debug!(keys = follower.keys(), "keys are being read");
        behind = last;
    }
    Ok(())
}

/// Where a key stands in the order of changes.
type Place = (Revision, String);

/// The next keys in the order of their changes, with their secrets, and where the last of them stands.
async fn read_keys(tx: &mut Tx, behind: &Place) -> Result<Option<(Vec<facts::Key>, Place)>, StoreError> {
    let behind = (behind.0, behind.1.as_str());
    let rows = feed::list_keys(tx, behind, PORTION).await?;
    let Some(last) = rows.last().map(|row| (row.revision, row.id.clone())) else { return Ok(None) };
    let mut secrets: HashMap<ApiKeyId, Vec<facts::Secret>> = HashMap::new();
    for row in feed::list_key_secrets(tx, behind, (last.0, &last.1)).await? {
        secrets.entry(row.key_id.clone()).or_default().push(secret(row));
    }
    let with_secrets = |row: KeyFact| {
        let secrets = secrets.remove(&row.id).unwrap_or_default();
        key(row, secrets)
    };
    Ok(Some((rows.into_iter().map(with_secrets).collect(), (last.0, last.1.to_string()))))
}

fn api(fact: ApiFact, management_audience: &str) -> facts::Api {
    facts::Api {
        id: fact.id,
        audience: fact.audience.unwrap_or_else(|| management_audience.to_owned()),
        is_deleted: fact.deleted_at.is_some(),
        revision: fact.revision,
    }
}

fn scope(fact: ScopeFact) -> facts::Scope {
    facts::Scope {
        api_id: fact.api_id,
        number: fact.number,
        key: fact.key,
        is_deleted: fact.deleted_at.is_some(),
        revision: fact.revision,
    }
}

fn owner(fact: OwnerFact) -> facts::Owner {
    facts::Owner {
        id: fact.owner(),
        external_id: fact.external_id,
        is_suspended: fact.suspended_at.is_some(),
        is_deleted: fact.deleted_at.is_some(),
        revision: fact.revision,
    }
}

fn secret(fact: SecretFact) -> facts::Secret {
    facts::Secret { selector: fact.selector, mac: fact.mac, version: fact.secret_version, expires_at: fact.expires_at }
}

fn key(fact: KeyFact, secrets: Vec<facts::Secret>) -> facts::Key {
    let owned_by = fact.owner();
    let owner = fact.owner_revision.map(|revision| facts::Owner {
        id: owned_by,
        external_id: fact.owner_external_id,
        is_suspended: fact.owner_suspended_at.is_some(),
        is_deleted: fact.owner_deleted_at.is_some(),
        revision,
    });
    facts::Key {
        id: fact.id,
        api_id: fact.api_id,
        owner,
        name: fact.name,
        scopes: fact.scopes,
        allowed_cidrs: fact.allowed_cidrs,
        metadata: fact.metadata,
        bound: fact.bound_api_ids,
        is_enabled: fact.is_enabled,
        is_revoked: fact.revoked_at.is_some(),
        expires_at: fact.expires_at,
        verification_count: fact.verification_count,
        last_verified_at: fact.last_verified_at,
        revision: fact.revision,
        secrets,
    }
}
