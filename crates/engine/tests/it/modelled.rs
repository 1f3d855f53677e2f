//! The engine against a plain model of the rules: whatever happens to keys, and in whatever portions, late or twice, a node
//! hears of it, it answers as the model does.

use keyward_core::{
    ApiId, ApiKeyId, KeyClass, KeyPrefix, KeySecret, Keyring, MasterSecret, OrgCode, OrgScope, Outcome, Owner,
    Presented, Timestamp, UserId,
};
use keyward_engine::facts::{self, Changes};
use keyward_engine::{Ask, Tenure, Use, Wanted, explain, prove, verify};
use proptest::prelude::*;

use crate::given;
use crate::node::Node;

const START: i64 = 1_800_000_000;
const APIS: usize = 2;
const OWNERS: usize = 3;
const SCOPES: u32 = 2;

#[derive(Clone, Debug)]
enum Step {
    Create {
        api: usize,
        owner: usize,
        scopes: Vec<u32>,
        lives: Option<i64>,
    },
    Rotate {
        key: usize,
        grace: i64,
    },
    Enable {
        key: usize,
        is_enabled: bool,
    },
    Revoke {
        key: usize,
    },
    Suspend {
        owner: usize,
        is_suspended: bool,
    },
    DeleteOwner {
        owner: usize,
    },
    DeleteApi {
        api: usize,
    },
    DeleteScope {
        api: usize,
        number: u32,
    },
    Wait {
        seconds: i64,
    },
    /// The node hears of all since it last did; of some of it twice.
    Hear {
        twice: Vec<prop::sample::Index>,
    },
}

/// What is true, and every row as it is stored.
struct World {
    keyring: Keyring,
    now: i64,
    revision: u64,
    apis: Vec<facts::Api>,
    scopes: Vec<facts::Scope>,
    owners: Vec<facts::Owner>,
    keys: Vec<facts::Key>,
    /// Each with the place of its key.
    secrets: Vec<(KeySecret, usize)>,
}

impl World {
    fn new() -> Self {
        let keyring = Keyring::new((1, &MasterSecret::generate(&mut |bytes| bytes.fill(3))), &[]);
        let api = |at: usize| facts::Api { audience: format!("https://{at}"), ..given::api(&api_id(at), 1) };
        let scope = |at: usize, number| given::scope(&api_id(at), number, &scope_key(number), 1);
        Self {
            keyring,
            now: START,
            revision: 1,
            apis: (0..APIS).map(api).collect(),
            scopes: (0..APIS).flat_map(|at| (1..=SCOPES).map(move |number| scope(at, number))).collect(),
            owners: (0..OWNERS).map(|at| given::owner(&owner(at), 1)).collect(),
            keys: Vec::new(),
            secrets: Vec::new(),
        }
    }

    fn new_secret(&mut self, key: usize, id: &ApiKeyId, api: &ApiId, owner: &Owner) -> facts::Secret {
        let number = self.secrets.len() as u64 + 1;
        let mut state = number;
        let secret = KeySecret::generate(&KeyPrefix::default(), KeyClass::Live, &mut |bytes| {
            for byte in bytes {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                *byte = state.to_le_bytes()[7];
            }
        });
        let mac = self.keyring.key_mac(1, id, api, owner, secret.plain()).unwrap();
        let fact = given::secret(secret.selector(), mac);
        self.secrets.push((secret, key));
        fact
    }

    fn make(&mut self, step: &Step) {
        self.revision += 1;
        let revision = self.revision;
        match step {
            Step::Create { api, owner: of, scopes, lives } => {
                let key = self.keys.len();
                let id = ApiKeyId::parse(&format!("api_key_{key:032}")).unwrap();
                let secret = self.new_secret(key, &id, &api_id(*api), &owner(*of));
                let mut fact = given::key(&id, &api_id(*api), &owner(*of), revision, vec![secret]);
                fact.scopes = scopes.clone().into();
                fact.expires_at = lives.map(|lives| Timestamp::from_seconds(self.now + lives));
                self.keys.push(fact);
            }
            Step::Rotate { key, grace } if *key < self.keys.len() => {
                let (id, api) = (self.keys[*key].id.clone(), self.keys[*key].api_id.clone());
                let of = self.keys[*key].owner.as_ref().unwrap().id.clone();
                let ends = Timestamp::from_seconds(self.now + grace);
                for secret in &mut self.keys[*key].secrets {
                    secret.expires_at = Some(secret.expires_at.map_or(ends, |end| end.min(ends)));
                }
                let secret = self.new_secret(*key, &id, &api, &of);
                let fact = &mut self.keys[*key];
                fact.secrets.push(secret);
                fact.revision = revision;
            }
            Step::Enable { key, is_enabled } if *key < self.keys.len() => {
                (self.keys[*key].is_enabled, self.keys[*key].revision) = (*is_enabled, revision);
            }
            Step::Revoke { key } if *key < self.keys.len() => {
                (self.keys[*key].is_revoked, self.keys[*key].revision) = (true, revision);
            }
            Step::Suspend { owner, is_suspended } => {
                (self.owners[*owner].is_suspended, self.owners[*owner].revision) = (*is_suspended, revision);
            }
            Step::DeleteOwner { owner } => {
                (self.owners[*owner].is_deleted, self.owners[*owner].revision) = (true, revision);
            }
            Step::DeleteApi { api } => (self.apis[*api].is_deleted, self.apis[*api].revision) = (true, revision),
            Step::DeleteScope { api, number } => {
                let scope =
                    self.scopes.iter_mut().find(|scope| scope.api_id == api_id(*api) && scope.number == *number);
                let scope = scope.unwrap();
                (scope.is_deleted, scope.revision) = (true, revision);
            }
            Step::Wait { seconds } => self.now += seconds,
            _ => {}
        }
    }

    /// The rows above a revision, as the store has them now: a key's row comes with its owner.
    fn above(&self, revision: u64) -> Changes {
        let with_owner = |key: &facts::Key| {
            let id = &key.owner.as_ref().unwrap().id;
            facts::Key { owner: self.owners.iter().find(|owner| owner.id == *id).cloned(), ..key.clone() }
        };
        Changes {
            apis: self.apis.iter().filter(|row| row.revision > revision).cloned().collect(),
            scopes: self.scopes.iter().filter(|row| row.revision > revision).cloned().collect(),
            owners: self.owners.iter().filter(|row| row.revision > revision).cloned().collect(),
            keys: self.keys.iter().filter(|row| row.revision > revision).map(with_owner).collect(),
            ..Changes::default()
        }
    }

    /// The rules, read off the plan.
    fn expected(&self, (secret, key): &(KeySecret, usize), api: usize, required: &[String]) -> Outcome {
        let (key, now) = (&self.keys[*key], Timestamp::from_seconds(self.now));
        let known = key.secrets.iter().find(|known| known.selector == secret.selector()).unwrap();
        let owner = self.owners.iter().find(|owner| owner.id == key.owner.as_ref().unwrap().id).unwrap();
        let of_api = self.apis.iter().find(|api| api.id == key.api_id).unwrap();
        let carries = |wanted: &String| {
            self.scopes.iter().any(|scope| {
                scope.api_id == key.api_id
                    && scope.key.as_str() == wanted
                    && !scope.is_deleted
                    && key.scopes.contains(scope.number)
            })
        };
        let missing: Vec<String> = required.iter().filter(|wanted| !carries(wanted)).cloned().collect();
        match () {
            () if known.expires_at.is_some_and(|end| end <= now) => Outcome::Invalid,
            () if key.api_id != api_id(api) => Outcome::WrongApi,
            () if key.is_revoked || owner.is_deleted || of_api.is_deleted => Outcome::Revoked,
            () if !key.is_enabled => Outcome::Disabled,
            () if owner.is_suspended => Outcome::OwnerSuspended,
            () if key.expires_at.is_some_and(|end| end <= now) => Outcome::Expired,
            () if !missing.is_empty() => Outcome::InsufficientScope(missing),
            () => Outcome::Verified,
        }
    }
}

fn api_id(at: usize) -> ApiId {
    ApiId::parse(&format!("a{at}")).unwrap()
}

fn owner(at: usize) -> Owner {
    match at {
        0 => Owner::User(UserId::parse("kp_1").unwrap()),
        at => Owner::Organization(OrgCode::parse(&format!("org_{at}")).unwrap()),
    }
}

fn scope_key(number: u32) -> String {
    format!("scope:{number}")
}

fn answered(node: &Node, world: &World, secret: &KeySecret, api: usize, required: &[String]) -> Outcome {
    let api = api_id(api);
    let ask = Ask {
        used_for: Use::Customer,
        org_scope: &OrgScope::All,
        wanted: Wanted { api_id: Some(api.as_str()), ..Wanted::default() },
        presented: Presented { scopes: required, ..Presented::default() },
    };
    let now = Timestamp::from_seconds(world.now);
    node.ask(|index| {
        index.look_up(secret.selector(), |found| {
            let verified = verify(&world.keyring, secret, found, &ask, now).unwrap().outcome;
            // What explains a decision comes to the same one.
            let proven = prove(&world.keyring, secret, found, &ask, now).unwrap();
            assert_eq!(proven.map_or(Outcome::Invalid, |entry| explain(entry, &ask, None, now).outcome()), verified);
            verified
        })
    })
}

fn step() -> impl Strategy<Value = Step> {
    let (api, owner, key) = (0..APIS, 0..OWNERS, 0..6_usize);
    prop_oneof![
        6 => (api.clone(), owner.clone(), prop::collection::vec(1..=SCOPES, 0..3), prop::option::of(0..100_i64))
            .prop_map(|(api, owner, scopes, lives)| Step::Create { api, owner, scopes, lives }),
        4 => (key.clone(), 0..50_i64).prop_map(|(key, grace)| Step::Rotate { key, grace }),
        3 => (key.clone(), any::<bool>()).prop_map(|(key, is_enabled)| Step::Enable { key, is_enabled }),
        2 => key.prop_map(|key| Step::Revoke { key }),
        3 => (owner.clone(), any::<bool>()).prop_map(|(owner, is_suspended)| Step::Suspend { owner, is_suspended }),
        1 => owner.prop_map(|owner| Step::DeleteOwner { owner }),
        1 => api.clone().prop_map(|api| Step::DeleteApi { api }),
        1 => (api, 1..=SCOPES).prop_map(|(api, number)| Step::DeleteScope { api, number }),
        3 => (-20..60_i64).prop_map(|seconds| Step::Wait { seconds }),
        5 => prop::collection::vec(any::<prop::sample::Index>(), 0..4).prop_map(|twice| Step::Hear { twice }),
    ]
}

/// Rows that were told before, to be told again in portions of their own.
fn again(told: &[Changes], twice: &[prop::sample::Index]) -> Vec<Changes> {
    if told.is_empty() { Vec::new() } else { twice.iter().map(|index| index.get(told).clone()).collect() }
}

proptest! {
    #[test]
    fn a_node_that_has_heard_of_all_answers_as_the_rules_say(steps in prop::collection::vec(step(), 1..80)) {
        let (mut world, mut node, mut told) = (World::new(), Node::new(Tenure::Alone), Vec::new());
        node.apply(1, world.above(0));
        for step in steps.iter().chain([&Step::Hear { twice: Vec::new() }]) {
            let Step::Hear { twice } = step else {
                world.make(step);
                continue;
            };
            let late = again(&told, twice);
            let news = world.above(node.engine.revision());
            node.hear(world.revision, news, late);
            told.push(world.above(0));
            for secret in &world.secrets {
                for api in 0..APIS {
                    for required in [Vec::new(), vec![scope_key(1)], vec![scope_key(1), scope_key(2)]] {
                        let expected = world.expected(secret, api, &required);
                        prop_assert_eq!(answered(&node, &world, &secret.0, api, &required), expected);
                    }
                }
            }
        }
    }
}
