//! Members of organizations.

use keyward_core::{OrgCode, OrgScope, PermissionId, RoleId, Timestamp, UserId};

use crate::change::Change;
use crate::db::{execute, fetch_all, fetch_optional};
use crate::row::{hit_one, int, row};
use crate::users::FoldedNameRow;
use crate::{Revision, StoreError, Tx};

row! {
    /// A member as it is stored, with what is known of the user.
    pub struct MemberRow {
        /// The organization.
        pub org_code: OrgCode,
        /// The user.
        pub user_id: UserId,
        /// The first name.
        pub given_name: Option<String>,
        /// The last name.
        pub family_name: Option<String>,
        /// The e-mail address.
        pub email: Option<String>,
        /// Since when the user is suspended.
        pub suspended_at: Option<Timestamp>,
        /// When the user became a member.
        pub joined_at: Timestamp,
        /// The keys of the roles, in their order, with a space between.
        pub roles: Option<String>,
        /// The revision of the membership.
        pub revision: Revision,
    }
}

/// An order of members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberSort {
    /// By name, from A to Z.
    NameAsc,
    /// By name, from Z to A.
    NameDesc,
    /// By e-mail address, from A to Z; who has none comes first.
    EmailAsc,
    /// By e-mail address, from Z to A.
    EmailDesc,
}

/// Which members to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemberFilter<'a> {
    /// Only those that have all of these roles.
    pub roles: &'a [RoleId],
    /// Only those that have all of these permissions, by a role or without.
    pub permissions: &'a [PermissionId],
}

// $1 is what the caller is kept to, $2 the organization.
macro_rules! select {
    ($rest:expr) => {
        concat!(
            "SELECT m.org_code, m.user_id, u.given_name, u.family_name, u.email, u.suspended_at, \
             m.created_at AS joined_at, m.revision, \
             (SELECT string_agg(r.key, ' ' ORDER BY r.key) FROM member_roles mr JOIN roles r ON r.id = mr.role_id \
                 WHERE mr.org_code = m.org_code AND mr.user_id = m.user_id AND mr.ended_at IS NULL \
                 AND r.deleted_at IS NULL) AS roles \
             FROM members m JOIN users u ON u.id = m.user_id JOIN organizations o ON o.code = m.org_code \
             WHERE ($1 IS NULL OR m.org_code = $1) AND m.org_code = $2 AND m.ended_at IS NULL \
             AND u.deleted_at IS NULL AND o.deleted_at IS NULL ",
            $rest
        )
    };
}

// $4 and $6 are ids, one behind the other, and $5 and $7 how many they are: ids have no letter that LIKE takes for another.
macro_rules! list {
    ($rest:literal) => {
        select!(concat!(
            "AND ($5 = 0 OR $5 = (SELECT COUNT(*) FROM member_roles mr JOIN roles r ON r.id = mr.role_id \
                 WHERE mr.org_code = m.org_code AND mr.user_id = m.user_id AND mr.ended_at IS NULL \
                 AND r.deleted_at IS NULL AND $4 LIKE '%' || r.id || '%')) \
             AND ($7 = 0 OR $7 = (SELECT COUNT(*) FROM permissions p \
                 WHERE p.deleted_at IS NULL AND $6 LIKE '%' || p.id || '%' \
                 AND (EXISTS (SELECT 1 FROM member_permissions mp WHERE mp.org_code = m.org_code \
                     AND mp.user_id = m.user_id AND mp.permission_id = p.id AND mp.ended_at IS NULL) \
                 OR EXISTS (SELECT 1 FROM member_roles mr JOIN roles r ON r.id = mr.role_id \
                     JOIN role_permissions rp ON rp.role_id = r.id \
                     WHERE mr.org_code = m.org_code AND mr.user_id = m.user_id AND mr.ended_at IS NULL \
                     AND r.deleted_at IS NULL AND rp.permission_id = p.id AND rp.ended_at IS NULL)))) \
             AND ($3 IS NULL OR ",
            $rest
        ))
    };
}

/// A member of an organization.
pub async fn find_member(
    tx: &mut Tx,
    scope: &OrgScope,
    org_code: &OrgCode,
    user_id: &UserId,
) -> Result<Option<MemberRow>, StoreError> {
    let within = scope.org_code().map(OrgCode::as_str);
    Ok(fetch_optional!(tx, select!("AND m.user_id = $3"), within, org_code.as_str(), user_id.as_str())?)
}

/// The name by which lists are ordered, of a user that is a member of an organization or was one, and may have been
/// deleted; none if it was erased.
pub async fn find_folded_member_name(
    tx: &mut Tx,
    scope: &OrgScope,
    org_code: &OrgCode,
    user_id: &UserId,
) -> Result<Option<String>, StoreError> {
    const SQL: &str = "SELECT u.name_folded FROM members m JOIN users u ON u.id = m.user_id \
         WHERE ($1 IS NULL OR m.org_code = $1) AND m.org_code = $2 AND m.user_id = $3";
    let within = scope.org_code().map(OrgCode::as_str);
    let row: Option<FoldedNameRow> = fetch_optional!(tx, SQL, within, org_code.as_str(), user_id.as_str())?;
    Ok(row.and_then(FoldedNameRow::name))
}

/// A page of an organization's members: those behind one of them, which may have left or have been deleted since. Behind
/// somebody who never was one there is nobody: where a stranger's name stands in the order is nobody's business.
pub async fn list_members(
    tx: &mut Tx,
    scope: &OrgScope,
    org_code: &OrgCode,
    filter: MemberFilter<'_>,
    (sort, after, limit): (MemberSort, Option<&str>, u32),
) -> Result<Vec<MemberRow>, StoreError> {
    let sql = match sort {
        MemberSort::NameAsc => list!(
            "(u.name_folded, u.id) > (SELECT c.name_folded, c.id FROM users c JOIN members cm ON cm.user_id = c.id \
             WHERE c.id = $3 AND cm.org_code = $2)) ORDER BY u.name_folded, u.id LIMIT $8"
        ),
        MemberSort::NameDesc => list!(
            "(u.name_folded, u.id) < (SELECT c.name_folded, c.id FROM users c JOIN members cm ON cm.user_id = c.id \
             WHERE c.id = $3 AND cm.org_code = $2)) ORDER BY u.name_folded DESC, u.id DESC LIMIT $8"
        ),
        MemberSort::EmailAsc => list!(
            "(COALESCE(u.email, ''), u.id) > (SELECT COALESCE(c.email, ''), c.id FROM users c \
             JOIN members cm ON cm.user_id = c.id WHERE c.id = $3 AND cm.org_code = $2)) \
             ORDER BY COALESCE(u.email, ''), u.id LIMIT $8"
        ),
        MemberSort::EmailDesc => list!(
            "(COALESCE(u.email, ''), u.id) < (SELECT COALESCE(c.email, ''), c.id FROM users c \
             JOIN members cm ON cm.user_id = c.id WHERE c.id = $3 AND cm.org_code = $2)) \
             ORDER BY COALESCE(u.email, '') DESC, u.id DESC LIMIT $8"
        ),
    };
    let within = scope.org_code().map(OrgCode::as_str);
    let roles: String = filter.roles.iter().map(RoleId::as_str).collect();
    let permissions: String = filter.permissions.iter().map(PermissionId::as_str).collect();
    let (role_count, permission_count) = (int(filter.roles.len() as u64), int(filter.permissions.len() as u64));
    Ok(fetch_all!(
        tx,
        sql,
        within,
        org_code.as_str(),
        after,
        roles.as_str(),
        role_count,
        permissions.as_str(),
        permission_count,
        i64::from(limit)
    )?)
}

/// Makes a user, who is none, a member of an organization. Who was one before begins anew.
pub async fn insert_member(change: &mut Change, org_code: &OrgCode, user_id: &UserId) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO members (org_code, user_id, created_at, revision) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (org_code, user_id) DO UPDATE \
         SET created_at = excluded.created_at, ended_at = NULL, revision = excluded.revision \
         WHERE members.ended_at IS NOT NULL";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    hit_one("members", execute!(change, SQL, org_code.as_str(), user_id.as_str(), now, stamp)?)
}

/// Ends a membership that was found, and what the member was given there.
pub async fn end_member(change: &mut Change, member: &MemberRow) -> Result<(), StoreError> {
    macro_rules! end {
        ($table:literal) => {
            concat!(
                "UPDATE ",
                $table,
                " SET ended_at = $3, revision = $4 WHERE org_code = $1 AND user_id = $2 AND ended_at IS NULL"
            )
        };
    }
    let (org, user) = (member.org_code.as_str(), member.user_id.as_str());
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    hit_one("members", execute!(change, end!("members"), org, user, now, stamp)?)?;
    execute!(change, end!("member_roles"), org, user, now, stamp)?;
    execute!(change, end!("member_permissions"), org, user, now, stamp)?;
    Ok(())
}
