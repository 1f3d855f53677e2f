//! What verifications came to, by the hour.

use keyward_core::Timestamp;

use crate::db::execute;
use crate::{StoreError, Tx};

/// Forgets a batch of what is counted of hours before an instant; how many rows there were.
pub async fn forget_hours(tx: &mut Tx, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
    const SQL: &str = "DELETE FROM usage_hours WHERE (key_id, hour_at, outcome) IN \
         (SELECT key_id, hour_at, outcome FROM usage_hours WHERE hour_at < $1 LIMIT $2)";
    Ok(execute!(tx, SQL, before.as_micros(), i64::from(limit))?)
}
