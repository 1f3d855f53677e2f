//! Applications: OAuth clients, and their secrets.

use keyward_core::bounds::fold;
use keyward_core::{ApiId, ClientId, OrgCode, SecretMac, SecretVersion, Timestamp};

use crate::change::Change;
use crate::db::{execute, fetch_all, fetch_one, fetch_optional};
use crate::row::{CountRow, hit_one, int, row, to_json};
use crate::{Revision, StoreError, Tx};

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
        /// Since when the organization that it is kept to is suspended.
        pub org_suspended_at: Option<Timestamp>,
        /// The revision of its last change.
        pub revision: Revision,
    }
}

row! {
    /// A secret of an application as it is stored.
    pub struct ApplicationSecretRow {
        /// Its number within the application.
        pub number: u32,
        /// The code of the secret.
        pub mac: SecretMac,
        /// The master secret that the code was made under.
        pub secret_version: SecretVersion,
        /// When it was made.
        pub created_at: Timestamp,
        /// From when it is no longer valid.
        pub expires_at: Option<Timestamp>,
    }
}

impl ApplicationRow {
    /// Whether it may get tokens, and use those that it has.
    pub fn is_active(&self) -> bool {
        self.disabled_at.is_none() && self.org_suspended_at.is_none()
    }
}

/// An order of applications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationSort {
    /// By name, from A to Z.
    NameAsc,
    /// By name, from Z to A.
    NameDesc,
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

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT p.client_id, p.name, p.org_code, p.bound_api_ids, p.token_lifetime, p.disabled_at, \
             o.suspended_at AS org_suspended_at, p.revision \
             FROM applications p LEFT JOIN organizations o ON o.code = p.org_code \
             WHERE p.deleted_at IS NULL AND o.deleted_at IS NULL ",
            $rest
        )
    };
}

/// An application by its client id. It ends with the organization that it is kept to.
pub async fn find_application(tx: &mut Tx, client_id: &ClientId) -> Result<Option<ApplicationRow>, StoreError> {
    Ok(fetch_optional!(tx, select!("AND p.client_id = $1"), client_id.as_str())?)
}

/// A page of applications: those behind one of them, which may have been deleted since.
pub async fn list_applications(
    tx: &mut Tx,
    sort: ApplicationSort,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<ApplicationRow>, StoreError> {
    let sql = match sort {
        ApplicationSort::NameAsc => select!(
            "AND ($1 IS NULL OR (p.name_folded, p.client_id) > \
             (SELECT name_folded, client_id FROM applications WHERE client_id = $1)) \
             ORDER BY p.name_folded, p.client_id LIMIT $2"
        ),
        ApplicationSort::NameDesc => select!(
            "AND ($1 IS NULL OR (p.name_folded, p.client_id) < \
             (SELECT name_folded, client_id FROM applications WHERE client_id = $1)) \
             ORDER BY p.name_folded DESC, p.client_id DESC LIMIT $2"
        ),
    };
    Ok(fetch_all!(tx, sql, after, i64::from(limit))?)
}

/// The secrets of an application that are valid now, the newest first.
pub async fn list_application_secrets(
    tx: &mut Tx,
    client_id: &ClientId,
    now: Timestamp,
) -> Result<Vec<ApplicationSecretRow>, StoreError> {
    const SQL: &str = "SELECT number, mac, secret_version, created_at, expires_at FROM application_secrets \
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

/// Writes an application that was found back, with another name, other APIs, and enabled or not.
pub async fn update_application(change: &mut Change, application: &ApplicationRow) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE applications SET name = $2, name_folded = $3, bound_api_ids = $4, token_lifetime = $5, \
         disabled_at = $6, revision = $7 WHERE client_id = $1 AND deleted_at IS NULL";
    let stamp = change.stamp();
    let updated = execute!(
        change,
        SQL,
        application.client_id.as_str(),
        application.name.as_str(),
        fold(&application.name),
        application.bound_api_ids.as_ref().map(to_json),
        i64::from(application.token_lifetime),
        application.disabled_at.map(Timestamp::as_micros),
        stamp
    )?;
    hit_one("applications", updated)
}

/// Gives an application that was found a new secret. Its newest one before goes on until `grace_ends_at`, and all others
/// end. Answers the number of the new one.
pub async fn replace_application_secret(
    change: &mut Change,
    application: &ApplicationRow,
    (mac, secret_version): (&SecretMac, SecretVersion),
    grace_ends_at: Timestamp,
) -> Result<u32, StoreError> {
    const LAST: &str = "SELECT MAX(number) AS count FROM application_secrets WHERE client_id = $1";
    const END: &str = "UPDATE application_secrets SET expires_at = $3, revision = $4 \
         WHERE client_id = $1 AND number < $2 AND (expires_at IS NULL OR expires_at > $3)";
    const GRACE: &str = "UPDATE application_secrets SET expires_at = $3, revision = $4 \
         WHERE client_id = $1 AND number = $2 AND (expires_at IS NULL OR expires_at > $3)";
    const SQL: &str = "INSERT INTO application_secrets (client_id, number, mac, secret_version, created_at, revision) \
         VALUES ($1, $2, $3, $4, $5, $6)";
    let (id, now, stamp) = (application.client_id.as_str(), change.now().as_micros(), change.stamp());
    let last: CountRow = fetch_one!(change, LAST, id)?;
    execute!(change, END, id, int(last.count), now, stamp)?;
    execute!(change, GRACE, id, int(last.count), grace_ends_at.as_micros(), stamp)?;
    let number = last.count + 1;
    execute!(change, SQL, id, int(number), mac.as_bytes(), i64::from(secret_version), now, stamp)?;
    u32::try_from(number).map_err(|_| StoreError::Corrupt("application_secrets.number".into()))
}

/// Ends a secret of an application that was found among those that are valid.
pub async fn end_application_secret(
    change: &mut Change,
    application: &ApplicationRow,
    number: u32,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE application_secrets SET expires_at = $3, revision = $4 \
         WHERE client_id = $1 AND number = $2 AND (expires_at IS NULL OR expires_at > $3)";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    let ended = execute!(change, SQL, application.client_id.as_str(), i64::from(number), now, stamp)?;
    hit_one("application_secrets", ended)
}

/// Deletes an application that was found: this one row, through which its tokens and grants end.
pub async fn delete_application(change: &mut Change, application: &ApplicationRow) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE applications SET deleted_at = $2, revision = $3 \
         WHERE client_id = $1 AND deleted_at IS NULL";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    hit_one("applications", execute!(change, SQL, application.client_id.as_str(), now, stamp)?)
}
