//! Counts of valid verifications.

use keyward_core::{ApiKeyId, OrgScope, Owner};
use keyward_store::head::get_revision;
use keyward_store::keys::{KeyRow, find_key};
use keyward_store::usage::{UsageRow, add_verification};

use crate::given::{self, NOW, Seed, later};
use crate::test_store::{TestStore, commit};

conformance! {
    each_verification_is_counted_and_answered,
    a_key_shows_what_is_counted_of_it,
    verifications_side_by_side_are_all_counted,
    a_dropped_tally_counts_nothing,
    counting_takes_no_revision,
    a_count_goes_beyond_32_bits,
}

async fn key(store: &TestStore) -> ApiKeyId {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let api_id = given::api(&mut change, &mut seed).await;
    let id = given::key(&mut change, &mut seed, &api_id, &Owner::Environment).await;
    commit(change).await.unwrap();
    id
}

async fn count(store: &TestStore, id: &ApiKeyId, seconds: u64, ip: Option<&str>) -> UsageRow {
    let mut tx = store.tally().await.unwrap();
    let ip = ip.map(|ip| ip.parse().unwrap());
    let row = add_verification(&mut tx, id, later(seconds), ip).await.unwrap();
    tx.commit().await.unwrap();
    row
}

async fn shown(store: &TestStore, id: &ApiKeyId) -> KeyRow {
    find_key(&mut store.read().await.unwrap(), &OrgScope::All, id).await.unwrap().unwrap()
}

async fn each_verification_is_counted_and_answered(store: &TestStore) {
    let id = key(store).await;
    for expected in 1..=3 {
        let UsageRow { verification_count, last_verified_at } = count(store, &id, expected, None).await;
        assert_eq!((verification_count, last_verified_at), (expected, later(expected)));
    }
}

async fn a_key_shows_what_is_counted_of_it(store: &TestStore) {
    let id = key(store).await;
    let seen = async || {
        let row = shown(store, &id).await;
        (row.verification_count, row.last_verified_at, row.last_verified_ip)
    };
    assert_eq!(seen().await, (0, None, None));
    count(store, &id, 1, Some("203.0.113.7")).await;
    assert_eq!(seen().await, (1, Some(later(1)), Some("203.0.113.7".into())));
    count(store, &id, 2, Some("2001:db8::1")).await;
    assert_eq!(seen().await, (2, Some(later(2)), Some("2001:db8::1".into())));
    count(store, &id, 3, None).await;
    assert_eq!(seen().await, (3, Some(later(3)), None));
}

async fn verifications_side_by_side_are_all_counted(store: &TestStore) {
    let id = key(store).await;
    let some = async || {
        for _ in 0..5 {
            count(store, &id, 1, None).await;
        }
    };
    tokio::join!(some(), some(), some());
    assert_eq!(shown(store, &id).await.verification_count, 15);
}

async fn a_dropped_tally_counts_nothing(store: &TestStore) {
    let id = key(store).await;
    let mut tx = store.tally().await.unwrap();
    add_verification(&mut tx, &id, NOW, None).await.unwrap();
    drop(tx);
    assert_eq!(shown(store, &id).await.verification_count, 0);
}

async fn counting_takes_no_revision(store: &TestStore) {
    let id = key(store).await;
    let before = get_revision(&mut store.read().await.unwrap()).await.unwrap();
    count(store, &id, 1, None).await;
    assert_eq!(get_revision(&mut store.read().await.unwrap()).await.unwrap(), before);
    assert_eq!(shown(store, &id).await.revision, before);
}

async fn a_count_goes_beyond_32_bits(store: &TestStore) {
    let id = key(store).await;
    count(store, &id, 1, None).await;
    store.db_execute(&format!("UPDATE key_usage SET verification_count = {}", i64::MAX - 1)).await;
    assert_eq!(count(store, &id, 1, None).await.verification_count, i64::MAX as u64);
    assert_eq!(shown(store, &id).await.verification_count, i64::MAX as u64);
}
