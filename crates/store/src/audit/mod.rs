//! The audit log: one event a change, each linked to the one before, and personal values beside it.

mod event;
mod list;
mod personal;
mod verify;

use keyward_core::{SecretVersion, Timestamp};

pub use self::event::NewEvent;
pub use self::list::{EventFilter, LoggedEvent, list_events, list_logged, list_logged_above};
pub(crate) use self::personal::insert_personal;
pub use self::personal::{PersonalRow, count_personal, erase_personal};
pub use self::verify::{Checked, Fault, Kept, Verification, VerifyError};
use crate::db::execute;
use crate::row::{int, row};
use crate::{Revision, StoreError, Tx};

/// How the bytes are laid out that a link covers, in the events that are written now.
pub(crate) const FORMAT: u32 = 2;

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
        /// The request that asked for it, as the log of requests names it.
        pub request_id: Option<String>,
        /// Whose personal values stand beside it, each with its hash, as JSON.
        pub personal: String,
        /// Whose personal values, of all events before, were erased with it.
        pub erased_subject: Option<String>,
        /// How the bytes are laid out that the link covers.
        pub format: u32,
        /// The master secret that the link was made under.
        pub secret_version: SecretVersion,
        /// The link: a code over this event and the link before.
        pub link: Vec<u8>,
    }
}

impl EventRow {
    /// The bytes that the link of this event covers, beside the link before it: each part with its length, so that no two
    /// events have the same bytes.
    pub fn covered(&self) -> Vec<u8> {
        let optional = |text: &Option<String>| text.as_ref().map_or_else(String::new, |text| format!("={text}"));
        let version = u64::from(self.secret_version);
        let numbers = [self.revision.to_be_bytes(), self.created_at.as_micros().to_be_bytes(), version.to_be_bytes()];
        let org_code = optional(&self.org_code);
        let texts = [&*self.actor_kind, &self.actor_id, &self.action, &self.target_id, &org_code, &self.details];
        let mut bytes = Vec::new();
        // The first format named itself nowhere. Its second number is an instant, which this name could not be.
        if self.format != 1 {
            push(&mut bytes, "keyward audit event");
            bytes.extend(u64::from(self.format).to_be_bytes());
        }
        bytes.extend(numbers.as_flattened());
        texts.iter().for_each(|text| push(&mut bytes, text));
        if self.format != 1 {
            [optional(&self.request_id), self.personal.clone(), optional(&self.erased_subject)]
                .iter()
                .for_each(|text| push(&mut bytes, text));
        }
        bytes
    }

    /// Whose personal values stand beside it, each with its hash; none if that cannot be read.
    fn hashes(&self) -> Option<Vec<(String, String)>> {
        serde_json::from_str(&self.personal).ok()
    }

    /// Whether columns have a value that its format does not cover.
    fn says_more_than_is_covered(&self) -> bool {
        self.format == 1 && (self.request_id.is_some() || self.personal != "[]" || self.erased_subject.is_some())
    }
}

fn push(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u64).to_be_bytes());
    bytes.extend(text.as_bytes());
}

/// The columns of an [`EventRow`].
macro_rules! select_events {
    ($rest:expr) => {
        concat!(
            "SELECT revision, created_at, actor_kind, actor_id, action, target_id, org_code, details, request_id, \
             personal, erased_subject, format, secret_version, link FROM audit_events ",
            $rest
        )
    };
}
use select_events;

/// Writes an event.
pub(crate) async fn insert_event(tx: &mut Tx, event: &EventRow) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO audit_events (revision, created_at, actor_kind, actor_id, action, target_id, org_code, \
         details, request_id, personal, erased_subject, format, secret_version, link) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    execute!(
        tx,
        SQL,
        int(event.revision),
        event.created_at.as_micros(),
        &event.actor_kind,
        &event.actor_id,
        &event.action,
        &event.target_id,
        &event.org_code,
        &event.details,
        &event.request_id,
        &event.personal,
        &event.erased_subject,
        i64::from(event.format),
        i64::from(event.secret_version),
        &event.link
    )?;
    Ok(())
}
