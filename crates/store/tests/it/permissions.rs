//! Permissions, and which of them a role carries.

use keyward_core::{AccessKey, PermissionId, RoleId};
use keyward_store::permissions::{
    NewPermission, PermissionRow, PermissionSort, delete_permission, find_permission, find_permission_by_key,
    insert_permission, list_permissions, update_permission,
};
use keyward_store::role_permissions::{end_role_permission, put_role_permission};
use keyward_store::roles::{NewRole, insert_role};

use crate::given::{NAME, NOW, Seed, later};
use crate::test_store::{TestStore, commit};

conformance! {
    a_permission_is_found_as_it_was_stored,
    a_permission_is_written_back_with_what_is_new,
    a_key_is_unique_until_its_permission_is_deleted,
    a_role_is_given_a_permission_once_and_loses_it_once,
    a_permission_that_is_given_again_begins_anew,
    a_deleted_permission_leaves_its_roles,
    pages_go_on_behind_a_permission_that_the_role_has_lost,
}

fn key(text: &str) -> AccessKey {
    AccessKey::parse(text).unwrap()
}

/// Stores a permission.
async fn permission(store: &TestStore, seed: &mut Seed, text: &str, name: &str) -> PermissionId {
    let id = PermissionId::generate(&mut seed.fill(), NOW);
    let mut change = store.begin().await;
    let new = NewPermission { id: &id, key: &key(text), name, description: Some("What it permits") };
    insert_permission(&mut change, &new).await.unwrap();
    commit(change).await.unwrap();
    id
}

/// Stores a role.
async fn role(store: &TestStore, seed: &mut Seed) -> RoleId {
    let id = RoleId::generate(&mut seed.fill(), NOW);
    let mut change = store.begin().await;
    let key = key(id.as_str());
    let new = NewRole { id: &id, key: &key, name: "Role", description: None, is_default: false };
    insert_role(&mut change, &new).await.unwrap();
    commit(change).await.unwrap();
    id
}

async fn find(store: &TestStore, id: &PermissionId) -> Option<PermissionRow> {
    find_permission(&mut store.read().await.unwrap(), id).await.unwrap()
}

async fn delete(store: &TestStore, id: &PermissionId) {
    let row = find(store, id).await.unwrap();
    let mut change = store.begin().await;
    delete_permission(&mut change, &row).await.unwrap();
    commit(change).await.unwrap();
}

async fn put(store: &TestStore, role: &RoleId, id: &PermissionId, seconds: u64) -> bool {
    let mut change = store.begin_at(later(seconds)).await;
    let is_new = put_role_permission(&mut change, role, id).await.unwrap();
    commit(change).await.unwrap();
    is_new
}

async fn end(store: &TestStore, role: &RoleId, id: &PermissionId) -> bool {
    let mut change = store.begin().await;
    let ended = end_role_permission(&mut change, role, id).await.unwrap();
    commit(change).await.unwrap();
    ended
}

async fn list(store: &TestStore, role: Option<&RoleId>, sort: PermissionSort, after: Option<&str>) -> Vec<String> {
    let rows = list_permissions(&mut store.read().await.unwrap(), role, sort, after, 9).await.unwrap();
    rows.into_iter().map(|row| row.key.to_string()).collect()
}

async fn a_permission_is_found_as_it_was_stored(store: &TestStore) {
    let id = permission(store, &mut Seed::new(1), "create:todos", NAME).await;
    let row = find(store, &id).await.unwrap();
    assert_eq!((&row.id, row.key.as_str(), row.name.as_str()), (&id, "create:todos", NAME));
    assert_eq!((row.description.as_deref(), row.revision), (Some("What it permits"), 1));
    let mut tx = store.read().await.unwrap();
    assert_eq!(find_permission_by_key(&mut tx, "create:todos").await.unwrap().map(|row| row.id), Some(id));
}

async fn a_permission_is_written_back_with_what_is_new(store: &TestStore) {
    let id = permission(store, &mut Seed::new(1), "todos", "Todos").await;
    let mut row = find(store, &id).await.unwrap();
    (row.key, row.name, row.description) = (key("lists"), NAME.to_owned(), None);
    let mut change = store.begin().await;
    update_permission(&mut change, &row).await.unwrap();
    commit(change).await.unwrap();
    let read = find(store, &id).await.unwrap();
    assert_eq!((read.key, read.name, read.description, read.revision), (row.key, row.name, None, 2));
    assert_eq!(store.db_texts("SELECT name_folded FROM permissions").await, ["żółć & søn 東京 🗝"]);
}

async fn a_key_is_unique_until_its_permission_is_deleted(store: &TestStore) {
    let mut seed = Seed::new(1);
    let first = permission(store, &mut seed, "todos", "A").await;
    let other = PermissionId::generate(&mut seed.fill(), NOW);
    let new = NewPermission { id: &other, key: &key("todos"), name: "B", description: None };
    assert!(insert_permission(&mut store.begin().await, &new).await.is_err());
    let row = find(store, &first).await.unwrap();
    delete(store, &first).await;
    assert!(find(store, &first).await.is_none());
    assert!(find_permission_by_key(&mut store.read().await.unwrap(), "todos").await.unwrap().is_none());
    assert!(update_permission(&mut store.begin().await, &row).await.is_err());
    assert!(delete_permission(&mut store.begin().await, &row).await.is_err());
    assert!(insert_permission(&mut store.begin().await, &new).await.is_ok());
}

async fn a_role_is_given_a_permission_once_and_loses_it_once(store: &TestStore) {
    let mut seed = Seed::new(1);
    let (role, id) = (role(store, &mut seed).await, permission(store, &mut seed, "todos", "A").await);
    assert!(!end(store, &role, &id).await);
    assert!(put(store, &role, &id, 0).await);
    let stamped = store.db_number("SELECT revision FROM role_permissions").await;
    assert!(!put(store, &role, &id, 1).await);
    assert_eq!(store.db_number("SELECT revision FROM role_permissions").await, stamped);
    assert_eq!(list(store, Some(&role), PermissionSort::NameAsc, None).await, ["todos"]);
    assert!(end(store, &role, &id).await);
    assert!(!end(store, &role, &id).await);
    assert!(list(store, Some(&role), PermissionSort::NameAsc, None).await.is_empty());
    assert_eq!(list(store, None, PermissionSort::NameAsc, None).await, ["todos"]);
}

async fn a_permission_that_is_given_again_begins_anew(store: &TestStore) {
    let mut seed = Seed::new(1);
    let (role, id) = (role(store, &mut seed).await, permission(store, &mut seed, "todos", "A").await);
    put(store, &role, &id, 0).await;
    end(store, &role, &id).await;
    assert!(put(store, &role, &id, 7).await);
    let began = store.db_number("SELECT created_at FROM role_permissions WHERE ended_at IS NULL").await;
    assert_eq!(began, later(7).as_micros());
    assert_eq!(store.db_number("SELECT revision FROM role_permissions").await, 5);
    assert_eq!(list(store, Some(&role), PermissionSort::IdAsc, None).await, ["todos"]);
}

async fn a_deleted_permission_leaves_its_roles(store: &TestStore) {
    let mut seed = Seed::new(1);
    let (role, id) = (role(store, &mut seed).await, permission(store, &mut seed, "todos", "A").await);
    put(store, &role, &id, 0).await;
    let before = store.db_number("SELECT revision FROM role_permissions").await;
    delete(store, &id).await;
    assert!(list(store, Some(&role), PermissionSort::NameAsc, None).await.is_empty());
    assert!(list(store, None, PermissionSort::IdDesc, None).await.is_empty());
    assert_eq!(store.db_number("SELECT revision FROM role_permissions").await, before, "one row alone is stamped");
}

async fn pages_go_on_behind_a_permission_that_the_role_has_lost(store: &TestStore) {
    let mut seed = Seed::new(1);
    let (role, other) = (role(store, &mut seed).await, role(store, &mut seed).await);
    let mut ids = Vec::new();
    for text in ["c", "B", "a"] {
        let id = permission(store, &mut seed, text, text).await;
        put(store, &role, &id, 0).await;
        ids.push((id, text));
    }
    let foreign = permission(store, &mut seed, "x", "b").await;
    put(store, &other, &foreign, 0).await;
    let b = ids[1].0.clone();
    end(store, &role, &b).await;
    let behind = async |sort| list(store, Some(&role), sort, Some(b.as_str())).await;
    assert_eq!(behind(PermissionSort::NameAsc).await, ["c"]);
    assert_eq!(behind(PermissionSort::NameDesc).await, ["a"]);
    ids.sort();
    let at = ids.iter().position(|(id, _)| *id == b).unwrap();
    let texts: Vec<&str> = ids.iter().map(|(_, text)| *text).collect();
    assert_eq!(behind(PermissionSort::IdAsc).await, texts[at + 1..]);
    let down: Vec<&str> = texts[..at].iter().rev().copied().collect();
    assert_eq!(behind(PermissionSort::IdDesc).await, down);
    assert_eq!(list(store, Some(&other), PermissionSort::NameAsc, None).await, ["x"]);
}
