//! What a node knows of those who call: applications, what they were granted, and the keys of their tokens.

use keyward_core::{ApiId, ClientId, OrgCode, Owner, ScopeNumbers, Timestamp};
use keyward_engine::facts::{self, Changes};
use keyward_engine::{RoundError, Tenure};

use crate::given;
use crate::node::{Node, START};

fn management_api() -> ApiId {
    ApiId::parse("m").unwrap()
}

fn the_application() -> ClientId {
    ClientId::parse("c1").unwrap()
}

fn the_organization() -> Owner {
    Owner::Organization(OrgCode::parse("org_1").unwrap())
}

fn application(revision: u64) -> facts::Application {
    facts::Application {
        id: the_application(),
        name: format!("of {revision}"),
        organization: Some(given::owner(&the_organization(), 1)),
        bound: None,
        is_enabled: true,
        is_deleted: false,
        revision,
    }
}

fn applications(application: facts::Application) -> Changes {
    Changes { applications: vec![application], ..Changes::default() }
}

fn granted(revision: u64, scopes: &[u32]) -> Changes {
    let (client_id, api_id) = (the_application(), management_api());
    let scopes = ScopeNumbers::from(scopes.to_vec());
    Changes { grants: vec![facts::Grant { client_id, api_id, scopes, revision }], ..Changes::default() }
}

fn owners(owner: facts::Owner) -> Changes {
    Changes { owners: vec![owner], ..Changes::default() }
}

/// The management API with two scopes, and an application of an organization that was granted both.
fn first() -> Changes {
    let api = facts::Api { is_management_api: true, ..given::api(&management_api(), 1) };
    let scopes = vec![given::scope(&api.id, 1, "read:keys", 1), given::scope(&api.id, 2, "write:keys", 1)];
    Changes { apis: vec![api], scopes, grants: granted(1, &[1, 2]).grants, ..applications(application(1)) }
}

fn started() -> Node {
    let mut node = Node::new(Tenure::Alone);
    node.apply(1, first());
    node
}

/// Whether its tokens are worth anything, its name, and the scopes that it has.
fn known(node: &Node) -> Option<(bool, String, Vec<String>)> {
    node.ask(|index| {
        index.look_up_application(&the_application(), |known| {
            let known = known?;
            let scopes = known.scopes.iter().map(ToString::to_string).collect();
            Some((known.is_active(), known.application.name.clone(), scopes))
        })
    })
}

fn is_active(node: &Node) -> bool {
    known(node).unwrap().0
}

fn scopes(node: &Node) -> Vec<String> {
    known(node).unwrap().2
}

#[test]
fn an_application_is_known_with_what_it_was_granted() {
    let node = started();
    let both = vec!["read:keys".to_owned(), "write:keys".to_owned()];
    assert_eq!(known(&node), Some((true, "of 1".to_owned(), both)));
    let org_code = |node: &Node| {
        let of = |index: &keyward_engine::index::Index| {
            index.look_up_application(&the_application(), |known| known.unwrap().application.org_code.clone())
        };
        node.ask(of)
    };
    assert_eq!(org_code(&node), OrgCode::parse("org_1"));
    let other = ClientId::parse("c2").unwrap();
    assert!(node.ask(|index| index.look_up_application(&other, |known| known.is_none())));
}

#[test]
fn an_application_that_is_disabled_or_deleted_is_not_active_and_a_late_row_changes_nothing() {
    let mut node = started();
    node.apply(2, applications(facts::Application { is_enabled: false, ..application(2) }));
    assert!(!is_active(&node));
    node.apply(3, applications(application(1)));
    assert_eq!((is_active(&node), known(&node).unwrap().1), (false, "of 2".to_owned()));
    node.apply(4, applications(application(4)));
    assert_eq!((is_active(&node), scopes(&node).len()), (true, 2), "it has lost its grant");
    node.apply(5, applications(facts::Application { is_deleted: true, ..application(5) }));
    assert!(!is_active(&node));
}

#[test]
fn an_application_ends_with_its_organization() {
    let mut node = started();
    let organization = |revision| given::owner(&the_organization(), revision);
    node.apply(2, owners(facts::Owner { is_suspended: true, ..organization(2) }));
    assert!(!is_active(&node));
    node.apply(3, owners(organization(3)));
    assert!(is_active(&node));
    node.apply(4, owners(facts::Owner { is_deleted: true, ..organization(4) }));
    assert!(!is_active(&node));
}

#[test]
fn an_organization_that_is_told_with_its_application_is_the_newer_one() {
    let mut node = started();
    let suspended = facts::Owner { is_suspended: true, ..given::owner(&the_organization(), 2) };
    node.apply(2, applications(facts::Application { organization: Some(suspended), ..application(1) }));
    assert!(!is_active(&node));
}

#[test]
fn what_is_granted_is_what_the_last_grant_says_and_the_api_still_has() {
    let mut node = started();
    node.apply(2, granted(2, &[2]));
    assert_eq!(scopes(&node), ["write:keys"]);
    node.apply(3, granted(1, &[1, 2]));
    assert_eq!(scopes(&node), ["write:keys"], "a late row has given something back");
    let gone = facts::Scope { is_deleted: true, ..given::scope(&management_api(), 2, "write:keys", 4) };
    node.apply(4, Changes { scopes: vec![gone], ..Changes::default() });
    assert_eq!(scopes(&node), [""; 0]);
    node.apply(5, granted(5, &[]));
    assert_eq!(scopes(&node), [""; 0]);
}

#[test]
fn an_application_without_a_grant_has_no_scope() {
    let mut node = Node::new(Tenure::Alone);
    node.apply(1, Changes { grants: Vec::new(), ..first() });
    assert_eq!((is_active(&node), scopes(&node).len()), (true, 0));
}

#[test]
fn a_grant_to_nobody_waits_for_the_next_head_or_is_an_error() {
    let mut node = Node::new(Tenure::Alone);
    let early = || Changes { applications: Vec::new(), ..first() };
    node.apply(1, Changes { grants: granted(2, &[1]).grants, ..early() });
    assert!(known(&node).is_none());
    let dangling = node.round(START, 2, granted(2, &[1]));
    assert!(matches!(dangling, Err(RoundError::Unappliable(_))), "{dangling:?}");
    let mut node = Node::new(Tenure::Alone);
    let without_api = node.round(START, 1, Changes { apis: Vec::new(), scopes: Vec::new(), ..first() });
    assert!(matches!(without_api, Err(RoundError::Unappliable(_))), "{without_api:?}");
}

fn signing_key(kid: &str, retired_at: Option<i64>, revision: u64) -> Changes {
    let public = Some(facts::PublicKey { n: format!("n of {revision}"), e: "AQAB".into() });
    let retired_at = retired_at.map(Timestamp::from_seconds);
    let key = facts::SigningKey { kid: kid.into(), public, retired_at, revision };
    Changes { signing_keys: vec![key], ..Changes::default() }
}

#[test]
fn a_signing_key_is_accepted_until_it_is_retired() {
    let mut node = started();
    node.apply(2, signing_key("k1", None, 2));
    let accepted_at = |node: &Node, kid: &str, seconds| {
        let now = Timestamp::from_seconds(seconds);
        node.ask(|index| index.look_up_signing_key(kid, |key| key.map(|key| key.is_accepted_at(now))))
    };
    let modulus = |node: &Node| {
        node.ask(|index| index.look_up_signing_key("k1", |key| key.unwrap().public.as_ref().unwrap().n.clone()))
    };
    assert_eq!((accepted_at(&node, "k1", 10), accepted_at(&node, "k2", 10)), (Some(true), None));
    node.apply(3, signing_key("k1", Some(10), 3));
    assert_eq!((accepted_at(&node, "k1", 9), accepted_at(&node, "k1", 10)), (Some(true), Some(false)));
    assert_eq!(modulus(&node), "n of 3");
    node.apply(4, signing_key("k1", None, 2));
    assert_eq!(modulus(&node), "n of 3", "a late row has brought it back");
}

#[test]
fn an_audience_is_taken_while_a_registered_api_has_it() {
    let mut node = started();
    let audience = "https://api.example.com";
    let has = |node: &Node| node.ask(|index| index.has_audience(audience));
    assert!(!has(&node), "the management API's own audience is nobody's registration");
    let api = |id: &str, is_deleted, revision| {
        let api = facts::Api { is_deleted, ..given::api(&ApiId::parse(id).unwrap(), revision) };
        Changes { apis: vec![api], ..Changes::default() }
    };
    node.apply(2, api("a", false, 2));
    assert!(has(&node));
    node.apply(3, api("a", true, 3));
    assert!(!has(&node));
    // Told in the other order than it was done.
    node.apply(4, api("b", false, 5));
    node.apply(5, api("a", true, 4));
    assert!(has(&node), "the end of one has ended another");
    node.apply(6, api("b", true, 6));
    assert!(!has(&node));
}

#[test]
fn a_row_of_the_revision_that_is_known_is_not_taken_again() {
    let mut node = started();
    node.apply(2, signing_key("k1", None, 2));
    let other = Changes {
        grants: granted(1, &[]).grants,
        signing_keys: signing_key("k1", Some(1), 2).signing_keys,
        ..applications(facts::Application { is_enabled: false, ..application(1) })
    };
    node.apply(3, other);
    assert_eq!((is_active(&node), scopes(&node).len()), (true, 2));
    let now = Timestamp::from_seconds(10);
    assert!(node.ask(|index| index.look_up_signing_key("k1", |key| key.unwrap().is_accepted_at(now))));
}
