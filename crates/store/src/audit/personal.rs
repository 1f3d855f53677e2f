//! Personal values of events, and their erasure.

use crate::db::{execute, fetch_all, fetch_one};
use crate::row::{CountRow, int, row};
use crate::{Revision, StoreError, Tx};

row! {
    /// Personal values of an event, about one subject.
    pub struct PersonalRow {
        /// The event.
        pub revision: Revision,
        /// Its place among those of the event, from 0.
        pub number: u32,
        /// Whom the values are about: a user, an organization, an actor, or a thing that people named.
        pub subject: String,
        /// The salt of the hash; none when it was erased.
        pub salt: Option<Vec<u8>>,
        /// The values, as JSON; none when they were erased.
        pub content: Option<String>,
    }
}

/// Writes personal values.
pub(crate) async fn insert_personal(tx: &mut Tx, row: &PersonalRow) -> Result<(), StoreError> {
    const SQL: &str =
        "INSERT INTO audit_personal (revision, number, subject, salt, content) VALUES ($1, $2, $3, $4, $5)";
    execute!(tx, SQL, int(row.revision), i64::from(row.number), &row.subject, &row.salt, &row.content)?;
    Ok(())
}

/// The personal values of the events from one revision to another, both included.
pub(super) async fn list_personal(tx: &mut Tx, from: i64, to: i64) -> Result<Vec<PersonalRow>, StoreError> {
    const SQL: &str = "SELECT revision, number, subject, salt, content FROM audit_personal \
         WHERE revision >= $1 AND revision <= $2 ORDER BY revision, number";
    Ok(fetch_all!(tx, SQL, from, to)?)
}

/// How many rows with personal values about a subject there are.
pub async fn count_personal(tx: &mut Tx, subject: &str) -> Result<u64, StoreError> {
    const SQL: &str = "SELECT COUNT(*) AS count FROM audit_personal WHERE subject = $1 AND content IS NOT NULL";
    let row: CountRow = fetch_one!(tx, SQL, subject)?;
    Ok(row.count)
}

/// Erases at most so many rows with personal values about a subject, of the events before the one that says so; how many
/// there were. Their salts go too: without them nobody can try values against the hashes that stay in the chain.
pub async fn erase_personal(tx: &mut Tx, subject: &str, before: Revision, limit: u32) -> Result<u64, StoreError> {
    const SQL: &str = "UPDATE audit_personal SET salt = NULL, content = NULL WHERE (revision, number) IN \
         (SELECT revision, number FROM audit_personal \
         WHERE subject = $1 AND revision < $2 AND content IS NOT NULL LIMIT $3)";
    Ok(execute!(tx, SQL, subject, int(before), i64::from(limit))?)
}
