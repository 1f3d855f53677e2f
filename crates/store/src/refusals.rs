//! What was refused, counted by the hour. It is no part of the audit chain, and takes no revision.

use keyward_core::Timestamp;

use crate::db::{execute, fetch_all, fetch_one};
use crate::row::{CountRow, int, row};
use crate::{StoreError, Tx};

row! {
    /// Refusals of one kind in one hour.
    pub struct RefusalRow {
        /// Its id. Ids sort by the hour.
        pub id: String,
        /// The hour that it belongs to.
        pub hour_at: Timestamp,
        /// The code that was answered.
        pub code: String,
        /// Method and route, without what stood in its place-holders.
        pub route: String,
        /// What kind of actor it was, if that is known.
        pub actor_kind: Option<String>,
        /// Which one.
        pub actor_id: Option<String>,
        /// The address that it came from, if that is known.
        pub address: Option<String>,
        /// How many they are.
        pub count: u64,
        /// When the first was.
        pub first_at: Timestamp,
        /// When the last was.
        pub last_at: Timestamp,
    }
}

/// Which refusals to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct RefusalFilter<'a> {
    /// Only those behind this one.
    pub starting_after: Option<&'a str>,
    /// Only those with this code.
    pub code: Option<&'a str>,
    /// Only those of this actor.
    pub actor_id: Option<&'a str>,
    /// Only those from this address.
    pub address: Option<&'a str>,
}

/// How many kinds of refusals an hour has.
pub async fn count_refusals(tx: &mut Tx, hour_at: Timestamp) -> Result<u64, StoreError> {
    const SQL: &str = "SELECT COUNT(*) AS count FROM refusals WHERE hour_at = $1";
    let row: CountRow = fetch_one!(tx, SQL, hour_at.as_micros())?;
    Ok(row.count)
}

/// Counts refusals to those of their kind that are stored; false if there are none.
pub async fn add_to_refusal(tx: &mut Tx, more: &RefusalRow) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE refusals SET count = count + $2, \
         first_at = CASE WHEN $3 < first_at THEN $3 ELSE first_at END, \
         last_at = CASE WHEN $4 > last_at THEN $4 ELSE last_at END WHERE id = $1";
    let hit = execute!(tx, SQL, &more.id, int(more.count), more.first_at.as_micros(), more.last_at.as_micros())?;
    Ok(hit > 0)
}

/// Stores the first refusals of a kind; counts them to those of another node that was quicker.
pub async fn insert_refusal(tx: &mut Tx, new: &RefusalRow) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO refusals (id, hour_at, code, route, actor_kind, actor_id, address, count, first_at, \
         last_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO UPDATE \
         SET count = refusals.count + excluded.count, last_at = excluded.last_at";
    execute!(
        tx,
        SQL,
        &new.id,
        new.hour_at.as_micros(),
        &new.code,
        &new.route,
        &new.actor_kind,
        &new.actor_id,
        &new.address,
        int(new.count),
        new.first_at.as_micros(),
        new.last_at.as_micros()
    )?;
    Ok(())
}

/// The refusals that pass a filter, the newest hour first.
pub async fn list_refusals(tx: &mut Tx, filter: &RefusalFilter<'_>, limit: u32) -> Result<Vec<RefusalRow>, StoreError> {
    const SQL: &str = "SELECT id, hour_at, code, route, actor_kind, actor_id, address, count, first_at, last_at \
         FROM refusals WHERE ($1 IS NULL OR id < $1) AND ($2 IS NULL OR code = $2) \
         AND ($3 IS NULL OR actor_id = $3) AND ($4 IS NULL OR address = $4) ORDER BY id DESC LIMIT $5";
    let RefusalFilter { starting_after, code, actor_id, address } = *filter;
    Ok(fetch_all!(tx, SQL, starting_after, code, actor_id, address, i64::from(limit))?)
}

/// Forgets at most so many refusals of hours before an instant; how many there were.
pub async fn delete_refusals(tx: &mut Tx, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
    const SQL: &str = "DELETE FROM refusals WHERE id IN (SELECT id FROM refusals WHERE hour_at < $1 LIMIT $2)";
    Ok(execute!(tx, SQL, before.as_micros(), i64::from(limit))?)
}
