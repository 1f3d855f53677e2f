//! What verifications came to, as it is folded from the journals of nodes. It is not a change and takes no revision.

mod hours;
mod positions;

use std::net::IpAddr;

use keyward_core::{OutcomeCode, Selector, Timestamp};

use crate::db::execute;
use crate::row::int;
use crate::{StoreError, Tx};

pub use hours::{UsageFilter, UsageRow, UsedRow, forget_hours, list_usage, list_used};
pub use positions::{find_position, forget_position, move_position};

/// What is to be added to what is counted of the key with a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// The public part of the secret that was presented.
    pub selector: Selector,
    /// Valid verifications.
    pub valid: u64,
    /// When the last of them was, and from where.
    pub last_valid: Option<(Timestamp, Option<IpAddr>)>,
    /// All of them, by hour and outcome.
    pub hours: Vec<HourAddition>,
}

/// What verifications of one hour came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HourAddition {
    /// When the hour begins.
    pub hour_at: Timestamp,
    /// What they came to.
    pub outcome: OutcomeCode,
    /// How many they are.
    pub count: u64,
    /// What they cost.
    pub cost: u64,
}

/// Adds to what is counted of a key. If no key has the secret, nothing is.
pub async fn add_counts(tx: &mut Tx, addition: &Addition) -> Result<(), StoreError> {
    const VALID: &str = "INSERT INTO key_usage (key_id, verification_count, last_verified_at, last_verified_ip) \
         SELECT key_id, $2, $3, $4 FROM key_secrets WHERE selector = $1 ON CONFLICT (key_id) DO UPDATE \
         SET verification_count = key_usage.verification_count + excluded.verification_count, \
         last_verified_ip = CASE WHEN excluded.last_verified_at >= key_usage.last_verified_at \
         THEN excluded.last_verified_ip ELSE key_usage.last_verified_ip END, \
         last_verified_at = CASE WHEN excluded.last_verified_at >= key_usage.last_verified_at \
         THEN excluded.last_verified_at ELSE key_usage.last_verified_at END";
    const SECRET: &str = "UPDATE key_secrets SET last_verified_at = $2 \
         WHERE selector = $1 AND (last_verified_at IS NULL OR last_verified_at < $2)";
    const HOUR: &str = "INSERT INTO usage_hours (key_id, hour_at, outcome, count, cost) \
         SELECT key_id, $2, $3, $4, $5 FROM key_secrets WHERE selector = $1 \
         ON CONFLICT (key_id, hour_at, outcome) DO UPDATE \
         SET count = usage_hours.count + excluded.count, cost = usage_hours.cost + excluded.cost";
    let selector = addition.selector.as_str();
    if let Some((at, ip)) = addition.last_valid {
        let ip = ip.map(|ip| ip.to_string());
        execute!(tx, VALID, selector, int(addition.valid), at.as_micros(), ip)?;
        execute!(tx, SECRET, selector, at.as_micros())?;
    }
    for hour in &addition.hours {
        let outcome = i64::from(hour.outcome.number());
        execute!(tx, HOUR, selector, hour.hour_at.as_micros(), outcome, int(hour.count), int(hour.cost))?;
    }
    Ok(())
}
