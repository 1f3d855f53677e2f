//! The audit log: one event a change, each linked to the one before.

use keyward_core::{SecretVersion, Timestamp};

use crate::db::fetch_all;
use crate::row::{int, row};
use crate::{Revision, StoreError, Tx};

row! {
    /// An event as it is stored.
    pub struct EventRow {
        /// The revision of the change that it tells of.
        pub revision: Revision,
        /// When.
        pub created_at: Timestamp,
        /// What kind of actor asked.
        pub actor_kind: String,
        /// Which one.
        pub actor_id: String,
        /// What was done.
        pub action: String,
        /// To what.
        pub target_id: String,
        /// The organization that it concerns.
        pub org_code: Option<String>,
        /// What else there is to say, as JSON.
        pub details: String,
        /// The master secret that the link was made under.
        pub secret_version: SecretVersion,
        /// The link: a code over this event and the link before.
        pub link: Vec<u8>,
    }
}

impl EventRow {
    /// The bytes that the link of this event covers, beside the link before it.
    pub fn covered(&self) -> Vec<u8> {
        covered(&Covered {
            revision: self.revision,
            created_at: self.created_at,
            actor_kind: &self.actor_kind,
            actor_id: &self.actor_id,
            action: &self.action,
            target_id: &self.target_id,
            org_code: self.org_code.as_deref(),
            details: &self.details,
            secret_version: self.secret_version,
        })
    }
}

/// What a link covers.
pub(crate) struct Covered<'a> {
    pub(crate) revision: Revision,
    pub(crate) created_at: Timestamp,
    pub(crate) actor_kind: &'a str,
    pub(crate) actor_id: &'a str,
    pub(crate) action: &'a str,
    pub(crate) target_id: &'a str,
    pub(crate) org_code: Option<&'a str>,
    pub(crate) details: &'a str,
    pub(crate) secret_version: SecretVersion,
}

/// The parts of an event, each with its length, so that no two events have the same bytes.
pub(crate) fn covered(event: &Covered<'_>) -> Vec<u8> {
    let version = u64::from(event.secret_version).to_be_bytes();
    let numbers = [event.revision.to_be_bytes(), event.created_at.as_micros().to_be_bytes(), version].concat();
    let organization = event.org_code.map_or_else(String::new, |code| format!("={code}"));
    let texts = [event.actor_kind, event.actor_id, event.action, event.target_id, &organization, event.details];
    let mut bytes = numbers;
    for text in texts {
        bytes.extend((text.len() as u64).to_be_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes
}

/// The events above a revision, the oldest first.
pub async fn list_events(tx: &mut Tx, above: Revision, limit: u32) -> Result<Vec<EventRow>, StoreError> {
    const SQL: &str = "SELECT revision, created_at, actor_kind, actor_id, action, target_id, org_code, details, \
         secret_version, link \
         FROM audit_events WHERE revision > $1 ORDER BY revision LIMIT $2";
    let events = fetch_all!(tx, SQL, int(above), i64::from(limit))?;
    Ok(events)
}
