//! Up to where the segments of journals are counted.

use crate::db::{execute, fetch_optional};
use crate::row::{int, row};
use crate::{StoreError, Tx};

row! {
    /// A position.
    struct PositionRow {
        /// In bytes from the beginning of its segment.
        position: u64,
    }
}

/// Up to where a segment is counted, in bytes; none if nothing of it is.
pub async fn find_position(tx: &mut Tx, segment: &str) -> Result<Option<u64>, StoreError> {
    const SQL: &str = "SELECT position FROM journal_positions WHERE segment = $1";
    let found: Option<PositionRow> = fetch_optional!(tx, SQL, segment)?;
    Ok(found.map(|row| row.position))
}

/// Moves the position of a segment on, in the transaction that counts what lies between; false if it is not where the
/// caller believes, so that another has counted it. A segment without a position is at 0.
pub async fn move_position(tx: &mut Tx, segment: &str, from: u64, to: u64) -> Result<bool, StoreError> {
    const FIRST: &str =
        "INSERT INTO journal_positions (segment, position) VALUES ($1, $2) ON CONFLICT (segment) DO NOTHING";
    const NEXT: &str = "UPDATE journal_positions SET position = $3 WHERE segment = $1 AND position = $2";
    #[cfg(feature = "faults")]
    if crate::faults::loses_positions() {
        return Ok(true);
    }
    let moved = match from {
        0 => execute!(tx, FIRST, segment, int(to))?,
        _ => execute!(tx, NEXT, segment, int(from), int(to))?,
    };
    Ok(moved == 1)
}

/// Forgets a segment that is counted to its end, and whose file is gone for good: if it came back, it would be counted
/// again.
pub async fn forget_position(tx: &mut Tx, segment: &str) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM journal_positions WHERE segment = $1";
    execute!(tx, SQL, segment)?;
    Ok(())
}
