//! Limits of rate that keys of one owner share: exactly as much is spent as there is, all limits or none, while rows
//! change; and nobody waits for ever.

use std::sync::Arc;

use keyward_core::{ApiId, ApiKeyId, Owner, Quota, RateLimit, ScopeNumbers, SecretMac, Selector, Timestamp, UserId};
use keyward_engine::facts::{self, Changes};
use keyward_engine::{Engine, Follower, Tenure, Tick};
use shuttle::sync::atomic::{AtomicU32, Ordering};
use shuttle::thread;

use crate::{check, find_fault};

const KEYS: [&str; 2] = ["aaaaaaaaaaaa", "bbbbbbbbbbbb"];
const NOW: Timestamp = Timestamp::from_seconds(1_000);
/// Of all keys together, and of each.
const SHARED: u32 = 3;
const EACH: u32 = 2;

fn limit(units: u32) -> RateLimit {
    RateLimit::new("a", Quota::new(units, 1_000_000).unwrap(), 1).unwrap()
}

fn owner(revision: u64) -> facts::Owner {
    let id = Owner::User(UserId::parse("kp_1").unwrap());
    let rate_limits = vec![limit(SHARED)];
    facts::Owner {
        id,
        external_id: None,
        is_suspended: false,
        is_deleted: false,
        rate_limits,
        allowed_scopes: None,
        revision,
    }
}

fn key(number: usize, revision: u64) -> facts::Key {
    let (selector, mac) = (Selector::parse(KEYS[number]).unwrap(), SecretMac::from_bytes(&[1; 32]).unwrap());
    facts::Key {
        id: ApiKeyId::parse(&format!("api_key_{number}")).unwrap(),
        api_id: ApiId::parse("a").unwrap(),
        owner: Some(owner(1)),
        name: format!("of {revision}"),
        scopes: ScopeNumbers::default(),
        allowed_cidrs: Vec::new(),
        rate_limits: vec![limit(EACH)],
        metadata: None,
        bound: None,
        is_enabled: true,
        is_revoked: false,
        created_at: NOW,
        expires_at: None,
        verification_count: 0,
        last_verified_at: None,
        revision,
        secrets: vec![facts::Secret { selector, mac, version: 1, expires_at: None }],
    }
}

fn round(follower: &mut Follower, head: u64, changes: Changes) {
    follower.on_round_sent(Tick::at(std::time::Duration::from_secs(1)));
    follower.on_head(head).unwrap();
    follower.apply(changes).unwrap();
    follower.on_round_done();
}

/// Whether a verification passes that spends one unit.
fn passes(engine: &Engine, number: usize) -> bool {
    let clock = || Tick::at(std::time::Duration::from_secs(1));
    let selector = Selector::parse(KEYS[number]).unwrap();
    let spend = || {
        engine.answer(clock, |index| {
            index.look_up(selector, |found| {
                found.unwrap().spend(Some(1), NOW).limits.iter().all(|limit| !limit.is_exceeded)
            })
        })
    };
    spend().unwrap().0
}

fn spend_while_rows_change(asks: impl Fn(&Engine, usize) -> bool + Copy + Send + Sync + 'static) {
    let engine = Arc::<Engine>::default();
    let mut follower = Follower::new(Arc::clone(&engine), Tenure::Alone);
    let api = facts::Api {
        id: ApiId::parse("a").unwrap(),
        audience: "a".into(),
        is_management_api: false,
        is_deleted: false,
        revision: 1,
    };
    let keys = vec![key(0, 1), key(1, 1)];
    round(&mut follower, 1, Changes { apis: vec![api], keys, ..Changes::default() });
    let passed = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
    let spenders: Vec<_> = [0, 1, 0, 1]
        .into_iter()
        .map(|number: usize| {
            let (engine, passed) = (Arc::clone(&engine), Arc::clone(&passed));
            thread::spawn(move || {
                if asks(&engine, number) {
                    passed[number].fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    let changing = thread::spawn(move || {
        round(&mut follower, 2, Changes { keys: vec![key(0, 2)], ..Changes::default() });
        round(&mut follower, 3, Changes { owners: vec![owner(3)], ..Changes::default() });
    });
    spenders.into_iter().for_each(|spender| spender.join().unwrap());
    changing.join().unwrap();
    let passed = passed.each_ref().map(|passed| passed.load(Ordering::SeqCst));
    assert_eq!(passed.iter().sum::<u32>(), SHARED, "not as many as there are units");
    assert!(passed.iter().all(|passed| *passed <= EACH), "more than a key has");
}

#[test]
fn exactly_as_many_pass_as_there_are_units_while_rows_change() {
    check(|| spend_while_rows_change(passes));
}

#[test]
fn who_looks_first_and_spends_then_is_found() {
    find_fault("not as many as there are units", || {
        spend_while_rows_change(|engine, number| {
            let clock = || Tick::at(std::time::Duration::from_secs(1));
            let selector = Selector::parse(KEYS[number]).unwrap();
            let look = |cost| {
                let seen = engine.answer(clock, |index| {
                    index.look_up(selector, |found| found.unwrap().look(Some(cost), NOW).limits)
                });
                seen.unwrap().0.iter().all(|limit| !limit.is_exceeded)
            };
            let is_room = look(1);
            passes(engine, number);
            is_room
        });
    });
}
