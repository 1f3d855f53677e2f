//! Roles: what members of organizations are given.

use keyward_core::bounds::{self, MAX_NAME_CHARS};
use keyward_core::{AccessKey, RoleId};
pub use keyward_store::roles::RoleRow;
use keyward_store::roles::{self, NewRole, RoleSort};
use keyward_store::{NewEvent, Tx};
use keyward_wire::ErrorCode;
use keyward_wire::roles::{CreateRoleRequest, ListRolesQuery, RoleSort as AskedSort, UpdateRoleRequest};

use crate::actions::Changed;
use crate::actions::callers::begin;
use crate::actions::paging::{Page, read_asked};
use crate::actions::scopes::read_description;
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::{InField, Refusal};

/// The orders of the list, the usual one first.
const SORTS: &[(RoleSort, &str)] = &[
    (RoleSort::NameAsc, "roles.name_asc"),
    (RoleSort::NameDesc, "roles.name_desc"),
    (RoleSort::KeyAsc, "key_asc"),
    (RoleSort::KeyDesc, "key_desc"),
];

/// Creates a role. It carries nothing yet.
pub async fn create_role(app: &App, caller: &Caller, request: CreateRoleRequest) -> Result<Changed<RoleId>, Refusal> {
    bounds::text(&request.name, MAX_NAME_CHARS).in_field("name")?;
    let key = AccessKey::parse(&request.key).in_field("key")?;
    let description = read_description(request.description.as_deref())?;
    let mut change = begin(app, caller).await?;
    require_free(&mut change, &key).await?;
    let id = app.make(RoleId::generate);
    let is_default = request.is_default_role.unwrap_or(false);
    let new = NewRole { id: &id, key: &key, name: &request.name, description, is_default };
    roles::insert_role(&mut change, &new).await?;
    let event = NewEvent::new("role.created", &id)
        .value("key", (), &key)
        .value("is_default_role", (), is_default)
        .personal("name", (), &request.name)
        .personal("description", (), description);
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: id, revision })
}

/// One role.
pub async fn get_role(app: &App, id: &str) -> Result<RoleRow, Refusal> {
    find_role(&mut app.read().await?, id).await
}

/// A page of all roles.
pub async fn list_roles(app: &App, query: &ListRolesQuery) -> Result<Page<RoleRow>, Refusal> {
    let sort = query.sort.map(|sort| match sort {
        AskedSort::NameAsc => RoleSort::NameAsc,
        AskedSort::NameDesc => RoleSort::NameDesc,
        AskedSort::KeyAsc => RoleSort::KeyAsc,
        AskedSort::KeyDesc => RoleSort::KeyDesc,
    });
    let asked = read_asked(query.page_size, query.next_token.as_deref(), sort, SORTS)?;
    let mut tx = app.read().await?;
    let rows = roles::list_roles(&mut tx, asked.sort, asked.after.as_deref(), asked.limit()).await?;
    Ok(asked.page(rows, SORTS, |row| row.id.as_str()))
}

/// Changes a role for everybody who has it. Absent members stay as they are.
pub async fn update_role(
    app: &App,
    caller: &Caller,
    id: &str,
    request: UpdateRoleRequest,
) -> Result<Changed<()>, Refusal> {
    if let Some(name) = &request.name {
        bounds::text(name, MAX_NAME_CHARS).in_field("name")?;
    }
    let key = request.key.as_deref().map(AccessKey::parse).transpose().in_field("key")?;
    let description = request.description.as_ref().map(|text| read_description(text.as_deref())).transpose()?;
    let mut change = begin(app, caller).await?;
    let before = find_role(&mut change, id).await?;
    let mut after = before.clone();
    if let Some(key) = key.filter(|key| *key != before.key) {
        require_free(&mut change, &key).await?;
        after.key = key;
    }
    after.name = request.name.unwrap_or(after.name);
    after.description = description.map_or(after.description, |text| text.map(ToOwned::to_owned));
    after.is_default = request.is_default_role.unwrap_or(after.is_default);
    let event = NewEvent::new("role.updated", &after.id)
        .value("key", &before.key, &after.key)
        .value("is_default_role", before.is_default, after.is_default)
        .personal("name", &before.name, &after.name)
        .personal("description", &before.description, &after.description);
    if event.is_unchanged() {
        return Ok(Changed { made: (), revision: app.leave(change, before.revision).await });
    }
    roles::update_role(&mut change, &after).await?;
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: (), revision })
}

/// Deletes a role: it leaves every member at once, with all that it carried.
pub async fn delete_role(app: &App, caller: &Caller, id: &str) -> Result<Changed<()>, Refusal> {
    let mut change = begin(app, caller).await?;
    let role = find_role(&mut change, id).await?;
    roles::delete_role(&mut change, &role).await?;
    let event = NewEvent::new("role.deleted", &role.id).value("key", &role.key, ()).personal("name", &role.name, ());
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: (), revision })
}

/// A role by an id that a caller sent.
pub(super) async fn find_role(tx: &mut Tx, id: &str) -> Result<RoleRow, Refusal> {
    let found = match RoleId::parse(id) {
        Some(id) => roles::find_role(tx, &id).await?,
        None => None,
    };
    found.ok_or_else(|| Refusal::new(ErrorCode::RoleNotFound))
}

async fn require_free(tx: &mut Tx, key: &AccessKey) -> Result<(), Refusal> {
    match roles::find_role_by_key(tx, key.as_str()).await? {
        Some(_) => Err(Refusal::about(ErrorCode::RoleTaken, "key", "is that of another role")),
        None => Ok(()),
    }
}
