//! A change: one transaction with its revision and its audit event.

use std::ops::{Deref, DerefMut};

use keyward_core::{Keyring, OrgCode, Timestamp};
use serde_json::Value;

use crate::db::{execute, fetch_one};
use crate::row::{hit_one, int, row};
use crate::{Revision, StoreError, Tx};

/// Who asked for a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// What kind of actor.
    pub kind: ActorKind,
    /// Its id; empty where the kind says all.
    pub id: String,
    /// Its name, as lists show it.
    pub name: String,
}

/// What kind of actor asked for a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorKind {
    /// An application, by an M2M token.
    Application,
    /// An environment key.
    EnvironmentKey,
    /// Somebody at the host, by the command line.
    CommandLine,
    /// Whoever held the setup link.
    Setup,
    /// Keyward itself.
    System,
}

impl ActorKind {
    /// As it is written in the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::EnvironmentKey => "environment_key",
            Self::CommandLine => "command_line",
            Self::Setup => "setup",
            Self::System => "system",
        }
    }
}

impl Actor {
    /// Keyward itself.
    pub fn system() -> Self {
        Self { kind: ActorKind::System, id: String::new(), name: "Keyward".into() }
    }
}

/// What a change did, for the audit log. It names ids and never a personal value, so that it may be kept for ever.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// What was done, such as `key.created`.
    pub action: &'static str,
    /// The id of what it was done to.
    pub target_id: String,
    /// The organization that it concerns, which may read of it.
    pub org_code: Option<OrgCode>,
    /// What else there is to say.
    pub details: Value,
}

row! {
    /// The head: the last revision, and the last link of the audit chain.
    pub(crate) struct HeadRow {
        /// The revision.
        pub(crate) revision: Revision,
        /// The link.
        pub(crate) chain: Vec<u8>,
    }
}

/// A transaction that holds the head row. Dropped, it is rolled back; it commits only together with its audit event.
#[derive(Debug)]
pub struct Change {
    tx: Tx,
    actor: Actor,
    now: Timestamp,
    head: HeadRow,
}

impl Change {
    pub(crate) async fn begin(mut tx: Tx, actor: Actor, now: Timestamp) -> Result<Self, StoreError> {
        const SQL: &str = "UPDATE head SET revision = revision + 1 WHERE id = 1 RETURNING revision, chain";
        let head = fetch_one!(tx, SQL)?;
        Ok(Self { tx, actor, now, head })
    }

    /// The revision that this change makes.
    pub fn revision(&self) -> Revision {
        self.head.revision
    }

    /// The revision before this change: what is true without it.
    pub fn revision_before(&self) -> Revision {
        self.head.revision.saturating_sub(1)
    }

    /// The same for a BIGINT column.
    pub(crate) fn stamp(&self) -> i64 {
        int(self.head.revision)
    }

    /// When the change is made.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Who makes it.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Writes the audit event, moves the chain on, and commits: all of it or nothing.
    pub async fn commit(mut self, keyring: &Keyring, event: NewEvent) -> Result<Revision, StoreError> {
        let (kind, details) = (self.actor.kind.as_str(), event.details.to_string());
        let org_code = event.org_code.as_ref().map(OrgCode::as_str);
        let covered = crate::audit::covered(&crate::audit::Covered {
            revision: self.head.revision,
            created_at: self.now,
            actor_kind: kind,
            actor_id: &self.actor.id,
            action: event.action,
            target_id: &event.target_id,
            org_code,
            details: &details,
            secret_version: keyring.version(),
        });
        let link = keyring.audit_link(keyring.version(), &self.head.chain, &covered);
        let link = link.ok_or_else(|| StoreError::Corrupt("the keyring lacks its own current version".into()))?;

        #[cfg(feature = "faults")]
        crate::faults::commit_too_early(&mut self.tx).await?;

        const INSERT: &str = "INSERT INTO audit_events (revision, created_at, actor_kind, actor_id, action, target_id, \
             org_code, details, secret_version, link) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        execute!(
            &mut self.tx,
            INSERT,
            int(self.head.revision),
            self.now.as_micros(),
            kind,
            &self.actor.id,
            event.action,
            &event.target_id,
            org_code,
            &details,
            i64::from(keyring.version()),
            link.as_slice()
        )?;

        const MOVE: &str = "UPDATE head SET chain = $1 WHERE id = 1";
        hit_one("head", execute!(&mut self.tx, MOVE, link.as_slice())?)?;
        self.tx.commit().await?;
        Ok(self.head.revision)
    }
}

impl Deref for Change {
    type Target = Tx;

    fn deref(&self) -> &Tx {
        &self.tx
    }
}

impl DerefMut for Change {
    fn deref_mut(&mut self) -> &mut Tx {
        &mut self.tx
    }
}
