//! Verifying the log: every link is computed again, batch by batch, and the first event that does not fit is named.

use std::collections::{BTreeMap, HashMap};

use keyward_core::ids::hex;
use keyward_core::{Keyring, personal_hash};

use super::list::list_from;
use super::personal::list_personal;
use super::{EventRow, PersonalRow};
use crate::db::{fetch_one, fetch_optional};
use crate::row::{int, row};
use crate::{Revision, StoreError, Tx};

/// The link before the first event.
const BEGINNING: [u8; 32] = [0; 32];
/// Subjects of whom it is remembered when they were erased. Beyond it they are asked for again.
const MOST_REMEMBERED: usize = 10_000;

/// What does not fit: the first event of which anything is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is no such event, but there is one behind it or the head says that there is.
    #[error("event {0} is missing")]
    Missing(Revision),
    /// There is an event that the head knows nothing of, or that has the number of none.
    #[error("event {0} was added: the head does not know it")]
    Added(Revision),
    /// The event is not the one that was written, or not at its place.
    #[error("event {0} was changed, or put in the place of another: its link does not fit")]
    Changed(Revision),
    /// The event behind this one has a value that no version writes.
    #[error("the event after event {0} cannot be read: it was changed")]
    Unreadable(Revision),
    /// The personal values beside an event are not those that were written.
    #[error("event {0}: the personal values beside it were {1}")]
    Personal(Revision, &'static str),
    /// The head says something else than the last event.
    #[error("the head was changed: its chain is not the link of event {0}, which is the last one")]
    Head(Revision),
    /// There is no head.
    #[error("the head is missing or cannot be read")]
    NoHead,
    /// A head that was kept elsewhere does not lie on this chain.
    #[error("the head that was kept of event {0} is not on this chain: from there or before, the log is another")]
    Elsewhere(Revision),
    /// A head that was kept elsewhere is beyond the end.
    #[error("the log ends with event {end}, but a head was kept of event {kept}: what came between was cut off")]
    CutOff {
        /// The last event.
        end: Revision,
        /// The event of which a head was kept.
        kept: Revision,
    },
}

/// Why a log does not verify.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Something does not fit.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The store does not answer: nothing is known.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A head that was kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The last event at that time.
    pub revision: Revision,
    /// Its link.
    pub chain: Vec<u8>,
}

/// How far verifying has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// There may be more behind what was checked.
    More,
    /// All of it fits.
    Whole,
}

row! {
    /// The head, and what is the last of its kind at the same moment.
    struct EndRow {
        /// The head's revision.
        revision: Revision,
        /// The head's chain.
        chain: Vec<u8>,
        /// The last event.
        last_event: Option<Revision>,
        /// The last personal values.
        last_personal: Option<Revision>,
    }
}
row! {
    /// When a subject was erased last.
    struct ErasedRow {
        /// By which event.
        revision: Option<Revision>,
    }
}

/// A walk along the chain, from its beginning to the head.
#[derive(Debug)]
pub struct Verification {
    /// The last event that was checked, and its link.
    revision: Revision,
    chain: Vec<u8>,
    kept: BTreeMap<Revision, Vec<Vec<u8>>>,
    erased_by: HashMap<String, Revision>,
    /// The first event whose personal values are gone without an event that says so.
    unsaid: Option<Revision>,
    /// How many personal values stand beside the events, those that were erased included.
    pub personal: u64,
    /// How many of them were erased.
    pub erased: u64,
    /// How many heads that were kept elsewhere were found on the chain.
    pub heads: u64,
}

impl Verification {
    /// Begins. Each head that was kept elsewhere is to lie on the chain.
    pub fn new(kept: impl IntoIterator<Item = Kept>) -> Self {
        let mut by_revision: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for Kept { revision, chain } in kept {
            by_revision.entry(revision).or_default().push(chain);
        }
        Self {
            revision: 0,
            chain: BEGINNING.to_vec(),
            kept: by_revision,
            erased_by: HashMap::new(),
            unsaid: None,
            personal: 0,
            erased: 0,
            heads: 0,
        }
    }

    /// The last event that was checked.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// Checks at most so many events, those behind what was checked. A whole log is one that was checked to its head.
    pub async fn check(&mut self, tx: &mut Tx, keyring: &Keyring, limit: u32) -> Result<Checked, VerifyError> {
        // Numbers below the first are read too: an event that has one was added.
        let from = if self.revision == 0 { i64::MIN } else { int(self.revision + 1) };
        let unreadable = Fault::Unreadable(self.revision);
        let events = match list_from(tx, from, limit).await {
            Err(StoreError::Corrupt(_)) if limit == 1 => return Err(unreadable.into()),
            events => events?,
        };
        self.check_kept()?;
        let Some(last) = events.last() else { return self.check_end(tx).await };
        let personal = match list_personal(tx, from, int(last.revision)).await {
            Err(StoreError::Corrupt(_)) if limit == 1 => {
                return Err(Fault::Personal(self.revision + 1, "changed").into());
            }
            personal => personal?,
        };
        let mut personal = personal.into_iter().peekable();
        for event in &events {
            self.check_event(keyring, event)?;
            let mut rows = Vec::new();
            while let Some(row) = personal.next_if(|row| row.revision <= event.revision) {
                rows.push(row);
            }
            self.check_personal(tx, event, &rows).await?;
            self.check_kept()?;
        }
        Ok(Checked::More)
    }

    fn check_event(&mut self, keyring: &Keyring, event: &EventRow) -> Result<(), Fault> {
        let expected = self.revision + 1;
        if event.revision < expected {
            return Err(Fault::Added(event.revision));
        }
        if event.revision > expected {
            return Err(Fault::Missing(expected));
        }
        let link = keyring.audit_link(event.secret_version, &self.chain, &event.covered());
        if link.is_none_or(|link| link != *event.link) || event.says_more_than_is_covered() {
            return Err(Fault::Changed(expected));
        }
        self.revision = expected;
        self.chain.clone_from(&event.link);
        Ok(())
    }

    async fn check_personal(&mut self, tx: &mut Tx, event: &EventRow, rows: &[PersonalRow]) -> Result<(), VerifyError> {
        let fault = |what| Fault::Personal(event.revision, what);
        let hashes = event.hashes().ok_or(Fault::Changed(event.revision))?;
        for (number, (subject, hash)) in (0..).zip(&hashes) {
            let row = rows.iter().find(|row| row.revision == event.revision && row.number == number);
            let row = row.ok_or_else(|| fault("removed"))?;
            self.personal += 1;
            match (&row.salt, &row.content) {
                _ if row.subject != *subject => return Err(fault("changed").into()),
                (Some(salt), Some(content)) if hex(&personal_hash(salt, subject, content)) == *hash => {}
                (None, None) => {
                    // They may be gone if an event behind this one says so. That one is checked when its turn comes: if it
                    // was changed or removed, it is the one to name.
                    if !self.is_erased_after(tx, subject, event.revision).await? {
                        self.unsaid = self.unsaid.or(Some(event.revision));
                    }
                    self.erased += 1;
                }
                _ => return Err(fault("changed").into()),
            }
        }
        if rows.len() != hashes.len() {
            return Err(fault("added to").into());
        }
        Ok(())
    }

    /// Whether an event behind a revision says that what is personal about a subject was erased.
    async fn is_erased_after(&mut self, tx: &mut Tx, subject: &str, revision: Revision) -> Result<bool, StoreError> {
        const SQL: &str = "SELECT MAX(revision) AS revision FROM audit_events WHERE erased_subject = $1";
        if self.erased_by.get(subject).is_some_and(|by| *by > revision) {
            return Ok(true);
        }
        // What was not so yet may be so by now, where a server runs beside.
        let row: ErasedRow = fetch_one!(tx, SQL, subject)?;
        let Some(by) = row.revision else { return Ok(false) };
        if self.erased_by.len() >= MOST_REMEMBERED {
            self.erased_by.clear();
        }
        self.erased_by.insert(subject.to_owned(), by);
        Ok(by > revision)
    }

    /// Holds the chain, as far as it was checked, to the heads that were kept.
    fn check_kept(&mut self) -> Result<(), Fault> {
        while let Some((revision, chains)) = self.kept.first_key_value().filter(|(at, _)| **at <= self.revision) {
            if *revision != self.revision || chains.iter().any(|chain| *chain != self.chain) {
                return Err(Fault::Elsewhere(*revision));
            }
            self.heads += chains.len() as u64;
            self.kept.pop_first();
        }
        Ok(())
    }

    /// Behind the last event there is nothing: holds it to the head. One statement, so that all of it is of one moment.
    async fn check_end(&mut self, tx: &mut Tx) -> Result<Checked, VerifyError> {
        const SQL: &str = "SELECT h.revision, h.chain, (SELECT MAX(revision) FROM audit_events) AS last_event, \
             (SELECT MAX(revision) FROM audit_personal) AS last_personal FROM head h WHERE h.id = 1";
        let end: Option<EndRow> = match fetch_optional!(tx, SQL).map_err(StoreError::from) {
            Err(StoreError::Corrupt(_)) => return Err(Fault::NoHead.into()),
            end => end?,
        };
        let end = end.ok_or(Fault::NoHead)?;
        let last = end.last_event.unwrap_or(0);
        if last > end.revision {
            return Err(Fault::Added(end.revision + 1).into());
        }
        if last < end.revision || last < self.revision {
            return Err(Fault::Missing(last + 1).into());
        }
        if last > self.revision {
            // More was written meanwhile.
            return Ok(Checked::More);
        }
        if let Some(beyond) = end.last_personal.filter(|of| *of > last) {
            return Err(Fault::Personal(beyond, "added: there is no such event").into());
        }
        if end.chain != self.chain {
            return Err(Fault::Head(last).into());
        }
        if let Some((kept, _)) = self.kept.first_key_value() {
            return Err(Fault::CutOff { end: last, kept: *kept }.into());
        }
        match self.unsaid {
            Some(at) => Err(Fault::Personal(at, "removed, and no event behind it says that they were erased").into()),
            None => Ok(Checked::Whole),
        }
    }
}
