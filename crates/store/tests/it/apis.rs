//! APIs and their scopes.

use keyward_core::{ApiScope, KeyClass, KeyPolicy, KeyPrefix, ScopeKey, ScopeNumbers};
use keyward_store::apis::{
    ApiRow, NewApi, find_api, find_api_by_audience, find_management_api, insert_api, list_apis, update_api,
};
use keyward_store::grants::{end_grant, put_grant};
use keyward_store::scopes::{NewScope, ScopeRow, find_scope, insert_scope, list_scopes};

use crate::given::{self, NAME, NOW, Seed};
use crate::test_store::{TestStore, commit};

conformance! {
    an_api_is_found_as_it_was_stored,
    an_api_is_changed_while_it_is_there_and_no_other_is,
    an_api_without_audience_is_the_management_api,
    there_is_one_management_api,
    an_audience_is_unique_among_the_not_deleted,
    apis_are_listed_by_name_whatever_its_capitals,
    a_deleted_api_is_found_by_nothing,
    who_is_kept_to_the_apis_it_was_granted_sees_no_other,
    a_value_that_this_version_does_not_write_is_corrupt,
    a_scope_is_found_as_it_was_stored,
    a_scope_key_is_unique_among_the_not_deleted_of_its_api,
    a_scope_number_is_never_given_again,
    scope_numbers_count_from_one_in_each_api,
}

async fn an_api_is_found_as_it_was_stored(store: &TestStore) {
    let id = Seed::new(1).api_id();
    let (key_prefix, key_class) = (&KeyPrefix::parse("acme9").unwrap(), KeyClass::Test);
    let policy = KeyPolicy {
        default_lifetime_seconds: Some(60),
        max_lifetime_seconds: Some(61),
        requires_expiry: true,
        max_keys_per_owner: Some(2),
        default_rate_limits: vec![given::rate_limit("a")],
    };
    let new = NewApi {
        id: &id,
        name: NAME,
        audience: Some("https://api.example/ünïcode"),
        key_prefix,
        key_class,
        key_policy: &policy,
    };
    let mut change = store.begin().await;
    insert_api(&mut change, &new).await.unwrap();
    commit(change).await.unwrap();

    let mut tx = store.read().await.unwrap();
    let by_id = find_api(&mut tx, &ApiScope::All, &id).await.unwrap().unwrap();
    let by_audience = find_api_by_audience(&mut tx, "https://api.example/ünïcode").await.unwrap().unwrap();
    let [listed] = list_apis(&mut tx, &ApiScope::All).await.unwrap().try_into().unwrap();
    for row in [by_id, by_audience, listed] {
        let ApiRow {
            id: same,
            name,
            audience,
            is_management_api,
            key_prefix,
            key_class,
            key_policy,
            created_at,
            revision,
        } = row;
        assert_eq!((same, name.as_str(), is_management_api), (id.clone(), NAME, false));
        assert_eq!(audience.as_deref(), Some("https://api.example/ünïcode"));
        assert_eq!((key_prefix.as_str(), key_class, created_at, revision), ("acme9", KeyClass::Test, NOW, 1));
        assert_eq!(key_policy, policy);
    }
    drop(tx);
    assert_eq!(store.db_texts("SELECT name_folded FROM apis").await, ["żółć & søn 東京 🗝"]);
}

fn management<'a>(id: &'a keyward_core::ApiId, key_prefix: &'a KeyPrefix) -> NewApi<'a> {
    NewApi {
        id,
        name: "Keyward",
        audience: None,
        key_prefix,
        key_class: KeyClass::Admin,
        key_policy: &given::NO_POLICY,
    }
}

async fn an_api_without_audience_is_the_management_api(store: &TestStore) {
    assert!(find_management_api(&mut store.read().await.unwrap()).await.unwrap().is_none());
    let mut seed = Seed::new(1);
    let (id, prefix) = (seed.api_id(), KeyPrefix::default());
    let mut change = store.begin().await;
    given::api(&mut change, &mut seed).await;
    insert_api(&mut change, &management(&id, &prefix)).await.unwrap();
    given::api(&mut change, &mut seed).await;
    commit(change).await.unwrap();

    let row = find_management_api(&mut store.read().await.unwrap()).await.unwrap().unwrap();
    assert_eq!((row.id, row.audience, row.is_management_api, row.key_class), (id, None, true, KeyClass::Admin));
    // Nothing deletes it; were it deleted, it would be none.
    store.db_execute("UPDATE apis SET deleted_at = 1 WHERE is_management_api").await;
    assert!(find_management_api(&mut store.read().await.unwrap()).await.unwrap().is_none());
}

async fn there_is_one_management_api(store: &TestStore) {
    let mut seed = Seed::new(1);
    let (first, second, prefix) = (seed.api_id(), seed.api_id(), KeyPrefix::default());
    let mut change = store.begin().await;
    insert_api(&mut change, &management(&first, &prefix)).await.unwrap();
    assert!(insert_api(&mut change, &management(&second, &prefix)).await.is_err());
}

async fn an_audience_is_unique_among_the_not_deleted(store: &TestStore) {
    let mut seed = Seed::new(1);
    let (first, second, prefix) = (seed.api_id(), seed.api_id(), KeyPrefix::default());
    let new = |id| NewApi {
        id,
        name: "A",
        audience: Some("a"),
        key_prefix: &prefix,
        key_class: KeyClass::Live,
        key_policy: &given::NO_POLICY,
    };
    let mut change = store.begin().await;
    insert_api(&mut change, &new(&first)).await.unwrap();
    commit(change).await.unwrap();
    assert!(insert_api(&mut store.begin().await, &new(&second)).await.is_err());
    store.db_execute("UPDATE apis SET deleted_at = 1").await;
    insert_api(&mut store.begin().await, &new(&second)).await.unwrap();
}

async fn apis_are_listed_by_name_whatever_its_capitals(store: &TestStore) {
    let mut seed = Seed::new(1);
    let mut change = store.begin().await;
    for name in ["é", "b", "a-b", "ab", "Z", "a b"] {
        let (id, prefix) = (seed.api_id(), KeyPrefix::default());
        let audience = Some(id.as_str());
        let new = NewApi {
            id: &id,
            name,
            audience,
            key_prefix: &prefix,
            key_class: KeyClass::Live,
            key_policy: &given::NO_POLICY,
        };
        insert_api(&mut change, &new).await.unwrap();
    }
    commit(change).await.unwrap();
    let rows = list_apis(&mut store.read().await.unwrap(), &ApiScope::All).await.unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["a b", "a-b", "ab", "b", "Z", "é"]);
}

async fn an_api_is_changed_while_it_is_there_and_no_other_is(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let (id, other) = (given::api(&mut change, &mut seed).await, given::api(&mut change, &mut seed).await);
    commit(change).await.unwrap();
    let read = async |id| find_api(&mut store.read().await.unwrap(), &ApiScope::All, id).await.unwrap().unwrap();
    let policy = KeyPolicy { max_keys_per_owner: Some(1), ..KeyPolicy::NONE };
    let after = ApiRow { name: "Ünï".into(), key_policy: policy.clone(), ..read(&id).await };
    let mut change = store.begin().await;
    update_api(&mut change, &after).await.unwrap();
    commit(change).await.unwrap();
    let (changed, same) = (read(&id).await, read(&other).await);
    assert_eq!((changed.name.as_str(), changed.key_policy, changed.revision), ("Ünï", policy, 2));
    assert_eq!((same.name.as_str(), same.key_policy, same.revision), (NAME, KeyPolicy::NONE, 1));
    let folded = format!("SELECT name_folded FROM apis WHERE id = '{id}'");
    assert_eq!(store.db_texts(&folded).await, ["ünï"]);
    store.db_execute(&format!("UPDATE apis SET deleted_at = 1 WHERE id = '{id}'")).await;
    let mut change = store.begin().await;
    assert!(update_api(&mut change, &after).await.is_err());
}

async fn a_deleted_api_is_found_by_nothing(store: &TestStore) {
    let mut change = store.begin().await;
    let id = given::api(&mut change, &mut Seed::new(1)).await;
    commit(change).await.unwrap();
    store.db_execute("UPDATE apis SET deleted_at = 1").await;
    let mut tx = store.read().await.unwrap();
    assert!(find_api(&mut tx, &ApiScope::All, &id).await.unwrap().is_none());
    assert!(find_api_by_audience(&mut tx, id.as_str()).await.unwrap().is_none());
    assert!(list_apis(&mut tx, &ApiScope::All).await.unwrap().is_empty());
}

async fn who_is_kept_to_the_apis_it_was_granted_sees_no_other(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let (own, others) = (given::api(&mut change, &mut seed).await, given::api(&mut change, &mut seed).await);
    let (lost, nobodys) = (given::api(&mut change, &mut seed).await, given::api(&mut change, &mut seed).await);
    let app = given::application(&mut change, &mut seed, "Own").await;
    let other = given::application(&mut change, &mut seed, "Other").await;
    for (app, api) in [(&app, &own), (&other, &others), (&app, &lost)] {
        put_grant(&mut change, app, api, &ScopeNumbers::default()).await.unwrap();
    }
    end_grant(&mut change, &app, &lost).await.unwrap();
    commit(change).await.unwrap();
    let scope = ApiScope::GrantedTo(app);
    let mut tx = store.read().await.unwrap();
    let listed: Vec<_> = list_apis(&mut tx, &scope).await.unwrap().into_iter().map(|row| row.id).collect();
    assert_eq!(listed, std::slice::from_ref(&own));
    for api in [&own, &others, &lost, &nobodys] {
        let found = find_api(&mut tx, &scope, api).await.unwrap();
        assert_eq!(found.is_some(), *api == own);
        assert!(find_api(&mut tx, &ApiScope::All, api).await.unwrap().is_some());
    }
}

async fn a_value_that_this_version_does_not_write_is_corrupt(store: &TestStore) {
    let mut change = store.begin().await;
    let id = given::api(&mut change, &mut Seed::new(1)).await;
    commit(change).await.unwrap();
    for (column, value) in
        [("key_class", "gold"), ("key_policy", r#"{"max_lifetime_seconds":59}"#), ("key_policy", r#"{"is_kind":true}"#)]
    {
        store.db_execute("UPDATE apis SET key_class = 'live', key_policy = '{}'").await;
        assert!(find_api(&mut store.read().await.unwrap(), &ApiScope::All, &id).await.is_ok());
        store.db_execute(&format!("UPDATE apis SET {column} = '{value}'")).await;
        let refused = find_api(&mut store.read().await.unwrap(), &ApiScope::All, &id).await.unwrap_err();
        assert!(matches!(&refused, keyward_store::StoreError::Corrupt(named) if named == column), "{refused:?}");
    }
}

async fn a_scope_is_found_as_it_was_stored(store: &TestStore) {
    let mut seed = Seed::new(1);
    let mut change = store.begin().await;
    let (api_id, other_api) = (given::api(&mut change, &mut seed).await, given::api(&mut change, &mut seed).await);
    let (write, read) = (seed.scope_id(), seed.scope_id());
    for (id, key, description) in [(&write, "write:users", Some(NAME)), (&read, "read:users", None)] {
        let key = ScopeKey::parse(key).unwrap();
        insert_scope(&mut change, &NewScope { id, api_id: &api_id, key: &key, description }).await.unwrap();
    }
    commit(change).await.unwrap();

    let mut tx = store.read().await.unwrap();
    let tell = |row: ScopeRow| {
        let ScopeRow { id, number, key, description } = row;
        (id, number, key.as_str().to_owned(), description)
    };
    let first = (write.clone(), 1, "write:users".to_owned(), Some(NAME.to_owned()));
    let second = (read, 2, "read:users".to_owned(), None);
    assert_eq!(tell(find_scope(&mut tx, &api_id, &write).await.unwrap().unwrap()), first);
    let listed: Vec<_> = list_scopes(&mut tx, &api_id).await.unwrap().into_iter().map(tell).collect();
    assert_eq!(listed, [second, first]);
    assert!(find_scope(&mut tx, &other_api, &write).await.unwrap().is_none());
    assert!(list_scopes(&mut tx, &other_api).await.unwrap().is_empty());
}

async fn a_scope_key_is_unique_among_the_not_deleted_of_its_api(store: &TestStore) {
    let mut seed = Seed::new(1);
    let mut change = store.begin().await;
    let (api_id, other_api) = (given::api(&mut change, &mut seed).await, given::api(&mut change, &mut seed).await);
    given::scope(&mut change, &mut seed, &api_id, "read").await;
    given::scope(&mut change, &mut seed, &other_api, "read").await;
    commit(change).await.unwrap();

    let (id, key) = (seed.scope_id(), ScopeKey::parse("read").unwrap());
    let new = NewScope { id: &id, api_id: &api_id, key: &key, description: None };
    assert!(insert_scope(&mut store.begin().await, &new).await.is_err());
    store.db_execute("UPDATE scopes SET deleted_at = 1").await;
    insert_scope(&mut store.begin().await, &new).await.unwrap();
}

async fn a_scope_number_is_never_given_again(store: &TestStore) {
    let mut seed = Seed::new(1);
    let mut change = store.begin().await;
    let api_id = given::api(&mut change, &mut seed).await;
    assert_eq!(given::scope(&mut change, &mut seed, &api_id, "first").await, 1);
    assert_eq!(given::scope(&mut change, &mut seed, &api_id, "second").await, 2);
    commit(change).await.unwrap();
    store.db_execute("UPDATE scopes SET deleted_at = 1").await;

    assert!(list_scopes(&mut store.read().await.unwrap(), &api_id).await.unwrap().is_empty());
    assert_eq!(given::scope(&mut store.begin().await, &mut seed, &api_id, "second").await, 3);
}

async fn scope_numbers_count_from_one_in_each_api(store: &TestStore) {
    let mut seed = Seed::new(1);
    let mut change = store.begin().await;
    let (one, other) = (given::api(&mut change, &mut seed).await, given::api(&mut change, &mut seed).await);
    assert_eq!(given::scope(&mut change, &mut seed, &one, "read").await, 1);
    assert_eq!(given::scope(&mut change, &mut seed, &other, "read").await, 1);
    assert_eq!(given::scope(&mut change, &mut seed, &one, "write").await, 2);
}
