//! What members are given, one at a time, and who has a role.

use keyward_core::{OrgCode, PermissionId, RoleId, UserId};
use keyward_store::member_rights::{self, MemberRoleRow, RoleHolderRow};
use keyward_store::{Change, NewEvent, Tx, permissions, roles};
use keyward_wire::ErrorCode;
use keyward_wire::members::{ListRoleUsersQuery, PermissionRole};

use super::{MemberName, MemberRow, require_member};
use crate::actions::Changed;
use crate::actions::callers::begin;
use crate::actions::organizations::require_organization;
use crate::actions::paging::{Page, read_asked};
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::Refusal;

/// The only order of the users with a role.
const BY_ID: &[((), &str)] = &[((), "holders.id_asc")];

/// A permission of a member, and the roles that it comes with.
#[derive(Debug)]
pub struct Permission {
    /// The permission.
    pub id: PermissionId,
    /// Its key.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The roles that it comes with; empty if the member has it without a role alone.
    pub roles: Vec<PermissionRole>,
}

/// The roles of a member.
pub async fn list_member_roles(
    app: &App,
    caller: &Caller,
    named: &MemberName<'_>,
) -> Result<Vec<MemberRoleRow>, Refusal> {
    let mut tx = app.read().await?;
    let member = require_member(&mut tx, caller, named).await?;
    Ok(member_rights::list_member_roles(&mut tx, &member).await?)
}

/// Gives a member a role.
pub async fn give_role(
    app: &App,
    caller: &Caller,
    named: &MemberName<'_>,
    role_id: &str,
) -> Result<Changed<()>, Refusal> {
    let mut change = begin(app, caller).await?;
    let member = require_member(&mut change, caller, named).await?;
    let unknown = || Refusal::about(ErrorCode::RoleUnknown, "role_id", "is not the id of a role");
    let id = find_role(&mut change, role_id).await?.ok_or_else(unknown)?;
    let had = member_rights::list_member_roles(&mut change, &member).await?;
    if let Some(had) = had.into_iter().find(|role| role.role_id == id) {
        return Ok(Changed { made: (), revision: app.leave(change, had.revision).await });
    }
    member_rights::give_role(&mut change, &member.org_code, &member.user_id, &id).await?;
    commit(app, change, event("member.role_given", &member).value("role_id", (), id)).await
}

/// Takes a role from a member.
pub async fn take_role(
    app: &App,
    caller: &Caller,
    named: &MemberName<'_>,
    role_id: &str,
) -> Result<Changed<()>, Refusal> {
    let unknown = || Refusal::new(ErrorCode::RoleNotFound);
    let mut change = begin(app, caller).await?;
    let member = require_member(&mut change, caller, named).await?;
    let id = find_role(&mut change, role_id).await?.ok_or_else(unknown)?;
    if !member_rights::take_role(&mut change, &member, &id).await? {
        return Err(unknown());
    }
    commit(app, change, event("member.role_taken", &member).value("role_id", id, ())).await
}

/// The permissions of a member, whether by a role or without.
pub async fn list_member_permissions(
    app: &App,
    caller: &Caller,
    named: &MemberName<'_>,
) -> Result<Vec<Permission>, Refusal> {
    let mut tx = app.read().await?;
    let member = require_member(&mut tx, caller, named).await?;
    let mut listed: Vec<Permission> = Vec::new();
    for row in member_rights::list_member_permissions(&mut tx, &member).await? {
        let role = row.role_id.zip(row.role_key).map(|(id, key)| PermissionRole { id, key });
        match listed.last_mut().filter(|last| last.id == row.permission_id) {
            Some(same) => same.roles.extend(role),
            None => listed.push(Permission {
                id: row.permission_id,
                key: row.key,
                name: row.name,
                description: row.description,
                roles: role.into_iter().collect(),
            }),
        }
    }
    Ok(listed)
}

/// Gives a member a permission without a role.
pub async fn give_permission(
    app: &App,
    caller: &Caller,
    named: &MemberName<'_>,
    permission_id: &str,
) -> Result<Changed<()>, Refusal> {
    let mut change = begin(app, caller).await?;
    let member = require_member(&mut change, caller, named).await?;
    let unknown = || Refusal::about(ErrorCode::PermissionUnknown, "permission_id", "is not the id of a permission");
    let id = find_permission(&mut change, permission_id).await?.ok_or_else(unknown)?;
    let had = member_rights::list_member_permissions(&mut change, &member).await?;
    if let Some(had) = had.into_iter().find(|row| row.permission_id == id && row.role_id.is_none()) {
        return Ok(Changed { made: (), revision: app.leave(change, had.revision).await });
    }
    member_rights::give_permission(&mut change, &member.org_code, &member.user_id, &id).await?;
    commit(app, change, event("member.permission_given", &member).value("permission_id", (), id)).await
}

/// Takes a permission from a member who has it without a role. What comes with a role is not the member's own.
pub async fn take_permission(
    app: &App,
    caller: &Caller,
    named: &MemberName<'_>,
    permission_id: &str,
) -> Result<Changed<()>, Refusal> {
    let unknown = || Refusal::new(ErrorCode::PermissionNotFound);
    let mut change = begin(app, caller).await?;
    let member = require_member(&mut change, caller, named).await?;
    let id = find_permission(&mut change, permission_id).await?.ok_or_else(unknown)?;
    if !member_rights::take_permission(&mut change, &member, &id).await? {
        return Err(unknown());
    }
    commit(app, change, event("member.permission_taken", &member).value("permission_id", id, ())).await
}

/// A page of the members of an organization that have a role.
pub async fn list_role_users(
    app: &App,
    caller: &Caller,
    (org_code, role_id): (&str, &str),
    query: &ListRoleUsersQuery,
) -> Result<Page<UserId>, Refusal> {
    let asked = read_asked(query.page_size, query.next_token.as_deref(), None, BY_ID)?;
    let mut tx = app.read().await?;
    let (org_code, role_id) = require_role(&mut tx, caller, org_code, role_id).await?;
    let page = (asked.after.as_deref(), asked.limit());
    let ids = member_rights::list_role_users(&mut tx, &org_code, &role_id, page).await?;
    Ok(asked.page(ids, BY_ID, UserId::as_str))
}

/// A page of the users that have a role in any organization.
pub async fn list_role_holders(
    app: &App,
    role_id: &str,
    query: &ListRoleUsersQuery,
) -> Result<Page<RoleHolderRow>, Refusal> {
    let asked = read_asked(query.page_size, query.next_token.as_deref(), None, BY_ID)?;
    let mut tx = app.read().await?;
    let role = find_role(&mut tx, role_id).await?.ok_or_else(|| Refusal::new(ErrorCode::RoleNotFound))?;
    let page = (asked.after.as_deref(), asked.limit());
    let rows = member_rights::list_role_holders(&mut tx, &role, page).await?;
    Ok(asked.page(rows, BY_ID, |row| row.id.as_str()))
}

/// How many members of an organization have a role.
pub async fn count_role_users(app: &App, caller: &Caller, org_code: &str, role_id: &str) -> Result<u64, Refusal> {
    let mut tx = app.read().await?;
    let (org_code, role_id) = require_role(&mut tx, caller, org_code, role_id).await?;
    Ok(member_rights::count_role_users(&mut tx, &org_code, &role_id).await?)
}

async fn require_role(
    tx: &mut Tx,
    caller: &Caller,
    org_code: &str,
    role_id: &str,
) -> Result<(OrgCode, RoleId), Refusal> {
    let organization = require_organization(tx, caller, org_code).await?;
    let role = find_role(tx, role_id).await?.ok_or_else(|| Refusal::new(ErrorCode::RoleNotFound))?;
    Ok((organization.code, role))
}

async fn find_role(tx: &mut Tx, id: &str) -> Result<Option<RoleId>, Refusal> {
    let Some(id) = RoleId::parse(id) else { return Ok(None) };
    Ok(roles::find_role(tx, &id).await?.map(|role| role.id))
}

async fn find_permission(tx: &mut Tx, id: &str) -> Result<Option<PermissionId>, Refusal> {
    let Some(id) = PermissionId::parse(id) else { return Ok(None) };
    Ok(permissions::find_permission(tx, &id).await?.map(|permission| permission.id))
}

fn event(action: &'static str, member: &MemberRow) -> NewEvent {
    NewEvent::new(action, &member.user_id).in_organization(Some(member.org_code.clone()))
}

async fn commit(app: &App, change: Change, event: NewEvent) -> Result<Changed<()>, Refusal> {
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: (), revision })
}
