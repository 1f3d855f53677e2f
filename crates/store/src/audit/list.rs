//! Events, read a page at a time.

use keyward_core::{OrgCode, OrgScope, Timestamp};

use super::personal::list_personal;
use super::{EventRow, PersonalRow, select_events};
use crate::db::fetch_all;
use crate::row::int;
use crate::{Revision, StoreError, Tx};

/// An event with the personal values beside it.
#[derive(Clone, Debug)]
pub struct LoggedEvent {
    /// The event.
    pub event: EventRow,
    /// The personal values, those that were erased included.
    pub personal: Vec<PersonalRow>,
}

/// Which events to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventFilter<'a> {
    /// Only those before this one.
    pub starting_after: Option<Revision>,
    /// Only those that say that this was done.
    pub action: Option<&'a str>,
    /// Only those that this actor asked for.
    pub actor_id: Option<&'a str>,
    /// Only those of what was done to this.
    pub target_id: Option<&'a str>,
    /// Only those of this instant and later.
    pub created_after: Option<Timestamp>,
    /// Only those before this instant.
    pub created_before: Option<Timestamp>,
}

/// The events above a revision, the oldest first.
pub async fn list_events(tx: &mut Tx, above: Revision, limit: u32) -> Result<Vec<EventRow>, StoreError> {
    list_from(tx, int(above.saturating_add(1)), limit).await
}

/// The events from a revision on, whatever numbers there are.
pub(super) async fn list_from(tx: &mut Tx, from: i64, limit: u32) -> Result<Vec<EventRow>, StoreError> {
    const SQL: &str = select_events!("WHERE revision >= $1 ORDER BY revision LIMIT $2");
    Ok(fetch_all!(tx, SQL, from, i64::from(limit))?)
}

/// The same with their personal values.
pub async fn list_logged_above(tx: &mut Tx, above: Revision, limit: u32) -> Result<Vec<LoggedEvent>, StoreError> {
    let events = list_events(tx, above, limit).await?;
    let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(Vec::new()) };
    let personal = list_personal(tx, int(first.revision), int(last.revision)).await?;
    let mut personal = personal.into_iter().peekable();
    let mut logged = Vec::with_capacity(events.len());
    for event in events {
        let mut of_event = Vec::new();
        while let Some(row) = personal.next_if(|row| row.revision <= event.revision) {
            of_event.push(row);
        }
        logged.push(LoggedEvent { event, personal: of_event });
    }
    Ok(logged)
}

/// The events that pass a filter, the newest first, with their personal values.
pub async fn list_logged(
    tx: &mut Tx,
    scope: &OrgScope,
    filter: &EventFilter<'_>,
    limit: u32,
) -> Result<Vec<LoggedEvent>, StoreError> {
    const SQL: &str = select_events!(
        "WHERE ($1 IS NULL OR org_code = $1) AND ($2 IS NULL OR revision < $2) AND ($3 IS NULL OR action = $3) \
         AND ($4 IS NULL OR actor_id = $4) AND ($5 IS NULL OR target_id = $5) \
         AND ($6 IS NULL OR created_at >= $6) AND ($7 IS NULL OR created_at < $7) \
         ORDER BY revision DESC LIMIT $8"
    );
    let events: Vec<EventRow> = fetch_all!(
        tx,
        SQL,
        scope.org_code().map(OrgCode::as_str),
        filter.starting_after.map(int),
        filter.action,
        filter.actor_id,
        filter.target_id,
        filter.created_after.map(Timestamp::as_micros),
        filter.created_before.map(Timestamp::as_micros),
        i64::from(limit)
    )?;
    let mut logged = Vec::with_capacity(events.len());
    // Between two that pass there may be any number that do not, so each is asked for by itself.
    for event in events {
        let at = int(event.revision);
        logged.push(LoggedEvent { personal: list_personal(tx, at, at).await?, event });
    }
    Ok(logged)
}
