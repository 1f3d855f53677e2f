//! Applications and their secrets.

use keyward_core::{ApiId, ClientId, SecretMac};
use keyward_store::applications::{
    ApplicationRow, NewApplication, count_applications, find_application, insert_application, list_application_secrets,
};

use crate::given::{self, NAME, NOW, Seed, later, mac};
use crate::test_store::{TestStore, commit};

conformance! {
    an_application_is_found_as_it_was_stored,
    an_application_that_is_kept_to_nothing_is_found_too,
    being_kept_to_no_api_is_not_being_kept_to_nothing,
    a_disabled_application_says_since_when,
    the_code_of_its_secret_is_read_back_byte_for_byte,
    an_expired_secret_is_not_listed_from_its_last_instant,
    secrets_are_listed_newest_first,
    a_deleted_application_is_neither_found_nor_counted,
    it_is_suspended_and_ends_with_its_organization,
}

fn kept_to_nothing<'a>(client_id: &'a ClientId, mac: &'a SecretMac) -> NewApplication<'a> {
    let (org_code, bound_api_ids) = (None, None);
    NewApplication { client_id, name: NAME, org_code, bound_api_ids, token_lifetime: 1, mac: *mac, secret_version: 1 }
}

async fn insert(store: &TestStore, new: &NewApplication<'_>) {
    let mut change = store.begin().await;
    insert_application(&mut change, new).await.unwrap();
    commit(change).await.unwrap();
}

async fn find(store: &TestStore, id: &ClientId) -> Option<ApplicationRow> {
    find_application(&mut store.read().await.unwrap(), id).await.unwrap()
}

async fn an_application_is_found_as_it_was_stored(store: &TestStore) {
    let mut seed = Seed::new(1);
    let mut change = store.begin().await;
    let org_code = given::organization(&mut change, &mut seed).await;
    commit(change).await.unwrap();
    let (id, code, apis) = (seed.client_id(), mac(0), [seed.api_id(), seed.api_id()]);
    let new = NewApplication {
        org_code: Some(&org_code),
        bound_api_ids: Some(&apis),
        token_lifetime: u32::MAX,
        ..kept_to_nothing(&id, &code)
    };
    insert(store, &new).await;

    let row = find(store, &id).await.unwrap();
    assert!(row.is_active());
    let ApplicationRow { client_id, name, org_code: of, bound_api_ids, token_lifetime, disabled_at, .. } = row;
    assert_eq!((client_id, name.as_str(), of), (id, NAME, Some(org_code)));
    assert_eq!((bound_api_ids.as_deref(), token_lifetime, disabled_at), (Some(apis.as_slice()), u32::MAX, None));
    assert_eq!(store.db_texts("SELECT name_folded FROM applications").await, ["żółć & søn 東京 🗝"]);
}

async fn an_application_that_is_kept_to_nothing_is_found_too(store: &TestStore) {
    let id = Seed::new(1).client_id();
    insert(store, &kept_to_nothing(&id, &mac(0))).await;
    let row = find(store, &id).await.unwrap();
    assert_eq!((row.org_code, row.bound_api_ids, row.token_lifetime), (None, None, 1));
    assert_eq!(count_applications(&mut store.read().await.unwrap()).await.unwrap(), 1);
}

async fn being_kept_to_no_api_is_not_being_kept_to_nothing(store: &TestStore) {
    let id = Seed::new(1).client_id();
    let none: &[ApiId] = &[];
    insert(store, &NewApplication { bound_api_ids: Some(none), ..kept_to_nothing(&id, &mac(0)) }).await;
    assert_eq!(find(store, &id).await.unwrap().bound_api_ids.as_deref(), Some(none));
}

async fn a_disabled_application_says_since_when(store: &TestStore) {
    let id = Seed::new(1).client_id();
    insert(store, &kept_to_nothing(&id, &mac(0))).await;
    store.db_execute(&format!("UPDATE applications SET disabled_at = {}", later(5).as_micros())).await;
    assert_eq!(find(store, &id).await.unwrap().disabled_at, Some(later(5)));
}

async fn the_code_of_its_secret_is_read_back_byte_for_byte(store: &TestStore) {
    let id = Seed::new(1).client_id();
    let code = mac(0xf0);
    insert(store, &NewApplication { secret_version: u32::MAX, ..kept_to_nothing(&id, &code) }).await;
    let mut tx = store.read().await.unwrap();
    let [secret] = list_application_secrets(&mut tx, &id, NOW).await.unwrap().try_into().unwrap();
    assert_eq!((secret.mac.as_bytes(), secret.secret_version), (code.as_bytes(), u32::MAX));
}

async fn an_expired_secret_is_not_listed_from_its_last_instant(store: &TestStore) {
    let id = Seed::new(1).client_id();
    insert(store, &kept_to_nothing(&id, &mac(0))).await;
    store.db_execute(&format!("UPDATE application_secrets SET expires_at = {}", later(5).as_micros())).await;
    let mut tx = store.read().await.unwrap();
    assert_eq!(list_application_secrets(&mut tx, &id, later(4)).await.unwrap().len(), 1);
    assert!(list_application_secrets(&mut tx, &id, later(5)).await.unwrap().is_empty());
}

async fn secrets_are_listed_newest_first(store: &TestStore) {
    let id = Seed::new(1).client_id();
    insert(store, &kept_to_nothing(&id, &mac(0))).await;
    let copy = "INSERT INTO application_secrets (client_id, number, mac, secret_version, created_at, revision) \
         SELECT client_id, 2, mac, 7, created_at, revision FROM application_secrets";
    assert_eq!(store.db_execute(copy).await, 1);
    let rows = list_application_secrets(&mut store.read().await.unwrap(), &id, NOW).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.secret_version).collect::<Vec<_>>(), [7, 1]);
}

async fn a_deleted_application_is_neither_found_nor_counted(store: &TestStore) {
    let id = Seed::new(1).client_id();
    insert(store, &kept_to_nothing(&id, &mac(0))).await;
    store.db_execute("UPDATE applications SET deleted_at = 1").await;
    assert!(find(store, &id).await.is_none());
    assert_eq!(count_applications(&mut store.read().await.unwrap()).await.unwrap(), 0);
}

async fn it_is_suspended_and_ends_with_its_organization(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let org_code = given::organization(&mut change, &mut seed).await;
    commit(change).await.unwrap();
    let (own, other, code) = (seed.client_id(), seed.client_id(), mac(1));
    insert(store, &NewApplication { org_code: Some(&org_code), ..kept_to_nothing(&own, &code) }).await;
    insert(store, &kept_to_nothing(&other, &code)).await;
    store.db_execute(&format!("UPDATE organizations SET suspended_at = {}", later(5).as_micros())).await;
    let row = find(store, &own).await.unwrap();
    assert_eq!((row.org_suspended_at, row.is_active()), (Some(later(5)), false));
    assert!(find(store, &other).await.unwrap().is_active());
    store.db_execute("UPDATE organizations SET deleted_at = 1").await;
    assert!(find(store, &own).await.is_none());
    assert!(find(store, &other).await.is_some());
}
