//! Verifying: whether a presented secret opens what is asked for, and what is told of its key.

use std::sync::Arc;

use keyward_core::{
    ApiId, ApiKeyId, KeyClass, KeyPrefix, KeySecret, KeyStatus, Keyring, MasterSecret, OrgCode, OrgScope, Outcome,
    Owner, Presented, Timestamp,
};
use keyward_engine::facts::{self, Changes};
use keyward_engine::index::{Index, Writer};
use keyward_engine::{Ask, CannotKnow, Use, Wanted, verify};

use crate::given;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

struct World {
    keyring: Keyring,
    api: facts::Api,
    key: facts::Key,
    secret: KeySecret,
}

/// A key of an organization with one scope that its API still has and one that was deleted.
fn world(class: KeyClass) -> World {
    let mut next = 0_u8;
    let fill = &mut |bytes: &mut [u8]| {
        for byte in bytes {
            next = next.wrapping_mul(5).wrapping_add(17);
            *byte = next;
        }
    };
    let master = MasterSecret::generate(fill);
    let keyring = Keyring::new((1, &master), &[]);
    let secret = KeySecret::generate(&KeyPrefix::default(), class, fill);
    let (key_id, api_id) = (ApiKeyId::generate(fill, NOW), ApiId::generate(fill, NOW));
    let owner = Owner::Organization(OrgCode::generate(fill, NOW));
    let mac = keyring.key_mac(1, &key_id, &api_id, &owner, secret.plain()).unwrap();
    let secrets = vec![given::secret(secret.selector(), mac)];
    let (api, key) = (given::api(&api_id, 1), given::key(&key_id, &api_id, &owner, 1, secrets));
    World { keyring, api, key, secret }
}

impl World {
    fn index(&self) -> Arc<Index> {
        let index = Arc::<Index>::default();
        let lost = given::scope(&self.api.id, 2, "write:users", 1);
        let changes = Changes {
            apis: vec![self.api.clone()],
            scopes: vec![given::scope(&self.api.id, 1, "read:users", 1), facts::Scope { is_deleted: true, ..lost }],
            keys: vec![self.key.clone()],
            ..Changes::default()
        };
        Writer::new(Arc::clone(&index)).apply(changes, 1).unwrap();
        index
    }

    /// What verifying a secret comes to, and how much is told.
    fn verify(
        &self,
        secret: &KeySecret,
        ask: &Ask<'_>,
    ) -> Result<(Outcome, Option<KeyStatus>, Vec<String>), CannotKnow> {
        self.index().look_up(self.secret.selector(), |found| {
            assert!(found.is_some());
            let verdict = verify(&self.keyring, secret, found, ask, NOW)?;
            assert_eq!(verdict.entry.is_some(), verdict.status.is_some());
            Ok((verdict.outcome, verdict.status, verdict.scopes.iter().map(ToString::to_string).collect()))
        })
    }
}

fn ask<'a>() -> Ask<'a> {
    Ask {
        used_for: Use::Customer,
        org_scope: &OrgScope::All,
        wanted: Wanted::default(),
        presented: Presented::default(),
    }
}

fn outcome(world: &World, ask: &Ask<'_>) -> Outcome {
    world.verify(&world.secret, ask).unwrap().0
}

#[test]
fn a_right_secret_is_verified_and_carries_the_scopes_that_still_exist() {
    let world = world(KeyClass::Live);
    let verified = world.verify(&world.secret, &ask()).unwrap();
    assert_eq!(verified, (Outcome::Verified, Some(KeyStatus::Active), vec!["read:users".to_owned()]));
}

#[test]
fn whoever_does_not_hold_the_secret_learns_nothing_about_the_key() {
    let mut world = world(KeyClass::Live);
    world.key.is_revoked = true;
    let other = KeySecret::generate(&KeyPrefix::default(), KeyClass::Live, &mut |bytes| bytes.fill(9));
    assert_ne!(other.plain().expose(), world.secret.plain().expose());
    let nothing = (Outcome::Invalid, None, Vec::new());
    assert_eq!(world.verify(&other, &ask()).unwrap(), nothing);
    let unknown = world.index().look_up(other.selector(), |found| {
        assert!(found.is_none());
        let verdict = verify(&world.keyring, &other, found, &ask(), NOW).unwrap();
        (verdict.outcome, verdict.status, verdict.scopes.iter().map(ToString::to_string).collect())
    });
    assert_eq!(unknown, nothing);
    assert_eq!(world.verify(&world.secret, &ask()).unwrap().0, Outcome::Revoked);
}

#[test]
fn a_key_of_another_api_is_refused_and_nothing_else_about_it_is_told() {
    let world = world(KeyClass::Live);
    let (own, foreign) = ([world.api.id.clone()], [ApiId::parse("feed").unwrap()]);
    let with = |wanted| outcome(&world, &Ask { wanted, ..ask() });
    let audience = |audience| Wanted { audience: Some(audience), ..Wanted::default() };
    assert_eq!(with(audience("https://api.example.com")), Outcome::Verified);
    assert_eq!(with(audience("https://other.example.com")), Outcome::WrongApi);
    assert_eq!(with(Wanted { api_id: Some("feed"), ..Wanted::default() }), Outcome::WrongApi);
    assert_eq!(with(Wanted { bound: Some(&own), ..Wanted::default() }), Outcome::Verified);
    assert_eq!(with(Wanted { bound: Some(&foreign), ..Wanted::default() }), Outcome::WrongApi);
    assert_eq!(with(Wanted { bound: Some(&[]), ..Wanted::default() }), Outcome::WrongApi);
}

#[test]
fn an_environment_key_is_never_a_customers_nor_the_other_way_round() {
    let (live, admin) = (world(KeyClass::Live), world(KeyClass::Admin));
    let management = Ask { used_for: Use::Management, ..ask() };
    assert_eq!(outcome(&live, &management), Outcome::Invalid);
    assert_eq!(outcome(&admin, &ask()), Outcome::Invalid);
    assert_eq!(outcome(&admin, &management), Outcome::Verified);
    assert_eq!(outcome(&world(KeyClass::Test), &ask()), Outcome::Verified);
}

#[test]
fn a_secret_that_was_rotated_out_is_unknown_from_that_instant() {
    let mut world = world(KeyClass::Live);
    world.key.secrets[0].expires_at = Some(NOW);
    assert_eq!(outcome(&world, &ask()), Outcome::Invalid);
    world.key.secrets[0].expires_at = Some(Timestamp::from_micros(NOW.as_micros() + 1));
    assert_eq!(outcome(&world, &ask()), Outcome::Verified);
}

#[test]
fn an_organization_knows_its_own_keys_alone() {
    let world = world(KeyClass::Live);
    let own = OrgScope::One(world.key.owner.as_ref().unwrap().id.org_code().unwrap().clone());
    let other = OrgScope::One(OrgCode::parse("org_000000000000").unwrap());
    assert_eq!(outcome(&world, &Ask { org_scope: &own, ..ask() }), Outcome::Verified);
    assert_eq!(outcome(&world, &Ask { org_scope: &other, ..ask() }), Outcome::Invalid);
}

#[test]
fn a_code_under_an_unknown_master_secret_cannot_be_known() {
    let mut world = world(KeyClass::Live);
    world.key.secrets[0].version = 2;
    assert!(world.verify(&world.secret, &ask()).is_err());
}

#[test]
fn a_row_that_was_moved_to_another_owner_does_not_verify() {
    let mut world = world(KeyClass::Live);
    world.key.owner.as_mut().unwrap().id = Owner::Organization(OrgCode::parse("org_000000000000").unwrap());
    assert_eq!(outcome(&world, &ask()), Outcome::Invalid);
}
