//! Members of organizations, and what they are given.

use keyward_core::{OrgCode, OrgScope, UserId};
use keyward_store::members::{
    MemberFilter, MemberRow, MemberSort, end_member, find_member, insert_member, list_members,
};
use keyward_store::users::{NewUser, insert_user};

use crate::given::{self, NOW, Seed, later};
use crate::test_store::{TestStore, commit};

conformance! {
    a_member_is_found_with_what_is_known_of_the_user,
    who_is_kept_to_one_organization_finds_no_member_of_another,
    a_user_is_a_member_once,
    a_member_must_exist,
    members_are_listed_in_each_order_from_any_of_them_on,
    who_was_deleted_is_no_member_and_neither_is_anybody_of_a_deleted_organization,
    who_comes_back_begins_anew,
}

async fn shop(store: &TestStore, people: &[(&str, Option<&str>)]) -> (OrgCode, Vec<UserId>) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let org = given::organization(&mut change, &mut seed).await;
    let mut ids = Vec::new();
    for (name, email) in people {
        let id = seed.user_id();
        let new = NewUser { given_name: Some(name), email: *email, ..given::unknown_user(&id) };
        insert_user(&mut change, &new).await.unwrap();
        insert_member(&mut change, &org, &id).await.unwrap();
        ids.push(id);
    }
    commit(change).await.unwrap();
    (org, ids)
}

async fn find(store: &TestStore, scope: &OrgScope, org: &OrgCode, user: &UserId) -> Option<MemberRow> {
    find_member(&mut store.read().await.unwrap(), scope, org, user).await.unwrap()
}

async fn names(store: &TestStore, org: &OrgCode, sort: MemberSort, after: Option<&UserId>) -> Vec<String> {
    let page = (sort, after.map(UserId::as_str), 10);
    let mut tx = store.read().await.unwrap();
    let rows = list_members(&mut tx, &OrgScope::All, org, MemberFilter::default(), page).await.unwrap();
    rows.into_iter().map(|row| row.given_name.unwrap()).collect()
}

async fn a_member_is_found_with_what_is_known_of_the_user(store: &TestStore) {
    let (org, ids) = shop(store, &[("Łucja", Some("l@example.com"))]).await;
    let row = find(store, &OrgScope::All, &org, &ids[0]).await.unwrap();
    let MemberRow { org_code, user_id, given_name, family_name, email, suspended_at, joined_at, roles, revision } = row;
    assert_eq!((&org_code, &user_id), (&org, &ids[0]));
    assert_eq!((given_name.as_deref(), family_name, email.as_deref()), (Some("Łucja"), None, Some("l@example.com")));
    assert_eq!((suspended_at, joined_at, roles, revision), (None, NOW, None, 1));
}

async fn who_is_kept_to_one_organization_finds_no_member_of_another(store: &TestStore) {
    let (org, ids) = shop(store, &[("a", None)]).await;
    let other = OrgScope::One(Seed::new(9).org_code());
    assert!(find(store, &OrgScope::One(org.clone()), &org, &ids[0]).await.is_some());
    assert!(find(store, &other, &org, &ids[0]).await.is_none());
    let page = (MemberSort::NameAsc, None, 10);
    let mut tx = store.read().await.unwrap();
    assert!(list_members(&mut tx, &other, &org, MemberFilter::default(), page).await.unwrap().is_empty());
}

async fn a_user_is_a_member_once(store: &TestStore) {
    let (org, ids) = shop(store, &[("a", None)]).await;
    assert!(insert_member(&mut store.begin().await, &org, &ids[0]).await.is_err());
}

async fn a_member_must_exist(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let org = given::organization(&mut change, &mut seed).await;
    assert!(insert_member(&mut change, &org, &seed.user_id()).await.is_err());
}

async fn members_are_listed_in_each_order_from_any_of_them_on(store: &TestStore) {
    let (org, ids) = shop(store, &[("b", Some("1@x")), ("A", None), ("Ü", Some("0@x"))]).await;
    assert_eq!(names(store, &org, MemberSort::NameAsc, None).await, ["A", "b", "Ü"]);
    assert_eq!(names(store, &org, MemberSort::NameDesc, None).await, ["Ü", "b", "A"]);
    assert_eq!(names(store, &org, MemberSort::EmailAsc, None).await, ["A", "Ü", "b"]);
    assert_eq!(names(store, &org, MemberSort::EmailDesc, None).await, ["b", "Ü", "A"]);
    store.db_execute("UPDATE users SET deleted_at = 1 WHERE given_name = 'b'").await;
    assert_eq!(names(store, &org, MemberSort::NameAsc, Some(&ids[0])).await, ["Ü"]);
    assert_eq!(names(store, &org, MemberSort::NameDesc, Some(&ids[0])).await, ["A"]);
    assert_eq!(names(store, &org, MemberSort::EmailAsc, Some(&ids[1])).await, ["Ü"]);
    assert_eq!(names(store, &org, MemberSort::EmailDesc, Some(&ids[2])).await, ["A"]);
}

async fn who_was_deleted_is_no_member_and_neither_is_anybody_of_a_deleted_organization(store: &TestStore) {
    let (org, ids) = shop(store, &[("a", None), ("b", None)]).await;
    store.db_execute("UPDATE users SET deleted_at = 1 WHERE given_name = 'a'").await;
    assert!(find(store, &OrgScope::All, &org, &ids[0]).await.is_none());
    assert_eq!(names(store, &org, MemberSort::NameAsc, None).await, ["b"]);
    store.db_execute("UPDATE organizations SET deleted_at = 1").await;
    assert!(find(store, &OrgScope::All, &org, &ids[1]).await.is_none());
    assert_eq!(names(store, &org, MemberSort::NameAsc, None).await, [""; 0]);
}

async fn who_comes_back_begins_anew(store: &TestStore) {
    let (org, ids) = shop(store, &[("a", None)]).await;
    let member = find(store, &OrgScope::All, &org, &ids[0]).await.unwrap();
    let mut change = store.begin_at(later(5)).await;
    end_member(&mut change, &member).await.unwrap();
    assert!(end_member(&mut change, &member).await.is_err(), "it has ended");
    commit(change).await.unwrap();
    assert!(find(store, &OrgScope::All, &org, &ids[0]).await.is_none());
    let mut change = store.begin_at(later(9)).await;
    insert_member(&mut change, &org, &ids[0]).await.unwrap();
    commit(change).await.unwrap();
    let again = find(store, &OrgScope::All, &org, &ids[0]).await.unwrap();
    assert_eq!((again.joined_at, again.revision), (later(9), 3));
}
