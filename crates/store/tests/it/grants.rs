//! Grants: for which APIs an application may ask for tokens.

use keyward_core::{ApiId, ApiScope, ClientId, KeyClass, KeyPrefix, ScopeNumbers};
use keyward_store::apis::{NewApi, insert_api};
use keyward_store::grants::{end_grant, find_grant, list_granted_audiences, list_grantees, put_grant};

use crate::given::{self, Seed};
use crate::test_store::{TestStore, commit};

conformance! {
    a_grant_is_found_with_its_scopes,
    a_grant_replaces_the_scopes_of_the_one_before,
    an_ended_grant_is_found_by_nothing,
    a_grant_ends_once,
    a_grant_that_begins_again_has_its_new_scopes_alone,
    a_grant_needs_its_application_and_its_api,
    granted_audiences_are_listed_without_the_deleted,
    the_management_api_is_granted_without_audience,
    grantees_are_listed_by_name_without_the_deleted,
    grantees_are_those_of_the_api_and_those_that_the_caller_may_see,
    a_grantee_is_suspended_and_ends_with_its_organization,
    so_many_audiences_are_told_and_no_more,
}

/// An application and an API, stored.
async fn pair(store: &TestStore) -> (ClientId, ApiId) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let client_id = given::application(&mut change, &mut seed, "Shop").await;
    let api_id = given::api(&mut change, &mut seed).await;
    commit(change).await.unwrap();
    (client_id, api_id)
}

async fn put(store: &TestStore, (client_id, api_id): &(ClientId, ApiId), scopes: &[u32]) {
    let mut change = store.begin().await;
    put_grant(&mut change, client_id, api_id, &scopes.to_vec().into()).await.unwrap();
    commit(change).await.unwrap();
}

async fn end(store: &TestStore, (client_id, api_id): &(ClientId, ApiId)) -> bool {
    let mut change = store.begin().await;
    let ended = end_grant(&mut change, client_id, api_id).await.unwrap();
    commit(change).await.unwrap();
    ended
}

async fn find(store: &TestStore, (client_id, api_id): &(ClientId, ApiId)) -> Option<ScopeNumbers> {
    let row = find_grant(&mut store.read().await.unwrap(), client_id, api_id).await.unwrap()?;
    assert_eq!(row.api_id, *api_id);
    Some(row.scopes)
}

async fn a_grant_is_found_with_its_scopes(store: &TestStore) {
    let pair = pair(store).await;
    assert_eq!(find(store, &pair).await, None);
    put(store, &pair, &[1, u32::MAX]).await;
    assert_eq!(find(store, &pair).await, Some(vec![1, u32::MAX].into()));
}

async fn a_grant_replaces_the_scopes_of_the_one_before(store: &TestStore) {
    let pair = pair(store).await;
    put(store, &pair, &[1, 2]).await;
    put(store, &pair, &[2, 3]).await;
    assert_eq!(find(store, &pair).await, Some(vec![2, 3].into()));
    assert_eq!(store.db_number("SELECT revision FROM grants").await, 3);
}

async fn an_ended_grant_is_found_by_nothing(store: &TestStore) {
    let pair = pair(store).await;
    put(store, &pair, &[1]).await;
    assert!(end(store, &pair).await);
    assert_eq!(find(store, &pair).await, None);
    let mut tx = store.read().await.unwrap();
    assert!(list_granted_audiences(&mut tx, &pair.0).await.unwrap().is_empty());
    assert!(list_grantees(&mut tx, &ApiScope::All, &pair.1).await.unwrap().is_empty());
}

async fn a_grant_ends_once(store: &TestStore) {
    let pair = pair(store).await;
    assert!(!end(store, &pair).await);
    put(store, &pair, &[]).await;
    assert!(end(store, &pair).await);
    assert!(!end(store, &pair).await);
}

async fn a_grant_that_begins_again_has_its_new_scopes_alone(store: &TestStore) {
    let pair = pair(store).await;
    put(store, &pair, &[1, 2]).await;
    end(store, &pair).await;
    put(store, &pair, &[3]).await;
    assert_eq!(find(store, &pair).await, Some(vec![3].into()));
}

async fn a_grant_needs_its_application_and_its_api(store: &TestStore) {
    let (client_id, api_id) = pair(store).await;
    let (mut seed, none) = (Seed::new(2), ScopeNumbers::default());
    assert!(put_grant(&mut store.begin().await, &client_id, &seed.api_id(), &none).await.is_err());
    assert!(put_grant(&mut store.begin().await, &seed.client_id(), &api_id, &none).await.is_err());
}

async fn granted_audiences_are_listed_without_the_deleted(store: &TestStore) {
    let (client_id, first) = pair(store).await;
    let mut change = store.begin().await;
    let second = given::api(&mut change, &mut Seed::new(2)).await;
    for api_id in [&first, &second] {
        put_grant(&mut change, &client_id, api_id, &ScopeNumbers::default()).await.unwrap();
    }
    commit(change).await.unwrap();

    let audiences = async || list_granted_audiences(&mut store.read().await.unwrap(), &client_id).await.unwrap();
    let mut both = [first.to_string(), second.to_string()];
    both.sort();
    assert_eq!(audiences().await, both.map(Some));
    store.db_execute(&format!("UPDATE apis SET deleted_at = 1 WHERE id = '{first}'")).await;
    assert_eq!(audiences().await, [Some(second.to_string())]);
}

async fn the_management_api_is_granted_without_audience(store: &TestStore) {
    let (client_id, _) = pair(store).await;
    let (id, key_prefix) = (Seed::new(2).api_id(), &KeyPrefix::default());
    let mut change = store.begin().await;
    let management = NewApi {
        id: &id,
        name: "Keyward",
        audience: None,
        key_prefix,
        key_class: KeyClass::Admin,
        key_policy: &given::NO_POLICY,
    };
    insert_api(&mut change, &management).await.unwrap();
    put_grant(&mut change, &client_id, &id, &ScopeNumbers::default()).await.unwrap();
    commit(change).await.unwrap();
    assert_eq!(list_granted_audiences(&mut store.read().await.unwrap(), &client_id).await.unwrap(), [None]);
}

async fn grantees_are_listed_by_name_without_the_deleted(store: &TestStore) {
    let (shop, api_id) = pair(store).await;
    let (mut change, mut seed) = (store.begin().await, Seed::new(2));
    let billing = given::application(&mut change, &mut seed, "billing").await;
    let admin = given::application(&mut change, &mut seed, "Admin").await;
    given::application(&mut change, &mut seed, "Without").await;
    for client_id in [&shop, &billing, &admin] {
        put_grant(&mut change, client_id, &api_id, &ScopeNumbers::default()).await.unwrap();
    }
    commit(change).await.unwrap();
    store.db_execute(&format!("UPDATE applications SET deleted_at = 1 WHERE client_id = '{admin}'")).await;
    let rows = list_grantees(&mut store.read().await.unwrap(), &ApiScope::All, &api_id).await.unwrap();
    let told: Vec<_> = rows.into_iter().map(|row| (row.client_id, row.name)).collect();
    assert_eq!(told, [(billing, "billing".to_owned()), (shop, "Shop".to_owned())]);
}

async fn grantees_are_those_of_the_api_and_those_that_the_caller_may_see(store: &TestStore) {
    let (shop, api_id) = pair(store).await;
    let (mut change, mut seed) = (store.begin().await, Seed::new(2));
    let other_api = given::api(&mut change, &mut seed).await;
    let billing = given::application(&mut change, &mut seed, "billing").await;
    let elsewhere = given::application(&mut change, &mut seed, "elsewhere").await;
    for (client_id, api_id) in [(&shop, &api_id), (&billing, &api_id), (&elsewhere, &other_api)] {
        put_grant(&mut change, client_id, api_id, &ScopeNumbers::default()).await.unwrap();
    }
    commit(change).await.unwrap();
    let mut tx = store.read().await.unwrap();
    for (scope, expected) in [
        (ApiScope::All, &["billing", "Shop"][..]),
        (ApiScope::GrantedTo(billing), &["billing"]),
        (ApiScope::GrantedTo(elsewhere.clone()), &[]),
    ] {
        let rows = list_grantees(&mut tx, &scope, &api_id).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), expected);
    }
    let audiences = list_granted_audiences(&mut tx, &elsewhere).await.unwrap();
    assert_eq!(audiences, [Some(other_api.to_string())]);
}

async fn a_grantee_is_suspended_and_ends_with_its_organization(store: &TestStore) {
    let (_, api_id) = pair(store).await;
    let (mut change, mut seed) = (store.begin().await, Seed::new(2));
    for name in ["a", "b", "c"] {
        let client_id = given::application(&mut change, &mut seed, name).await;
        put_grant(&mut change, &client_id, &api_id, &ScopeNumbers::default()).await.unwrap();
    }
    let orgs = [given::organization(&mut change, &mut seed).await, given::organization(&mut change, &mut seed).await];
    commit(change).await.unwrap();
    for (name, org) in ["a", "b"].iter().zip(&orgs) {
        store.db_execute(&format!("UPDATE applications SET org_code = '{org}' WHERE name = '{name}'")).await;
    }
    let told = async || {
        let rows = list_grantees(&mut store.read().await.unwrap(), &ApiScope::All, &api_id).await.unwrap();
        rows.iter().map(|row| format!("{}{} ", row.name, row.org_suspended_at.map_or("", |_| "!"))).collect::<String>()
    };
    assert_eq!(told().await, "a b c ");
    store.db_execute(&format!("UPDATE organizations SET suspended_at = 1 WHERE code = '{}'", orgs[0])).await;
    assert_eq!(told().await, "a! b c ");
    store.db_execute(&format!("UPDATE organizations SET deleted_at = 1 WHERE code = '{}'", orgs[0])).await;
    assert_eq!(told().await, "b c ");
}

async fn so_many_audiences_are_told_and_no_more(store: &TestStore) {
    let (client_id, _) = pair(store).await;
    let (mut change, mut seed) = (store.begin().await, Seed::new(2));
    for _ in 0..21 {
        let api_id = given::api(&mut change, &mut seed).await;
        put_grant(&mut change, &client_id, &api_id, &ScopeNumbers::default()).await.unwrap();
    }
    commit(change).await.unwrap();
    assert_eq!(list_granted_audiences(&mut store.read().await.unwrap(), &client_id).await.unwrap().len(), 20);
}
