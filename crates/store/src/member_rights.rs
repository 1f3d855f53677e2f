//! What members of organizations are given: roles, and permissions without a role.

use keyward_core::{OrgCode, PermissionId, RoleId, UserId};

use crate::change::Change;
use crate::db::{execute, fetch_all, fetch_one};
use crate::members::MemberRow;
use crate::row::{CountRow, row};
use crate::{Revision, StoreError, Tx};

row! {
    /// A role of a member.
    pub struct MemberRoleRow {
        /// The role.
        pub role_id: RoleId,
        /// Its key.
        pub key: String,
        /// What people call it.
        pub name: String,
        /// The revision that gave it to the member.
        pub revision: Revision,
    }
}

row! {
    /// A permission of a member.
    pub struct MemberPermissionRow {
        /// The permission.
        pub permission_id: PermissionId,
        /// Its key.
        pub key: String,
        /// What people call it.
        pub name: String,
        /// What it is for.
        pub description: Option<String>,
        /// The role that it comes with; none if the member has it without.
        pub role_id: Option<RoleId>,
        /// That role's key.
        pub role_key: Option<String>,
        /// The revision that gave it: to the member, or to the role.
        pub revision: Revision,
    }
}

/// The roles of a member that was found, by key.
pub async fn list_member_roles(tx: &mut Tx, member: &MemberRow) -> Result<Vec<MemberRoleRow>, StoreError> {
    const SQL: &str = "SELECT r.id AS role_id, r.key, r.name, mr.revision \
         FROM member_roles mr JOIN roles r ON r.id = mr.role_id \
         WHERE mr.org_code = $1 AND mr.user_id = $2 AND mr.ended_at IS NULL AND r.deleted_at IS NULL ORDER BY r.key";
    Ok(fetch_all!(tx, SQL, member.org_code.as_str(), member.user_id.as_str())?)
}

/// The permissions of a member that was found, by key: each as often as the member has it, without a role or by one.
pub async fn list_member_permissions(tx: &mut Tx, member: &MemberRow) -> Result<Vec<MemberPermissionRow>, StoreError> {
    const DIRECT: &str = "SELECT p.id AS permission_id, p.key, p.name, p.description, NULL AS role_id, \
         NULL AS role_key, mp.revision FROM member_permissions mp JOIN permissions p ON p.id = mp.permission_id \
         WHERE mp.org_code = $1 AND mp.user_id = $2 AND mp.ended_at IS NULL AND p.deleted_at IS NULL ORDER BY p.key";
    const BY_ROLE: &str = "SELECT p.id AS permission_id, p.key, p.name, p.description, r.id AS role_id, \
         r.key AS role_key, rp.revision FROM member_roles mr JOIN roles r ON r.id = mr.role_id \
         JOIN role_permissions rp ON rp.role_id = r.id JOIN permissions p ON p.id = rp.permission_id \
         WHERE mr.org_code = $1 AND mr.user_id = $2 AND mr.ended_at IS NULL AND r.deleted_at IS NULL \
         AND rp.ended_at IS NULL AND p.deleted_at IS NULL ORDER BY p.key, r.key";
    let (org, user) = (member.org_code.as_str(), member.user_id.as_str());
    let mut rows: Vec<MemberPermissionRow> = fetch_all!(tx, DIRECT, org, user)?;
    let by_role: Vec<MemberPermissionRow> = fetch_all!(tx, BY_ROLE, org, user)?;
    rows.extend(by_role);
    rows.sort_by(|a, b| (&a.key, &a.role_key).cmp(&(&b.key, &b.role_key)));
    Ok(rows)
}

/// Gives a member a role; false if the member has it already.
pub async fn give_role(
    change: &mut Change,
    org_code: &OrgCode,
    user_id: &UserId,
    role_id: &RoleId,
) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO member_roles (org_code, user_id, role_id, created_at, revision) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (org_code, user_id, role_id) DO UPDATE \
         SET created_at = excluded.created_at, ended_at = NULL, revision = excluded.revision \
         WHERE member_roles.ended_at IS NOT NULL";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    let given = execute!(change, SQL, org_code.as_str(), user_id.as_str(), role_id.as_str(), now, stamp)?;
    Ok(given == 1)
}

/// Takes a role from a member; false if the member has not got it.
pub async fn take_role(change: &mut Change, member: &MemberRow, role_id: &RoleId) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE member_roles SET ended_at = $4, revision = $5 \
         WHERE org_code = $1 AND user_id = $2 AND role_id = $3 AND ended_at IS NULL";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    let (org, user) = (member.org_code.as_str(), member.user_id.as_str());
    Ok(execute!(change, SQL, org, user, role_id.as_str(), now, stamp)? == 1)
}

/// Gives a member a permission without a role; false if the member has it so already.
pub async fn give_permission(
    change: &mut Change,
    org_code: &OrgCode,
    user_id: &UserId,
    permission_id: &PermissionId,
) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO member_permissions (org_code, user_id, permission_id, created_at, revision) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (org_code, user_id, permission_id) DO UPDATE \
         SET created_at = excluded.created_at, ended_at = NULL, revision = excluded.revision \
         WHERE member_permissions.ended_at IS NOT NULL";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    let given = execute!(change, SQL, org_code.as_str(), user_id.as_str(), permission_id.as_str(), now, stamp)?;
    Ok(given == 1)
}

/// Takes a permission that a member has without a role; false if the member has it not, or by a role alone.
pub async fn take_permission(
    change: &mut Change,
    member: &MemberRow,
    permission_id: &PermissionId,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE member_permissions SET ended_at = $4, revision = $5 \
         WHERE org_code = $1 AND user_id = $2 AND permission_id = $3 AND ended_at IS NULL";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    let (org, user) = (member.org_code.as_str(), member.user_id.as_str());
    Ok(execute!(change, SQL, org, user, permission_id.as_str(), now, stamp)? == 1)
}

row! {
    /// Who has a role.
    struct UserIdRow {
        /// The user.
        id: UserId,
    }
}

// $1 is the organization, $2 the role.
macro_rules! role_users {
    ($columns:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM member_roles mr JOIN members m ON m.org_code = mr.org_code AND m.user_id = mr.user_id \
             JOIN users u ON u.id = mr.user_id WHERE mr.org_code = $1 AND mr.role_id = $2 AND mr.ended_at IS NULL \
             AND m.ended_at IS NULL AND u.deleted_at IS NULL ",
            $rest
        )
    };
}

/// A page of the members of an organization, which was found, that have a role, which was found.
pub async fn list_role_users(
    tx: &mut Tx,
    org_code: &OrgCode,
    role_id: &RoleId,
    (after, limit): (Option<&str>, u32),
) -> Result<Vec<UserId>, StoreError> {
    const SQL: &str = role_users!("u.id", "AND ($3 IS NULL OR u.id > $3) ORDER BY u.id LIMIT $4");
    let rows: Vec<UserIdRow> = fetch_all!(tx, SQL, org_code.as_str(), role_id.as_str(), after, i64::from(limit))?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// How many members of an organization, which was found, have a role, which was found.
pub async fn count_role_users(tx: &mut Tx, org_code: &OrgCode, role_id: &RoleId) -> Result<u64, StoreError> {
    const SQL: &str = role_users!("COUNT(*) AS count", "");
    let row: CountRow = fetch_one!(tx, SQL, org_code.as_str(), role_id.as_str())?;
    Ok(row.count)
}

row! {
    /// Who has a role anywhere.
    pub struct RoleHolderRow {
        /// The user.
        pub id: UserId,
        /// The codes of the organizations where the user has it, in their order, with a space between.
        pub org_codes: String,
    }
}

/// A page of the users that have a role, which was found, in any organization.
pub async fn list_role_holders(
    tx: &mut Tx,
    role_id: &RoleId,
    (after, limit): (Option<&str>, u32),
) -> Result<Vec<RoleHolderRow>, StoreError> {
    const SQL: &str = "SELECT u.id, string_agg(m.org_code, ' ' ORDER BY m.org_code) AS org_codes \
         FROM member_roles mr JOIN members m ON m.org_code = mr.org_code AND m.user_id = mr.user_id \
         JOIN users u ON u.id = mr.user_id JOIN organizations o ON o.code = mr.org_code \
         WHERE mr.role_id = $1 AND mr.ended_at IS NULL AND m.ended_at IS NULL AND u.deleted_at IS NULL \
         AND o.deleted_at IS NULL AND ($2 IS NULL OR u.id > $2) GROUP BY u.id ORDER BY u.id LIMIT $3";
    Ok(fetch_all!(tx, SQL, role_id.as_str(), after, i64::from(limit))?)
}
