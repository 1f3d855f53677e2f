//! Who is a member of an organization, changed: one request, one change.

use std::collections::BTreeSet;

use keyward_core::{OrgCode, OrgScope, PermissionId, RoleId, UserId};
use keyward_store::members::{self, MemberRow};
use keyward_store::{Change, NewEvent, member_rights, roles};
use keyward_wire::ErrorCode;
use keyward_wire::members::{AddedMember, MemberOperation, UpdatedMember};
use serde_json::json;

use super::{MAX_NAMED, MemberName, find_permission_by_key, find_role_by_key, require_member};
use crate::actions::Changed;
use crate::actions::callers::begin;
use crate::actions::listed::require_each_once;
use crate::actions::organizations::require_organization;
use crate::actions::users::find_user;
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::Refusal;

/// What became of the users of a request.
#[derive(Debug, Default)]
pub struct Moved {
    /// Those who were no members before.
    pub added: Vec<UserId>,
    /// Those who gained or lost a role or a permission.
    pub updated: Vec<UserId>,
    /// Those who are no members any more.
    pub removed: Vec<UserId>,
}

impl Moved {
    fn is_empty(&self) -> bool {
        self.added.is_empty() && self.updated.is_empty() && self.removed.is_empty()
    }
}

/// What a member is to have, by id; none where nothing is said.
#[derive(Debug, Default)]
struct Rights {
    roles: Option<BTreeSet<RoleId>>,
    permissions: Option<BTreeSet<PermissionId>>,
}

/// Makes users members. Those who are already are given what is named beside what they have.
pub async fn add_members(
    app: &App,
    caller: &Caller,
    org_code: &str,
    listed: &[AddedMember],
) -> Result<Changed<Moved>, Refusal> {
    require_each_once("users", listed.iter().map(|user| user.id.as_str()))?;
    let mut change = begin(app, caller).await?;
    let org_code = require_organization(&mut change, caller, org_code).await?.code;
    let mut moved = Moved::default();
    for (at, user) in listed.iter().enumerate() {
        let id = require_user(&mut change, &user.id, at).await?;
        let rights = read_rights(&mut change, at, user.roles.as_deref(), user.permissions.as_deref()).await?;
        match members::find_member(&mut change, &OrgScope::All, &org_code, &id).await? {
            None => {
                add(&mut change, &org_code, &id, &rights).await?;
                moved.added.push(id);
            }
            Some(_) if give(&mut change, &org_code, &id, &rights).await? => moved.updated.push(id),
            Some(_) => {}
        }
    }
    commit(app, change, org_code, moved).await
}

/// Makes users members, sets what members have, ends memberships.
pub async fn update_members(
    app: &App,
    caller: &Caller,
    org_code: &str,
    listed: &[UpdatedMember],
) -> Result<Changed<Moved>, Refusal> {
    require_each_once("users", listed.iter().map(|user| user.id.as_str()))?;
    let mut change = begin(app, caller).await?;
    let org_code = require_organization(&mut change, caller, org_code).await?.code;
    let mut moved = Moved::default();
    for (at, user) in listed.iter().enumerate() {
        let id = require_user(&mut change, &user.id, at).await?;
        let rights = read_rights(&mut change, at, user.roles.as_deref(), user.permissions.as_deref()).await?;
        let found = members::find_member(&mut change, &OrgScope::All, &org_code, &id).await?;
        match (found, user.operation) {
            (Some(member), Some(MemberOperation::Delete)) => {
                members::end_member(&mut change, &member).await?;
                moved.removed.push(id);
            }
            (None, Some(MemberOperation::Delete)) => {}
            (None, None) => {
                add(&mut change, &org_code, &id, &rights).await?;
                moved.added.push(id);
            }
            (Some(member), None) => {
                if set_rights(&mut change, &member, &rights).await? {
                    moved.updated.push(id);
                }
            }
        }
    }
    commit(app, change, org_code, moved).await
}

/// Ends a membership.
pub async fn remove_member(app: &App, caller: &Caller, named: &MemberName<'_>) -> Result<Changed<()>, Refusal> {
    let mut change = begin(app, caller).await?;
    let member = require_member(&mut change, caller, named).await?;
    members::end_member(&mut change, &member).await?;
    let moved = Moved { removed: vec![member.user_id], ..Moved::default() };
    let changed = commit(app, change, member.org_code, moved).await?;
    Ok(Changed { made: (), revision: changed.revision })
}

/// Makes a user, who is none, a member with the default roles.
pub(in crate::actions) async fn join(change: &mut Change, org_code: &OrgCode, id: &UserId) -> Result<(), Refusal> {
    add(change, org_code, id, &Rights::default()).await
}

async fn add(change: &mut Change, org_code: &OrgCode, id: &UserId, rights: &Rights) -> Result<(), Refusal> {
    members::insert_member(change, org_code, id).await?;
    if rights.roles.is_none() {
        for role in roles::list_default_roles(change).await? {
            member_rights::give_role(change, org_code, id, &role.id).await?;
        }
    }
    give(change, org_code, id, rights).await?;
    Ok(())
}

async fn commit(app: &App, change: Change, org_code: OrgCode, moved: Moved) -> Result<Changed<Moved>, Refusal> {
    if moved.is_empty() {
        return Ok(Changed { made: moved, revision: change.revision_before() });
    }
    let event = NewEvent {
        action: "organization.members_updated",
        target_id: org_code.to_string(),
        org_code: Some(org_code),
        details: json!({ "added": moved.added, "updated": moved.updated, "removed": moved.removed }),
    };
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: moved, revision })
}

/// Gives a member what is named, beside what is there; whether anything of it was new.
async fn give(change: &mut Change, org_code: &OrgCode, id: &UserId, rights: &Rights) -> Result<bool, Refusal> {
    let mut is_new = false;
    for role in rights.roles.iter().flatten() {
        is_new |= member_rights::give_role(change, org_code, id, role).await?;
    }
    for permission in rights.permissions.iter().flatten() {
        is_new |= member_rights::give_permission(change, org_code, id, permission).await?;
    }
    Ok(is_new)
}

/// Brings a member to have what is named, and no other; whether that changed anything.
async fn set_rights(change: &mut Change, member: &MemberRow, rights: &Rights) -> Result<bool, Refusal> {
    let mut has_changed = false;
    if let Some(wanted) = &rights.roles {
        for role in member_rights::list_member_roles(change, member).await? {
            if !wanted.contains(&role.role_id) {
                has_changed |= member_rights::take_role(change, member, &role.role_id).await?;
            }
        }
    }
    if let Some(wanted) = &rights.permissions {
        for permission in member_rights::list_member_permissions(change, member).await? {
            if permission.role_id.is_none() && !wanted.contains(&permission.permission_id) {
                has_changed |= member_rights::take_permission(change, member, &permission.permission_id).await?;
            }
        }
    }
    Ok(give(change, &member.org_code, &member.user_id, rights).await? || has_changed)
}

async fn require_user(change: &mut Change, id: &str, at: usize) -> Result<UserId, Refusal> {
    let found = find_user(change, id).await?;
    let unknown = || Refusal::about(ErrorCode::UserUnknown, &format!("users[{at}].id"), "is not the id of a user");
    found.map(|user| user.id).ok_or_else(unknown)
}

async fn read_rights(
    change: &mut Change,
    at: usize,
    role_keys: Option<&[String]>,
    permission_keys: Option<&[String]>,
) -> Result<Rights, Refusal> {
    let mut rights = Rights::default();
    if let Some(keys) = role_keys {
        let field = format!("users[{at}].roles");
        let mut ids = BTreeSet::new();
        for (at, key) in few(keys, &field)?.iter().enumerate() {
            let found = find_role_by_key(change, key).await?;
            let place = format!("{field}[{at}]");
            let unknown = || Refusal::about(ErrorCode::RoleUnknown, &place, "is not the key of a role");
            ids.insert(found.ok_or_else(unknown)?);
        }
        rights.roles = Some(ids);
    }
    if let Some(keys) = permission_keys {
        let field = format!("users[{at}].permissions");
        let mut ids = BTreeSet::new();
        for (at, key) in few(keys, &field)?.iter().enumerate() {
            let found = find_permission_by_key(change, key).await?;
            let place = format!("{field}[{at}]");
            let unknown = || Refusal::about(ErrorCode::PermissionUnknown, &place, "is not the key of a permission");
            ids.insert(found.ok_or_else(unknown)?);
        }
        rights.permissions = Some(ids);
    }
    Ok(rights)
}

fn few<'a>(keys: &'a [String], field: &str) -> Result<&'a [String], Refusal> {
    if keys.len() > MAX_NAMED { Err(Refusal::field(field, "must have at most 100 entries")) } else { Ok(keys) }
}
