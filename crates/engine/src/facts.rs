//! What a node is told: rows as they stand in the store, each with the revision that wrote it last.

use ipnet::IpNet;
use keyward_core::{
    AllowedScopes, ApiId, ApiKeyId, ClientId, CreditTerms, RateLimit, ScopeKey, ScopeNumber, ScopeNumbers, SecretMac,
    SecretVersion, Selector, Timestamp,
};
use serde_json::{Map, Value};

/// What changed above a revision. A row that comes twice, or late, does no harm: it replaces only a lower revision of
/// itself.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The APIs.
    pub apis: Vec<Api>,
    /// The scopes of APIs.
    pub scopes: Vec<Scope>,
    /// Credits of keys and owners, whose rows were written with them.
    pub credits: Vec<Credits>,
    /// The organizations and users.
    pub owners: Vec<Owner>,
    /// The applications.
    pub applications: Vec<Application>,
    /// What they were granted.
    pub grants: Vec<Grant>,
    /// The keys that tokens are signed with.
    pub signing_keys: Vec<SigningKey>,
    /// The keys, each with all its secrets.
    pub keys: Vec<Key>,
}

/// An API.
#[derive(Clone, Debug)]
pub struct Api {
    /// The API's id.
    pub id: ApiId,
    /// Its audience.
    pub audience: String,
    /// Whether it is Keyward's own.
    pub is_management_api: bool,
    /// Whether it was deleted, and its keys with it.
    pub is_deleted: bool,
    /// The revision of its last change.
    pub revision: u64,
}

/// A scope of an API.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The API that it belongs to.
    pub api_id: ApiId,
    /// Its number within its API.
    pub number: ScopeNumber,
    /// The scope's key.
    pub key: ScopeKey,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// The revision of its last change.
    pub revision: u64,
}

/// A user or an organization.
#[derive(Clone, Debug)]
pub struct Owner {
    /// Which one.
    pub id: keyward_core::Owner,
    /// The platform's own id of it.
    pub external_id: Option<String>,
    /// Whether its keys are out of use for a time.
    pub is_suspended: bool,
    /// Whether it was deleted, and its keys with it.
    pub is_deleted: bool,
    /// The limits of rate that all its keys share, whether they are its own or its plan's.
    pub rate_limits: Vec<RateLimit>,
    /// The scopes that its plan allows its keys; none for all that they carry.
    pub allowed_scopes: Option<AllowedScopes>,
    /// The revision of its last change, or of its plan's.
    pub revision: u64,
}

/// Credits of a key or an owner.
#[derive(Clone, Debug)]
pub struct Credits {
    /// Whose: the id of a key, an organization or a user.
    pub holder: String,
    /// What is agreed on; none where there are no credits any more.
    pub terms: Option<CreditTerms>,
    /// The revision that set the balance.
    pub generation: u64,
    /// When the period began that they were filled up for last.
    pub period: Timestamp,
    /// What of the balance no node had taken when the row was read.
    pub left: u64,
    /// The revision of their last change.
    pub revision: u64,
}

/// What valid verifications of a key have used in an hour that is over, or goes on.
#[derive(Clone, Debug)]
pub struct UsedHour {
    /// The key.
    pub key_id: ApiKeyId,
    /// When the hour begins.
    pub hour_at: Timestamp,
    /// How many they were.
    pub count: u64,
    /// What they cost; where a verification does not say, 1.
    pub cost: u64,
}

/// An application: who calls with a token.
#[derive(Clone, Debug)]
pub struct Application {
    /// The client id.
    pub id: ClientId,
    /// What people call it.
    pub name: String,
    /// The organization that it is kept to.
    pub organization: Option<Owner>,
    /// The APIs whose keys it may verify; none for those of every API.
    pub bound: Option<Vec<ApiId>>,
    /// False while somebody has disabled it.
    pub is_enabled: bool,
    /// Whether it was deleted, and its tokens with it.
    pub is_deleted: bool,
    /// The revision of its last change.
    pub revision: u64,
}

/// What an application may do with the management API.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The application.
    pub client_id: ClientId,
    /// The management API.
    pub api_id: ApiId,
    /// The scopes, as numbers within that API; empty when it has ended.
    pub scopes: ScopeNumbers,
    /// The revision of its last change.
    pub revision: u64,
}

/// A key that tokens are signed with.
#[derive(Clone, Debug)]
pub struct SigningKey {
    /// The key's id, as the header of a token names it.
    pub kid: String,
    /// The public half; none if it cannot be believed to be ours.
    pub public: Option<PublicKey>,
    /// From when its tokens are not accepted any more.
    pub retired_at: Option<Timestamp>,
    /// The revision of its last change.
    pub revision: u64,
}

/// A public RSA key (RFC 7518 section 6.3.1), base64url.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// The modulus.
    pub n: String,
    /// The exponent.
    pub e: String,
}

/// A key.
#[derive(Clone, Debug)]
pub struct Key {
    /// The key's id.
    pub id: ApiKeyId,
    /// The API that it is for.
    pub api_id: ApiId,
    /// Who owns it; none for a key of the platform.
    pub owner: Option<Owner>,
    /// What people call it.
    pub name: String,
    /// Its scopes, as numbers within its API.
    pub scopes: ScopeNumbers,
    /// Where it may be used from; empty means anywhere.
    pub allowed_cidrs: Vec<IpNet>,
    /// Its own limits of rate.
    pub rate_limits: Vec<RateLimit>,
    /// What the platform wants to find again.
    pub metadata: Option<Map<String, Value>>,
    /// The APIs whose keys it may verify; none for those of every API.
    pub bound: Option<Vec<ApiId>>,
    /// False while somebody has disabled it.
    pub is_enabled: bool,
    /// Whether it was revoked by itself.
    pub is_revoked: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it is no longer valid.
    pub expires_at: Option<Timestamp>,
    /// How often it was found valid.
    pub verification_count: u64,
    /// When it was last found valid.
    pub last_verified_at: Option<Timestamp>,
    /// The revision of its last change.
    pub revision: u64,
    /// Its secrets.
    pub secrets: Vec<Secret>,
}

/// A secret of a key.
#[derive(Clone, Debug)]
pub struct Secret {
    /// The public part.
    pub selector: Selector,
    /// The code of the secret.
    pub mac: SecretMac,
    /// The master secret that the code was made under.
    pub version: SecretVersion,
    /// From when it is no longer valid.
    pub expires_at: Option<Timestamp>,
}
