//! What verifications came to, folded from journals.

use std::net::IpAddr;

use keyward_core::{ApiKeyId, OrgScope, OutcomeCode, Owner, Selector, Timestamp};
use keyward_store::head::get_revision;
use keyward_store::keys::{KeyRow, find_key};
use keyward_store::usage::{
    Addition, HourAddition, add_counts, find_position, forget_hours, forget_position, move_position,
};

use crate::given::{self, NOW, Seed, later};
use crate::test_store::{TestStore, commit};

conformance! {
    a_key_shows_what_is_counted_of_it,
    the_last_verification_is_the_latest_whatever_comes_first,
    what_is_added_side_by_side_is_all_counted,
    a_dropped_tally_counts_nothing,
    counting_takes_no_revision,
    a_count_goes_beyond_32_bits,
    a_failed_statement_ends_a_tally,
    the_secret_of_no_key_counts_nothing,
    outcomes_are_counted_by_key_hour_and_outcome,
    hours_before_an_instant_are_forgotten_in_batches,
    a_position_moves_only_from_where_it_is,
    a_position_and_what_it_counts_are_one,
    a_forgotten_position_is_at_the_beginning,
}

async fn key(store: &TestStore) -> (ApiKeyId, Selector) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let api_id = given::api(&mut change, &mut seed).await;
    let id = given::key(&mut change, &mut seed, &api_id, &Owner::Environment).await;
    commit(change).await.unwrap();
    let selector = store.db_texts(&format!("SELECT selector FROM key_secrets WHERE key_id = '{id}'")).await;
    (id, Selector::parse(&selector[0]).unwrap())
}

fn valid(selector: Selector, count: u64, at: Timestamp, ip: Option<&str>) -> Addition {
    let ip: Option<IpAddr> = ip.map(|ip| ip.parse().unwrap());
    Addition { selector, valid: count, last_valid: Some((at, ip)), hours: Vec::new() }
}

async fn add(store: &TestStore, addition: &Addition) {
    let mut tx = store.tally().await.unwrap();
    add_counts(&mut tx, addition).await.unwrap();
    tx.commit().await.unwrap();
}

async fn shown(store: &TestStore, id: &ApiKeyId) -> KeyRow {
    find_key(&mut store.read().await.unwrap(), &OrgScope::All, id).await.unwrap().unwrap()
}

async fn seen(store: &TestStore, id: &ApiKeyId) -> (u64, Option<Timestamp>, Option<String>) {
    let row = shown(store, id).await;
    (row.verification_count, row.last_verified_at, row.last_verified_ip)
}

async fn a_key_shows_what_is_counted_of_it(store: &TestStore) {
    let (id, selector) = key(store).await;
    assert_eq!(seen(store, &id).await, (0, None, None));
    add(store, &valid(selector, 1, later(1), Some("203.0.113.7"))).await;
    assert_eq!(seen(store, &id).await, (1, Some(later(1)), Some("203.0.113.7".into())));
    add(store, &valid(selector, 5, later(2), Some("2001:db8::1"))).await;
    assert_eq!(seen(store, &id).await, (6, Some(later(2)), Some("2001:db8::1".into())));
    add(store, &valid(selector, 1, later(2), None)).await;
    assert_eq!(seen(store, &id).await, (7, Some(later(2)), None));
}

async fn the_last_verification_is_the_latest_whatever_comes_first(store: &TestStore) {
    let (id, selector) = key(store).await;
    add(store, &valid(selector, 1, later(9), Some("203.0.113.9"))).await;
    add(store, &valid(selector, 1, later(8), Some("203.0.113.8"))).await;
    assert_eq!(seen(store, &id).await, (2, Some(later(9)), Some("203.0.113.9".into())));
}

async fn what_is_added_side_by_side_is_all_counted(store: &TestStore) {
    let (id, selector) = key(store).await;
    let some = async || {
        for _ in 0..5 {
            add(store, &valid(selector, 1, later(1), None)).await;
        }
    };
    tokio::join!(some(), some(), some());
    assert_eq!(shown(store, &id).await.verification_count, 15);
}

async fn a_dropped_tally_counts_nothing(store: &TestStore) {
    let (id, selector) = key(store).await;
    let mut tx = store.tally().await.unwrap();
    add_counts(&mut tx, &valid(selector, 1, NOW, None)).await.unwrap();
    drop(tx);
    assert_eq!(shown(store, &id).await.verification_count, 0);
}

async fn counting_takes_no_revision(store: &TestStore) {
    let (id, selector) = key(store).await;
    let before = get_revision(&mut store.read().await.unwrap()).await.unwrap();
    add(store, &valid(selector, 1, later(1), None)).await;
    assert_eq!(get_revision(&mut store.read().await.unwrap()).await.unwrap(), before);
    assert_eq!(shown(store, &id).await.revision, before);
}

async fn a_count_goes_beyond_32_bits(store: &TestStore) {
    let (id, selector) = key(store).await;
    add(store, &valid(selector, i64::MAX as u64 - 1, later(1), None)).await;
    add(store, &valid(selector, 1, later(1), None)).await;
    assert_eq!(shown(store, &id).await.verification_count, i64::MAX as u64);
}

async fn a_failed_statement_ends_a_tally(store: &TestStore) {
    let (id, selector) = key(store).await;
    add(store, &valid(selector, i64::MAX as u64, later(1), None)).await;
    let mut tx = store.tally().await.unwrap();
    assert!(add_counts(&mut tx, &valid(selector, 1, later(2), None)).await.is_err(), "beyond 64 bits");
    assert!(tx.commit().await.is_err());
    assert_eq!(seen(store, &id).await.1, Some(later(1)));
}

fn hour(at: u64, outcome: OutcomeCode, count: u64, cost: u64) -> HourAddition {
    HourAddition { hour_at: later(at), outcome, count, cost }
}

async fn rows(store: &TestStore) -> Vec<String> {
    let sql = "SELECT CAST(hour_at AS TEXT) || ' ' || CAST(outcome AS TEXT) || ' ' || CAST(count AS TEXT) || ' ' \
               || CAST(cost AS TEXT) FROM usage_hours ORDER BY hour_at, outcome";
    store.db_texts(sql).await
}

async fn the_secret_of_no_key_counts_nothing(store: &TestStore) {
    let (id, _) = key(store).await;
    let nobody = Selector::parse("aaaaaaaaaaaa").unwrap();
    let hours = vec![hour(0, OutcomeCode::Verified, 1, 1)];
    add(store, &Addition { hours, ..valid(nobody, 1, NOW, None) }).await;
    assert_eq!((seen(store, &id).await.0, rows(store).await.len()), (0, 0));
}

async fn outcomes_are_counted_by_key_hour_and_outcome(store: &TestStore) {
    let (id, selector) = key(store).await;
    let none_valid = |hours| Addition { selector, valid: 0, last_valid: None, hours };
    add(store, &none_valid(vec![hour(0, OutcomeCode::Revoked, 2, 2), hour(0, OutcomeCode::Expired, 1, 7)])).await;
    add(store, &none_valid(vec![hour(0, OutcomeCode::Revoked, 3, 4), hour(3600, OutcomeCode::Revoked, 1, 1)])).await;
    let (first, second) = (NOW.as_micros(), later(3600).as_micros());
    assert_eq!(rows(store).await, [format!("{first} 3 5 6"), format!("{first} 6 1 7"), format!("{second} 3 1 1")]);
    assert_eq!(seen(store, &id).await, (0, None, None), "none of them was valid");
}

async fn hours_before_an_instant_are_forgotten_in_batches(store: &TestStore) {
    let (_, selector) = key(store).await;
    let hours = (0..5).map(|at| hour(at, OutcomeCode::Verified, 1, 1)).collect();
    add(store, &Addition { selector, valid: 0, last_valid: None, hours }).await;
    let forget = async |limit| {
        let mut tx = store.tally().await.unwrap();
        let forgotten = forget_hours(&mut tx, later(3), limit).await.unwrap();
        tx.commit().await.unwrap();
        forgotten
    };
    assert_eq!((forget(2).await, forget(2).await, forget(2).await), (2, 1, 0));
    let left: Vec<_> = [3, 4].iter().map(|at| format!("{} 1 1 1", later(*at).as_micros())).collect();
    assert_eq!(rows(store).await, left);
}

async fn moved(store: &TestStore, segment: &str, from: u64, to: u64) -> bool {
    let mut tx = store.tally().await.unwrap();
    let moved = move_position(&mut tx, segment, from, to).await.unwrap();
    tx.commit().await.unwrap();
    moved
}

async fn position(store: &TestStore, segment: &str) -> Option<u64> {
    find_position(&mut store.read().await.unwrap(), segment).await.unwrap()
}

async fn a_position_moves_only_from_where_it_is(store: &TestStore) {
    assert_eq!(position(store, "a").await, None);
    assert!(moved(store, "a", 0, 64).await && !moved(store, "a", 0, 128).await);
    assert!(!moved(store, "a", 128, 192).await && !moved(store, "b", 64, 128).await);
    assert_eq!((position(store, "a").await, position(store, "b").await), (Some(64), None));
    assert!(moved(store, "a", 64, 128).await);
    assert_eq!(position(store, "a").await, Some(128));
}

async fn a_position_and_what_it_counts_are_one(store: &TestStore) {
    let (id, selector) = key(store).await;
    let mut tx = store.tally().await.unwrap();
    assert!(move_position(&mut tx, "a", 0, 64).await.unwrap());
    add_counts(&mut tx, &valid(selector, 1, NOW, None)).await.unwrap();
    drop(tx);
    assert_eq!((position(store, "a").await, seen(store, &id).await.0), (None, 0));
}

async fn a_forgotten_position_is_at_the_beginning(store: &TestStore) {
    assert!(moved(store, "a", 0, 64).await && moved(store, "b", 0, 64).await);
    let mut tx = store.tally().await.unwrap();
    forget_position(&mut tx, "a").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((position(store, "a").await, position(store, "b").await), (None, Some(64)));
    assert!(moved(store, "a", 0, 64).await);
}
