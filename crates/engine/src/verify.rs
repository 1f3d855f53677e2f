use keyward_core::{
    ApiId, ApiKeyId, KeyClass, KeyFacts, KeySecret, KeyStatus, Keyring, OrgScope, Outcome, Owner, Presented, ScopeKey,
    Timestamp, decide,
};

use crate::index::{Api, Entry};

/// What a caller asks about a presented secret.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// What the secret is used for.
    pub used_for: Use,
    /// Whose keys the caller may know of.
    pub org_scope: &'a OrgScope,
    /// The API that is protected.
    pub wanted: Wanted<'a>,
    /// What is known about the request.
    pub presented: Presented<'a>,
}

/// What a secret is used for. An environment key never opens a customer's API, nor the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// An API of the platform, by a customer.
    Customer,
    /// The management API, by the platform.
    Management,
}

/// Which APIs' keys are wanted: all that is given must hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// The API by its id.
    pub api_id: Option<&'a str>,
    /// The API by its audience.
    pub audience: Option<&'a str>,
    /// The APIs that the caller's credential is bound to.
    pub bound: Option<&'a [ApiId]>,
}

/// What a verification comes to.
#[derive(Debug)]
pub struct Verdict<'a> {
    /// The decision.
    pub outcome: Outcome,
    /// The key's status; none where nothing is told about the key.
    pub status: Option<KeyStatus>,
    /// The key; none where nothing is told about it.
    pub entry: Option<Entry<'a>>,
    /// The key's scopes; empty where nothing is told about it.
    pub scopes: Vec<&'a ScopeKey>,
}

/// The stored code was made under a master secret that this node does not have.
#[derive(Debug, thiserror::Error)]
#[error("the master secret that this key's code was made under is not in the list")]
pub struct CannotKnow;

impl Use {
    fn takes(self, class: KeyClass) -> bool {
        match self {
            Self::Customer => class != KeyClass::Admin,
            Self::Management => class == KeyClass::Admin,
        }
    }
}

impl Wanted<'_> {
    fn takes(&self, api: &Api) -> bool {
        self.api_id.is_none_or(|id| id == api.id.as_str())
            && self.audience.is_none_or(|audience| audience == api.audience)
            && self.bound.is_none_or(|bound| bound.contains(&api.id))
    }
}

/// Verifies a presented secret against what was found under its selector.
///
/// The secret is checked before anything else about the key, so that whoever does not hold it learns nothing.
pub fn verify<'a>(
    keyring: &Keyring,
    secret: &KeySecret,
    found: Option<Entry<'a>>,
    ask: &Ask<'_>,
    now: Timestamp,
) -> Result<Verdict<'a>, CannotKnow> {
    let Some(entry) = found else {
        spend_as_long_as_for_a_known_key(keyring, secret);
        return Ok(Verdict::telling_nothing(Outcome::Invalid));
    };
    let mac = keyring
        .key_mac(entry.secret.version, &entry.key.id, &entry.key.api.id, &entry.key.owner, secret.plain())
        .ok_or(CannotKnow)?;
    let is_right = mac.matches(&entry.secret.mac)
        && ask.used_for.takes(secret.class())
        && entry.secret.expires_at.is_none_or(|end| now < end)
        && ask.org_scope.covers(&entry.key.owner);
    if !is_right {
        return Ok(Verdict::telling_nothing(Outcome::Invalid));
    }
    if !ask.wanted.takes(&entry.key.api) {
        return Ok(Verdict::telling_nothing(Outcome::WrongApi));
    }
    let scopes = entry.scope_keys();
    let state = entry.state();
    let facts = KeyFacts { state, allowed_cidrs: &entry.key.allowed_cidrs, scopes: &scopes };
    let (outcome, status) = (decide(&facts, &ask.presented, now), state.status(now));
    Ok(Verdict { outcome, status: Some(status), entry: Some(entry), scopes })
}

impl Verdict<'_> {
    fn telling_nothing(outcome: Outcome) -> Self {
        Self { outcome, status: None, entry: None, scopes: Vec::new() }
    }
}

/// An unknown selector costs one code too, so that the time does not tell unknown from wrong.
fn spend_as_long_as_for_a_known_key(keyring: &Keyring, secret: &KeySecret) {
    let nobody = (ApiKeyId::parse("api_key_00000000000000000000000000000000"), ApiId::parse("0"));
    if let (Some(key), Some(api)) = nobody {
        std::hint::black_box(keyring.key_mac(keyring.version(), &key, &api, &Owner::Environment, secret.plain()));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use keyward_core::{KeyPrefix, MasterSecret, OrgCode, ScopeNumbers};

    use super::*;
    use crate::facts::{self, Changes};
    use crate::index::{Index, Writer};

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
        let secrets = vec![facts::Secret { selector: secret.selector(), mac, version: 1, expires_at: None }];
        let audience = "https://api.example.com".to_owned();
        let owner = facts::Owner { id: owner, external_id: None, is_suspended: false, is_deleted: false, revision: 1 };
        let api = facts::Api { id: api_id.clone(), audience, is_deleted: false, revision: 1 };
        let key = facts::Key {
            id: key_id,
            api_id,
            owner: Some(owner),
            name: "a key".into(),
            scopes: ScopeNumbers::from(vec![1, 2]),
            allowed_cidrs: Vec::new(),
            metadata: None,
            bound: None,
            is_enabled: true,
            is_revoked: false,
            expires_at: None,
            verification_count: 0,
            last_verified_at: None,
            revision: 1,
            secrets,
        };
        World { keyring, api, key, secret }
    }

    impl World {
        fn index(&self) -> Arc<Index> {
            let index = Arc::<Index>::default();
            let scope = |number, key, is_deleted| facts::Scope {
                api_id: self.api.id.clone(),
                number,
                key: ScopeKey::parse(key).unwrap(),
                is_deleted,
                revision: 1,
            };
            let changes = Changes {
                apis: vec![self.api.clone()],
                scopes: vec![scope(1, "read:users", false), scope(2, "write:users", true)],
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
}
