//! What verifications came to, by the hour.

use keyward_core::{ApiId, ApiKeyId, OrgCode, OrgScope, OutcomeCode, Timestamp, UserId};

use crate::db::{execute, fetch_all};
use crate::row::row;
use crate::{StoreError, Tx};

row! {
    /// What verifications of some time came to.
    pub struct UsageRow {
        /// When the time begins.
        pub begins_at: Timestamp,
        /// What they came to, as a number.
        pub outcome: u32,
        /// How many they are.
        pub count: u64,
        /// What they cost.
        pub cost: u64,
    }
}

/// Whose verifications, and when.
#[derive(Clone, Copy, Debug)]
pub struct UsageFilter<'a> {
    /// From this instant on.
    pub since: Timestamp,
    /// Before this one.
    pub until: Timestamp,
    /// Microseconds of the times that are told apart: whole hours.
    pub interval: i64,
    /// Of this key.
    pub key_id: Option<&'a ApiKeyId>,
    /// Of keys for this API.
    pub api_id: Option<&'a ApiId>,
    /// Of keys of this organization.
    pub org_code: Option<&'a OrgCode>,
    /// Of keys of this user.
    pub user_id: Option<&'a UserId>,
}

/// What verifications came to, by time and outcome, the oldest first.
pub async fn list_usage(tx: &mut Tx, scope: &OrgScope, filter: &UsageFilter<'_>) -> Result<Vec<UsageRow>, StoreError> {
    const SQL: &str = "SELECT h.hour_at / $3 * $3 AS begins_at, h.outcome, CAST(SUM(h.count) AS BIGINT) AS count, \
         CAST(SUM(h.cost) AS BIGINT) AS cost FROM usage_hours h JOIN keys k ON k.id = h.key_id \
         WHERE h.hour_at >= $1 AND h.hour_at < $2 AND ($4 IS NULL OR k.org_code = $4) \
         AND ($5 IS NULL OR h.key_id = $5) AND ($6 IS NULL OR k.api_id = $6) \
         AND ($7 IS NULL OR k.org_code = $7) AND ($8 IS NULL OR k.user_id = $8) \
         GROUP BY 1, h.outcome ORDER BY 1, h.outcome";
    Ok(fetch_all!(
        tx,
        SQL,
        filter.since.as_micros(),
        filter.until.as_micros(),
        filter.interval,
        scope.org_code().map(OrgCode::as_str),
        filter.key_id.map(ApiKeyId::as_str),
        filter.api_id.map(ApiId::as_str),
        filter.org_code.map(OrgCode::as_str),
        filter.user_id.map(UserId::as_str)
    )?)
}

row! {
    /// What valid verifications of a key came to in an hour.
    pub struct UsedRow {
        /// The key.
        pub key_id: ApiKeyId,
        /// When the hour begins.
        pub hour_at: Timestamp,
        /// How many they were.
        pub count: u64,
        /// What they cost.
        pub cost: u64,
    }
}

/// What valid verifications came to since an instant, of keys that have limits of rate, or whose owners have: hour by hour, the
/// oldest first.
pub async fn list_used(tx: &mut Tx, since: Timestamp) -> Result<Vec<UsedRow>, StoreError> {
    const SQL: &str = "SELECT h.key_id, h.hour_at, h.count, h.cost FROM usage_hours h JOIN keys k ON k.id = h.key_id \
         LEFT JOIN organizations o ON o.code = k.org_code LEFT JOIN users u ON u.id = k.user_id \
         WHERE h.hour_at >= $1 AND h.outcome = $2 AND (k.rate_limits <> '[]' OR o.rate_limits <> '[]' \
         OR u.rate_limits <> '[]' OR o.plan_id IS NOT NULL OR u.plan_id IS NOT NULL) ORDER BY h.hour_at, h.key_id";
    Ok(fetch_all!(tx, SQL, since.as_micros(), i64::from(OutcomeCode::Verified.number()))?)
}

/// Forgets a batch of what is counted of hours before an instant; how many rows there were.
pub async fn forget_hours(tx: &mut Tx, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
    const SQL: &str = "DELETE FROM usage_hours WHERE (key_id, hour_at, outcome) IN \
         (SELECT key_id, hour_at, outcome FROM usage_hours WHERE hour_at < $1 LIMIT $2)";
    Ok(execute!(tx, SQL, before.as_micros(), i64::from(limit))?)
}
