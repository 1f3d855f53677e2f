//! Organizations, and who sees them.

use keyward_core::{OrgCode, OrgScope};
use keyward_store::organizations::{
    NewOrganization, OrganizationRow, find_organization, find_organization_by_external_id, insert_organization,
};

use crate::given::{self, NAME, NOW, Seed, later};
use crate::test_store::{TestStore, commit};

conformance! {
    an_organization_is_found_as_it_was_stored,
    an_organization_of_which_little_is_known_is_found_too,
    a_suspended_organization_says_since_when,
    who_is_kept_to_one_organization_sees_no_other,
    an_external_id_is_unique_among_the_not_deleted,
    organizations_without_external_id_do_not_collide,
    a_deleted_organization_is_found_by_nothing,
}

async fn insert(store: &TestStore, code: &OrgCode, external_id: Option<&str>) {
    let mut change = store.begin().await;
    insert_organization(&mut change, &NewOrganization { code, external_id, name: NAME }).await.unwrap();
    commit(change).await.unwrap();
}

async fn find(store: &TestStore, scope: &OrgScope, code: &OrgCode) -> Option<OrganizationRow> {
    find_organization(&mut store.read().await.unwrap(), scope, code).await.unwrap()
}

async fn find_by(store: &TestStore, scope: &OrgScope, external_id: &str) -> Option<OrganizationRow> {
    find_organization_by_external_id(&mut store.read().await.unwrap(), scope, external_id).await.unwrap()
}

async fn an_organization_is_found_as_it_was_stored(store: &TestStore) {
    let code = Seed::new(1).org_code();
    insert(store, &code, Some("Kunde-№7")).await;
    let by_code = find(store, &OrgScope::All, &code).await.unwrap();
    let by_external_id = find_by(store, &OrgScope::All, "Kunde-№7").await.unwrap();
    for row in [by_code, by_external_id] {
        let OrganizationRow { code: same, external_id, name, created_at, suspended_at } = row;
        assert_eq!((same, external_id.as_deref()), (code.clone(), Some("Kunde-№7")));
        assert_eq!((name.as_str(), created_at, suspended_at), (NAME, NOW, None));
    }
    assert!(find_by(store, &OrgScope::All, "kunde-№7").await.is_none(), "case matters");
    assert_eq!(store.db_texts("SELECT name_folded FROM organizations").await, ["żółć & søn 東京 🗝"]);
    assert_eq!(store.db_number("SELECT revision FROM organizations").await, 1);
}

async fn an_organization_of_which_little_is_known_is_found_too(store: &TestStore) {
    let code = Seed::new(1).org_code();
    insert(store, &code, None).await;
    assert_eq!(find(store, &OrgScope::All, &code).await.unwrap().external_id, None);
}

async fn a_suspended_organization_says_since_when(store: &TestStore) {
    let code = Seed::new(1).org_code();
    insert(store, &code, None).await;
    store.db_execute(&format!("UPDATE organizations SET suspended_at = {}", later(5).as_micros())).await;
    assert_eq!(find(store, &OrgScope::All, &code).await.unwrap().suspended_at, Some(later(5)));
}

async fn who_is_kept_to_one_organization_sees_no_other(store: &TestStore) {
    let mut seed = Seed::new(1);
    let (a, b) = (seed.org_code(), seed.org_code());
    insert(store, &a, Some("a")).await;
    insert(store, &b, Some("b")).await;
    let only_a = OrgScope::One(a.clone());
    assert!(find(store, &only_a, &a).await.is_some());
    assert!(find_by(store, &only_a, "a").await.is_some());
    assert!(find(store, &only_a, &b).await.is_none());
    assert!(find_by(store, &only_a, "b").await.is_none());
}

async fn an_external_id_is_unique_among_the_not_deleted(store: &TestStore) {
    let mut seed = Seed::new(1);
    let (first, second) = (seed.org_code(), seed.org_code());
    insert(store, &first, Some("x")).await;
    let again = NewOrganization { code: &second, external_id: Some("x"), name: NAME };
    assert!(insert_organization(&mut store.begin().await, &again).await.is_err());
    store.db_execute("UPDATE organizations SET deleted_at = 1").await;
    insert(store, &second, Some("x")).await;
    assert_eq!(find_by(store, &OrgScope::All, "x").await.unwrap().code, second);
}

async fn organizations_without_external_id_do_not_collide(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    given::organization(&mut change, &mut seed).await;
    given::organization(&mut change, &mut seed).await;
    commit(change).await.unwrap();
}

async fn a_deleted_organization_is_found_by_nothing(store: &TestStore) {
    let code = Seed::new(1).org_code();
    insert(store, &code, Some("x")).await;
    store.db_execute("UPDATE organizations SET deleted_at = 1").await;
    assert!(find(store, &OrgScope::All, &code).await.is_none());
    assert!(find_by(store, &OrgScope::All, "x").await.is_none());
}
