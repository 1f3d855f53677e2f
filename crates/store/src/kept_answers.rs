//! Answers that are kept for a while, in case their request is repeated.

use keyward_core::{SecretMac, SecretVersion, Timestamp};

use crate::change::Change;
use crate::db::{execute, fetch_optional};
use crate::row::row;
use crate::{Revision, StoreError, Tx};

row! {
    /// A kept answer as it is stored.
    pub struct KeptAnswerRow {
        /// The code of what was asked.
        pub request_mac: SecretMac,
        /// The answer, sealed under the caller's own key.
        pub sealed: Vec<u8>,
        /// The master secret that the codes and the seal were made under.
        pub secret_version: SecretVersion,
        /// The revision of the change that it answered.
        pub revision: Revision,
    }
}

/// An answer to keep.
#[derive(Clone, Debug)]
pub struct NewKeptAnswer<'a> {
    /// Who asked.
    pub principal: &'a str,
    /// Method and path.
    pub route: &'a str,
    /// The code of the caller's key.
    pub key_mac: &'a SecretMac,
    /// The code of what was asked.
    pub request_mac: &'a SecretMac,
    /// The answer, sealed.
    pub sealed: &'a [u8],
    /// The master secret that the codes and the seal were made under.
    pub secret_version: SecretVersion,
    /// Until when it is kept.
    pub expires_at: Timestamp,
}

/// What was answered to a request that is still kept.
pub async fn find_kept_answer(
    tx: &mut Tx,
    principal: &str,
    route: &str,
    key_mac: &SecretMac,
    now: Timestamp,
) -> Result<Option<KeptAnswerRow>, StoreError> {
    const SQL: &str = "SELECT request_mac, sealed, secret_version, revision FROM kept_answers \
         WHERE principal = $1 AND route = $2 AND key_mac = $3 AND expires_at > $4";
    Ok(fetch_optional!(tx, SQL, principal, route, key_mac.as_bytes(), now.as_micros())?)
}

/// Keeps an answer, in the place of one whose time is over.
pub async fn insert_kept_answer(change: &mut Change, new: &NewKeptAnswer<'_>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO kept_answers (principal, route, key_mac, request_mac, sealed, secret_version, \
         expires_at, revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (principal, route, key_mac) \
         DO UPDATE SET request_mac = excluded.request_mac, sealed = excluded.sealed, \
         secret_version = excluded.secret_version, expires_at = excluded.expires_at, revision = excluded.revision";
    let stamp = change.stamp();
    execute!(
        change,
        SQL,
        new.principal,
        new.route,
        new.key_mac.as_bytes(),
        new.request_mac.as_bytes(),
        new.sealed,
        i64::from(new.secret_version),
        new.expires_at.as_micros(),
        stamp
    )?;
    Ok(())
}

/// Forgets at most so many answers whose time is over; tells how many there were. No node holds them in memory.
pub async fn delete_expired_answers(tx: &mut Tx, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
    const SQL: &str = "DELETE FROM kept_answers WHERE (principal, route, key_mac) IN \
         (SELECT principal, route, key_mac FROM kept_answers WHERE expires_at <= $1 LIMIT $2)";
    Ok(execute!(tx, SQL, now.as_micros(), i64::from(limit))?)
}
