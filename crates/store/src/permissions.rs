//! Permissions: the platform's own words for what a member may do in its product.

use keyward_core::bounds::fold;
use keyward_core::{AccessKey, PermissionId, RoleId};

use crate::change::Change;
use crate::db::{execute, fetch_all, fetch_optional};
use crate::row::{hit_one, row};
use crate::{Revision, StoreError, Tx};

row! {
    /// A permission as it is stored.
    pub struct PermissionRow {
        /// The permission's id.
        pub id: PermissionId,
        /// The permission's key.
        pub key: AccessKey,
        /// What people call it.
        pub name: String,
        /// What it permits.
        pub description: Option<String>,
        /// The revision of its last change.
        pub revision: Revision,
    }
}

/// A permission to store.
#[derive(Clone, Debug)]
pub struct NewPermission<'a> {
    /// The permission's id.
    pub id: &'a PermissionId,
    /// The permission's key.
    pub key: &'a AccessKey,
    /// What people call it.
    pub name: &'a str,
    /// What it permits.
    pub description: Option<&'a str>,
}

/// An order of permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PermissionSort {
    /// By name, from A to Z.
    NameAsc,
    /// By name, from Z to A.
    NameDesc,
    /// By id, ascending.
    IdAsc,
    /// By id, descending.
    IdDesc,
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, key, name, description, revision FROM permissions WHERE deleted_at IS NULL ", $rest)
    };
}

/// A permission by its id.
pub async fn find_permission(tx: &mut Tx, id: &PermissionId) -> Result<Option<PermissionRow>, StoreError> {
    Ok(fetch_optional!(tx, select!("AND id = $1"), id.as_str())?)
}

/// A permission by its key.
pub async fn find_permission_by_key(tx: &mut Tx, key: &str) -> Result<Option<PermissionRow>, StoreError> {
    Ok(fetch_optional!(tx, select!("AND key = $1"), key)?)
}

macro_rules! page {
    ($behind:literal, $order:literal) => {
        concat!(
            "SELECT id, key, name, description, revision FROM permissions WHERE deleted_at IS NULL \
             AND ($1 IS NULL OR EXISTS (SELECT 1 FROM role_permissions g \
             WHERE g.role_id = $1 AND g.permission_id = permissions.id AND g.ended_at IS NULL)) \
             AND ($2 IS NULL OR ",
            $behind,
            ") ORDER BY ",
            $order,
            " LIMIT $3"
        )
    };
}

/// A page of permissions, of all or of those that a role carries: those behind one of them, which may have been deleted
/// or taken from the role since.
pub async fn list_permissions(
    tx: &mut Tx,
    role_id: Option<&RoleId>,
    sort: PermissionSort,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<PermissionRow>, StoreError> {
    let sql = match sort {
        PermissionSort::NameAsc => page!(
            "(name_folded, id) > (SELECT p.name_folded, p.id FROM permissions p WHERE p.id = $2)",
            "name_folded, id"
        ),
        PermissionSort::NameDesc => page!(
            "(name_folded, id) < (SELECT p.name_folded, p.id FROM permissions p WHERE p.id = $2)",
            "name_folded DESC, id DESC"
        ),
        PermissionSort::IdAsc => page!("id > $2", "id"),
        PermissionSort::IdDesc => page!("id < $2", "id DESC"),
    };
    Ok(fetch_all!(tx, sql, role_id.map(RoleId::as_str), after, i64::from(limit))?)
}

/// Stores a permission.
pub async fn insert_permission(change: &mut Change, new: &NewPermission<'_>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO permissions (id, key, name, name_folded, description, created_at, revision) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    let (id, key) = (new.id.as_str(), new.key.as_str());
    execute!(change, SQL, id, key, new.name, fold(new.name), new.description, now, stamp)?;
    Ok(())
}

/// Writes a permission that was found back, with whatever of it is new.
pub async fn update_permission(change: &mut Change, permission: &PermissionRow) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE permissions SET key = $2, name = $3, name_folded = $4, description = $5, revision = $6 \
         WHERE id = $1 AND deleted_at IS NULL";
    let stamp = change.stamp();
    let updated = execute!(
        change,
        SQL,
        permission.id.as_str(),
        permission.key.as_str(),
        permission.name.as_str(),
        fold(&permission.name),
        permission.description.as_deref(),
        stamp
    )?;
    hit_one("permissions", updated)
}

/// Deletes a permission that was found: this one row, so that it leaves every role and every member at once.
pub async fn delete_permission(change: &mut Change, permission: &PermissionRow) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE permissions SET deleted_at = $2, revision = $3 WHERE id = $1 AND deleted_at IS NULL";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    hit_one("permissions", execute!(change, SQL, permission.id.as_str(), now, stamp)?)
}
