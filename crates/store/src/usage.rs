//! Counts of valid verifications. They are not changes and take no revision.

use std::net::IpAddr;

use keyward_core::{ApiKeyId, Timestamp};

use crate::db::fetch_one;
use crate::row::row;
use crate::{StoreError, Tx};

row! {
    /// What is counted of a key.
    pub struct UsageRow {
        /// How often it was found valid.
        pub verification_count: u64,
        /// When last.
        pub last_verified_at: Timestamp,
    }
}

/// Counts one valid verification, and answers what is counted now.
pub async fn add_verification(
    tx: &mut Tx,
    key_id: &ApiKeyId,
    at: Timestamp,
    ip: Option<IpAddr>,
) -> Result<UsageRow, StoreError> {
    const SQL: &str = "INSERT INTO key_usage (key_id, verification_count, last_verified_at, last_verified_ip) \
         VALUES ($1, 1, $2, $3) ON CONFLICT (key_id) DO UPDATE \
         SET verification_count = key_usage.verification_count + 1, last_verified_at = excluded.last_verified_at, \
         last_verified_ip = excluded.last_verified_ip RETURNING verification_count, last_verified_at";
    Ok(fetch_one!(tx, SQL, key_id.as_str(), at.as_micros(), ip.map(|ip| ip.to_string()))?)
}
