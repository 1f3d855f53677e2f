//! Who is a member of an organization, changed: one request, one change.

use std::collections::{BTreeMap, BTreeSet};

use keyward_core::{OrgCode, OrgScope, PermissionId, RoleId, UserId};
use keyward_store::members::{self, MemberRow};
use keyward_store::{Change, NewEvent, member_rights, roles};
use keyward_wire::ErrorCode;
use keyward_wire::members::{AddedMember, MemberOperation, UpdatedMember};
use serde::Serialize;

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
    /// What they gained and lost, for the audit log.
    rights: BTreeMap<UserId, Exchanged>,
}

impl Moved {
    fn is_empty(&self) -> bool {
        self.added.is_empty() && self.updated.is_empty() && self.removed.is_empty()
    }

    fn add(&mut self, id: UserId, given: Exchanged) {
        self.added.push(id.clone());
        self.rights.insert(id, given);
    }

    fn update(&mut self, id: UserId, exchanged: Exchanged) {
        if !exchanged.is_nothing() {
            self.updated.push(id.clone());
            self.rights.insert(id, exchanged);
        }
    }
}

/// What a member gained and lost.
#[derive(Debug, Default, Serialize)]
struct Exchanged {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles_given: Vec<RoleId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles_taken: Vec<RoleId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    permissions_given: Vec<PermissionId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    permissions_taken: Vec<PermissionId>,
}

impl Exchanged {
    fn is_nothing(&self) -> bool {
        self.roles_given.is_empty()
            && self.roles_taken.is_empty()
            && self.permissions_given.is_empty()
            && self.permissions_taken.is_empty()
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
                let given = add(&mut change, &org_code, &id, &rights).await?;
                moved.add(id, given);
            }
            Some(_) => {
                let given = give(&mut change, &org_code, &id, &rights).await?;
                moved.update(id, given);
            }
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
                let given = add(&mut change, &org_code, &id, &rights).await?;
                moved.add(id, given);
            }
            (Some(member), None) => {
                let exchanged = set_rights(&mut change, &member, &rights).await?;
                moved.update(id, exchanged);
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
    add(change, org_code, id, &Rights::default()).await?;
    Ok(())
}

async fn add(change: &mut Change, org_code: &OrgCode, id: &UserId, rights: &Rights) -> Result<Exchanged, Refusal> {
    members::insert_member(change, org_code, id).await?;
    let mut given = Vec::new();
    if rights.roles.is_none() {
        for role in roles::list_default_roles(change).await? {
            member_rights::give_role(change, org_code, id, &role.id).await?;
            given.push(role.id);
        }
    }
    let mut exchanged = give(change, org_code, id, rights).await?;
    exchanged.roles_given.extend(given);
    Ok(exchanged)
}

async fn commit(app: &App, change: Change, org_code: OrgCode, moved: Moved) -> Result<Changed<Moved>, Refusal> {
    if moved.is_empty() {
        let revision = change.revision_before();
        return Ok(Changed { made: moved, revision: app.leave(change, revision).await });
    }
    let event = NewEvent::new("organization.members_updated", &org_code)
        .in_organization(Some(org_code))
        .fact("added", &moved.added)
        .fact("updated", &moved.updated)
        .fact("removed", &moved.removed)
        .fact("rights", &moved.rights);
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: moved, revision })
}

/// Gives a member what is named, beside what is there; answers what of it was new.
async fn give(change: &mut Change, org_code: &OrgCode, id: &UserId, rights: &Rights) -> Result<Exchanged, Refusal> {
    let mut exchanged = Exchanged::default();
    for role in rights.roles.iter().flatten() {
        if member_rights::give_role(change, org_code, id, role).await? {
            exchanged.roles_given.push(role.clone());
        }
    }
    for permission in rights.permissions.iter().flatten() {
        if member_rights::give_permission(change, org_code, id, permission).await? {
            exchanged.permissions_given.push(permission.clone());
        }
    }
    Ok(exchanged)
}

/// Brings a member to have what is named, and no other; answers what that changed.
async fn set_rights(change: &mut Change, member: &MemberRow, rights: &Rights) -> Result<Exchanged, Refusal> {
    let (mut roles_taken, mut permissions_taken) = (Vec::new(), Vec::new());
    if let Some(wanted) = &rights.roles {
        for role in member_rights::list_member_roles(change, member).await? {
            if !wanted.contains(&role.role_id) && member_rights::take_role(change, member, &role.role_id).await? {
                roles_taken.push(role.role_id);
            }
        }
    }
    if let Some(wanted) = &rights.permissions {
        for permission in member_rights::list_member_permissions(change, member).await? {
            let id = permission.permission_id;
            let is_own = permission.role_id.is_none();
            if is_own && !wanted.contains(&id) && member_rights::take_permission(change, member, &id).await? {
                permissions_taken.push(id);
            }
        }
    }
    let given = give(change, &member.org_code, &member.user_id, rights).await?;
    Ok(Exchanged { roles_taken, permissions_taken, ..given })
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
