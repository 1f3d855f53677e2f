//! Budgets, without a server around them.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::*;

const START: i64 = 1_800_000_000;

/// A clock that a test sets, in seconds.
fn clock() -> (Arc<AtomicI64>, Clock) {
    let seconds = Arc::new(AtomicI64::new(START));
    let told = Arc::clone(&seconds);
    (seconds, Clock::new(move || Timestamp::from_seconds(told.load(Ordering::SeqCst))))
}

fn throttle(address: u32, client: u32, tokens: u32) -> Throttle {
    Throttle::new(&ThrottleSettings {
        failures_per_address_per_minute: address,
        failures_per_client_per_minute: client,
        tokens_per_client_per_minute: tokens,
    })
}

fn client(name: &str) -> ClientId {
    ClientId::parse(name).unwrap()
}

fn address(number: u32) -> IpAddr {
    Ipv4Addr::from_bits(0x0b00_0000 + number).into()
}

fn names(told: Result<(), Throttled>) -> Vec<&'static str> {
    told.err().map(|throttled| throttled.0.iter().map(|used_up| used_up.policy).collect()).unwrap_or_default()
}

#[test]
fn failures_are_counted_by_address_and_by_client_each_for_itself() {
    let (_, clock) = clock();
    let (throttle, victim) = (throttle(3, 5, 1), client("victim"));
    let fail = |from, client: Option<&ClientId>| names(throttle.count_failure(address(from), client, &clock));
    for _ in 0..3 {
        assert!(fail(1, Some(&victim)).is_empty());
    }
    assert_eq!(fail(1, Some(&victim)), ["failures-by-address"]);
    assert_eq!(fail(1, None), ["failures-by-address"]);
    // What the address was refused for, the client's budget has not lost: two are left.
    assert!(fail(2, Some(&victim)).is_empty() && fail(2, Some(&victim)).is_empty());
    assert_eq!(fail(2, Some(&victim)), ["failures-by-client"]);
    assert_eq!(fail(1, Some(&victim)), ["failures-by-address", "failures-by-client"]);
    assert!(fail(2, Some(&client("other"))).is_empty());
}

#[test]
fn what_was_used_comes_back_and_a_clock_that_jumps_back_does_not_hinder_it() {
    let (seconds, clock) = clock();
    let throttle = throttle(1, 0, 60);
    let fail = || throttle.count_failure(address(1), None, &clock);
    assert_eq!(fail(), Ok(()));
    seconds.fetch_add(15, Ordering::SeqCst);
    let told = fail().unwrap_err().0;
    assert_eq!(told[0].standing.more_after, Duration::from_secs(45));
    seconds.store(START - 1_000_000, Ordering::SeqCst);
    assert_eq!(fail().unwrap_err().0[0].standing.more_after, Duration::from_secs(45));
    seconds.fetch_add(45, Ordering::SeqCst);
    assert_eq!(fail(), Ok(()));
}

#[test]
fn an_address_of_ipv6_stands_for_its_64() {
    let (_, clock) = clock();
    let throttle = throttle(2, 0, 0);
    let fail = |address: &str| throttle.count_failure(address.parse::<Ipv6Addr>().unwrap().into(), None, &clock);
    assert!(fail("2001:db8::1").is_ok() && fail("2001:db8::2").is_ok());
    assert!(fail("2001:db8::3").is_err() && fail("2001:db8:0:1::1").is_ok());
}

#[test]
fn tokens_have_a_budget_that_no_failure_touches() {
    let (_, clock) = clock();
    let (throttle, own) = (throttle(1, 1, 2), client("own"));
    for from in 0..1_000 {
        let _ = throttle.count_failure(address(from), Some(&own), &clock);
    }
    assert!(throttle.count_token(&own, &clock).is_ok() && throttle.count_token(&own, &clock).is_ok());
    assert_eq!(names(throttle.count_token(&own, &clock)), ["tokens-by-client"]);
    assert!(throttle.count_token(&client("other"), &clock).is_ok());
}

#[test]
fn a_node_that_starts_or_stands_beside_begins_anew() {
    let (_, clock) = clock();
    let (one, other) = (throttle(1, 0, 0), throttle(1, 0, 0));
    assert!(
        one.count_failure(address(1), None, &clock).is_ok() && one.count_failure(address(1), None, &clock).is_err()
    );
    assert!(other.count_failure(address(1), None, &clock).is_ok());
}

#[test]
fn zero_is_no_limit() {
    let (_, clock) = clock();
    let (throttle, own) = (throttle(0, 0, 0), client("own"));
    for _ in 0..10_000 {
        assert!(throttle.count_failure(address(1), Some(&own), &clock).is_ok());
        assert!(throttle.count_token(&own, &clock).is_ok());
    }
}

#[test]
fn a_flood_of_a_million_addresses_and_clients_takes_bounded_room() {
    let (_, clock) = clock();
    let throttle = throttle(1, 1, 1);
    for number in 0..1_000_000 {
        let _ = throttle.count_failure(address(number), Some(&client(&format!("{number:064}"))), &clock);
    }
    let ledgers = throttle.lock();
    assert_eq!(ledgers.failures_by_address.len(), ledgers.failures_by_client.len());
    assert!((REMEMBERED..=2 * REMEMBERED).contains(&ledgers.failures_by_address.len()));
    assert_eq!(2 * REMEMBERED, 32_768, "docs/throttling.md says so");
}
