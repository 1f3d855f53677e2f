//! APIs: what the platform protects.

use keyward_core::bounds::fold;
use keyward_core::{ApiId, ApiScope, ClientId, KeyClass, KeyPolicy, KeyPrefix, Timestamp};

use crate::change::Change;
use crate::db::{execute, fetch_all, fetch_optional};
use crate::row::{hit_one, row, to_json};
use crate::{Revision, StoreError, Tx};

row! {
    /// An API as it is stored.
    pub struct ApiRow {
        /// The API's id.
        pub id: ApiId,
        /// What people call it.
        pub name: String,
        /// What tokens name it by; none for the management API, whose audience follows the issuer.
        pub audience: Option<String>,
        /// Whether it is Keyward's own.
        pub is_management_api: bool,
        /// What the secrets of its keys begin with.
        pub key_prefix: KeyPrefix,
        /// The class of the secrets of its keys.
        pub key_class: KeyClass,
        /// What it asks of its keys.
        pub key_policy: KeyPolicy,
        /// When it was made.
        pub created_at: Timestamp,
        /// The revision of its last change.
        pub revision: Revision,
    }
}

/// An API to store.
#[derive(Clone, Debug)]
pub struct NewApi<'a> {
    /// The API's id.
    pub id: &'a ApiId,
    /// What people call it.
    pub name: &'a str,
    /// What tokens name it by; none for the management API.
    pub audience: Option<&'a str>,
    /// What the secrets of its keys begin with.
    pub key_prefix: &'a KeyPrefix,
    /// The class of the secrets of its keys.
    pub key_class: KeyClass,
    /// What it asks of its keys.
    pub key_policy: &'a KeyPolicy,
}

macro_rules! select {
    ($rest:expr) => {
        concat!(
            "SELECT id, name, audience, is_management_api, key_prefix, key_class, key_policy, created_at, revision \
             FROM apis WHERE deleted_at IS NULL ",
            $rest
        )
    };
}

// $1 is the application that the caller is kept to the APIs of.
macro_rules! select_granted {
    ($rest:literal) => {
        select!(concat!(
            "AND ($1 IS NULL OR EXISTS (SELECT 1 FROM grants g WHERE g.api_id = apis.id \
                 AND g.client_id = $1 AND g.ended_at IS NULL)) ",
            $rest
        ))
    };
}

/// Every API, by name.
pub async fn list_apis(tx: &mut Tx, scope: &ApiScope) -> Result<Vec<ApiRow>, StoreError> {
    Ok(fetch_all!(tx, select_granted!("ORDER BY name_folded, id"), granted_to(scope))?)
}

/// An API by its id.
pub async fn find_api(tx: &mut Tx, scope: &ApiScope, id: &ApiId) -> Result<Option<ApiRow>, StoreError> {
    Ok(fetch_optional!(tx, select_granted!("AND id = $2"), granted_to(scope), id.as_str())?)
}

/// An API by its audience.
pub async fn find_api_by_audience(tx: &mut Tx, audience: &str) -> Result<Option<ApiRow>, StoreError> {
    Ok(fetch_optional!(tx, select!("AND audience = $1"), audience)?)
}

/// The management API; none in a store that is new.
pub async fn find_management_api(tx: &mut Tx) -> Result<Option<ApiRow>, StoreError> {
    Ok(fetch_optional!(tx, select!("AND is_management_api"))?)
}

fn granted_to(scope: &ApiScope) -> Option<&str> {
    scope.client_id().map(ClientId::as_str)
}

/// Stores an API. One without audience is the management API.
pub async fn insert_api(change: &mut Change, api: &NewApi<'_>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO apis (id, name, name_folded, audience, is_management_api, key_prefix, key_class, \
         key_policy, created_at, revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    execute!(
        change,
        SQL,
        api.id.as_str(),
        api.name,
        fold(api.name),
        api.audience,
        api.audience.is_none(),
        api.key_prefix.as_str(),
        api.key_class.as_str(),
        to_json(api.key_policy),
        now,
        stamp
    )?;
    Ok(())
}

/// Stores what may change about an API that was found.
pub async fn update_api(change: &mut Change, api: &ApiRow) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE apis SET name = $2, name_folded = $3, key_policy = $4, revision = $5 \
         WHERE id = $1 AND deleted_at IS NULL";
    let (name, policy, stamp) = (api.name.as_str(), to_json(&api.key_policy), change.stamp());
    hit_one("apis", execute!(change, SQL, api.id.as_str(), name, fold(name), policy, stamp)?)
}

/// Deletes an API that was found: this one row, through which its keys and grants end.
pub async fn delete_api(change: &mut Change, api: &ApiRow) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE apis SET deleted_at = $2, revision = $3 WHERE id = $1 AND deleted_at IS NULL";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    hit_one("apis", execute!(change, SQL, api.id.as_str(), now, stamp)?)
}
