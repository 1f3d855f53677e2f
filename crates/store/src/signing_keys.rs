//! The keys that tokens are signed with.

use keyward_core::{SecretVersion, Timestamp};

use crate::change::Change;
use crate::db::{execute, fetch_all};
use crate::row::row;
use crate::{Revision, StoreError, Tx};

row! {
    /// A signing key as it is stored.
    pub struct SigningKeyRow {
        /// The key's id, as a token's header names it.
        pub kid: String,
        /// The public half as JSON (RFC 7517 section 4).
        pub public_jwk: String,
        /// The private half, sealed.
        pub private_sealed: Vec<u8>,
        /// The master secret that it is sealed under.
        pub secret_version: SecretVersion,
        /// When it was made.
        pub created_at: Timestamp,
        /// From when tokens are signed with it.
        pub active_at: Timestamp,
        /// From when its tokens are not accepted any more; none while no other follows it.
        pub retired_at: Option<Timestamp>,
        /// The revision of its last change.
        pub revision: Revision,
    }
}

/// A signing key to store.
#[derive(Clone, Debug)]
pub struct NewSigningKey<'a> {
    /// The key's id.
    pub kid: &'a str,
    /// The public half as JSON.
    pub public_jwk: &'a str,
    /// The private half, sealed.
    pub private_sealed: &'a [u8],
    /// The master secret that it is sealed under.
    pub secret_version: SecretVersion,
    /// From when tokens are signed with it.
    pub active_at: Timestamp,
}

/// The signing keys whose tokens are accepted, the one that became active last first.
pub async fn list_signing_keys(tx: &mut Tx, now: Timestamp) -> Result<Vec<SigningKeyRow>, StoreError> {
    const SQL: &str = "SELECT kid, public_jwk, private_sealed, secret_version, created_at, active_at, retired_at, \
         revision FROM signing_keys WHERE retired_at IS NULL OR retired_at > $1 ORDER BY active_at DESC, kid";
    Ok(fetch_all!(tx, SQL, now.as_micros())?)
}

/// Stores a signing key.
pub async fn insert_signing_key(change: &mut Change, key: &NewSigningKey<'_>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO signing_keys (kid, public_jwk, private_sealed, secret_version, created_at, \
         active_at, revision) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    execute!(
        change,
        SQL,
        key.kid,
        key.public_jwk,
        key.private_sealed,
        i64::from(key.secret_version),
        now,
        key.active_at.as_micros(),
        stamp
    )?;
    Ok(())
}

/// Retires every key whose tokens would be accepted beyond an instant, at that instant.
pub async fn retire_signing_keys(change: &mut Change, at: Timestamp) -> Result<(), StoreError> {
    const SQL: &str =
        "UPDATE signing_keys SET retired_at = $1, revision = $2 WHERE retired_at IS NULL OR retired_at > $1";
    let stamp = change.stamp();
    execute!(change, SQL, at.as_micros(), stamp)?;
    Ok(())
}

/// Wipes the private halves of keys that are retired; how many there were. No answer changes, so it is not a change.
pub async fn wipe_retired_signing_keys(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    const SQL: &str =
        "UPDATE signing_keys SET private_sealed = $2 WHERE retired_at <= $1 AND length(private_sealed) > 0";
    Ok(execute!(tx, SQL, now.as_micros(), &[0u8; 0][..])?)
}
