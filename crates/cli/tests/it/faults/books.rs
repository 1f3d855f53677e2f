//! The store held against its audit log: each change has its event, no event lacks its change, and the chain is whole.

use std::collections::{BTreeMap, BTreeSet};

use keyward_core::{Keyring, MasterSecret};
use keyward_store::audit::{EventRow, list_events};
use keyward_store::{Database, Store, StoreError, Tx};
use serde_json::Value;
use sqlx::AssertSqlSafe;

use super::{Checked, ensure};

/// Tables whose rows carry the revision of their last change.
const STAMPED: [&str; 14] = [
    "apis",
    "scopes",
    "organizations",
    "users",
    "applications",
    "application_secrets",
    "grants",
    "keys",
    "key_secrets",
    "signing_keys",
    "kept_answers",
    "roles",
    "permissions",
    "members",
];

/// What was checked so far.
#[derive(Default)]
pub(crate) struct Books {
    /// The revision up to which the events are known, and the link there. What was committed never changes again.
    known: Vec<EventRow>,
}

impl Books {
    pub(crate) async fn check(&mut self, database: &Database, master: &MasterSecret) -> Checked {
        let store = Store::open(database).await.map_err(|error| format!("opening the store: {error:?}"))?;
        let outcome = self.check_store(&store, master).await;
        store.close().await;
        outcome
    }

    async fn check_store(&mut self, store: &Store, master: &MasterSecret) -> Checked {
        let mut tx = store.read().await.map_err(broken)?;
        if store.kind() == "sqlite" {
            let found = texts(&mut tx, "PRAGMA integrity_check").await?;
            ensure!(found == ["ok"], "integrity_check: {found:?}");
            let found = texts(&mut tx, "SELECT \"table\" FROM pragma_foreign_key_check").await?;
            ensure!(found.is_empty(), "foreign_key_check: {found:?}");
        }
        loop {
            let above = self.known.last().map_or(0, |event| event.revision);
            let more = list_events(&mut tx, above, 500).await.map_err(broken)?;
            if more.is_empty() {
                break;
            }
            self.known.extend(more);
        }
        check_chain(&self.known, &mut tx, master).await?;
        check_changes(&self.known, &mut tx).await
    }
}

/// The events are numbered without a gap up to the head, and each link covers its event and the link before.
async fn check_chain(events: &[EventRow], tx: &mut Tx, master: &MasterSecret) -> Checked {
    let keyring = Keyring::new((1, master), &[]);
    let mut link = vec![0; 32];
    for (event, revision) in events.iter().zip(1..) {
        ensure!(event.revision == revision, "event {revision} is missing: a change without an event");
        let expected = keyring.audit_link(event.secret_version, &link, &event.covered());
        ensure!(expected.is_some_and(|e| e == *event.link), "event {revision} does not fit into the chain");
        link.clone_from(&event.link);
    }
    let head = texts(tx, "SELECT CAST(revision AS TEXT) FROM head").await?;
    ensure!(head == [events.len().to_string()], "the head is {head:?}, but there are {} events", events.len());
    let ends_there = match tx {
        Tx::Sqlite(tx) => sqlx::query_scalar::<_, Vec<u8>>("SELECT chain FROM head").fetch_one(&mut **tx).await,
        Tx::Postgres(tx) => sqlx::query_scalar::<_, Vec<u8>>("SELECT chain FROM head").fetch_one(&mut **tx).await,
        Tx::Ended => return Err("a statement has failed".into()),
    };
    ensure!(ends_there.map_err(|e| e.to_string())? == link, "the head has another link than the last event");
    Ok(())
}

/// What the rows say was done, and what the events say: both must be the same.
async fn check_changes(events: &[EventRow], tx: &mut Tx) -> Checked {
    let stamps: Vec<String> =
        STAMPED.iter().map(|table| format!("SELECT CAST(revision AS TEXT) AS stamp FROM {table}")).collect();
    for stamp in texts(tx, &stamps.join(" UNION ")).await? {
        let is_told = stamp.parse().is_ok_and(|stamp: usize| (1..=events.len()).contains(&stamp));
        ensure!(is_told, "a row has revision {stamp}, of which no event tells");
    }
    let told = |action: &str| -> Vec<&EventRow> { events.iter().filter(|event| event.action == action).collect() };
    let targets = |action: &str| count(told(action).iter().map(|event| event.target_id.clone()));
    let rows = count(texts(tx, "SELECT id FROM keys").await?);
    same("created keys", &rows, &targets("key.created"))?;
    let rows = count(texts(tx, "SELECT id FROM keys WHERE revoked_at IS NOT NULL").await?);
    same("revoked keys", &rows, &targets("key.revoked"))?;
    let rows = count(texts(tx, "SELECT key_id || ' ' || selector FROM key_secrets").await?);
    let issued = told("key.created").into_iter().chain(told("key.rotated"));
    let issued: Checked<Vec<String>> = issued
        .map(|event| Ok(format!("{} {}", event.target_id, detail(event, "selector")?.as_str().unwrap_or_default())))
        .collect();
    same("secrets of keys", &rows, &count(issued?))?;
    // Each rotation ends the secrets before: one alone is without an end.
    let open = texts(tx, "SELECT key_id FROM key_secrets WHERE expires_at IS NULL").await?;
    same("secrets without an end", &count(open), &targets("key.created"))?;
    let rows = count(texts(tx, "SELECT code FROM organizations").await?);
    let mut owners = Vec::new();
    for event in told("key.created") {
        if detail(event, "owner_created")? == true {
            owners.extend(detail(event, "owner_id")?.as_str().map(ToOwned::to_owned));
        }
    }
    same("owners", &rows, &count(owners))?;
    for (action, sql) in [
        ("application.created", "SELECT client_id FROM applications"),
        ("api.created", "SELECT id FROM apis WHERE audience IS NOT NULL"),
        ("signing_key.created", "SELECT kid FROM signing_keys"),
        ("master_secret.registered", "SELECT CAST(version AS TEXT) FROM canaries"),
    ] {
        same(action, &count(texts(tx, sql).await?), &targets(action))?;
    }
    Ok(())
}

/// What an event says of something: as it is since then, or as a fact about the change.
fn detail(event: &EventRow, name: &str) -> Checked<Value> {
    let details: Value = serde_json::from_str(&event.details).map_err(|error| error.to_string())?;
    let since = &details["after"][name];
    Ok(if since.is_null() { details[name].clone() } else { since.clone() })
}

/// How often each stands there.
fn count(texts: impl IntoIterator<Item = String>) -> BTreeMap<String, usize> {
    texts.into_iter().fold(BTreeMap::new(), |mut counted, text| {
        *counted.entry(text).or_default() += 1;
        counted
    })
}

fn same(what: &str, rows: &BTreeMap<String, usize>, events: &BTreeMap<String, usize>) -> Checked {
    let differ: BTreeSet<&String> =
        rows.keys().chain(events.keys()).filter(|of| rows.get(*of) != events.get(*of)).collect();
    ensure!(differ.is_empty(), "{what}: rows and events differ: {differ:?}");
    Ok(())
}

/// The one column, a text, of the rows that a query answers.
pub(crate) async fn texts(tx: &mut Tx, sql: &str) -> Checked<Vec<String>> {
    let statement = AssertSqlSafe(sql.to_owned());
    let found = match tx {
        Tx::Sqlite(tx) => sqlx::query_scalar(statement).fetch_all(&mut **tx).await,
        Tx::Postgres(tx) => sqlx::query_scalar(statement).fetch_all(&mut **tx).await,
        Tx::Ended => return Err("a statement has failed".into()),
    };
    found.map_err(|error| format!("{sql}: {error}"))
}

fn broken(error: StoreError) -> String {
    format!("reading the store: {error:?}")
}
