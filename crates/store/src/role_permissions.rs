//! Which permissions a role carries. Those that it carries now are listed by
//! [`list_permissions`](crate::permissions::list_permissions).

use keyward_core::{PermissionId, RoleId};

use crate::StoreError;
use crate::change::Change;
use crate::db::execute;

/// Gives a role a permission, anew if it had it once; false if it has it.
pub async fn put_role_permission(
    change: &mut Change,
    role_id: &RoleId,
    permission_id: &PermissionId,
) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO role_permissions (role_id, permission_id, created_at, revision) \
         VALUES ($1, $2, $3, $4) ON CONFLICT (role_id, permission_id) DO UPDATE \
         SET created_at = excluded.created_at, ended_at = NULL, revision = excluded.revision \
         WHERE role_permissions.ended_at IS NOT NULL";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    Ok(execute!(change, SQL, role_id.as_str(), permission_id.as_str(), now, stamp)? == 1)
}

/// Takes a permission from a role; false if the role does not have it.
pub async fn end_role_permission(
    change: &mut Change,
    role_id: &RoleId,
    permission_id: &PermissionId,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE role_permissions SET ended_at = $3, revision = $4 \
         WHERE role_id = $1 AND permission_id = $2 AND ended_at IS NULL";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    Ok(execute!(change, SQL, role_id.as_str(), permission_id.as_str(), now, stamp)? == 1)
}
