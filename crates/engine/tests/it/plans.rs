//! What the plan of an owner allows of the scopes that its keys carry.

use keyward_core::{AllowedOfApi, AllowedScopes, ApiId, ApiKeyId, Owner, SecretMac, Selector, UserId};
use keyward_engine::Tenure;
use keyward_engine::facts::{self, Changes};

use crate::given;
use crate::node::Node;

const A: &str = "aaaaaaaaaaaa";

fn the_api() -> ApiId {
    ApiId::parse("a").unwrap()
}

fn the_owner() -> Owner {
    Owner::User(UserId::parse("kp_1").unwrap())
}

/// A node with a key that carries both scopes of its API.
fn node() -> Node {
    let mut node = Node::new(Tenure::Alone);
    let secret = given::secret(Selector::parse(A).unwrap(), SecretMac::from_bytes(&[1; 32]).unwrap());
    let id = ApiKeyId::parse("api_key_1").unwrap();
    let changes = Changes {
        apis: vec![given::api(&the_api(), 1)],
        scopes: vec![given::scope(&the_api(), 1, "read", 1), given::scope(&the_api(), 2, "write", 1)],
        keys: vec![given::key(&id, &the_api(), &the_owner(), 1, vec![secret])],
        ..Changes::default()
    };
    node.apply(1, changes);
    node
}

fn allowing(api: &str, scopes: &[u32]) -> Option<AllowedScopes> {
    let api_id = ApiId::parse(api).unwrap();
    Some(AllowedScopes::new(vec![AllowedOfApi { api_id, scopes: scopes.to_vec().into() }]))
}

fn owner_with(revision: u64, allowed_scopes: Option<AllowedScopes>) -> Changes {
    let owner = facts::Owner { allowed_scopes, ..given::owner(&the_owner(), revision) };
    Changes { owners: vec![owner], ..Changes::default() }
}

fn carried(node: &Node) -> Vec<String> {
    node.see(A, |entry| entry.scope_keys().iter().map(ToString::to_string).collect()).unwrap()
}

#[test]
fn a_key_carries_what_its_owners_plan_allows_of_its_api_and_all_again_without_one() {
    let mut node = node();
    assert_eq!(carried(&node), ["read", "write"]);
    for (revision, allowed, expected) in [
        (2, allowing("a", &[1]), vec!["read"]),
        (3, allowing("a", &[2, 7]), vec!["write"]),
        (4, allowing("a", &[]), vec![]),
        (5, allowing("b", &[1, 2]), vec![]),
        (6, Some(AllowedScopes::new(Vec::new())), vec![]),
        (7, None, vec!["read", "write"]),
    ] {
        node.apply(revision, owner_with(revision, allowed));
        assert_eq!(carried(&node), expected, "{revision}");
    }
}

#[test]
fn a_plan_allows_no_scope_that_the_api_has_no_more_and_an_older_row_changes_nothing() {
    let mut node = node();
    node.apply(3, owner_with(3, allowing("a", &[1])));
    node.apply(4, owner_with(2, None));
    assert_eq!(carried(&node), ["read"]);
    let gone = facts::Scope { is_deleted: true, ..given::scope(&the_api(), 1, "read", 5) };
    node.apply(5, Changes { scopes: vec![gone], ..Changes::default() });
    assert_eq!(carried(&node), Vec::<String>::new());
}

#[test]
fn a_key_that_is_told_with_its_owner_brings_the_plan_with_it() {
    let mut node = node();
    let secret = given::secret(Selector::parse(A).unwrap(), SecretMac::from_bytes(&[1; 32]).unwrap());
    let id = ApiKeyId::parse("api_key_1").unwrap();
    let key = given::key(&id, &the_api(), &the_owner(), 2, vec![secret]);
    let owner = facts::Owner { allowed_scopes: allowing("a", &[2]), ..given::owner(&the_owner(), 2) };
    node.apply(2, Changes { keys: vec![facts::Key { owner: Some(owner), ..key }], ..Changes::default() });
    assert_eq!(carried(&node), ["write"]);
}
