//! What verifications came to, folded from journals.

use std::net::IpAddr;

use keyward_core::{ApiId, ApiKeyId, OrgCode, OrgScope, OutcomeCode, Owner, Selector, Timestamp, UserId};
use keyward_store::head::get_revision;
use keyward_store::keys::{KeyRow, find_key, list_key_secrets};
use keyward_store::usage::{
    Addition, HourAddition, UsageFilter, add_counts, find_position, forget_hours, forget_position, list_usage,
    list_used, move_position,
};

use crate::given::{self, NOW, Seed, later};
use crate::test_store::{TestStore, commit};

conformance! {
    a_key_shows_what_is_counted_of_it,
    the_last_verification_is_the_latest_whatever_comes_first,
    each_secret_shows_when_it_was_last_found_valid,
    what_is_added_side_by_side_is_all_counted,
    a_dropped_tally_counts_nothing,
    counting_takes_no_revision,
    a_count_goes_beyond_32_bits,
    a_failed_statement_ends_a_tally,
    the_secret_of_no_key_counts_nothing,
    outcomes_are_counted_by_key_hour_and_outcome,
    usage_is_listed_by_time_and_outcome_the_oldest_first,
    each_filter_of_usage_keeps_what_it_names_and_filters_hold_together,
    who_is_kept_to_one_organization_lists_the_usage_of_its_keys_alone,
    hours_before_an_instant_are_forgotten_in_batches,
    what_keys_with_limits_have_used_is_listed_from_an_hour_on_the_oldest_first,
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

async fn each_secret_shows_when_it_was_last_found_valid(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let api_id = given::api(&mut change, &mut seed).await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        ids.push(given::key(&mut change, &mut seed, &api_id, &Owner::Environment).await);
    }
    commit(change).await.unwrap();
    let shown = async |id: &ApiKeyId| {
        let rows = list_key_secrets(&mut store.read().await.unwrap(), id, NOW).await.unwrap();
        (rows[0].selector, rows[0].last_verified_at)
    };
    let (selector, _) = shown(&ids[0]).await;
    for (at, seen) in [(8, 8), (9, 9), (8, 9)] {
        add(store, &valid(selector, 1, later(at), None)).await;
        assert_eq!(shown(&ids[0]).await, (selector, Some(later(seen))));
    }
    assert_eq!(shown(&ids[1]).await.1, None);
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

const HOUR: i64 = 3_600_000_000;

/// The hour in which all of these tests begin, and one after it.
fn nth_hour(nth: i64) -> Timestamp {
    Timestamp::from_micros((NOW.as_micros() / HOUR + nth) * HOUR)
}

async fn use_in(store: &TestStore, selector: Selector, nth: i64, outcome: OutcomeCode, count: u64) {
    let hours = vec![HourAddition { hour_at: nth_hour(nth), outcome, count, cost: 2 * count }];
    add(store, &Addition { selector, valid: 0, last_valid: None, hours }).await;
}

fn everything() -> UsageFilter<'static> {
    let (since, until) = (Timestamp::from_micros(0), nth_hour(1_000_000));
    UsageFilter { since, until, interval: HOUR, key_id: None, api_id: None, org_code: None, user_id: None }
}

async fn listed(store: &TestStore, scope: &OrgScope, filter: UsageFilter<'_>) -> Vec<(Timestamp, u32, u64, u64)> {
    let rows = list_usage(&mut store.read().await.unwrap(), scope, &filter).await.unwrap();
    rows.into_iter().map(|row| (row.begins_at, row.outcome, row.count, row.cost)).collect()
}

async fn usage_is_listed_by_time_and_outcome_the_oldest_first(store: &TestStore) {
    let (_, selector) = key(store).await;
    use_in(store, selector, 3, OutcomeCode::Revoked, 1).await;
    use_in(store, selector, 2, OutcomeCode::Revoked, 2).await;
    use_in(store, selector, 2, OutcomeCode::Verified, 3).await;
    use_in(store, selector, 0, OutcomeCode::Verified, 4).await;
    let all = listed(store, &OrgScope::All, everything()).await;
    let expected = [(0, 1, 4, 8), (2, 1, 3, 6), (2, 3, 2, 4), (3, 3, 1, 2)];
    assert_eq!(all, expected.map(|(nth, outcome, count, cost)| (nth_hour(nth), outcome, count, cost)));

    let between = UsageFilter { since: nth_hour(2), until: nth_hour(3), ..everything() };
    assert_eq!(listed(store, &OrgScope::All, between).await, all[1..3], "from the first, before the last");
    let twice = UsageFilter { interval: 2 * HOUR, ..everything() };
    let begin = |nth| Timestamp::from_micros(nth_hour(nth).as_micros() / (2 * HOUR) * (2 * HOUR));
    let two_hours = listed(store, &OrgScope::All, twice).await;
    assert!(two_hours.iter().all(|row| row.0.as_micros() % (2 * HOUR) == 0), "{two_hours:?}");
    let of = |nth, outcome| two_hours.iter().find(|row| row.0 == begin(nth) && row.1 == outcome).map(|row| row.2);
    assert_eq!((of(0, 1), of(2, 1)), (Some(4), Some(3)));
    let revoked: u64 = two_hours.iter().filter(|row| row.1 == 3).map(|row| row.2).sum();
    assert_eq!(revoked, 3);
}

/// A key and its secret's public part, for each owner and API.
async fn keys_of(store: &TestStore) -> (Vec<(ApiKeyId, Selector)>, [ApiId; 2], OrgCode, OrgCode, UserId) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(7));
    let apis = [given::api(&mut change, &mut seed).await, given::api(&mut change, &mut seed).await];
    let own = given::organization(&mut change, &mut seed).await;
    let other = given::organization(&mut change, &mut seed).await;
    let user = given::user(&mut change, &mut seed).await;
    let mut ids = Vec::new();
    for (api, owner) in [
        (&apis[0], Owner::Organization(own.clone())),
        (&apis[1], Owner::Organization(own.clone())),
        (&apis[0], Owner::Organization(other.clone())),
        (&apis[0], Owner::User(user.clone())),
    ] {
        ids.push(given::key(&mut change, &mut seed, api, &owner).await);
    }
    commit(change).await.unwrap();
    let mut keys = Vec::new();
    for (id, nth) in ids.into_iter().zip(0..) {
        let sql = format!("SELECT selector FROM key_secrets WHERE key_id = '{id}'");
        let selector = Selector::parse(&store.db_texts(&sql).await[0]).unwrap();
        // Powers of two tell which keys a sum is of.
        use_in(store, selector, 0, OutcomeCode::Verified, 1 << nth).await;
        keys.push((id, selector));
    }
    (keys, apis, own, other, user)
}

async fn total(store: &TestStore, scope: &OrgScope, filter: UsageFilter<'_>) -> u64 {
    listed(store, scope, filter).await.iter().map(|row| row.2).sum()
}

async fn each_filter_of_usage_keeps_what_it_names_and_filters_hold_together(store: &TestStore) {
    let (keys, apis, own, other, user) = keys_of(store).await;
    let all = OrgScope::All;
    assert_eq!(total(store, &all, everything()).await, 15);
    for ((id, _), nth) in keys.iter().zip(0..) {
        assert_eq!(total(store, &all, UsageFilter { key_id: Some(id), ..everything() }).await, 1 << nth);
    }
    let api = |at: usize| UsageFilter { api_id: Some(&apis[at]), ..everything() };
    assert_eq!((total(store, &all, api(0)).await, total(store, &all, api(1)).await), (13, 2));
    assert_eq!(total(store, &all, UsageFilter { org_code: Some(&own), ..everything() }).await, 3);
    assert_eq!(total(store, &all, UsageFilter { org_code: Some(&other), ..everything() }).await, 4);
    assert_eq!(total(store, &all, UsageFilter { user_id: Some(&user), ..everything() }).await, 8);
    assert_eq!(total(store, &all, UsageFilter { org_code: Some(&own), ..api(0) }).await, 1);
    assert_eq!(total(store, &all, UsageFilter { user_id: Some(&user), ..api(1) }).await, 0);
    assert_eq!(total(store, &all, UsageFilter { key_id: Some(&keys[0].0), ..api(1) }).await, 0);
}

async fn who_is_kept_to_one_organization_lists_the_usage_of_its_keys_alone(store: &TestStore) {
    let (keys, apis, own, other, user) = keys_of(store).await;
    let scope = OrgScope::One(own.clone());
    assert_eq!(total(store, &scope, everything()).await, 3);
    assert_eq!(total(store, &scope, UsageFilter { org_code: Some(&own), ..everything() }).await, 3);
    assert_eq!(total(store, &scope, UsageFilter { api_id: Some(&apis[0]), ..everything() }).await, 1);
    for foreign in [
        UsageFilter { org_code: Some(&other), ..everything() },
        UsageFilter { user_id: Some(&user), ..everything() },
        UsageFilter { key_id: Some(&keys[2].0), ..everything() },
    ] {
        assert_eq!(total(store, &scope, foreign).await, 0);
    }
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

async fn what_keys_with_limits_have_used_is_listed_from_an_hour_on_the_oldest_first(store: &TestStore) {
    let (keys, _, own, other, user) = keys_of(store).await;
    let listed = async |nth| {
        let rows = list_used(&mut store.read().await.unwrap(), nth_hour(nth)).await.unwrap();
        rows.into_iter().map(|row| (row.key_id, row.hour_at, row.count, row.cost)).collect::<Vec<_>>()
    };
    let which = async || {
        let mut counts: Vec<u64> = listed(0).await.into_iter().map(|row| row.2).collect();
        counts.sort_unstable();
        counts
    };
    store.db_execute("UPDATE keys SET rate_limits = '[]'").await;
    assert!(which().await.is_empty(), "nobody has a limit");
    let limits = r#"'[{"name":"a","limit":1,"window_seconds":1,"cost":1}]'"#;
    store.db_execute(&format!("UPDATE keys SET rate_limits = {limits} WHERE id = '{}'", keys[1].0)).await;
    assert_eq!(which().await, [2]);
    store.db_execute(&format!("UPDATE organizations SET rate_limits = {limits} WHERE code = '{other}'")).await;
    assert_eq!(which().await, [2, 4]);
    store.db_execute(&format!("UPDATE users SET rate_limits = {limits} WHERE id = '{user}'")).await;
    assert_eq!(which().await, [2, 4, 8]);
    store.db_execute("UPDATE users SET rate_limits = '[]'").await;
    store
        .db_execute(
            "INSERT INTO plans (id, name, name_folded, rate_limits, created_at, revision) \
             VALUES ('p', 'P', 'p', '[]', 0, 1)",
        )
        .await;
    store.db_execute(&format!("UPDATE organizations SET plan_id = 'p' WHERE code = '{own}'")).await;
    assert_eq!(which().await, [1, 2, 4]);
    store.db_execute("UPDATE users SET plan_id = 'p'").await;
    assert_eq!(which().await, [1, 2, 4, 8]);
    store.db_execute("UPDATE organizations SET plan_id = NULL, rate_limits = '[]'").await;
    store.db_execute("UPDATE users SET plan_id = NULL").await;
    let (id, selector) = &keys[1];
    use_in(store, *selector, 2, OutcomeCode::Verified, 3).await;
    use_in(store, *selector, 1, OutcomeCode::Verified, 5).await;
    use_in(store, *selector, 1, OutcomeCode::Revoked, 9).await;
    let (second, third) = ((id.clone(), nth_hour(1), 5, 10), (id.clone(), nth_hour(2), 3, 6));
    assert_eq!(listed(0).await[1..], [second.clone(), third.clone()]);
    assert_eq!((listed(1).await, listed(2).await), (vec![second, third.clone()], vec![third]));
}
