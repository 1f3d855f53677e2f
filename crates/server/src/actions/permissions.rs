//! Permissions: the platform's own words for what a member may do in its product.

use keyward_core::bounds::{self, MAX_NAME_CHARS};
use keyward_core::{AccessKey, PermissionId, RoleId};
pub use keyward_store::permissions::PermissionRow;
use keyward_store::permissions::{self, NewPermission, PermissionSort};
use keyward_store::{NewEvent, Tx};
use keyward_wire::ErrorCode;
use keyward_wire::permissions::{
    CreatePermissionRequest, ListPermissionsQuery, PermissionSort as AskedSort, UpdatePermissionRequest,
};

use crate::actions::Changed;
use crate::actions::callers::begin;
use crate::actions::paging::{Asked, Page, read_asked};
use crate::actions::scopes::read_description;
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::{InField, Refusal};

/// The orders of lists of permissions, the usual one first.
pub(super) const SORTS: &[(PermissionSort, &str)] = &[
    (PermissionSort::NameAsc, "permissions.name_asc"),
    (PermissionSort::NameDesc, "permissions.name_desc"),
    (PermissionSort::IdAsc, "permissions.id_asc"),
    (PermissionSort::IdDesc, "permissions.id_desc"),
];

/// Creates a permission. Nobody has it yet.
pub async fn create_permission(
    app: &App,
    caller: &Caller,
    request: CreatePermissionRequest,
) -> Result<Changed<PermissionId>, Refusal> {
    bounds::text(&request.name, MAX_NAME_CHARS).in_field("name")?;
    let key = AccessKey::parse(&request.key).in_field("key")?;
    let description = read_description(request.description.as_deref())?;
    let mut change = begin(app, caller).await?;
    require_free(&mut change, &key).await?;
    let id = app.make(PermissionId::generate);
    let new = NewPermission { id: &id, key: &key, name: &request.name, description };
    permissions::insert_permission(&mut change, &new).await?;
    let event = NewEvent::new("permission.created", &id)
        .value("key", (), &key)
        .personal("name", (), &request.name)
        .personal("description", (), description);
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: id, revision })
}

/// A page of all permissions.
pub async fn list_permissions(app: &App, query: &ListPermissionsQuery) -> Result<Page<PermissionRow>, Refusal> {
    let asked = read_query(query)?;
    list_page(&mut app.read().await?, None, &asked).await
}

/// Reads which page of permissions is asked for.
pub(super) fn read_query(query: &ListPermissionsQuery) -> Result<Asked<PermissionSort>, Refusal> {
    let sort = query.sort.map(|sort| match sort {
        AskedSort::NameAsc => PermissionSort::NameAsc,
        AskedSort::NameDesc => PermissionSort::NameDesc,
        AskedSort::IdAsc => PermissionSort::IdAsc,
        AskedSort::IdDesc => PermissionSort::IdDesc,
    });
    read_asked(query.page_size, query.next_token.as_deref(), sort, SORTS)
}

/// A page of permissions, of all or of those that a role carries.
pub(super) async fn list_page(
    tx: &mut Tx,
    role_id: Option<&RoleId>,
    asked: &Asked<PermissionSort>,
) -> Result<Page<PermissionRow>, Refusal> {
    let after = asked.after.as_deref();
    let rows = permissions::list_permissions(tx, role_id, asked.sort, after, asked.limit()).await?;
    Ok(asked.page(rows, SORTS, |row| row.id.as_str()))
}

/// Changes a permission for everybody who has it. Absent members stay as they are.
pub async fn update_permission(
    app: &App,
    caller: &Caller,
    id: &str,
    request: UpdatePermissionRequest,
) -> Result<Changed<()>, Refusal> {
    if let Some(name) = &request.name {
        bounds::text(name, MAX_NAME_CHARS).in_field("name")?;
    }
    let key = request.key.as_deref().map(AccessKey::parse).transpose().in_field("key")?;
    let description = request.description.as_ref().map(|text| read_description(text.as_deref())).transpose()?;
    let mut change = begin(app, caller).await?;
    let before = find_permission(&mut change, id).await?;
    let mut after = before.clone();
    if let Some(key) = key.filter(|key| *key != before.key) {
        require_free(&mut change, &key).await?;
        after.key = key;
    }
    after.name = request.name.unwrap_or(after.name);
    after.description = description.map_or(after.description, |text| text.map(ToOwned::to_owned));
    let event = NewEvent::new("permission.updated", &after.id)
        .value("key", &before.key, &after.key)
        .personal("name", &before.name, &after.name)
        .personal("description", &before.description, &after.description);
    if event.is_unchanged() {
        return Ok(Changed { made: (), revision: app.leave(change, before.revision).await });
    }
    permissions::update_permission(&mut change, &after).await?;
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: (), revision })
}

/// Deletes a permission: it leaves every role and every member at once.
pub async fn delete_permission(app: &App, caller: &Caller, id: &str) -> Result<Changed<()>, Refusal> {
    let mut change = begin(app, caller).await?;
    let permission = find_permission(&mut change, id).await?;
    permissions::delete_permission(&mut change, &permission).await?;
    let event = NewEvent::new("permission.deleted", &permission.id).value("key", &permission.key, ()).personal(
        "name",
        &permission.name,
        (),
    );
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: (), revision })
}

/// A permission by an id that a caller sent.
pub(super) async fn find_permission(tx: &mut Tx, id: &str) -> Result<PermissionRow, Refusal> {
    let found = match PermissionId::parse(id) {
        Some(id) => permissions::find_permission(tx, &id).await?,
        None => None,
    };
    found.ok_or_else(|| Refusal::new(ErrorCode::PermissionNotFound))
}

async fn require_free(tx: &mut Tx, key: &AccessKey) -> Result<(), Refusal> {
    match permissions::find_permission_by_key(tx, key.as_str()).await? {
        Some(_) => Err(Refusal::about(ErrorCode::PermissionTaken, "key", "is that of another permission")),
        None => Ok(()),
    }
}
