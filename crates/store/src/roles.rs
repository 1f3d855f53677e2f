//! Roles: what members of organizations are given.

use std::collections::BTreeSet;

use keyward_core::bounds::fold;
use keyward_core::{AccessKey, RoleId, SystemPermission};

use crate::change::Change;
use crate::db::{execute, fetch_all, fetch_optional};
use crate::row::{hit_one, row, to_json};
use crate::{Revision, StoreError, Tx};

row! {
    /// A role as it is stored.
    pub struct RoleRow {
        /// The role's id.
        pub id: RoleId,
        /// The role's key.
        pub key: AccessKey,
        /// What people call it.
        pub name: String,
        /// What it is for.
        pub description: Option<String>,
        /// Whether new members are given it.
        pub is_default: bool,
        /// Keyward's own permissions that it carries.
        pub system_permissions: BTreeSet<SystemPermission>,
        /// The revision of its last change.
        pub revision: Revision,
    }
}

/// A role to store. It carries nothing yet.
#[derive(Clone, Debug)]
pub struct NewRole<'a> {
    /// The role's id.
    pub id: &'a RoleId,
    /// The role's key.
    pub key: &'a AccessKey,
    /// What people call it.
    pub name: &'a str,
    /// What it is for.
    pub description: Option<&'a str>,
    /// Whether new members are given it.
    pub is_default: bool,
}

/// An order of roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleSort {
    /// By name, from A to Z.
    NameAsc,
    /// By name, from Z to A.
    NameDesc,
    /// By key, from A to Z.
    KeyAsc,
    /// By key, from Z to A.
    KeyDesc,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, key, name, description, is_default, system_permissions, revision \
             FROM roles WHERE deleted_at IS NULL ",
            $rest
        )
    };
}

/// A role by its id.
pub async fn find_role(tx: &mut Tx, id: &RoleId) -> Result<Option<RoleRow>, StoreError> {
    Ok(fetch_optional!(tx, select!("AND id = $1"), id.as_str())?)
}

/// A role by its key.
pub async fn find_role_by_key(tx: &mut Tx, key: &str) -> Result<Option<RoleRow>, StoreError> {
    Ok(fetch_optional!(tx, select!("AND key = $1"), key)?)
}

/// The roles that new members are given, by key.
pub async fn list_default_roles(tx: &mut Tx) -> Result<Vec<RoleRow>, StoreError> {
    Ok(fetch_all!(tx, select!("AND is_default ORDER BY key"))?)
}

/// A page of roles: those behind one of them, which may have been deleted since.
pub async fn list_roles(
    tx: &mut Tx,
    sort: RoleSort,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<RoleRow>, StoreError> {
    let sql = match sort {
        RoleSort::NameAsc => select!(
            "AND ($1 IS NULL OR (name_folded, id) > (SELECT name_folded, id FROM roles WHERE id = $1)) \
             ORDER BY name_folded, id LIMIT $2"
        ),
        RoleSort::NameDesc => select!(
            "AND ($1 IS NULL OR (name_folded, id) < (SELECT name_folded, id FROM roles WHERE id = $1)) \
             ORDER BY name_folded DESC, id DESC LIMIT $2"
        ),
        RoleSort::KeyAsc => select!(
            "AND ($1 IS NULL OR (key, id) > (SELECT key, id FROM roles WHERE id = $1)) \
             ORDER BY key, id LIMIT $2"
        ),
        RoleSort::KeyDesc => select!(
            "AND ($1 IS NULL OR (key, id) < (SELECT key, id FROM roles WHERE id = $1)) \
             ORDER BY key DESC, id DESC LIMIT $2"
        ),
    };
    Ok(fetch_all!(tx, sql, after, i64::from(limit))?)
}

/// Stores a role.
pub async fn insert_role(change: &mut Change, new: &NewRole<'_>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO roles (id, key, name, name_folded, description, is_default, system_permissions, \
         created_at, revision) VALUES ($1, $2, $3, $4, $5, $6, '[]', $7, $8)";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    execute!(
        change,
        SQL,
        new.id.as_str(),
        new.key.as_str(),
        new.name,
        fold(new.name),
        new.description,
        new.is_default,
        now,
        stamp
    )?;
    Ok(())
}

/// Writes a role that was found back, with whatever of it is new.
pub async fn update_role(change: &mut Change, role: &RoleRow) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE roles SET key = $2, name = $3, name_folded = $4, description = $5, is_default = $6, \
         system_permissions = $7, revision = $8 WHERE id = $1 AND deleted_at IS NULL";
    let stamp = change.stamp();
    let carried: Vec<&str> = role.system_permissions.iter().map(|permission| permission.key()).collect();
    let updated = execute!(
        change,
        SQL,
        role.id.as_str(),
        role.key.as_str(),
        role.name.as_str(),
        fold(&role.name),
        role.description.as_deref(),
        role.is_default,
        to_json(&carried),
        stamp
    )?;
    hit_one("roles", updated)
}

/// Deletes a role that was found: this one row, so that it leaves every member at once.
pub async fn delete_role(change: &mut Change, role: &RoleRow) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE roles SET deleted_at = $2, revision = $3 WHERE id = $1 AND deleted_at IS NULL";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    hit_one("roles", execute!(change, SQL, role.id.as_str(), now, stamp)?)
}
