//! Changes: each takes the head first, has one revision and one event, and is made whole or not at all.

use keyward_core::OrgScope;
use keyward_store::StoreError;
use keyward_store::head::get_revision;
use keyward_store::organizations::{NewOrganization, find_organization, insert_organization};
use keyward_store::scopes::list_scopes;

use crate::given::{self, NOW, Seed, bare_organization};
use crate::test_store::{TestStore, commit};

conformance! {
    each_commit_adds_one_to_the_revision,
    a_change_knows_its_instant_and_its_actor,
    a_dropped_change_leaves_nothing,
    a_change_sees_what_the_change_before_it_made,
    changes_side_by_side_are_serial,
    a_reader_sees_a_change_after_its_commit_and_not_before,
    a_failed_statement_ends_the_change,
}

async fn revision(store: &TestStore) -> u64 {
    get_revision(&mut store.read().await.unwrap()).await.unwrap()
}

async fn each_commit_adds_one_to_the_revision(store: &TestStore) {
    assert_eq!(revision(store).await, 0);
    for expected in 1..=3 {
        let change = store.begin().await;
        assert_eq!(change.revision(), expected);
        assert_eq!(commit(change).await.unwrap(), expected);
        assert_eq!(revision(store).await, expected);
    }
}

async fn a_change_knows_its_instant_and_its_actor(store: &TestStore) {
    let change = store.begin().await;
    assert_eq!(change.now(), NOW);
    assert_eq!(*change.actor(), keyward_store::Actor::system());
}

async fn a_dropped_change_leaves_nothing(store: &TestStore) {
    let mut change = store.begin().await;
    let code = given::organization(&mut change, &mut Seed::new(1)).await;
    drop(change);

    assert_eq!(revision(store).await, 0);
    let found = find_organization(&mut store.read().await.unwrap(), &OrgScope::All, &code).await.unwrap();
    assert!(found.is_none());
    assert_eq!(store.db_number("SELECT COUNT(*) FROM audit_events").await, 0);
    assert_eq!(commit(store.begin().await).await.unwrap(), 1, "the revision is not skipped");
}

/// The second change is asked for while the first is held: had it not waited, it would have the same revision.
async fn a_change_sees_what_the_change_before_it_made(store: &TestStore) {
    let mut first = store.begin().await;
    let (code, second) = tokio::join!(
        async {
            let code = given::organization(&mut first, &mut Seed::new(1)).await;
            tokio::task::yield_now().await;
            commit(first).await.unwrap();
            code
        },
        store.begin()
    );
    let mut second = second;
    assert_eq!(second.revision(), 2);
    assert!(find_organization(&mut second, &OrgScope::All, &code).await.unwrap().is_some());
}

/// A scope takes the number after the largest that it reads, so two changes that do not wait take the same.
async fn changes_side_by_side_are_serial(store: &TestStore) {
    let mut change = store.begin().await;
    let api_id = given::api(&mut change, &mut Seed::new(1)).await;
    commit(change).await.unwrap();
    let add = async |seed: u64| {
        let mut seed = Seed::new(seed);
        for _ in 0..5 {
            let mut change = store.begin().await;
            let key = format!("scope:{}", change.revision());
            given::scope(&mut change, &mut seed, &api_id, &key).await;
            commit(change).await.unwrap();
        }
    };
    tokio::join!(add(2), add(3), add(4));

    assert_eq!(revision(store).await, 16);
    let scopes = list_scopes(&mut store.read().await.unwrap(), &api_id).await.unwrap();
    assert_eq!(scopes.len(), 15);
    for scope in scopes {
        assert_eq!(scope.key.as_str(), format!("scope:{}", scope.number + 1));
    }
}

async fn a_reader_sees_a_change_after_its_commit_and_not_before(store: &TestStore) {
    let mut change = store.begin().await;
    let code = given::organization(&mut change, &mut Seed::new(1)).await;
    let is_seen = async || {
        let mut tx = store.read().await.unwrap();
        find_organization(&mut tx, &OrgScope::All, &code).await.unwrap().is_some()
    };
    assert!(!is_seen().await);
    commit(change).await.unwrap();
    assert!(is_seen().await);
}

async fn a_failed_statement_ends_the_change(store: &TestStore) {
    let mut seed = Seed::new(1);
    let mut change = store.begin().await;
    let code = given::organization(&mut change, &mut seed).await;
    let again = NewOrganization { name: "Twice", ..bare_organization(&code) };
    let refused = insert_organization(&mut change, &again).await;
    assert!(matches!(refused, Err(StoreError::Constraint(_))), "{refused:?}");

    let other = seed.org_code();
    let next = NewOrganization { name: "After", ..bare_organization(&other) };
    assert!(insert_organization(&mut change, &next).await.is_err());
    assert!(commit(change).await.is_err());
    assert_eq!(store.db_number("SELECT COUNT(*) FROM organizations").await, 0);
    assert_eq!(revision(store).await, 0);
}
