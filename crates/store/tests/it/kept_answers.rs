//! Answers that are kept for repeated requests.

use keyward_store::kept_answers::{NewKeptAnswer, delete_expired_answers, find_kept_answer, insert_kept_answer};

use crate::given::{NOW, later, mac};
use crate::test_store::{TestStore, commit};

conformance! {
    an_answer_is_found_by_who_what_and_key_until_it_runs_out,
    an_answer_that_has_run_out_gives_its_place_to_the_next,
    a_kept_answer_cannot_outlive_a_change_that_is_rolled_back,
    what_has_run_out_is_forgotten_in_batches,
}

const ROUTE: &str = "POST /api/v1/api_keys";

async fn keep(store: &TestStore, at: u64, key: u8, sealed: &[u8]) {
    let mut change = store.begin_at(later(at)).await;
    insert_kept_answer(&mut change, &answer(&mac(key), sealed, at)).await.unwrap();
    commit(change).await.unwrap();
}

fn answer<'a>(key_mac: &'a keyward_core::SecretMac, sealed: &'a [u8], at: u64) -> NewKeptAnswer<'a> {
    NewKeptAnswer {
        principal: "application 1",
        route: ROUTE,
        key_mac,
        request_mac: key_mac,
        sealed,
        secret_version: 3,
        expires_at: later(at + 10),
    }
}

async fn find(store: &TestStore, principal: &str, route: &str, key: u8, at: u64) -> Option<Vec<u8>> {
    let mut tx = store.read().await.unwrap();
    let row = find_kept_answer(&mut tx, principal, route, &mac(key), later(at)).await.unwrap();
    row.map(|row| {
        assert_eq!(row.secret_version, 3);
        assert!(row.request_mac.matches(&mac(key)));
        row.sealed
    })
}

async fn an_answer_is_found_by_who_what_and_key_until_it_runs_out(store: &TestStore) {
    keep(store, 0, 1, b"sealed").await;
    assert_eq!(find(store, "application 1", ROUTE, 1, 9).await.as_deref(), Some(&b"sealed"[..]));
    assert_eq!(find(store, "application 2", ROUTE, 1, 9).await, None);
    assert_eq!(find(store, "application 1", "PUT /", 1, 9).await, None);
    assert_eq!(find(store, "application 1", ROUTE, 2, 9).await, None);
    assert_eq!(find(store, "application 1", ROUTE, 1, 10).await, None);
}

async fn an_answer_that_has_run_out_gives_its_place_to_the_next(store: &TestStore) {
    keep(store, 0, 1, b"first").await;
    keep(store, 20, 1, b"second").await;
    assert_eq!(find(store, "application 1", ROUTE, 1, 20).await.as_deref(), Some(&b"second"[..]));
    let row = find_kept_answer(&mut store.read().await.unwrap(), "application 1", ROUTE, &mac(1), later(20)).await;
    assert_eq!(row.unwrap().unwrap().revision, 2);
}

async fn a_kept_answer_cannot_outlive_a_change_that_is_rolled_back(store: &TestStore) {
    let mut change = store.begin().await;
    insert_kept_answer(&mut change, &answer(&mac(1), b"sealed", 0)).await.unwrap();
    drop(change);
    assert_eq!(find(store, "application 1", ROUTE, 1, 0).await, None);
}

async fn what_has_run_out_is_forgotten_in_batches(store: &TestStore) {
    for key in 1..=3 {
        keep(store, 0, key, b"old").await;
    }
    keep(store, 5, 4, b"young").await;
    for expected in [2, 1, 0] {
        let mut tx = store.tally().await.unwrap();
        assert_eq!(delete_expired_answers(&mut tx, later(10), 2).await.unwrap(), expected);
        tx.commit().await.unwrap();
    }
    assert_eq!(find(store, "application 1", ROUTE, 1, 0).await, None, "not even for a clock that is behind");
    assert!(find(store, "application 1", ROUTE, 4, 10).await.is_some());
    assert_eq!(store.db_number("SELECT COUNT(*) FROM kept_answers").await, 1);
    assert!(NOW < later(1));
}
