//! A change: one transaction with its revision and its audit event.

use std::net::IpAddr;
use std::ops::{Deref, DerefMut};

use keyward_core::{Keyring, OrgCode, Salts, Timestamp};
use serde_json::{Value, json};

use crate::audit::{self, EventRow, NewEvent};
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActorKind {
    /// An application, by an M2M token.
    Application,
    /// An environment key.
    EnvironmentKey,
    /// Whoever holds a key, by that key.
    KeyHolder,
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
            Self::KeyHolder => "key_holder",
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

/// From where a change was asked for, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The request, as the log of requests names it.
    pub request_id: Option<String>,
    /// The address of whoever sent it.
    pub address: Option<IpAddr>,
    /// What the sender's program calls itself.
    pub user_agent: Option<String>,
}

impl Origin {
    /// What of it is personal; none if nothing is.
    pub(crate) fn personal(&self) -> Option<Value> {
        match (&self.address, &self.user_agent) {
            (None, None) => None,
            (Some(address), None) => Some(json!({ "address": address })),
            (None, Some(agent)) => Some(json!({ "user_agent": agent })),
            (Some(address), Some(agent)) => Some(json!({ "address": address, "user_agent": agent })),
        }
    }
}

row! {
    /// The head: the last revision, and the last link of the audit chain.
    pub struct HeadRow {
        /// The revision.
        pub revision: Revision,
        /// The link.
        pub chain: Vec<u8>,
    }
}

/// Rows with personal values that one change erases. What is beyond them is erased behind it, in batches.
const MOST_ERASED: u32 = 1_000;

/// A transaction that holds the head row. Dropped, it is rolled back; it commits only together with its audit event.
#[derive(Debug)]
pub struct Change {
    tx: Tx,
    actor: Actor,
    origin: Origin,
    now: Timestamp,
    head: HeadRow,
}

impl Change {
    pub(crate) async fn begin(mut tx: Tx, actor: Actor, now: Timestamp) -> Result<Self, StoreError> {
        const SQL: &str = "UPDATE head SET revision = revision + 1 WHERE id = 1 RETURNING revision, chain";
        let head = fetch_one!(tx, SQL)?;
        Ok(Self { tx, actor, origin: Origin::default(), now, head })
    }

    /// The same, asked for from somewhere.
    pub fn asked_from(self, origin: Origin) -> Self {
        Self { origin, ..self }
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

    /// Writes the audit event with its personal values, moves the chain on, and commits: all of it or nothing.
    pub async fn commit(mut self, keyring: &Keyring, event: NewEvent, salts: &Salts) -> Result<Revision, StoreError> {
        let revision = self.head.revision;
        let (rows, personal) = event.personal_rows(revision, (&self.actor, &self.origin), salts);
        let mut row = EventRow {
            revision,
            created_at: self.now,
            actor_kind: self.actor.kind.as_str().to_owned(),
            actor_id: std::mem::take(&mut self.actor.id),
            action: event.action.to_owned(),
            details: event.details(),
            target_id: event.target_id,
            org_code: event.org_code.as_ref().map(OrgCode::to_string),
            request_id: self.origin.request_id.take(),
            personal,
            erased_subject: event.erased_subject,
            format: audit::FORMAT,
            secret_version: keyring.version(),
            link: Vec::new(),
        };
        let link = keyring.audit_link(row.secret_version, &self.head.chain, &row.covered());
        let link = link.ok_or_else(|| StoreError::Corrupt("the keyring lacks its own current version".into()))?;
        row.link = link.to_vec();

        #[cfg(feature = "faults")]
        crate::faults::commit_too_early(&mut self.tx).await?;

        audit::insert_event(&mut self.tx, &row).await?;
        for personal in &rows {
            audit::insert_personal(&mut self.tx, personal).await?;
        }
        if let Some(subject) = &row.erased_subject {
            audit::erase_personal(&mut self.tx, subject, revision, MOST_ERASED).await?;
        }

        const MOVE: &str = "UPDATE head SET chain = $1 WHERE id = 1";
        hit_one("head", execute!(&mut self.tx, MOVE, link.as_slice())?)?;
        self.tx.commit().await?;
        Ok(revision)
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
