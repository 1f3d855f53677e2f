//! Roles.

use keyward_core::{AccessKey, RoleId, SystemPermission};
use keyward_store::roles::{
    NewRole, RoleRow, RoleSort, delete_role, find_role, find_role_by_key, insert_role, list_default_roles, list_roles,
    update_role,
};

use crate::given::{NAME, NOW, Seed};
use crate::test_store::{TestStore, commit};

conformance! {
    a_role_is_found_as_it_was_stored,
    a_role_is_written_back_with_what_is_new,
    a_key_is_unique_until_its_role_is_deleted,
    a_deleted_role_is_found_by_nothing_and_its_row_stays,
    default_roles_are_listed_by_key,
    pages_go_on_behind_a_role_that_was_deleted_and_after_a_twin,
}

fn key(text: &str) -> AccessKey {
    AccessKey::parse(text).unwrap()
}

/// Stores a role.
async fn role(store: &TestStore, seed: &mut Seed, (text, name): (&str, &str), is_default: bool) -> RoleId {
    let id = RoleId::generate(&mut seed.fill(), NOW);
    let mut change = store.begin().await;
    let new = NewRole { id: &id, key: &key(text), name, description: None, is_default };
    insert_role(&mut change, &new).await.unwrap();
    commit(change).await.unwrap();
    id
}

async fn find(store: &TestStore, id: &RoleId) -> Option<RoleRow> {
    find_role(&mut store.read().await.unwrap(), id).await.unwrap()
}

async fn delete(store: &TestStore, id: &RoleId) {
    let role = find(store, id).await.unwrap();
    let mut change = store.begin().await;
    delete_role(&mut change, &role).await.unwrap();
    commit(change).await.unwrap();
}

async fn list(store: &TestStore, sort: RoleSort, after: Option<&RoleId>, limit: u32) -> Vec<String> {
    let mut tx = store.read().await.unwrap();
    let rows = list_roles(&mut tx, sort, after.map(RoleId::as_str), limit).await.unwrap();
    rows.into_iter().map(|row| row.key.to_string()).collect()
}

async fn a_role_is_found_as_it_was_stored(store: &TestStore) {
    let id = role(store, &mut Seed::new(1), ("admin", NAME), true).await;
    let row = find(store, &id).await.unwrap();
    assert_eq!((&row.id, row.key.as_str(), row.name.as_str(), row.is_default), (&id, "admin", NAME, true));
    assert_eq!((row.description, row.system_permissions.len(), row.revision), (None, 0, 1));
    let mut tx = store.read().await.unwrap();
    assert_eq!(find_role_by_key(&mut tx, "admin").await.unwrap().map(|row| row.id), Some(id));
    assert!(find_role_by_key(&mut tx, "Admin").await.unwrap().is_none());
}

async fn a_role_is_written_back_with_what_is_new(store: &TestStore) {
    let id = role(store, &mut Seed::new(1), ("admin", "A"), true).await;
    let mut row = find(store, &id).await.unwrap();
    row.key = key("owner");
    row.name = NAME.to_owned();
    row.description = Some("Owns it".to_owned());
    row.is_default = false;
    row.system_permissions = [SystemPermission::WriteKeys, SystemPermission::ReadKeys].into();
    let mut change = store.begin().await;
    update_role(&mut change, &row).await.unwrap();
    commit(change).await.unwrap();

    let read = find(store, &id).await.unwrap();
    assert_eq!((read.key, read.name, read.description), (row.key, row.name, row.description));
    assert_eq!((read.is_default, read.system_permissions, read.revision), (false, row.system_permissions, 2));
    assert_eq!(store.db_texts("SELECT name_folded FROM roles").await, ["żółć & søn 東京 🗝"]);
    let kept = r#"["read:org:authentication","write:org:authentication"]"#;
    assert_eq!(store.db_texts("SELECT system_permissions FROM roles").await, [kept]);
}

async fn a_key_is_unique_until_its_role_is_deleted(store: &TestStore) {
    let mut seed = Seed::new(1);
    let first = role(store, &mut seed, ("admin", "A"), false).await;
    let other = RoleId::generate(&mut seed.fill(), NOW);
    let new = NewRole { id: &other, key: &key("admin"), name: "B", description: None, is_default: false };
    assert!(insert_role(&mut store.begin().await, &new).await.is_err());
    delete(store, &first).await;
    assert!(insert_role(&mut store.begin().await, &new).await.is_ok());
}

async fn a_deleted_role_is_found_by_nothing_and_its_row_stays(store: &TestStore) {
    let id = role(store, &mut Seed::new(1), ("admin", "A"), true).await;
    let row = find(store, &id).await.unwrap();
    delete(store, &id).await;
    assert!(find(store, &id).await.is_none());
    let mut tx = store.read().await.unwrap();
    assert!(find_role_by_key(&mut tx, "admin").await.unwrap().is_none());
    assert!(list_default_roles(&mut tx).await.unwrap().is_empty());
    assert!(list(store, RoleSort::NameAsc, None, 9).await.is_empty());
    assert_eq!(store.db_number("SELECT revision FROM roles WHERE deleted_at IS NOT NULL").await, 2);
    assert!(update_role(&mut store.begin().await, &row).await.is_err());
    assert!(delete_role(&mut store.begin().await, &row).await.is_err());
}

async fn default_roles_are_listed_by_key(store: &TestStore) {
    let mut seed = Seed::new(1);
    for (text, is_default) in [("b", true), ("c", false), ("a", true), ("Z", true)] {
        role(store, &mut seed, (text, "Role"), is_default).await;
    }
    let rows = list_default_roles(&mut store.read().await.unwrap()).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["Z", "a", "b"]);
}

async fn pages_go_on_behind_a_role_that_was_deleted_and_after_a_twin(store: &TestStore) {
    let mut seed = Seed::new(1);
    let mut twins = [
        (role(store, &mut seed, ("c", "Twin"), false).await, "c"),
        (role(store, &mut seed, ("d", "TWIN"), false).await, "d"),
    ];
    twins.sort();
    let [(first, one), (second, two)] = twins;
    role(store, &mut seed, ("a", "Zoë"), false).await;
    role(store, &mut seed, ("b", "alpha"), false).await;
    assert_eq!(list(store, RoleSort::NameAsc, None, 2).await, ["b", one]);
    assert_eq!(list(store, RoleSort::NameAsc, Some(&first), 9).await, [two, "a"]);
    assert_eq!(list(store, RoleSort::NameDesc, Some(&second), 9).await, [one, "b"]);
    let c = if one == "c" { &first } else { &second };
    assert_eq!(list(store, RoleSort::KeyAsc, Some(c), 9).await, ["d"]);
    assert_eq!(list(store, RoleSort::KeyDesc, Some(c), 1).await, ["b"]);
    delete(store, &first).await;
    assert_eq!(list(store, RoleSort::NameAsc, Some(&first), 9).await, [two, "a"]);
    // An id that nothing ever had is behind everything.
    let unknown = RoleId::generate(&mut seed.fill(), NOW);
    assert!(list(store, RoleSort::NameAsc, Some(&unknown), 9).await.is_empty());
}
