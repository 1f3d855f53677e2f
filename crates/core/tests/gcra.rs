//! Limits of rate, beside a plain model of what they promise.

use std::time::Duration;

use keyward_core::gcra::{MAX_LIMIT, MAX_WINDOW_SECONDS, Spending, Standing, spend, whole_seconds};
use keyward_core::{Quota, Timestamp, Usage};
use proptest::collection::vec;
use proptest::prelude::*;

const START: i64 = 1_800_000_000_000_000;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(START + micros)
}

fn try_spend(quota: Quota, usage: &mut Usage, cost: u32, now: Timestamp) -> bool {
    spend(&mut [Spending { quota, usage, cost }], now).is_ok()
}

/// The promise, word for word: in no stretch of time that ends with a request is more admitted than the limit and what
/// came back in that stretch.
struct Model {
    quota: Quota,
    admitted: Vec<(i64, u32)>,
}

impl Model {
    fn may(&self, cost: u32, now: i64) -> bool {
        let drops = |units: i128| units * i128::from(self.quota.window_seconds()) * 1_000_000;
        let limit = i128::from(self.quota.limit());
        let mut units = i128::from(cost);
        units <= limit
            && self.admitted.iter().rev().all(|(then, cost)| {
                units += i128::from(*cost);
                drops(units) <= drops(limit) + i128::from(now - then) * limit
            })
    }
}

/// Steps of the clock in microseconds, of every size, forward alone.
fn forward() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0), 1..1_000_i64, 1..3_000_000_i64, 1..200_000_000_i64]
}

#[test]
fn what_is_noted_from_elsewhere_is_used_as_far_as_the_quota_goes() {
    let quota = Quota::new(10, 100).unwrap();
    let left = |usage: &Usage, now| usage.standing(quota, at(now)).remaining;
    let second = 1_000_000;
    let mut usage = Usage::default();
    usage.note(quota, 4, at(0));
    assert_eq!((left(&usage, 0), left(&usage, 20 * second)), (6, 8), "and comes back as ever");
    usage.note(quota, 3, at(20 * second));
    assert_eq!(left(&usage, 20 * second), 5);
    usage.note(quota, u64::MAX, at(20 * second));
    assert_eq!((left(&usage, 20 * second), left(&usage, 120 * second)), (0, 10));
    assert!(!try_spend(quota, &mut usage, 1, at(20 * second)) && try_spend(quota, &mut usage, 1, at(30 * second)));
    usage.note(quota, 0, at(0));
    assert_eq!(left(&usage, 30 * second), 0, "an instant before gives nothing back");
}

proptest! {
    #[test]
    fn it_admits_what_the_promise_allows_and_nothing_else(
        limit in prop_oneof![1..20_u32, 1..MAX_LIMIT],
        window in prop_oneof![1..10_u32, 1..MAX_WINDOW_SECONDS],
        requests in vec((forward(), 0..4_u32), 1..120),
    ) {
        let quota = Quota::new(limit, window).unwrap();
        let (mut usage, mut model, mut now) = (Usage::default(), Model { quota, admitted: Vec::new() }, 0);
        for (step, cost) in requests {
            now += step;
            // Every third request costs much, so that large limits are reached too.
            let cost = if cost == 3 { limit / 2 } else { cost };
            let expected = model.may(cost, now);
            let wait = usage.wait(quota, cost, at(now));
            prop_assert_eq!(wait == Some(Duration::ZERO), expected);
            prop_assert_eq!(try_spend(quota, &mut usage, cost, at(now)), expected);
            if expected {
                model.admitted.push((now, cost));
            } else if let Some(wait) = wait {
                let wait = i64::try_from(wait.as_micros()).unwrap();
                prop_assert!(model.may(cost, now + wait), "it fits when it was said to");
                prop_assert!(!model.may(cost, now + wait - 1), "and not before");
            }
            let Standing { remaining, more_after } = usage.standing(quota, at(now));
            prop_assert!(model.may(remaining, now));
            prop_assert_eq!(model.may(remaining + 1, now), false);
            let later = now + i64::try_from(more_after.as_micros()).unwrap();
            prop_assert!(remaining == limit || model.may(remaining + 1, later));
        }
    }

    #[test]
    fn a_clock_that_jumps_back_makes_nobody_wait_longer_than_the_window(
        limit in 1..50_u32,
        window in 1..100_u32,
        requests in vec((-400_000_000..400_000_000_i64, 1..3_u32), 1..80),
    ) {
        let quota = Quota::new(limit, window).unwrap();
        let (mut usage, mut now, mut passed) = (Usage::default(), 1_000_000_000, 0);
        let mut model = Model { quota, admitted: Vec::new() };
        for (step, cost) in requests {
            now += step;
            passed += step.max(0);
            // Time that goes back is no time.
            let expected = model.may(cost, passed);
            prop_assert_eq!(try_spend(quota, &mut usage, cost, at(now)), expected);
            if expected {
                model.admitted.push((passed, cost));
            } else if cost <= limit {
                let wait = usage.wait(quota, cost, at(now)).unwrap();
                prop_assert!(wait <= Duration::from_secs(window.into()), "{:?}", wait);
            }
        }
    }

    #[test]
    fn a_refusal_spends_nothing_from_any_quota(
        limits in vec(1..6_u32, 2..5),
        requests in vec((0..2_000_000_i64, 0..3_u32), 1..60),
    ) {
        let quotas: Vec<Quota> = limits.iter().map(|limit| Quota::new(*limit, 3).unwrap()).collect();
        let (mut usages, mut now) = (vec![Usage::default(); quotas.len()], 0);
        for (step, cost) in requests {
            now += step;
            let before = usages.clone();
            let fits = |at_place: usize, usage: &Usage| {
                usage.wait(quotas[at_place], cost, at(now)).is_some_and(|wait| wait.is_zero())
            };
            let lacking: Vec<usize> = (0..quotas.len()).filter(|place| !fits(*place, &before[*place])).collect();
            let each = usages.iter_mut().zip(&quotas);
            let mut spendings: Vec<_> = each.map(|(usage, quota)| Spending { quota: *quota, usage, cost }).collect();
            match spend(&mut spendings, at(now)) {
                Ok(()) => prop_assert!(lacking.is_empty()),
                Err(named) => {
                    prop_assert_eq!(named, lacking);
                    let standings = |usages: &[Usage]| -> Vec<Standing> {
                        usages.iter().zip(&quotas).map(|(usage, quota)| usage.standing(*quota, at(now))).collect()
                    };
                    prop_assert_eq!(standings(&usages), standings(&before));
                }
            }
        }
    }
}

#[test]
fn a_quota_is_used_at_once_and_comes_back_evenly() {
    let quota = Quota::new(3, 60).unwrap();
    let mut usage = Usage::default();
    assert_eq!(usage.standing(quota, at(0)), Standing { remaining: 3, more_after: Duration::ZERO });
    for remaining in [2, 1, 0] {
        assert!(try_spend(quota, &mut usage, 1, at(0)));
        assert_eq!(usage.standing(quota, at(0)), Standing { remaining, more_after: Duration::from_secs(20) });
    }
    assert_eq!(usage.wait(quota, 1, at(0)), Some(Duration::from_secs(20)));
    assert_eq!(usage.wait(quota, 2, at(5_000_000)), Some(Duration::from_secs(35)));
    assert_eq!(usage.wait(quota, 4, at(0)), None, "more than the limit never fits");
    assert!(!try_spend(quota, &mut usage, 1, at(19_999_999)));
    assert!(try_spend(quota, &mut usage, 1, at(20_000_000)));
    assert!(!usage.is_unused(quota, at(79_999_999)) && usage.is_unused(quota, at(80_000_000)));
}

#[test]
fn a_clock_that_jumped_back_by_a_year_gives_back_from_there_on() {
    let quota = Quota::new(2, 60).unwrap();
    let (mut usage, year) = (Usage::default(), 365 * 86_400_000_000_i64);
    assert!(try_spend(quota, &mut usage, 1, at(year)));
    assert!(try_spend(quota, &mut usage, 1, at(0)), "one was left");
    assert!(!try_spend(quota, &mut usage, 1, at(0)));
    assert!(try_spend(quota, &mut usage, 1, at(30_000_000)), "half a window later there is one again");
    assert!(try_spend(quota, &mut usage, 2, at(year)));
    assert!(!try_spend(quota, &mut usage, 1, at(0)), "whoever is refused at the jump");
    assert!(try_spend(quota, &mut usage, 1, at(30_000_000)), "waits no longer for it");
}

#[test]
fn a_quota_that_became_smaller_is_used_up_and_no_more_than_that() {
    let (large, small) = (Quota::new(100, 60).unwrap(), Quota::new(2, 60).unwrap());
    let mut usage = Usage::default();
    assert!(try_spend(large, &mut usage, 100, at(0)));
    assert_eq!(usage.wait(small, 1, at(0)), Some(Duration::from_secs(30)));
}

#[test]
fn quotas_that_cannot_be_counted_are_refused_by_their_rule() {
    for (limit, window) in [(0, 1), (MAX_LIMIT + 1, 1)] {
        assert_eq!(Quota::new(limit, window).unwrap_err().0, "must be a limit of 1 to 1000000");
    }
    for (limit, window) in [(1, 0), (1, MAX_WINDOW_SECONDS + 1)] {
        assert_eq!(Quota::new(limit, window).unwrap_err().0, "must have a window of 1 to 2678400 seconds");
    }
    let (quota, mut usage) = (Quota::new(MAX_LIMIT, MAX_WINDOW_SECONDS).unwrap(), Usage::default());
    assert!(try_spend(quota, &mut usage, MAX_LIMIT, at(0)) && !try_spend(quota, &mut usage, u32::MAX, at(1)));
}

#[test]
fn a_wait_is_rounded_up_to_whole_seconds() {
    for (millis, seconds) in [(0, 0), (1, 1), (999, 1), (1_000, 1), (1_001, 2)] {
        assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds);
    }
}
