//! Limits of rate, of a key and of its owner: spent all or none, exactly, whatever else changes meanwhile.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use keyward_core::{ApiId, ApiKeyId, Owner, Quota, RateLimit, SecretMac, Selector, Timestamp, UserId};
use keyward_engine::Tenure;
use keyward_engine::facts::{self, Changes};
use keyward_engine::index::{Holder, LimitStanding};
use proptest::prelude::*;

use crate::given;
use crate::node::Node;

const A: &str = "aaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbb";
const NOW: Timestamp = Timestamp::from_seconds(1_000);

fn limit(name: &str, limit: u32, window_seconds: u32) -> RateLimit {
    RateLimit::new(name, Quota::new(limit, window_seconds).unwrap(), 1).unwrap()
}

fn owner() -> Owner {
    Owner::User(UserId::parse("kp_1").unwrap())
}

fn key(number: u32, selector: &str, revision: u64, limits: &[RateLimit]) -> facts::Key {
    let secret = given::secret(Selector::parse(selector).unwrap(), SecretMac::from_bytes(&[1; 32]).unwrap());
    let (id, api) = (ApiKeyId::parse(&format!("api_key_{number}")).unwrap(), ApiId::parse("a").unwrap());
    facts::Key { rate_limits: limits.to_vec(), ..given::key(&id, &api, &owner(), revision, vec![secret]) }
}

/// Two keys of one owner.
fn node(of_key: &[RateLimit], of_owner: &[RateLimit]) -> Node {
    let mut node = Node::new(Tenure::Alone);
    let api = given::api(&ApiId::parse("a").unwrap(), 1);
    let keys = vec![key(1, A, 1, of_key), key(2, B, 1, of_key)];
    node.apply(1, Changes { apis: vec![api], keys, ..Changes::default() });
    node.apply(2, owner_with(2, of_owner));
    node
}

fn owner_with(revision: u64, limits: &[RateLimit]) -> Changes {
    let owner = facts::Owner { rate_limits: limits.to_vec(), ..given::owner(&owner(), revision) };
    Changes { owners: vec![owner], ..Changes::default() }
}

fn spend(node: &Node, selector: &str, cost: Option<u32>, now: Timestamp) -> Vec<LimitStanding> {
    node.see(selector, |entry| entry.spend(cost, now)).unwrap().limits
}

fn passes(node: &Node, selector: &str, cost: Option<u32>, now: Timestamp) -> bool {
    spend(node, selector, cost, now).iter().all(|limit| !limit.is_exceeded)
}

fn left(node: &Node, selector: &str) -> Vec<(Holder, String, u32)> {
    let seen = spend(node, selector, Some(0), NOW).into_iter();
    seen.map(|limit| (limit.holder, limit.name, limit.standing.remaining)).collect()
}

#[test]
fn a_key_without_limits_spends_nothing() {
    assert_eq!(spend(&node(&[], &[]), A, Some(1_000_000), NOW), []);
}

#[test]
fn all_limits_are_spent_or_none() {
    let node = node(&[limit("a", 5, 60), limit("b", 3, 60)], &[limit("a", 4, 60)]);
    let three = |a, b, owner| {
        vec![(Holder::Key, "a".to_owned(), a), (Holder::Key, "b".into(), b), (Holder::Owner, "a".into(), owner)]
    };
    assert!(passes(&node, A, Some(2), NOW));
    assert_eq!(left(&node, A), three(3, 1, 2));
    let refused = spend(&node, A, Some(2), NOW);
    assert_eq!(refused.iter().map(|limit| limit.is_exceeded).collect::<Vec<_>>(), [false, true, false]);
    assert_eq!(refused[1].wait, Some(Duration::from_secs(20)));
    assert_eq!(left(&node, A), three(3, 1, 2), "a refusal spends nothing");
    assert!(passes(&node, B, Some(2), NOW), "another key of the same owner has its own");
    assert_eq!(left(&node, B), three(3, 1, 0));
    assert!(!passes(&node, A, Some(1), NOW), "and they share the owner's");
    assert_eq!(spend(&node, A, Some(6), NOW)[0].wait, None, "it never fits");
}

#[test]
fn a_look_tells_what_would_come_and_spends_nothing() {
    let node = node(&[limit("a", 5, 60)], &[limit("o", 2, 60)]);
    let look = |cost| node.see(A, |entry| entry.look(Some(cost), NOW)).unwrap().limits;
    for _ in 0..3 {
        assert!(look(2).iter().all(|limit| !limit.is_exceeded));
        assert_eq!(look(3).iter().map(|limit| limit.is_exceeded).collect::<Vec<_>>(), [false, true]);
    }
    assert_eq!(left(&node, A), [(Holder::Key, "a".into(), 5), (Holder::Owner, "o".into(), 2)]);
    assert!(passes(&node, A, Some(2), NOW));
    assert_eq!(look(1).iter().map(|limit| limit.standing.remaining).collect::<Vec<_>>(), [3, 0]);
}

#[test]
fn each_limit_spends_its_own_cost_where_none_is_given() {
    let heavy = RateLimit::new("heavy", Quota::new(10, 60).unwrap(), 4).unwrap();
    let node = node(&[heavy], &[limit("light", 10, 60)]);
    assert!(passes(&node, A, None, NOW));
    assert_eq!(left(&node, A), [(Holder::Key, "heavy".into(), 6), (Holder::Owner, "light".into(), 9)]);
}

#[test]
fn what_was_used_outlives_changes_of_the_rest_and_counts_on_under_its_name() {
    let mut node = node(&[limit("a", 5, 60)], &[limit("o", 5, 60)]);
    assert!(passes(&node, A, Some(4), NOW));
    let renamed = facts::Key { name: "Renamed".into(), ..key(1, A, 3, &[limit("a", 5, 60)]) };
    node.apply(3, Changes { keys: vec![renamed], ..Changes::default() });
    node.apply(4, owner_with(4, &[limit("o", 5, 60)]));
    assert_eq!(left(&node, A), [(Holder::Key, "a".into(), 1), (Holder::Owner, "o".into(), 1)]);
    node.apply(5, Changes { keys: vec![key(1, A, 5, &[limit("a", 6, 60)])], ..Changes::default() });
    assert_eq!(left(&node, A)[0], (Holder::Key, "a".into(), 2));
    let more = [limit("b", 9, 60), limit("a", 7, 60)];
    node.apply(6, Changes { keys: vec![key(1, A, 6, &more)], ..Changes::default() });
    let mut seen = left(&node, A);
    seen.sort_by(|one, other| one.1.cmp(&other.1));
    assert_eq!(seen, [(Holder::Key, "a".into(), 3), (Holder::Key, "b".into(), 9), (Holder::Owner, "o".into(), 1)]);
    for (revision, name) in [(7, "c"), (8, "a")] {
        let renamed = [limit(name, 7, 60)];
        node.apply(revision, Changes { keys: vec![key(1, A, revision, &renamed)], ..Changes::default() });
    }
    assert_eq!(left(&node, A)[0], (Holder::Key, "a".into(), 7), "a name that was gone begins anew");
    node.apply(9, Changes { keys: vec![key(1, A, 9, &[])], ..Changes::default() });
    node.apply(10, owner_with(10, &[]));
    assert_eq!(left(&node, A), []);
}

#[test]
fn however_many_spend_at_once_exactly_the_limit_passes() {
    let node = Arc::new(node(&[limit("a", 1_000, 1_000_000)], &[limit("o", 1_500, 1_000_000)]));
    let spenders = [A, B, A, B, A, B].map(|selector| {
        let node = Arc::clone(&node);
        thread::spawn(move || (0..1_000).filter(|_| passes(&node, selector, Some(1), NOW)).count())
    });
    let passed: Vec<usize> = spenders.map(|spender| spender.join().unwrap()).into();
    assert_eq!(passed.iter().sum::<usize>(), 1_500);
    for of_key in [0, 1] {
        assert!(passed.iter().skip(of_key).step_by(2).sum::<usize>() <= 1_000);
    }
}

#[test]
fn what_was_used_of_long_windows_is_remembered_hour_by_hour_and_of_short_ones_is_not() {
    let day = RateLimit::new("day", Quota::new(240, 86_400).unwrap(), 2).unwrap();
    let mut node = node(&[limit("hour", 100, 3_600), day], &[limit("week", 1_000, 7 * 86_400)]);
    assert_eq!(node.follower.longest_window(), Some(7 * 86_400));
    let now = Timestamp::from_seconds(10 * 3_600 + 1_800);
    let used = |number: u32, hour: i64, count: u64, cost: u64| facts::UsedHour {
        key_id: ApiKeyId::parse(&format!("api_key_{number}")).unwrap(),
        hour_at: Timestamp::from_seconds(hour * 3_600),
        count,
        cost,
    };
    node.follower.remember(&[used(1, 8, 20, 20), used(1, 10, 5, 5), used(2, 10, 7, 9), used(9, 10, 1, 1)], now);
    let left = |selector| {
        let seen = spend(&node, selector, Some(0), now).into_iter();
        seen.map(|limit| (limit.name, limit.standing.remaining)).collect::<Vec<_>>()
    };
    // Ten come back in an hour. Of the first key 40 until 9 o'clock, of which 15 have come back, and 10 in the hour that goes on.
    let of_owner = ("week".to_owned(), 1_000 - 34 + 8);
    assert_eq!(left(A), [("day".to_owned(), 205), ("hour".into(), 100), of_owner.clone()]);
    assert_eq!(left(B), [("day".to_owned(), 224), ("hour".into(), 100), of_owner]);
    node.apply(3, owner_with(3, &[]));
    let short = [limit("hour", 100, 3_600)];
    node.apply(4, Changes { keys: vec![key(1, A, 4, &short), key(2, B, 4, &short)], ..Changes::default() });
    assert_eq!(node.follower.longest_window(), None, "there is nothing to be remembered");
}

/// What happens.
#[derive(Clone, Debug)]
enum Step {
    /// A key asks at this time, for so many units.
    Ask { of: usize, cost: u32 },
    /// The clock moves, back too.
    Clock { millis: i64 },
    /// The key's row changes, and its limits do not.
    Touch { of: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..2_usize, 0..4_u32).prop_map(|(of, cost)| Step::Ask { of, cost }),
        2 => (-2_000..6_000_i64).prop_map(|millis| Step::Clock { millis }),
        1 => (0..2_usize).prop_map(|of| Step::Touch { of }),
    ]
}

/// A limit as anybody would write it: how many units are there, in fractions, at the time of the last request.
#[derive(Clone)]
struct Plain {
    there: f64,
    at: i64,
    limit: f64,
    per_milli: f64,
}

impl Plain {
    fn new(limit: u32, seconds: u32) -> Self {
        let (limit, millis) = (f64::from(limit), f64::from(seconds) * 1_000.0);
        Self { there: limit, at: 0, limit, per_milli: limit / millis }
    }

    /// What came back since the last request; nothing while the clock stands before it.
    fn at(&self, now: i64) -> f64 {
        (self.there + self.per_milli * (now - self.at).max(0) as f64).min(self.limit)
    }
}

proptest! {
    #[test]
    fn it_is_as_the_plain_rules_say_whatever_the_clock_does(steps in prop::collection::vec(step(), 1..80)) {
        let (of_key, of_owner) = ([(5_u32, 8_u32), (9, 30)], [(7, 10)]);
        let as_limits = |of: &[(u32, u32)]| -> Vec<RateLimit> {
            of.iter().enumerate().map(|(at, (units, seconds))| limit(&format!("l{at}"), *units, *seconds)).collect()
        };
        let mut node = node(&as_limits(&of_key), &as_limits(&of_owner));
        let mut plain: HashMap<(Option<usize>, usize), Plain> = HashMap::new();
        for of in 0..2 {
            for (at, (units, seconds)) in of_key.iter().enumerate() {
                plain.insert((Some(of), at), Plain::new(*units, *seconds));
            }
        }
        plain.insert((None, 0), Plain::new(of_owner[0].0, of_owner[0].1));
        let (mut now, mut revision) = (1_000_000_i64, 2);
        for step in steps {
            match step {
                Step::Clock { millis } => now += millis,
                Step::Touch { of } => {
                    revision += 1;
                    let touched = key(of as u32 + 1, [A, B][of], revision, &as_limits(&of_key));
                    node.apply(revision, Changes { keys: vec![touched], ..Changes::default() });
                }
                Step::Ask { of, cost } => {
                    let names = [(Some(of), 0), (Some(of), 1), (None, 0)];
                    let room: Vec<f64> = names.iter().map(|name| plain[name].at(now)).collect();
                    // At the border the fractions of this model may be off by their rounding.
                    let is_near = room.iter().any(|there| (there - f64::from(cost)).abs() < 1e-6 && *there != there.round());
                    let fits = room.iter().all(|there| *there + 1e-9 >= f64::from(cost));
                    let passed = passes(&node, [A, B][of], Some(cost), Timestamp::from_micros(now * 1_000));
                    prop_assert!(is_near || passed == fits, "cost {cost} with {room:?} at {now}: {passed}");
                    for (name, there) in names.iter().zip(&room) {
                        let plain = plain.get_mut(name).unwrap();
                        (plain.there, plain.at) = (there - if passed { f64::from(cost) } else { 0.0 }, now);
                    }
                }
            }
        }
    }
}
