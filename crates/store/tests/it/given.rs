//! What tests begin with: a fixed instant, a seeded generator, and rows that stand for any of their kind.

use std::time::Duration;

use keyward_core::{
    ApiId, ApiKeyId, ClientId, KeyClass, KeyPolicy, KeyPrefix, KeySecret, Keyring, MasterSecret, OrgCode, Owner, Quota,
    RateLimit, ScopeId, ScopeKey, ScopeNumber, ScopeNumbers, SecretMac, Timestamp, UserId,
};
use keyward_store::Change;
use keyward_store::apis::{NewApi, insert_api};
use keyward_store::applications::{NewApplication, insert_application};
use keyward_store::keys::{NewKey, NewKeySecret, insert_key};
use keyward_store::organizations::{NewOrganization, insert_organization};
use keyward_store::scopes::{NewScope, insert_scope};
use keyward_store::users::{NewUser, insert_user};

/// The instant at which a test happens: not a whole second, so that a lost microsecond is seen.
pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_732_239_123_000_001);

/// A name that does not survive a wrong encoding or a wrong folding.
pub(crate) const NAME: &str = "Żółć & Søn 東京 🗝";

/// What an API asks of its keys that asks nothing.
pub(crate) static NO_POLICY: KeyPolicy = KeyPolicy::NONE;

/// An instant some seconds after [`NOW`].
pub(crate) fn later(seconds: u64) -> Timestamp {
    NOW.after(Duration::from_secs(seconds))
}

/// The keyring of a store whose one master secret is 32 bytes of two.
pub(crate) fn keyring() -> Keyring {
    let master = MasterSecret::parse("AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=").unwrap();
    Keyring::new((1, &master), &[])
}

/// A code whose bytes are all different, zero among them.
pub(crate) fn mac(first: u8) -> SecretMac {
    let bytes: Vec<u8> = (0..32).map(|at| first.wrapping_add(at)).collect();
    SecretMac::from_bytes(&bytes).unwrap()
}

/// A generator of ids and secrets: the same ones each run.
pub(crate) struct Seed(u64);

impl Seed {
    pub(crate) fn new(state: u64) -> Self {
        Self(state)
    }

    pub(crate) fn fill(&mut self) -> impl FnMut(&mut [u8]) {
        |bytes| {
            for byte in bytes {
                self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                *byte = (self.0 >> 56) as u8;
            }
        }
    }

    pub(crate) fn api_id(&mut self) -> ApiId {
        ApiId::generate(&mut self.fill(), NOW)
    }

    pub(crate) fn scope_id(&mut self) -> ScopeId {
        ScopeId::generate(&mut self.fill(), NOW)
    }

    pub(crate) fn org_code(&mut self) -> OrgCode {
        OrgCode::generate(&mut self.fill(), NOW)
    }

    pub(crate) fn user_id(&mut self) -> UserId {
        UserId::generate(&mut self.fill(), NOW)
    }

    pub(crate) fn client_id(&mut self) -> ClientId {
        ClientId::generate(&mut self.fill(), NOW)
    }

    pub(crate) fn key_id(&mut self, at: Timestamp) -> ApiKeyId {
        ApiKeyId::generate(&mut self.fill(), at)
    }

    pub(crate) fn key_secret(&mut self) -> KeySecret {
        KeySecret::generate(&KeyPrefix::default(), KeyClass::Live, &mut self.fill())
    }
}

/// Stores an API whose audience is its id.
pub(crate) async fn api(change: &mut Change, seed: &mut Seed) -> ApiId {
    let id = seed.api_id();
    let (key_prefix, key_class) = (&KeyPrefix::default(), KeyClass::Live);
    let new =
        NewApi { id: &id, name: NAME, audience: Some(id.as_str()), key_prefix, key_class, key_policy: &NO_POLICY };
    insert_api(change, &new).await.unwrap();
    id
}

/// Stores a scope of an API.
pub(crate) async fn scope(change: &mut Change, seed: &mut Seed, api_id: &ApiId, key: &str) -> ScopeNumber {
    let (id, key) = (seed.scope_id(), ScopeKey::parse(key).unwrap());
    insert_scope(change, &NewScope { id: &id, api_id, key: &key, description: None }).await.unwrap()
}

/// An organization of which little is known.
pub(crate) fn bare_organization(code: &OrgCode) -> NewOrganization<'_> {
    NewOrganization { code, external_id: None, name: NAME, plan_id: None, rate_limits: &[] }
}

/// Stores an organization without external id.
pub(crate) async fn organization(change: &mut Change, seed: &mut Seed) -> OrgCode {
    let code = seed.org_code();
    insert_organization(change, &bare_organization(&code)).await.unwrap();
    code
}

/// A user of whom nothing is known.
pub(crate) fn unknown_user(id: &UserId) -> NewUser<'_> {
    NewUser {
        id,
        external_id: None,
        given_name: None,
        family_name: None,
        email: None,
        phone: None,
        username: None,
        plan_id: None,
        rate_limits: &[],
    }
}

/// Stores a user of whom nothing is known.
pub(crate) async fn user(change: &mut Change, seed: &mut Seed) -> UserId {
    let id = seed.user_id();
    insert_user(change, &unknown_user(&id)).await.unwrap();
    id
}

/// Stores an application that is kept to nothing.
pub(crate) async fn application(change: &mut Change, seed: &mut Seed, name: &str) -> ClientId {
    let id = seed.client_id();
    let new = NewApplication {
        client_id: &id,
        name,
        org_code: None,
        bound_api_ids: None,
        token_lifetime: 60,
        mac: mac(0),
        secret_version: 1,
    };
    insert_application(change, &new).await.unwrap();
    id
}

/// A limit of rate with this name.
pub(crate) fn rate_limit(name: &str) -> RateLimit {
    RateLimit::new(name, Quota::new(10, 60).unwrap(), 2).unwrap()
}

/// A key that is kept to nothing and never expires.
pub(crate) fn plain_key<'a>(
    id: &'a ApiKeyId,
    api_id: &'a ApiId,
    owner: &'a Owner,
    scopes: &'a ScopeNumbers,
) -> NewKey<'a> {
    NewKey {
        id,
        api_id,
        owner,
        name: NAME,
        scopes,
        allowed_cidrs: &[],
        rate_limits: &[],
        metadata: None,
        bound_api_ids: None,
        expires_at: None,
        is_enabled: true,
    }
}

/// Stores a key that is kept to nothing and never expires; its id says that it was made when the change is.
pub(crate) async fn key(change: &mut Change, seed: &mut Seed, api_id: &ApiId, owner: &Owner) -> ApiKeyId {
    let (id, secret) = (seed.key_id(change.now()), seed.key_secret());
    let first = NewKeySecret { secret: &secret, mac: mac(0), secret_version: 1 };
    insert_key(change, &plain_key(&id, api_id, owner, &ScopeNumbers::default()), &first).await.unwrap();
    id
}
