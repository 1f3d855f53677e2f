//! Scopes: the permissions of an API.

use keyward_core::{ApiId, ScopeId, ScopeKey, ScopeNumber};

use crate::change::Change;
use crate::db::{execute, fetch_all, fetch_one, fetch_optional};
use crate::row::{CountRow, hit_one, row};
use crate::{StoreError, Tx};

row! {
    /// A scope as it is stored.
    pub struct ScopeRow {
        /// The scope's id.
        pub id: ScopeId,
        /// Its number within its API.
        pub number: ScopeNumber,
        /// The scope's key.
        pub key: ScopeKey,
        /// What it permits.
        pub description: Option<String>,
    }
}

/// A scope to store.
#[derive(Clone, Debug)]
pub struct NewScope<'a> {
    /// The scope's id.
    pub id: &'a ScopeId,
    /// The API that it belongs to.
    pub api_id: &'a ApiId,
    /// The scope's key.
    pub key: &'a ScopeKey,
    /// What it permits.
    pub description: Option<&'a str>,
}

/// The scopes of an API, by key.
pub async fn list_scopes(tx: &mut Tx, api_id: &ApiId) -> Result<Vec<ScopeRow>, StoreError> {
    const SQL: &str = "SELECT id, number, key, description FROM scopes \
         WHERE api_id = $1 AND deleted_at IS NULL ORDER BY key";
    Ok(fetch_all!(tx, SQL, api_id.as_str())?)
}

/// A scope of an API by its id.
pub async fn find_scope(tx: &mut Tx, api_id: &ApiId, id: &ScopeId) -> Result<Option<ScopeRow>, StoreError> {
    const SQL: &str = "SELECT id, number, key, description FROM scopes \
         WHERE api_id = $1 AND id = $2 AND deleted_at IS NULL";
    Ok(fetch_optional!(tx, SQL, api_id.as_str(), id.as_str())?)
}

/// Stores a scope under the next number of its API, which no scope of it has had before.
pub async fn insert_scope(change: &mut Change, scope: &NewScope<'_>) -> Result<ScopeNumber, StoreError> {
    const NEXT: &str = "SELECT COALESCE(MAX(number), 0) + 1 AS count FROM scopes WHERE api_id = $1";
    const SQL: &str = "INSERT INTO scopes (id, api_id, number, key, description, created_at, revision) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    let next: CountRow = fetch_one!(change, NEXT, scope.api_id.as_str())?;
    let number = ScopeNumber::try_from(next.count).map_err(|_| StoreError::Corrupt("scopes.number".into()))?;
    execute!(
        change,
        SQL,
        scope.id.as_str(),
        scope.api_id.as_str(),
        i64::from(number),
        scope.key.as_str(),
        scope.description,
        now,
        stamp
    )?;
    Ok(number)
}

/// Describes a scope that was found anew.
pub async fn update_scope(change: &mut Change, scope: &ScopeRow, description: Option<&str>) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE scopes SET description = $2, revision = $3 WHERE id = $1 AND deleted_at IS NULL";
    let stamp = change.stamp();
    hit_one("scopes", execute!(change, SQL, scope.id.as_str(), description, stamp)?)
}

/// Deletes a scope that was found: this one row, so that it leaves every key and every grant at once.
pub async fn delete_scope(change: &mut Change, scope: &ScopeRow) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE scopes SET deleted_at = $2, revision = $3 WHERE id = $1 AND deleted_at IS NULL";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    hit_one("scopes", execute!(change, SQL, scope.id.as_str(), now, stamp)?)
}
