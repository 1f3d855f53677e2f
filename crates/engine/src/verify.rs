use keyward_core::{
    ApiId, ApiKeyId, KeyClass, KeyFacts, KeySecret, KeyStatus, Keyring, OrgScope, Outcome, Owner, Presented, ScopeKey,
    Timestamp, decide,
};

use crate::{ApiEntry, Entry};

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
    pub entry: Option<&'a Entry>,
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
    fn takes(&self, api: &ApiEntry) -> bool {
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
    found: Option<&'a Entry>,
    ask: &Ask<'_>,
    now: Timestamp,
) -> Result<Verdict<'a>, CannotKnow> {
    let Some(entry) = found else {
        spend_as_long_as_for_a_known_key(keyring, secret);
        return Ok(Verdict::telling_nothing(Outcome::Invalid));
    };
    let mac = keyring
        .key_mac(entry.secret_version, &entry.key_id, &entry.api.id, &entry.owner, secret.plain())
        .ok_or(CannotKnow)?;
    let is_right = mac.matches(&entry.mac)
        && ask.used_for.takes(secret.class())
        && entry.secret_expires_at.is_none_or(|end| now < end)
        && ask.org_scope.covers(&entry.owner);
    if !is_right {
        return Ok(Verdict::telling_nothing(Outcome::Invalid));
    }
    if !ask.wanted.takes(&entry.api) {
        return Ok(Verdict::telling_nothing(Outcome::WrongApi));
    }
    let scopes = entry.scope_keys();
    let facts = KeyFacts { state: entry.state, allowed_cidrs: &entry.allowed_cidrs, scopes: &scopes };
    let (outcome, status) = (decide(&facts, &ask.presented, now), entry.state.status(now));
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
    use super::*;
    use keyward_core::{KeyPrefix, KeyState, MasterSecret, OrgCode, ScopeNumbers};

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    struct World {
        keyring: Keyring,
        entry: Entry,
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
        let scopes = [(1, ScopeKey::parse("read:users").unwrap())].into();
        let api = ApiEntry { id: api_id, audience: "https://api.example.com".into(), scopes };
        let entry = Entry {
            key_id,
            owner,
            api,
            mac,
            secret_version: 1,
            secret_expires_at: None,
            state: KeyState { is_revoked: false, is_enabled: true, is_owner_suspended: false, expires_at: None },
            allowed_cidrs: Vec::new(),
            scopes: ScopeNumbers::from(vec![1, 2]),
        };
        World { keyring, entry, secret }
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
        verify(&world.keyring, &world.secret, Some(&world.entry), ask, NOW).unwrap().outcome
    }

    #[test]
    fn a_right_secret_is_verified_and_carries_the_scopes_that_still_exist() {
        let world = world(KeyClass::Live);
        let verdict = verify(&world.keyring, &world.secret, Some(&world.entry), &ask(), NOW).unwrap();
        assert_eq!(verdict.outcome, Outcome::Verified);
        assert_eq!(verdict.scopes, [&ScopeKey::parse("read:users").unwrap()]);
    }

    #[test]
    fn whoever_does_not_hold_the_secret_learns_nothing_about_the_key() {
        let mut world = world(KeyClass::Live);
        world.entry.state.is_revoked = true;
        let text = world.secret.plain().expose();
        let other = KeySecret::generate(&KeyPrefix::default(), KeyClass::Live, &mut |bytes| bytes.fill(9));
        assert_ne!(other.plain().expose(), text);
        let wrong = verify(&world.keyring, &other, Some(&world.entry), &ask(), NOW).unwrap();
        let unknown = verify(&world.keyring, &other, None, &ask(), NOW).unwrap();
        for verdict in [wrong, unknown] {
            assert_eq!((verdict.outcome, verdict.status), (Outcome::Invalid, None));
            assert!(verdict.entry.is_none() && verdict.scopes.is_empty());
        }
    }

    #[test]
    fn a_key_of_another_api_is_refused_and_nothing_else_about_it_is_told() {
        let world = world(KeyClass::Live);
        let (own, foreign) = ([world.entry.api.id.clone()], [ApiId::parse("feed").unwrap()]);
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
        world.entry.secret_expires_at = Some(NOW);
        assert_eq!(outcome(&world, &ask()), Outcome::Invalid);
        world.entry.secret_expires_at = Some(Timestamp::from_micros(NOW.as_micros() + 1));
        assert_eq!(outcome(&world, &ask()), Outcome::Verified);
    }

    #[test]
    fn an_organization_knows_its_own_keys_alone() {
        let world = world(KeyClass::Live);
        let own = OrgScope::One(world.entry.owner.org_code().unwrap().clone());
        let other = OrgScope::One(OrgCode::parse("org_000000000000").unwrap());
        assert_eq!(outcome(&world, &Ask { org_scope: &own, ..ask() }), Outcome::Verified);
        assert_eq!(outcome(&world, &Ask { org_scope: &other, ..ask() }), Outcome::Invalid);
    }

    #[test]
    fn a_code_under_an_unknown_master_secret_cannot_be_known() {
        let mut world = world(KeyClass::Live);
        world.entry.secret_version = 2;
        assert!(verify(&world.keyring, &world.secret, Some(&world.entry), &ask(), NOW).is_err());
    }

    #[test]
    fn a_row_that_was_moved_to_another_owner_does_not_verify() {
        let mut world = world(KeyClass::Live);
        world.entry.owner = Owner::Organization(OrgCode::parse("org_000000000000").unwrap());
        assert_eq!(outcome(&world, &ask()), Outcome::Invalid);
    }
}
