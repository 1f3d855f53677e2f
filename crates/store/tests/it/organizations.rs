//! Organizations, and who sees them.

use keyward_core::{OrgCode, OrgScope};
use keyward_store::organizations::{
    NewOrganization, OrganizationRow, OrganizationSort, delete_organization, find_organization,
    find_organization_by_external_id, insert_organization, list_organizations, update_organization,
};

use crate::given::{self, NAME, NOW, Seed, bare_organization, later, rate_limit};
use crate::test_store::{TestStore, commit};

conformance! {
    an_organization_is_found_as_it_was_stored,
    an_organization_of_which_little_is_known_is_found_too,
    a_suspended_organization_says_since_when,
    who_is_kept_to_one_organization_sees_no_other,
    an_external_id_is_unique_among_the_not_deleted,
    organizations_without_external_id_do_not_collide,
    a_deleted_organization_is_found_by_nothing,
    organizations_are_listed_by_name_and_code_from_any_of_them_on,
    a_list_is_kept_to_what_the_caller_may_see_and_asked_for,
    an_update_is_read_back_with_its_revision,
    a_deletion_stamps_the_one_row,
}

async fn insert(store: &TestStore, code: &OrgCode, external_id: Option<&str>) {
    let mut change = store.begin().await;
    insert_organization(&mut change, &NewOrganization { external_id, ..bare_organization(code) }).await.unwrap();
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
    let limits = [rate_limit("a"), rate_limit("b")];
    let new = NewOrganization { external_id: Some("Kunde-№7"), rate_limits: &limits, ..bare_organization(&code) };
    let mut change = store.begin().await;
    insert_organization(&mut change, &new).await.unwrap();
    commit(change).await.unwrap();
    let by_code = find(store, &OrgScope::All, &code).await.unwrap();
    let by_external_id = find_by(store, &OrgScope::All, "Kunde-№7").await.unwrap();
    for row in [by_code, by_external_id] {
        let OrganizationRow {
            code: same,
            external_id,
            name,
            created_at,
            suspended_at,
            plan_id,
            rate_limits,
            credits,
            revision,
        } = row;
        assert_eq!((same, external_id.as_deref()), (code.clone(), Some("Kunde-№7")));
        assert_eq!((name.as_str(), created_at, suspended_at, revision), (NAME, NOW, None, 1));
        assert_eq!((plan_id, rate_limits, credits), (None, limits.to_vec(), None));
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
    let again = NewOrganization { external_id: Some("x"), ..bare_organization(&second) };
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

async fn list(
    store: &TestStore,
    scope: &OrgScope,
    external_id: Option<&str>,
    (sort, after, limit): (OrganizationSort, Option<&OrgCode>, u32),
) -> Vec<String> {
    let page = (sort, after.map(OrgCode::as_str), limit);
    let rows = list_organizations(&mut store.read().await.unwrap(), scope, external_id, page).await.unwrap();
    rows.into_iter().map(|row| row.name).collect()
}

/// Organizations with these names, and these as their external ids.
async fn named(store: &TestStore, names: &[&str]) -> Vec<OrgCode> {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let mut codes = Vec::new();
    for name in names {
        let code = seed.org_code();
        let new = NewOrganization { external_id: Some(name), name, ..bare_organization(&code) };
        insert_organization(&mut change, &new).await.unwrap();
        codes.push(code);
    }
    commit(change).await.unwrap();
    codes
}

async fn organizations_are_listed_by_name_and_code_from_any_of_them_on(store: &TestStore) {
    let codes = named(store, &["b", "Ü", "A", "c"]).await;
    let all = |sort| (sort, None, 10);
    assert_eq!(list(store, &OrgScope::All, None, all(OrganizationSort::NameAsc)).await, ["A", "b", "c", "Ü"]);
    assert_eq!(list(store, &OrgScope::All, None, all(OrganizationSort::NameDesc)).await, ["Ü", "c", "b", "A"]);
    store.db_execute("UPDATE organizations SET deleted_at = 1 WHERE name = 'b'").await;
    let behind = |sort| (sort, Some(&codes[0]), 1);
    assert_eq!(list(store, &OrgScope::All, None, behind(OrganizationSort::NameAsc)).await, ["c"]);
    assert_eq!(list(store, &OrgScope::All, None, behind(OrganizationSort::NameDesc)).await, ["A"]);
}

async fn a_list_is_kept_to_what_the_caller_may_see_and_asked_for(store: &TestStore) {
    let codes = named(store, &["a", "b"]).await;
    let first = (OrganizationSort::NameAsc, None, 10);
    let only_a = OrgScope::One(codes[0].clone());
    assert_eq!(list(store, &only_a, None, first).await, ["a"]);
    assert_eq!(list(store, &only_a, Some("b"), first).await, [""; 0]);
    assert_eq!(list(store, &OrgScope::All, Some("b"), first).await, ["b"]);
}

async fn an_update_is_read_back_with_its_revision(store: &TestStore) {
    let code = Seed::new(1).org_code();
    insert(store, &code, Some("x")).await;
    let mut row = find(store, &OrgScope::All, &code).await.unwrap();
    (row.name, row.external_id, row.suspended_at) = ("Łódź".into(), None, Some(later(5)));
    row.rate_limits = vec![rate_limit("a"), rate_limit("b")];
    let mut change = store.begin_at(later(5)).await;
    update_organization(&mut change, &row).await.unwrap();
    commit(change).await.unwrap();
    let read = find(store, &OrgScope::All, &code).await.unwrap();
    assert_eq!((read.name.as_str(), read.external_id, read.suspended_at), ("Łódź", None, Some(later(5))));
    assert_eq!((read.created_at, read.revision, read.rate_limits), (NOW, 2, row.rate_limits));
    assert_eq!(store.db_texts("SELECT name_folded FROM organizations").await, ["łódź"]);
}

async fn a_deletion_stamps_the_one_row(store: &TestStore) {
    let codes = named(store, &["a", "b"]).await;
    let row = find(store, &OrgScope::All, &codes[0]).await.unwrap();
    let mut change = store.begin_at(later(5)).await;
    delete_organization(&mut change, &row).await.unwrap();
    assert!(delete_organization(&mut change, &row).await.is_err(), "it is gone");
    commit(change).await.unwrap();
    assert!(find(store, &OrgScope::All, &codes[0]).await.is_none());
    assert_eq!(store.db_number("SELECT COUNT(*) FROM organizations WHERE revision = 2").await, 1);
}
