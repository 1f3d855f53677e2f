//! The master secrets that the store has met.

use keyward_store::canaries::{insert_canary, list_canaries};

use crate::test_store::{TestStore, commit};

conformance! {
    a_new_store_has_met_none,
    master_secrets_are_listed_oldest_first,
    a_number_stands_for_one_master_secret,
}

async fn a_new_store_has_met_none(store: &TestStore) {
    assert!(list_canaries(&mut store.read().await.unwrap()).await.unwrap().is_empty());
}

async fn master_secrets_are_listed_oldest_first(store: &TestStore) {
    let mut change = store.begin().await;
    insert_canary(&mut change, 10, &[0, 255]).await.unwrap();
    insert_canary(&mut change, 9, &[]).await.unwrap();
    commit(change).await.unwrap();
    let rows = list_canaries(&mut store.read().await.unwrap()).await.unwrap();
    let told: Vec<_> = rows.into_iter().map(|row| (row.version, row.canary)).collect();
    assert_eq!(told, [(9, vec![]), (10, vec![0, 255])]);
}

async fn a_number_stands_for_one_master_secret(store: &TestStore) {
    let mut change = store.begin().await;
    insert_canary(&mut change, 1, &[1]).await.unwrap();
    assert!(insert_canary(&mut change, 1, &[2]).await.is_err());
}
