//! Applications: OAuth clients, and their secrets.

use keyward_core::bounds::fold;
use keyward_core::{ApiId, ClientId, OrgCode, SecretMac, SecretVersion, Timestamp};

use crate::change::Change;
use crate::db::{execute, fetch_all, fetch_one, fetch_optional};
use crate::row::{CountRow, hit_one, row, to_json};
use crate::{StoreError, Tx};

row! {
    /// An application as it is stored.
    pub struct ApplicationRow {
        /// The client id.
        pub client_id: ClientId,
        /// What people call it.
        pub name: String,
        /// The organization that it is kept to.
        pub org_code: Option<OrgCode>,
        /// The APIs whose keys it may verify; none for those of every API.
        pub bound_api_ids: Option<Vec<ApiId>>,
        /// Seconds that its tokens live.
        pub token_lifetime: u32,
        /// Since when it is disabled.
        pub disabled_at: Option<Timestamp>,
    }
}

row! {
    /// A secret of an application as it is stored.
    pub struct ApplicationSecretRow {
        /// The code of the secret.
        pub mac: SecretMac,
        /// The master secret that the code was made under.
        pub secret_version: SecretVersion,
    }
}

/// An application to store, with its first secret.
#[derive(Clone, Debug)]
pub struct NewApplication<'a> {
    /// The client id.
    pub client_id: &'a ClientId,
    /// What people call it.
    pub name: &'a str,
    /// The organization that it is kept to.
    pub org_code: Option<&'a OrgCode>,
    /// The APIs whose keys it may verify; none for those of every API.
    pub bound_api_ids: Option<&'a [ApiId]>,
    /// Seconds that its tokens live.
    pub token_lifetime: u32,
    /// The code of its first secret.
    pub mac: SecretMac,
    /// The master secret that the code was made under.
    pub secret_version: SecretVersion,
}

/// An application by its client id.
pub async fn find_application(tx: &mut Tx, client_id: &ClientId) -> Result<Option<ApplicationRow>, StoreError> {
    const SQL: &str = "SELECT client_id, name, org_code, bound_api_ids, token_lifetime, disabled_at \
         FROM applications WHERE client_id = $1 AND deleted_at IS NULL";
    Ok(fetch_optional!(tx, SQL, client_id.as_str())?)
}

/// The secrets of an application that are valid now.
pub async fn list_application_secrets(
    tx: &mut Tx,
    client_id: &ClientId,
    now: Timestamp,
) -> Result<Vec<ApplicationSecretRow>, StoreError> {
    const SQL: &str = "SELECT mac, secret_version FROM application_secrets \
         WHERE client_id = $1 AND (expires_at IS NULL OR expires_at > $2) ORDER BY number DESC";
    Ok(fetch_all!(tx, SQL, client_id.as_str(), now.as_micros())?)
}

/// How many applications there are.
pub async fn count_applications(tx: &mut Tx) -> Result<u64, StoreError> {
    const SQL: &str = "SELECT COUNT(*) AS count FROM applications WHERE deleted_at IS NULL";
    let row: CountRow = fetch_one!(tx, SQL)?;
    Ok(row.count)
}

/// Stores an application with its first secret.
pub async fn insert_application(change: &mut Change, new: &NewApplication<'_>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO applications (client_id, name, name_folded, org_code, bound_api_ids, \
         token_lifetime, created_at, revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    const SECRET: &str = "INSERT INTO application_secrets (client_id, number, mac, secret_version, created_at, \
         revision) VALUES ($1, 1, $2, $3, $4, $5)";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    execute!(
        change,
        SQL,
        new.client_id.as_str(),
        new.name,
        fold(new.name),
        new.org_code.map(OrgCode::as_str),
        new.bound_api_ids.as_ref().map(to_json),
        i64::from(new.token_lifetime),
        now,
        stamp
    )?;
    execute!(change, SECRET, new.client_id.as_str(), new.mac.as_bytes(), i64::from(new.secret_version), now, stamp)?;
    Ok(())
}

/// Deletes an application that was found: this one row, through which its tokens and grants end.
pub async fn delete_application(change: &mut Change, application: &ApplicationRow) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE applications SET deleted_at = $2, revision = $3 \
         WHERE client_id = $1 AND deleted_at IS NULL";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    hit_one("applications", execute!(change, SQL, application.client_id.as_str(), now, stamp)?)
}
