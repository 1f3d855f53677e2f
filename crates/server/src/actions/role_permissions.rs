//! Which permissions a role carries.

use keyward_core::{PermissionId, RoleId};
use keyward_store::role_permissions::{end_role_permission, put_role_permission};
use keyward_store::{Change, NewEvent, permissions};
use keyward_wire::ErrorCode;
use keyward_wire::permissions::ListPermissionsQuery;
use keyward_wire::roles::{RolePermission, RolePermissionOperation};

use crate::actions::Changed;
use crate::actions::callers::begin;
use crate::actions::listed::require_each_once;
use crate::actions::paging::Page;
use crate::actions::permissions::{PermissionRow, find_permission, list_page, read_query};
use crate::actions::roles::find_role;
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::Refusal;

/// What a role gained and lost.
#[derive(Debug)]
pub struct Carried<T> {
    /// What it gained.
    pub added: Vec<T>,
    /// What it lost.
    pub removed: Vec<T>,
}

impl<T> Default for Carried<T> {
    fn default() -> Self {
        Self { added: Vec::new(), removed: Vec::new() }
    }
}

impl<T> Carried<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

/// A page of the permissions that a role carries.
pub async fn list_role_permissions(
    app: &App,
    role_id: &str,
    query: &ListPermissionsQuery,
) -> Result<Page<PermissionRow>, Refusal> {
    let asked = read_query(query)?;
    let mut tx = app.read().await?;
    let role = find_role(&mut tx, role_id).await?;
    list_page(&mut tx, Some(&role.id), &asked).await
}

/// Gives a role permissions, and takes them: all in one change.
pub async fn update_role_permissions(
    app: &App,
    caller: &Caller,
    role_id: &str,
    listed: &[RolePermission],
) -> Result<Changed<Carried<PermissionId>>, Refusal> {
    require_each_once("permissions", listed.iter().map(|permission| permission.id.as_str()))?;
    let mut change = begin(app, caller).await?;
    let role = find_role(&mut change, role_id).await?;
    let mut done = Carried::default();
    for (at, permission) in listed.iter().enumerate() {
        update_one(&mut change, &role.id, at, permission, &mut done).await?;
    }
    if done.is_empty() {
        let revision = change.revision_before();
        return Ok(Changed { made: done, revision: app.leave(change, revision).await });
    }
    let event = event(&role.id, &done.added, &done.removed);
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: done, revision })
}

async fn update_one(
    change: &mut Change,
    role_id: &RoleId,
    at: usize,
    listed: &RolePermission,
    done: &mut Carried<PermissionId>,
) -> Result<(), Refusal> {
    let unknown = || {
        let field = format!("permissions[{at}].id");
        Refusal::about(ErrorCode::PermissionUnknown, &field, "is not the id of a permission")
    };
    let id = PermissionId::parse(&listed.id).ok_or_else(unknown)?;
    let id = permissions::find_permission(change, &id).await?.ok_or_else(unknown)?.id;
    let (is_new, list) = match listed.operation {
        Some(RolePermissionOperation::Delete) => (end_role_permission(change, role_id, &id).await?, &mut done.removed),
        None => (put_role_permission(change, role_id, &id).await?, &mut done.added),
    };
    if is_new {
        list.push(id);
    }
    Ok(())
}

/// Takes one permission from a role.
pub async fn remove_role_permission(
    app: &App,
    caller: &Caller,
    role_id: &str,
    permission_id: &str,
) -> Result<Changed<()>, Refusal> {
    let mut change = begin(app, caller).await?;
    let role = find_role(&mut change, role_id).await?;
    let permission = find_permission(&mut change, permission_id).await?;
    if !end_role_permission(&mut change, &role.id, &permission.id).await? {
        let revision = change.revision_before();
        return Ok(Changed { made: (), revision: app.leave(change, revision).await });
    }
    let revision = app.commit(change, event(&role.id, &[], &[permission.id])).await?;
    Ok(Changed { made: (), revision })
}

fn event(role: &RoleId, added: &[PermissionId], removed: &[PermissionId]) -> NewEvent {
    NewEvent::new("role.permissions_updated", role).fact("added", added).fact("removed", removed)
}
