//! Following the store: what was changed there is applied to the engine, round by round.
//!
//! A round reads the head, then the rows above what is applied. One goes on at a time; whoever needs one that began after
//! some instant, or one that has come to some revision, shares it with all who do.

mod rows;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use keyward_core::{ApiKeyId, Timestamp};
use keyward_engine::facts::{self, Changes};
use keyward_engine::index::Index;
use keyward_engine::{Answering, Follower, NoLease, RoundError, Tenure, Tick};
use keyward_store::credits;
use keyward_store::feed::{self, KeyFact};
use keyward_store::usage::list_used;
use keyward_store::{Database, Revision, StoreError, Tx, head};
use keyward_wire::ErrorCode;

use crate::actions::refusals::hour_of;
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
    remember_used(app).await?;
    tracing::info!(secrets = app.engine.secrets(), revision = app.engine.revision(), "the keys are in memory");
    Ok(())
}

/// Remembers what was used of limits with long windows before this node began. That of short ones has come back, or nearly.
async fn remember_used(app: &App) -> Result<(), StoreError> {
    let Some(follower) = app.follower() else { return Ok(()) };
    let follower = follower.lock().await;
    let Some(window) = follower.longest_window() else { return Ok(()) };
    let micros = app.now().as_micros().saturating_sub(i64::from(window).saturating_mul(1_000_000));
    let rows = list_used(&mut app.read().await?, hour_of(Timestamp::from_micros(micros))).await?;
    follower.remember(&rows.into_iter().map(rows::used).collect::<Vec<_>>(), app.now());
    Ok(())
}

/// Answers from memory. A node that may not waits for one round that begins now, and then cannot know.
pub async fn answer<T>(app: &App, from: impl Fn(&Index) -> T) -> Result<(T, Revision), Refusal> {
    let clock = || app.tick();
    if let Ok(answer) = app.engine.answer(clock, &from) {
        return Ok(answer);
    }
    hear(app, app.tick()).await;
    app.engine.answer(clock, &from).map_err(cannot_know)
}

/// Begins an answer that takes several looks at memory. A node that may not answer waits for one round that begins now, and
/// then cannot know.
pub async fn begin_answer(app: &App) -> Result<Answering<'_>, Refusal> {
    if let Ok(begun) = app.engine.begin(app.tick()) {
        return Ok(begun);
    }
    hear(app, app.tick()).await;
    app.engine.begin(app.tick()).map_err(cannot_know)
}

/// Ends it: with the revision that it knows of. What was found out is no answer if the lease has run out since.
pub fn end_answer(app: &App, begun: Answering<'_>) -> Result<Revision, Refusal> {
    begun.end(app.tick()).map_err(cannot_know)
}

/// The same as [`answer`], for one who asks for something that is not known here, and perhaps is elsewhere: `find` is asked again when
/// one round has told what there is. Such rounds are 25 ms apart at least, however many ask.
pub async fn find<T>(app: &App, find: impl Fn(&Index) -> Option<T>) -> Result<Option<T>, Refusal> {
    let asked_at = app.tick();
    if let (Some(found), _) = answer(app, &find).await? {
        return Ok(Some(found));
    }
    tokio::time::sleep(REST).await;
    hear(app, asked_at).await;
    Ok(answer(app, &find).await?.0)
}

/// Waits a little for a round that began after an instant. What comes of it is seen by the lease.
async fn hear(app: &App, asked_at: Tick) {
    // A task of its own, so that a round that takes longer comes to its end for those who come next.
    let round = {
        let app = app.clone();
        tokio::spawn(async move { renew_after(&app, asked_at).await })
    };
    let _ = tokio::time::timeout(PATIENCE, round).await;
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
    renew_after(app, app.tick()).await
}

async fn renew_after(app: &App, asked_at: Tick) -> Result<(), RoundFailure> {
    let Some(follower) = app.follower() else { return Ok(()) };
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
        apis: feed::list_apis(&mut tx, above).await?.into_iter().map(|row| rows::api(row, &audience)).collect(),
        scopes: feed::list_scopes(&mut tx, above).await?.into_iter().map(rows::scope).collect(),
        credits: credits::list_credits(&mut tx, above).await?.into_iter().map(rows::credits).collect(),
        owners: feed::list_owners(&mut tx, above).await?.into_iter().map(rows::owner).collect(),
        applications: feed::list_applications(&mut tx, above).await?.into_iter().map(rows::application).collect(),
        grants: feed::list_management_grants(&mut tx, above).await?.into_iter().map(rows::grant).collect(),
        signing_keys: {
            let keys = feed::list_signing_keys(&mut tx, above).await?;
            keys.into_iter().map(|row| rows::signing_key(app, row)).collect()
        },
        keys: Vec::new(),
    };
    follower.apply(changes)?;
    let mut behind = (above + 1, String::new());
    while let Some((keys, last)) = read_keys(&mut tx, &behind).await? {
        follower.apply(Changes { keys, ..Changes::default() })?;
        if above == 0 {
            tracing::info!(keys = follower.keys(), "reading the keys");
        }
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
        secrets.entry(row.key_id.clone()).or_default().push(rows::secret(row));
    }
    let with_secrets = |row: KeyFact| {
        let secrets = secrets.remove(&row.id).unwrap_or_default();
        rows::key(row, secrets)
    };
    Ok(Some((rows.into_iter().map(with_secrets).collect(), (last.0, last.1.to_string()))))
}
