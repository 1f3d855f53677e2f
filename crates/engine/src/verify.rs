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
    pub(crate) fn takes(&self, api: &Api) -> bool {
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
    let Some(entry) = prove(keyring, secret, found, ask, now)? else {
        return Ok(Verdict::telling_nothing(Outcome::Invalid));
    };
    if !ask.wanted.takes(&entry.key.api) {
        return Ok(Verdict::telling_nothing(Outcome::WrongApi));
    }
    let scopes = entry.scope_keys();
    let state = entry.state();
    let facts = KeyFacts { state, allowed_cidrs: &entry.key.allowed_cidrs, scopes: &scopes };
    let (outcome, status) = (decide(&facts, &ask.presented, now), state.status(now));
    Ok(Verdict { outcome, status: Some(status), entry: Some(entry), scopes })
}

/// The key that a presented secret is right for, of those that the caller may know of; none otherwise.
pub fn prove<'a>(
    keyring: &Keyring,
    secret: &KeySecret,
    found: Option<Entry<'a>>,
    ask: &Ask<'_>,
    now: Timestamp,
) -> Result<Option<Entry<'a>>, CannotKnow> {
    let Some(entry) = found else {
        spend_as_long_as_for_a_known_key(keyring, secret);
        return Ok(None);
    };
    let mac = keyring
        .key_mac(entry.secret.version, &entry.key.id, &entry.key.api.id, &entry.key.owner, secret.plain())
        .ok_or(CannotKnow)?;
    let is_right = mac.matches(&entry.secret.mac)
        && ask.used_for.takes(secret.class())
        && entry.secret.expires_at.is_none_or(|end| now < end)
        && ask.org_scope.covers(&entry.key.owner);
    Ok(is_right.then_some(entry))
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
