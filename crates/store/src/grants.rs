//! Grants: for which APIs an application may ask for tokens, and with which scopes.

use keyward_core::{ApiId, ApiScope, ClientId, ScopeNumbers, Timestamp};

use crate::change::Change;
use crate::db::{execute, fetch_all, fetch_optional};
use crate::row::{row, to_json};
use crate::{StoreError, Tx};

row! {
    /// A grant as it is stored.
    pub struct GrantRow {
        /// The API.
        pub api_id: ApiId,
        /// The scopes, as numbers within that API.
        pub scopes: ScopeNumbers,
    }
}

row! {
    /// An application that has a grant for an API.
    pub struct GranteeRow {
        /// The client id.
        pub client_id: ClientId,
        /// The application's name.
        pub name: String,
        /// Since when it is disabled.
        pub disabled_at: Option<Timestamp>,
        /// Since when the organization that it is kept to is suspended.
        pub org_suspended_at: Option<Timestamp>,
    }
}

/// What an application was granted for an API.
pub async fn find_grant(tx: &mut Tx, client_id: &ClientId, api_id: &ApiId) -> Result<Option<GrantRow>, StoreError> {
    const SQL: &str = "SELECT api_id, scopes FROM grants WHERE client_id = $1 AND api_id = $2 AND ended_at IS NULL";
    Ok(fetch_optional!(tx, SQL, client_id.as_str(), api_id.as_str())?)
}

/// The audiences of the APIs that an application was granted; none stands for the management API, which comes first.
pub async fn list_granted_audiences(tx: &mut Tx, client_id: &ClientId) -> Result<Vec<Option<String>>, StoreError> {
    row! {
        /// An audience.
        struct AudienceRow {
            /// The audience.
            audience: Option<String>,
        }
    }
    const SQL: &str = "SELECT a.audience FROM grants g JOIN apis a ON a.id = g.api_id \
         WHERE g.client_id = $1 AND g.ended_at IS NULL AND a.deleted_at IS NULL \
         ORDER BY a.audience IS NOT NULL, a.audience LIMIT 20";
    let rows: Vec<AudienceRow> = fetch_all!(tx, SQL, client_id.as_str())?;
    Ok(rows.into_iter().map(|row| row.audience).collect())
}

/// The applications that were granted an API, by name. An organization's application sees itself alone.
pub async fn list_grantees(tx: &mut Tx, scope: &ApiScope, api_id: &ApiId) -> Result<Vec<GranteeRow>, StoreError> {
    const SQL: &str = "SELECT p.client_id, p.name, p.disabled_at, o.suspended_at AS org_suspended_at \
         FROM grants g JOIN applications p ON p.client_id = g.client_id \
         LEFT JOIN organizations o ON o.code = p.org_code WHERE o.deleted_at IS NULL \
         AND g.api_id = $1 AND g.ended_at IS NULL AND p.deleted_at IS NULL \
         AND ($2 IS NULL OR p.client_id = $2) ORDER BY p.name_folded, p.client_id";
    Ok(fetch_all!(tx, SQL, api_id.as_str(), scope.client_id().map(ClientId::as_str))?)
}

/// Grants an application an API with these scopes and no others.
pub async fn put_grant(
    change: &mut Change,
    client_id: &ClientId,
    api_id: &ApiId,
    scopes: &ScopeNumbers,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO grants (client_id, api_id, scopes, created_at, revision) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (client_id, api_id) DO UPDATE \
         SET scopes = excluded.scopes, ended_at = NULL, revision = excluded.revision";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    execute!(change, SQL, client_id.as_str(), api_id.as_str(), to_json(scopes), now, stamp)?;
    Ok(())
}

/// Takes an API from an application with all its scopes; false if it did not have it.
pub async fn end_grant(change: &mut Change, client_id: &ClientId, api_id: &ApiId) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE grants SET ended_at = $3, scopes = '[]', revision = $4 \
         WHERE client_id = $1 AND api_id = $2 AND ended_at IS NULL";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    let ended = execute!(change, SQL, client_id.as_str(), api_id.as_str(), now, stamp)?;
    Ok(ended == 1)
}
