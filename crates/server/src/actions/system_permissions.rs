//! System permissions: what a role lets a member do with Keyward itself.

use std::collections::BTreeSet;

use keyward_core::SystemPermission;
use keyward_core::bounds::fold;
use keyward_store::permissions::PermissionSort;
use keyward_store::{NewEvent, roles};
use keyward_wire::ErrorCode;
use keyward_wire::permissions::ListPermissionsQuery;
use keyward_wire::roles::{RolePermission, RolePermissionOperation};

use crate::actions::Changed;
use crate::actions::callers::begin;
use crate::actions::listed::require_each_once;
use crate::actions::paging::{Asked, Page};
use crate::actions::permissions::{SORTS, read_query};
use crate::actions::role_permissions::Carried;
use crate::actions::roles::find_role;
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::Refusal;

/// A page of all system permissions.
pub fn list_system_permissions(query: &ListPermissionsQuery) -> Result<Page<SystemPermission>, Refusal> {
    let asked = read_query(query)?;
    Ok(page(SystemPermission::ALL.iter().copied(), &asked))
}

/// A page of the system permissions that a role carries.
pub async fn list_role_system_permissions(
    app: &App,
    role_id: &str,
    query: &ListPermissionsQuery,
) -> Result<Page<SystemPermission>, Refusal> {
    let asked = read_query(query)?;
    let role = find_role(&mut app.read().await?, role_id).await?;
    Ok(page(role.system_permissions.into_iter(), &asked))
}

/// The same as the store does for other permissions: what stands behind the last one of the page before, even if the
/// role has lost that one since.
fn page(all: impl Iterator<Item = SystemPermission>, asked: &Asked<PermissionSort>) -> Page<SystemPermission> {
    let by_name = matches!(asked.sort, PermissionSort::NameAsc | PermissionSort::NameDesc);
    let is_down = matches!(asked.sort, PermissionSort::NameDesc | PermissionSort::IdDesc);
    let place = |known: &SystemPermission| (by_name.then(|| fold(known.name())), known.id());
    let mut rows: Vec<SystemPermission> = all.collect();
    rows.sort_by_key(place);
    if is_down {
        rows.reverse();
    }
    if let Some(after) = &asked.after {
        let last = SystemPermission::parse(after);
        let is_behind = |row: &SystemPermission| {
            last.is_some_and(|last| if is_down { place(row) < place(&last) } else { place(row) > place(&last) })
        };
        rows.retain(is_behind);
    }
    asked.page(rows, SORTS, |row| row.id())
}

/// Gives a role system permissions, and takes them: all in one change.
pub async fn update_role_system_permissions(
    app: &App,
    caller: &Caller,
    role_id: &str,
    listed: &[RolePermission],
) -> Result<Changed<Carried<SystemPermission>>, Refusal> {
    // Each has two keys beside its id, and is one all the same.
    let ids =
        listed.iter().map(|entry| SystemPermission::parse(&entry.id).map_or(entry.id.as_str(), |known| known.id()));
    require_each_once("system_permissions", ids)?;
    let mut change = begin(app, caller).await?;
    let mut role = find_role(&mut change, role_id).await?;
    let mut done = Carried::default();
    for (at, listed) in listed.iter().enumerate() {
        update_one(&mut role.system_permissions, at, listed, &mut done)?;
    }
    if done.is_empty() {
        return Ok(Changed { made: done, revision: app.leave(change, role.revision).await });
    }
    roles::update_role(&mut change, &role).await?;
    let keys = |of: &[SystemPermission]| of.iter().map(|known| known.key()).collect::<Vec<_>>();
    let event = NewEvent::new("role.system_permissions_updated", &role.id)
        .fact("added", keys(&done.added))
        .fact("removed", keys(&done.removed));
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: done, revision })
}

fn update_one(
    carried: &mut BTreeSet<SystemPermission>,
    at: usize,
    listed: &RolePermission,
    done: &mut Carried<SystemPermission>,
) -> Result<(), Refusal> {
    let known = SystemPermission::parse(&listed.id).ok_or_else(|| {
        let rule = "is neither the id nor the key of a system permission";
        Refusal::about(ErrorCode::PermissionUnknown, &format!("system_permissions[{at}].id"), rule)
    })?;
    match listed.operation {
        Some(RolePermissionOperation::Delete) if carried.remove(&known) => done.removed.push(known),
        None if carried.insert(known) => done.added.push(known),
        _ => {}
    }
    Ok(())
}
