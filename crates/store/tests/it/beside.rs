//! What is changed is the one row that is meant: another of its kind stays as it is, and what has been deleted is not
//! changed at all.

use keyward_core::{AccessKey, ApiScope, OrgScope, PermissionId, RoleId, ScopeNumbers};
use keyward_store::applications::{
    delete_application, end_application_secret, find_application, list_application_secrets, replace_application_secret,
    update_application,
};
use keyward_store::permissions::{
    NewPermission, delete_permission, find_permission, find_permission_by_key, insert_permission, update_permission,
};
use keyward_store::role_permissions::{end_role_permission, put_role_permission};
use keyward_store::roles::{NewRole, delete_role, find_role, find_role_by_key, insert_role, update_role};
use keyward_store::{apis, grants, organizations, scopes, users};

use crate::given::{self, NOW, Seed, later, mac};
use crate::test_store::{TestStore, commit};

conformance! {
    an_api,
    a_scope,
    a_grant,
    an_application,
    a_secret_of_an_application,
    an_organization,
    a_user,
    a_role,
    a_permission,
    a_permission_of_a_role,
}

/// How many rows of a table the last change has written.
async fn stamped(store: &TestStore, table: &str) -> i64 {
    let last = "(SELECT revision FROM head)";
    store.db_number(&format!("SELECT COUNT(*) FROM {table} WHERE revision = {last}")).await
}

async fn an_api(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let (one, other) = (given::api(&mut change, &mut seed).await, given::api(&mut change, &mut seed).await);
    commit(change).await.unwrap();
    let mut change = store.begin().await;
    for id in [&one, &other] {
        let row = apis::find_api(&mut change, &ApiScope::All, id).await.unwrap().unwrap();
        assert_eq!(row.id, *id);
        let by_audience = apis::find_api_by_audience(&mut change, id.as_str()).await.unwrap().unwrap();
        assert_eq!(by_audience.id, *id);
    }
    let row = apis::find_api(&mut change, &ApiScope::All, &one).await.unwrap().unwrap();
    apis::delete_api(&mut change, &row).await.unwrap();
    assert!(apis::delete_api(&mut change, &row).await.is_err());
    commit(change).await.unwrap();
    assert_eq!(stamped(store, "apis").await, 1);
}

async fn a_scope(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let api = given::api(&mut change, &mut seed).await;
    for key in ["a", "b", "c"] {
        given::scope(&mut change, &mut seed, &api, key).await;
    }
    commit(change).await.unwrap();
    let rows = scopes::list_scopes(&mut store.read().await.unwrap(), &api).await.unwrap();
    let mut change = store.begin().await;
    for row in &rows {
        let found = scopes::find_scope(&mut change, &api, &row.id).await.unwrap().unwrap();
        assert_eq!(found.key, row.key);
    }
    scopes::update_scope(&mut change, &rows[0], Some("new")).await.unwrap();
    commit(change).await.unwrap();
    assert_eq!(stamped(store, "scopes").await, 1);
    let mut change = store.begin().await;
    scopes::delete_scope(&mut change, &rows[1]).await.unwrap();
    assert!(scopes::find_scope(&mut change, &api, &rows[1].id).await.unwrap().is_none());
    commit(change).await.unwrap();
    assert_eq!(stamped(store, "scopes").await, 1);
    assert!(scopes::update_scope(&mut store.begin().await, &rows[1], None).await.is_err());
    assert!(scopes::delete_scope(&mut store.begin().await, &rows[1]).await.is_err());
}

async fn a_grant(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let apps =
        [given::application(&mut change, &mut seed, "a").await, given::application(&mut change, &mut seed, "b").await];
    let apis = [given::api(&mut change, &mut seed).await, given::api(&mut change, &mut seed).await];
    let each = [(0, 0), (0, 1), (1, 0), (1, 1)];
    for (number, (app, api)) in (1..).zip(each) {
        grants::put_grant(&mut change, &apps[app], &apis[api], &vec![number].into()).await.unwrap();
    }
    commit(change).await.unwrap();
    let scopes = async |app: usize, api: usize| {
        let mut tx = store.read().await.unwrap();
        grants::find_grant(&mut tx, &apps[app], &apis[api]).await.unwrap().map(|row| row.scopes)
    };
    for (number, (app, api)) in (1..).zip(each) {
        assert_eq!(scopes(app, api).await, Some(ScopeNumbers::from(vec![number])));
    }
    let mut change = store.begin().await;
    assert!(grants::end_grant(&mut change, &apps[0], &apis[1]).await.unwrap());
    commit(change).await.unwrap();
    assert_eq!(stamped(store, "grants").await, 1);
    assert_eq!(scopes(0, 1).await, None);
}

async fn an_application(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let one = given::application(&mut change, &mut seed, "a").await;
    let other = given::application(&mut change, &mut seed, "b").await;
    commit(change).await.unwrap();
    let mut change = store.begin().await;
    for id in [&other, &one] {
        assert_eq!(find_application(&mut change, id).await.unwrap().unwrap().client_id, *id);
    }
    let row = find_application(&mut change, &one).await.unwrap().unwrap();
    update_application(&mut change, &row).await.unwrap();
    commit(change).await.unwrap();
    assert_eq!(stamped(store, "applications").await, 1);
    let mut change = store.begin().await;
    delete_application(&mut change, &row).await.unwrap();
    commit(change).await.unwrap();
    assert_eq!(stamped(store, "applications").await, 1);
    assert!(update_application(&mut store.begin().await, &row).await.is_err());
    assert!(delete_application(&mut store.begin().await, &row).await.is_err());
}

async fn a_secret_of_an_application(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let one = given::application(&mut change, &mut seed, "a").await;
    let other = given::application(&mut change, &mut seed, "b").await;
    let row = find_application(&mut change, &one).await.unwrap().unwrap();
    for (number, first) in [(2, 2), (3, 3)] {
        let given = replace_application_secret(&mut change, &row, (&mac(first), 1), later(60)).await.unwrap();
        assert_eq!(given, number);
    }
    commit(change).await.unwrap();
    let numbers = async |id, now| {
        let rows = list_application_secrets(&mut store.read().await.unwrap(), id, now).await.unwrap();
        rows.into_iter().map(|row| (row.number, row.expires_at)).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&one, NOW).await, [(3, None), (2, Some(later(60)))], "the first has ended");
    assert_eq!(numbers(&one, later(60)).await, [(3, None)]);
    assert_eq!(numbers(&other, NOW).await, [(1, None)]);
    let mut change = store.begin_at(later(1)).await;
    end_application_secret(&mut change, &row, 2).await.unwrap();
    assert!(end_application_secret(&mut change, &row, 2).await.is_err(), "it has ended");
    commit(change).await.unwrap();
    assert_eq!(numbers(&one, later(1)).await, [(3, None)]);
    let mut change = store.begin_at(later(2)).await;
    end_application_secret(&mut change, &row, 3).await.unwrap();
    commit(change).await.unwrap();
    assert_eq!(numbers(&one, later(2)).await, []);
    assert_eq!(numbers(&other, later(2)).await, [(1, None)]);
    // The number of the next one is this application's own, whatever others have come to.
    let row_of_other = find_application(&mut store.read().await.unwrap(), &other).await.unwrap().unwrap();
    let mut change = store.begin_at(later(3)).await;
    for first in 10..15 {
        replace_application_secret(&mut change, &row_of_other, (&mac(first), 1), later(3)).await.unwrap();
    }
    assert_eq!(replace_application_secret(&mut change, &row, (&mac(20), 1), later(9)).await.unwrap(), 4);
    commit(change).await.unwrap();
    // One that has no end yet gets one, however old it is.
    store
        .db_execute(&format!(
            "UPDATE application_secrets SET expires_at = NULL WHERE client_id = '{one}' AND number = 3"
        ))
        .await;
    let mut change = store.begin_at(later(4)).await;
    assert_eq!(replace_application_secret(&mut change, &row, (&mac(30), 1), later(9)).await.unwrap(), 5);
    commit(change).await.unwrap();
    assert_eq!(numbers(&one, later(4)).await, [(5, None), (4, Some(later(9)))]);
    // The ends that were stay what they were.
    store.db_execute(&format!("DELETE FROM application_secrets WHERE client_id = '{other}'")).await;
    let ends = "SELECT COUNT(*) FROM application_secrets WHERE expires_at = ";
    for (end, count) in [(NOW, 1), (later(1), 1), (later(4), 1)] {
        assert_eq!(store.db_number(&format!("{ends}{}", end.as_micros())).await, count, "{end:?}");
    }
}

async fn an_organization(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let one = given::organization(&mut change, &mut seed).await;
    given::organization(&mut change, &mut seed).await;
    commit(change).await.unwrap();
    let mut change = store.begin().await;
    let row = organizations::find_organization(&mut change, &OrgScope::All, &one).await.unwrap().unwrap();
    assert_eq!(row.code, one);
    organizations::update_organization(&mut change, &row).await.unwrap();
    commit(change).await.unwrap();
    assert_eq!(stamped(store, "organizations").await, 1);
    let mut change = store.begin().await;
    organizations::delete_organization(&mut change, &row).await.unwrap();
    commit(change).await.unwrap();
    assert_eq!(stamped(store, "organizations").await, 1);
    assert!(organizations::update_organization(&mut store.begin().await, &row).await.is_err());
    assert!(organizations::delete_organization(&mut store.begin().await, &row).await.is_err());
}

async fn a_user(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let ids = [
        given::user(&mut change, &mut seed).await,
        given::user(&mut change, &mut seed).await,
        given::user(&mut change, &mut seed).await,
    ];
    commit(change).await.unwrap();
    store.db_execute(&format!("UPDATE users SET name_folded = 'folded' WHERE id = '{}'", ids[1])).await;
    let mut change = store.begin().await;
    for (id, folded) in ids.iter().zip(["", "folded", ""]) {
        assert_eq!(users::find_user(&mut change, id).await.unwrap().unwrap().id, *id);
        assert_eq!(users::find_folded_name(&mut change, id).await.unwrap().as_deref(), Some(folded));
    }
    let row = users::find_user(&mut change, &ids[0]).await.unwrap().unwrap();
    users::update_user(&mut change, &row).await.unwrap();
    commit(change).await.unwrap();
    assert_eq!(stamped(store, "users").await, 1);
    for (id, with_profile) in [(&ids[0], false), (&ids[1], true)] {
        let mut change = store.begin().await;
        let row = users::find_user(&mut change, id).await.unwrap().unwrap();
        users::delete_user(&mut change, &row, with_profile).await.unwrap();
        commit(change).await.unwrap();
        assert_eq!(stamped(store, "users").await, 1);
        assert!(users::update_user(&mut store.begin().await, &row).await.is_err());
        for with_profile in [false, true] {
            assert!(users::delete_user(&mut store.begin().await, &row, with_profile).await.is_err());
        }
    }
}

fn key(text: &str) -> AccessKey {
    AccessKey::parse(text).unwrap()
}

async fn roles(store: &TestStore, seed: &mut Seed) -> [RoleId; 3] {
    let ids = [(); 3].map(|()| RoleId::generate(&mut seed.fill(), NOW));
    let mut change = store.begin().await;
    for (id, text) in ids.iter().zip(["a", "b", "c"]) {
        let new = NewRole { id, key: &key(text), name: "Role", description: None, is_default: false };
        insert_role(&mut change, &new).await.unwrap();
    }
    commit(change).await.unwrap();
    ids
}

async fn permissions(store: &TestStore, seed: &mut Seed) -> [PermissionId; 3] {
    let ids = [(); 3].map(|()| PermissionId::generate(&mut seed.fill(), NOW));
    let mut change = store.begin().await;
    for (id, text) in ids.iter().zip(["a", "b", "c"]) {
        let new = NewPermission { id, key: &key(text), name: "Permission", description: None };
        insert_permission(&mut change, &new).await.unwrap();
    }
    commit(change).await.unwrap();
    ids
}

async fn a_role(store: &TestStore) {
    let ids = roles(store, &mut Seed::new(1)).await;
    let mut change = store.begin().await;
    for (id, text) in ids.iter().zip(["a", "b", "c"]) {
        assert_eq!(find_role(&mut change, id).await.unwrap().unwrap().id, *id);
        assert_eq!(find_role_by_key(&mut change, text).await.unwrap().unwrap().id, *id);
    }
    let row = find_role(&mut change, &ids[0]).await.unwrap().unwrap();
    update_role(&mut change, &row).await.unwrap();
    commit(change).await.unwrap();
    assert_eq!(stamped(store, "roles").await, 1);
    let mut change = store.begin().await;
    delete_role(&mut change, &row).await.unwrap();
    commit(change).await.unwrap();
    assert_eq!(stamped(store, "roles").await, 1);
}

async fn a_permission(store: &TestStore) {
    let ids = permissions(store, &mut Seed::new(1)).await;
    let mut change = store.begin().await;
    for (id, text) in ids.iter().zip(["a", "b", "c"]) {
        assert_eq!(find_permission(&mut change, id).await.unwrap().unwrap().id, *id);
        assert_eq!(find_permission_by_key(&mut change, text).await.unwrap().unwrap().id, *id);
    }
    let row = find_permission(&mut change, &ids[0]).await.unwrap().unwrap();
    update_permission(&mut change, &row).await.unwrap();
    commit(change).await.unwrap();
    assert_eq!(stamped(store, "permissions").await, 1);
    let mut change = store.begin().await;
    delete_permission(&mut change, &row).await.unwrap();
    commit(change).await.unwrap();
    assert_eq!(stamped(store, "permissions").await, 1);
    assert!(update_permission(&mut store.begin().await, &row).await.is_err());
    assert!(delete_permission(&mut store.begin().await, &row).await.is_err());
}

async fn a_permission_of_a_role(store: &TestStore) {
    let mut seed = Seed::new(1);
    let (roles, permissions) = (roles(store, &mut seed).await, permissions(store, &mut seed).await);
    let mut change = store.begin().await;
    for role in &roles {
        for permission in &permissions {
            assert!(put_role_permission(&mut change, role, permission).await.unwrap());
        }
    }
    commit(change).await.unwrap();
    let mut change = store.begin().await;
    assert!(end_role_permission(&mut change, &roles[0], &permissions[0]).await.unwrap());
    commit(change).await.unwrap();
    assert_eq!(stamped(store, "role_permissions").await, 1);
    let mut change = store.begin().await;
    assert!(put_role_permission(&mut change, &roles[0], &permissions[0]).await.unwrap());
    commit(change).await.unwrap();
    assert_eq!(stamped(store, "role_permissions").await, 1);
}
