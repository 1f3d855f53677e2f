//! The audit log: listed, verified, and what is personal in it erased.

use keyward_core::bounds::{self, MAX_IDENTITY_CHARS, MAX_REVISION};
use keyward_core::ids::MAX_ID_CHARS;
use keyward_store::audit::{self, Checked, EventFilter, Verification};
pub use keyward_store::audit::{EventRow, Kept, LoggedEvent, PersonalRow, VerifyError};
pub use keyward_store::head::HeadRow;
use keyward_store::{NewEvent, OpenError, Revision, StoreError, head};
use keyward_wire::audit_events::ListAuditEventsQuery;

use crate::actions::paging::read_size;
use crate::app::{App, StartError};
use crate::caller::Caller;
use crate::folder::DataFolder;
use crate::inputs::{Clock, Entropy};
use crate::refusal::{InField, Refusal};
use crate::settings::Settings;

/// Events on a page where the caller does not say.
const DEFAULT_PAGE: u32 = 50;
/// Events, or rows of personal values, that one transaction touches.
const BATCH: u32 = 500;

/// A page of events.
#[derive(Debug)]
pub struct Page {
    /// The events, the newest first.
    pub events: Vec<LoggedEvent>,
    /// Whether there is another page.
    pub has_more: bool,
}

/// What verifying found: all of it fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many events there are.
    pub events: Revision,
    /// How many rows with personal values stand beside them, those that were erased included.
    pub personal: u64,
    /// How many of those were erased.
    pub erased: u64,
    /// How many heads that were kept elsewhere lie on the chain.
    pub heads: u64,
}

/// Opens the store for a command of the audit log. On PostgreSQL a server may run beside; an SQLite database is one
/// process's.
pub async fn attach(settings: Settings, clock: Clock, entropy: Entropy) -> Result<App, StartError> {
    let folder = match &settings.database {
        keyward_store::Database::Postgres(_) => DataFolder::beside(&settings.data),
        keyward_store::Database::Sqlite(path) => {
            // Nothing is to be made where there is nothing.
            if !path.exists() {
                return Err(OpenError::Absent(path.display().to_string()).into());
            }
            let mut folder = DataFolder::hold(&settings.data)?;
            folder.hold_database(path)?;
            folder
        }
    };
    App::attach(settings, folder, clock, entropy).await
}

/// A page of the events that the caller may see.
pub async fn list_events(app: &App, caller: &Caller, query: &ListAuditEventsQuery) -> Result<Page, Refusal> {
    let size = read_size(query.page_size, DEFAULT_PAGE)?;
    for (text, field) in [(&query.action, "action"), (&query.actor_id, "actor_id"), (&query.target_id, "target_id")] {
        text.as_deref().map_or(Ok(()), |text| bounds::searched(text, MAX_IDENTITY_CHARS)).in_field(field)?;
    }
    if query.starting_after.is_some_and(|revision| revision > MAX_REVISION) {
        return Err(Refusal::field("starting_after", "must be at most 9007199254740991"));
    }
    let filter = EventFilter {
        starting_after: query.starting_after,
        action: query.action.as_deref(),
        actor_id: query.actor_id.as_deref(),
        target_id: query.target_id.as_deref(),
        created_after: query.created_after,
        created_before: query.created_before,
    };
    let mut tx = app.read().await?;
    let mut events = audit::list_logged(&mut tx, &caller.org_scope, &filter, size + 1).await?;
    let has_more = events.len() > size as usize;
    events.truncate(size as usize);
    if caller.org_scope.org_code().is_some() {
        // From where the platform's own people work is not the business of an organization.
        events.iter_mut().for_each(|one| one.personal.retain(|row| row.subject != one.event.actor_id));
    }
    Ok(Page { events, has_more })
}

/// A batch of the events above a revision, the oldest first; empty at the end.
pub async fn list_events_above(app: &App, above: Revision) -> Result<Vec<LoggedEvent>, Refusal> {
    Ok(audit::list_logged_above(&mut app.read().await?, above, BATCH).await?)
}

/// The head as it is now.
pub async fn get_head(app: &App) -> Result<HeadRow, Refusal> {
    Ok(head::get_head(&mut app.read().await?).await?)
}

/// Checks every link of the log, in batches, from its beginning to its head.
pub async fn verify_events(app: &App, kept: Vec<Kept>) -> Result<Verified, VerifyError> {
    let mut verification = Verification::new(kept);
    let mut batch = BATCH;
    loop {
        let mut tx = app.read().await?;
        match verification.check(&mut tx, &app.keyring, batch).await {
            Ok(Checked::More) => {}
            Ok(Checked::Whole) => break,
            // Something in this batch cannot be read: one at a time, it can be named.
            Err(VerifyError::Store(StoreError::Corrupt(_))) if batch > 1 => batch = 1,
            Err(error) => return Err(error),
        }
    }
    let Verification { personal, erased, heads, .. } = verification;
    Ok(Verified { events: verification.revision(), personal, erased, heads })
}

/// Erases the personal values about a subject from the log, and says so in it; how many rows there were.
pub async fn erase_subject(app: &App, caller: &Caller, subject: &str) -> Result<u64, Refusal> {
    bounds::text(subject, MAX_ID_CHARS).in_field("subject")?;
    let mut tx = app.read().await?;
    let count = audit::count_personal(&mut tx, subject).await?;
    drop(tx);
    if count > 0 {
        let event = NewEvent::new("audit.erased", subject).erasing(subject);
        let revision = app.commit(app.change(caller).await?, event).await?;
        erase_rest(app, subject, revision).await?;
    }
    Ok(count)
}

/// Erases what one change was too small for, in batches. Cut off, it can be done again.
pub(super) async fn erase_rest(app: &App, subject: &str, before: Revision) -> Result<(), Refusal> {
    loop {
        let mut tx = app.tally().await?;
        let erased = audit::erase_personal(&mut tx, subject, before, BATCH).await?;
        tx.commit().await?;
        if erased == 0 {
            return Ok(());
        }
    }
}
