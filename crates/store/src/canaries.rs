//! Which master secrets the store has met.

use keyward_core::SecretVersion;

use crate::change::Change;
use crate::db::{execute, fetch_all};
use crate::row::row;
use crate::{StoreError, Tx};

row! {
    /// A master secret as the store knows it.
    pub struct CanaryRow {
        /// Its number.
        pub version: SecretVersion,
        /// What recognises it.
        pub canary: Vec<u8>,
    }
}

/// Every master secret that the store has met, the oldest first.
pub async fn list_canaries(tx: &mut Tx) -> Result<Vec<CanaryRow>, StoreError> {
    const SQL: &str = "SELECT version, canary FROM canaries ORDER BY version";
    Ok(fetch_all!(tx, SQL)?)
}

/// Remembers a master secret.
pub async fn insert_canary(change: &mut Change, version: SecretVersion, canary: &[u8]) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO canaries (version, canary, created_at) VALUES ($1, $2, $3)";
    let now = change.now().as_micros();
    execute!(change, SQL, i64::from(version), canary, now)?;
    Ok(())
}
