//! Organizations: owners of keys.

use keyward_core::bounds::fold;
use keyward_core::{OrgCode, OrgScope, Timestamp};

use crate::change::Change;
use crate::db::{execute, fetch_optional};
use crate::row::row;
use crate::{StoreError, Tx};

row! {
    /// An organization as it is stored.
    pub struct OrganizationRow {
        /// The organization's code.
        pub code: OrgCode,
        /// The platform's own id of it.
        pub external_id: Option<String>,
        /// What people call it.
        pub name: String,
        /// When it was made.
        pub created_at: Timestamp,
        /// Since when it is suspended.
        pub suspended_at: Option<Timestamp>,
    }
}

/// An organization to store.
#[derive(Clone, Debug)]
pub struct NewOrganization<'a> {
    /// The organization's code.
    pub code: &'a OrgCode,
    /// The platform's own id of it.
    pub external_id: Option<&'a str>,
    /// What people call it.
    pub name: &'a str,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT code, external_id, name, created_at, suspended_at FROM organizations \
             WHERE deleted_at IS NULL AND ($1 IS NULL OR code = $1) AND ",
            $rest
        )
    };
}

/// An organization by its code.
pub async fn find_organization(
    tx: &mut Tx,
    scope: &OrgScope,
    code: &OrgCode,
) -> Result<Option<OrganizationRow>, StoreError> {
    let within = scope.org_code().map(OrgCode::as_str);
    Ok(fetch_optional!(tx, select!("code = $2"), within, code.as_str())?)
}

/// An organization by the platform's own id of it.
pub async fn find_organization_by_external_id(
    tx: &mut Tx,
    scope: &OrgScope,
    external_id: &str,
) -> Result<Option<OrganizationRow>, StoreError> {
    let within = scope.org_code().map(OrgCode::as_str);
    Ok(fetch_optional!(tx, select!("external_id = $2"), within, external_id)?)
}

/// Stores an organization.
pub async fn insert_organization(change: &mut Change, new: &NewOrganization<'_>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO organizations (code, external_id, name, name_folded, created_at, revision) \
         VALUES ($1, $2, $3, $4, $5, $6)";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    execute!(change, SQL, new.code.as_str(), new.external_id, new.name, fold(new.name), now, stamp)?;
    Ok(())
}
