//! Members of organizations: listed, and found by whatever changes them.

mod change;
mod rights;

use keyward_core::{AccessKey, OrgCode, PermissionId, RoleId, UserId};
pub use keyward_store::members::MemberRow;
use keyward_store::members::{self, MemberFilter, MemberSort};
use keyward_store::{Tx, permissions, roles};
use keyward_wire::ErrorCode;
use keyward_wire::members::ListMembersQuery;
use keyward_wire::organizations::NameOrEmailSort;

use crate::actions::organizations::require_organization;
use crate::actions::paging::{Page, placeless, read_asked, read_list};
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::Refusal;

pub(super) use self::change::join;
pub use self::change::{add_members, remove_member, update_members};
pub use self::rights::{
    Permission, count_role_users, give_permission, give_role, list_member_permissions, list_member_roles,
    list_role_holders, list_role_users, take_permission, take_role,
};

/// The orders of the list, the usual one first.
const SORTS: &[(MemberSort, &str)] = &[
    (MemberSort::NameAsc, "members.name_asc"),
    (MemberSort::NameDesc, "members.name_desc"),
    (MemberSort::EmailAsc, "members.email_asc"),
    (MemberSort::EmailDesc, "members.email_desc"),
];
/// Roles, or permissions, of one user in a request.
const MAX_NAMED: usize = 100;

/// A member, as its address names it.
#[derive(Clone, Copy, Debug)]
pub struct MemberName<'a> {
    /// The organization.
    pub org_code: &'a str,
    /// The user.
    pub user_id: &'a str,
}

/// A page of an organization's members.
pub async fn list_members(
    app: &App,
    caller: &Caller,
    org_code: &str,
    query: &ListMembersQuery,
) -> Result<Page<MemberRow>, Refusal> {
    let sort = query.sort.map(|sort| match sort {
        NameOrEmailSort::NameAsc => MemberSort::NameAsc,
        NameOrEmailSort::NameDesc => MemberSort::NameDesc,
        NameOrEmailSort::EmailAsc => MemberSort::EmailAsc,
        NameOrEmailSort::EmailDesc => MemberSort::EmailDesc,
    });
    let asked = read_asked(query.page_size, query.next_token.as_deref(), sort, SORTS)?;
    let role_keys = query.roles.as_deref().map_or(Ok(Vec::new()), |keys| read_list(keys, "roles"))?;
    let permission_keys = query.permissions.as_deref().map_or(Ok(Vec::new()), |keys| read_list(keys, "permissions"))?;
    let mut tx = app.read().await?;
    let organization = require_organization(&mut tx, caller, org_code).await?;
    let nobody = Page { rows: Vec::new(), next_token: None };
    let mut role_ids = Vec::new();
    for key in role_keys {
        let Some(id) = find_role_by_key(&mut tx, key).await? else { return Ok(nobody) };
        role_ids.push(id);
    }
    let mut permission_ids = Vec::new();
    for key in permission_keys {
        let Some(id) = find_permission_by_key(&mut tx, key).await? else { return Ok(nobody) };
        permission_ids.push(id);
    }
    if let Some(after) = asked.after.as_deref() {
        require_place(&mut tx, caller, &organization.code, after).await?;
    }
    let filter = MemberFilter { roles: &role_ids, permissions: &permission_ids };
    let page = (asked.sort, asked.after.as_deref(), asked.limit());
    let rows = members::list_members(&mut tx, &caller.org_scope, &organization.code, filter, page).await?;
    Ok(asked.page(rows, SORTS, |row| row.user_id.as_str()))
}

/// Refuses to go on behind a user who has no place in the order of these members: one who was erased, and one who never
/// was a member. Whether such a user exists elsewhere is not told.
async fn require_place(tx: &mut Tx, caller: &Caller, org_code: &OrgCode, user_id: &str) -> Result<(), Refusal> {
    let name = match UserId::parse(user_id) {
        Some(id) => members::find_folded_member_name(tx, &caller.org_scope, org_code, &id).await?,
        None => None,
    };
    name.map(|_| ()).ok_or_else(|| placeless("next_token"))
}

/// A member by the ids that a caller sent.
async fn require_member(tx: &mut Tx, caller: &Caller, named: &MemberName<'_>) -> Result<MemberRow, Refusal> {
    let organization = require_organization(tx, caller, named.org_code).await?;
    let found = match UserId::parse(named.user_id) {
        Some(id) => members::find_member(tx, &caller.org_scope, &organization.code, &id).await?,
        None => None,
    };
    found.ok_or_else(|| Refusal::new(ErrorCode::MemberNotFound))
}

/// A role by a key that a caller sent.
async fn find_role_by_key(tx: &mut Tx, key: &str) -> Result<Option<RoleId>, Refusal> {
    if AccessKey::parse(key).is_err() {
        return Ok(None);
    }
    Ok(roles::find_role_by_key(tx, key).await?.map(|role| role.id))
}

/// A permission by a key that a caller sent.
async fn find_permission_by_key(tx: &mut Tx, key: &str) -> Result<Option<PermissionId>, Refusal> {
    if AccessKey::parse(key).is_err() {
        return Ok(None);
    }
    Ok(permissions::find_permission_by_key(tx, key).await?.map(|permission| permission.id))
}
