//! Following the store: what a node may answer, from when and until when.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use keyward_core::{ApiId, ApiKeyId, KeyState, Owner, SecretMac, Selector, Timestamp, UserId};
use keyward_engine::facts::{self, Changes};
use keyward_engine::{NoLease, RoundError, Tenure};

use crate::given;
use crate::node::{Node, START};

const L: Duration = Duration::from_secs(2);
const A: &str = "aaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbb";

fn state(node: &Node) -> KeyState {
    node.see(A, |entry| entry.state()).unwrap()
}

fn the_api() -> ApiId {
    ApiId::parse("a").unwrap()
}

fn the_owner() -> Owner {
    Owner::User(UserId::parse("kp_1").unwrap())
}

fn api(revision: u64, is_deleted: bool) -> Changes {
    Changes { apis: vec![facts::Api { is_deleted, ..given::api(&the_api(), revision) }], ..Changes::default() }
}

fn scope(revision: u64, number: u32, is_deleted: bool) -> Changes {
    let scope = given::scope(&the_api(), number, &format!("scope:{number}"), revision);
    Changes { scopes: vec![facts::Scope { is_deleted, ..scope }], ..Changes::default() }
}

fn owned_by(revision: u64, is_suspended: bool, is_deleted: bool) -> facts::Owner {
    facts::Owner { is_suspended, is_deleted, ..given::owner(&the_owner(), revision) }
}

fn owner(revision: u64, is_suspended: bool, is_deleted: bool) -> Changes {
    Changes { owners: vec![owned_by(revision, is_suspended, is_deleted)], ..Changes::default() }
}

fn key(revision: u64, selectors: &[&str]) -> facts::Key {
    let mac = || SecretMac::from_bytes(&[1; 32]).unwrap();
    let secrets = selectors.iter().map(|text| given::secret(Selector::parse(text).unwrap(), mac())).collect();
    given::key(&ApiKeyId::parse("api_key_1").unwrap(), &the_api(), &the_owner(), revision, secrets)
}

fn keys(key: facts::Key) -> Changes {
    Changes { keys: vec![key], ..Changes::default() }
}

/// What was made by the first change: an API with two scopes, and a key of a user.
fn first() -> Changes {
    let mut scopes = scope(1, 1, false).scopes;
    scopes.extend(scope(1, 2, false).scopes);
    Changes { apis: api(1, false).apis, scopes, keys: vec![key(1, &[A])], ..Changes::default() }
}

#[test]
fn nothing_is_answered_before_the_first_round_is_done() {
    for tenure in [Tenure::Alone, Tenure::Among(L)] {
        let mut node = Node::new(tenure);
        node.follower.on_round_sent(START);
        assert_eq!(node.follower.on_head(1).unwrap(), Some(0));
        node.follower.apply(first()).unwrap();
        assert_eq!(node.engine.answer(|| START, |_| ()), Err(NoLease));
        node.follower.on_round_done();
        assert_eq!(node.engine.answer(|| START, |_| ()), Ok(((), 1)));
    }
}

#[test]
fn when_it_last_heard_is_when_the_last_round_began_that_came_to_its_end() {
    let mut node = Node::new(Tenure::Among(L));
    assert_eq!(node.engine.heard_at(), None);
    node.apply(1, first());
    assert_eq!(node.engine.heard_at(), Some(START));
    node.follower.on_round_sent(START.after(L));
    assert_eq!(node.engine.heard_at(), Some(START), "this one goes on still");
    node.follower.on_round_done();
    assert_eq!(node.engine.heard_at(), Some(START.after(L)));
}

#[test]
fn among_others_a_lease_counts_from_before_the_head_was_read() {
    let mut node = Node::new(Tenure::Among(L));
    node.apply(1, first());
    assert!(node.may_answer_at(START.after(L - Duration::from_nanos(1))));
    assert!(!node.may_answer_at(START.after(L)));
    node.round(START.after(L / 2), 1, Changes::default()).unwrap();
    assert!(node.may_answer_at(START.after(L)), "a round without news renews it");
}

#[test]
fn several_looks_are_an_answer_if_the_lease_holds_at_both_ends() {
    let mut node = Node::new(Tenure::Among(L));
    assert!(node.engine.begin(START).is_err(), "nobody gave a lease");
    node.apply(1, Changes::default());
    let begun = node.engine.begin(START).unwrap();
    assert_eq!(begun.end(START.after(L)), Err(NoLease), "it has run out in between");
    let engine = Arc::clone(&node.engine);
    let begun = engine.begin(START).unwrap();
    node.apply(2, Changes::default());
    assert_eq!(begun.end(START), Ok(1), "the first look did not know of the second change");
}

#[test]
fn what_ran_out_while_it_was_looked_at_is_no_answer() {
    let mut node = Node::new(Tenure::Among(L));
    node.apply(1, first());
    let clock = Cell::new(START);
    let answer = node.engine.answer(|| clock.get(), |_| clock.set(START.after(L)));
    assert_eq!(answer, Err(NoLease));
}

#[test]
fn alone_a_failed_round_ends_it_and_the_next_one_brings_it_back() {
    let mut node = Node::new(Tenure::Alone);
    node.apply(1, first());
    assert!(node.may_answer_at(START.after(Duration::from_secs(1_000_000))));
    node.follower.on_round_sent(START);
    node.follower.on_round_failed();
    assert!(!node.may_answer_at(START));
    node.apply(1, Changes::default());
    assert!(node.may_answer_at(START));
}

#[test]
fn among_others_a_failed_round_takes_nothing_and_gives_nothing() {
    let mut node = Node::new(Tenure::Among(L));
    node.apply(1, first());
    node.follower.on_round_sent(START.after(L / 2));
    node.follower.on_round_failed();
    assert!(node.may_answer_at(START) && !node.may_answer_at(START.after(L)));
}

#[test]
fn a_store_that_has_forgotten_changes_is_not_believed() {
    for tenure in [Tenure::Alone, Tenure::Among(L)] {
        let mut node = Node::new(tenure);
        node.apply(5, first());
        let told = node.round(START, 4, Changes::default());
        assert!(matches!(told, Err(RoundError::AnotherHistory { head: 4, applied: 5 })), "{told:?}");
        assert!(!node.may_answer_at(START) && node.engine.revision() == 5);
    }
}

#[test]
fn a_row_replaces_only_a_lower_revision_of_itself() {
    let mut node = Node::new(Tenure::Alone);
    let late = facts::Key { is_revoked: true, owner: Some(owned_by(7, true, true)), ..key(7, &[A]) };
    let scopes = scope(7, 1, true).scopes;
    node.apply(9, Changes { apis: api(7, true).apis, scopes, keys: vec![late], ..Changes::default() });
    node.apply(10, Changes { owners: vec![owned_by(6, false, false)], ..first() });
    let told = node.see(A, |entry| {
        let owner = entry.owner.unwrap();
        let scopes: Vec<String> = entry.scope_keys().iter().map(ToString::to_string).collect();
        (entry.key.name.to_string(), entry.api.is_deleted, (owner.is_suspended, owner.is_deleted), scopes)
    });
    assert_eq!(told.unwrap(), ("of 7".to_owned(), true, (true, true), vec!["scope:2".to_owned()]));
    assert!(state(&node).is_revoked);
}

#[test]
fn what_becomes_of_an_api_an_owner_or_a_scope_counts_for_its_keys() {
    let mut node = Node::new(Tenure::Alone);
    node.apply(1, first());
    let is = |node: &Node| (state(node).is_revoked, state(node).is_owner_suspended);
    assert_eq!(is(&node), (false, false));
    node.apply(2, owner(2, true, false));
    assert_eq!(is(&node), (false, true));
    node.apply(3, owner(3, false, true));
    assert_eq!(is(&node), (true, false));
    node.apply(4, owner(4, false, false));
    assert_eq!(is(&node), (false, false));
    node.apply(5, api(5, true));
    assert_eq!(is(&node), (true, false));
    let scopes = |node: &Node| node.see(A, |entry| entry.scope_keys().len());
    assert_eq!(scopes(&node), Some(2));
    node.apply(6, scope(6, 2, true));
    assert_eq!(scopes(&node), Some(1));
}

#[test]
fn a_key_keeps_its_count_when_it_is_rotated_and_both_secrets_lead_to_it() {
    let mut node = Node::new(Tenure::Alone);
    node.apply(1, first());
    let at = Timestamp::from_seconds(5);
    node.see(A, |entry| entry.key.usage.at_least(3, Some(at))).unwrap();
    node.apply(2, keys(key(2, &[A, B])));
    for text in [A, B] {
        let told =
            node.see(text, |entry| (entry.key.name.to_string(), entry.key.usage.count(), entry.key.usage.last_at()));
        assert_eq!(told.unwrap(), ("of 2".to_owned(), 3, Some(at)));
    }
    assert_eq!((node.engine.secrets(), node.follower.keys()), (2, 1));
    assert!(node.see("cccccccccccc", |_| ()).is_none());
    node.apply(3, keys(facts::Key { verification_count: 9, ..key(1, &[A]) }));
    assert_eq!(
        node.see(A, |entry| (entry.key.name.to_string(), entry.key.usage.count())),
        Some(("of 2".to_owned(), 9))
    );
}

#[test]
fn a_row_that_refers_to_what_is_unknown_waits_for_the_next_head_or_is_an_error() {
    let mut node = Node::new(Tenure::Alone);
    let early = || Changes { scopes: scope(2, 1, false).scopes, ..keys(key(2, &[A])) };
    node.apply(1, early());
    assert!(node.see(A, |_| ()).is_none());
    for dangling in [keys(key(2, &[A])), scope(2, 1, false)] {
        let told = node.round(START, 2, dangling);
        assert!(matches!(told, Err(RoundError::Unappliable(_))), "{told:?}");
        assert_eq!(node.engine.revision(), 1);
    }
    node.apply(2, Changes { apis: api(2, false).apis, ..early() });
    assert!(node.see(A, |_| ()).is_some());
}

#[test]
fn a_row_of_the_revision_that_is_known_is_not_taken_again() {
    let mut node = Node::new(Tenure::Alone);
    node.apply(1, first());
    let scope_again = facts::Scope { is_deleted: true, ..given::scope(&the_api(), 1, "scope:1", 1) };
    node.apply(2, Changes { scopes: vec![scope_again], ..api(1, true) });
    node.apply(3, owner(1, true, true));
    assert!(!state(&node).is_revoked && !state(&node).is_owner_suspended);
    assert_eq!(node.see(A, |entry| entry.scope_keys().len()), Some(2));
    node.apply(5, api(5, true));
    node.apply(6, api(4, false));
    assert!(state(&node).is_revoked, "a late row has brought an API back");
}

#[test]
fn a_round_is_told_by_its_begin_and_asks_for_nothing_that_is_known() {
    let mut node = Node::new(Tenure::Among(L));
    assert_eq!(node.follower.begun_at(), None);
    node.apply(2, first());
    assert_eq!(node.follower.begun_at(), Some(START));
    node.follower.on_round_sent(START.after(L));
    assert_eq!((node.follower.begun_at(), node.follower.on_head(2).unwrap()), (Some(START.after(L)), None));
    assert_eq!(node.follower.on_head(3).unwrap(), Some(2));
}

#[test]
fn keys_are_told_apart_from_their_secrets() {
    let mut node = Node::new(Tenure::Alone);
    assert_eq!(node.follower.keys(), 0);
    node.apply(1, first());
    let second = facts::Key { id: ApiKeyId::parse("api_key_2").unwrap(), ..key(2, &[B]) };
    node.apply(2, keys(second));
    assert_eq!((node.follower.keys(), node.engine.secrets()), (2, 2));
    node.apply(3, keys(key(3, &[A, "cccccccccccc"])));
    assert_eq!((node.follower.keys(), node.engine.secrets()), (2, 3));
}
