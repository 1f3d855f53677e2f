//! Verifying a key: decided from memory, and counted if it is valid.

use std::net::IpAddr;
use std::sync::Arc;

use keyward_core::bounds::{MAX_REVISION, MAX_SCOPES};
use keyward_core::limits::MAX_COST;
use keyward_core::{
    ApiId, ApiKeyId, KeySecret, KeyStatus, Keyring, Outcome, OutcomeCode, Owner, Presented, ScopeKey, Timestamp,
};
use keyward_engine::index::{BlockAsk, Entry, Holder, Index, Spent, Usage};
use keyward_engine::{Ask, CannotKnow, Payment, Use, Wanted, verify};
use keyward_store::Revision;
use keyward_wire::ErrorCode;
use keyward_wire::verify::VerifyKeyRequest;
use serde_json::{Map, Value};

use crate::actions::{credits, follow, usage};
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::Refusal;
use crate::traces;

/// What a verification came to, with all that its answer tells.
#[derive(Debug)]
pub struct Verified {
    /// The decision.
    pub outcome: Outcome,
    /// The key, where something is told about it.
    pub key: Option<VerifiedKey>,
    /// The revision that the answer knows of.
    pub revision: Revision,
}

impl Verified {
    /// Takes back what was paid, since it is not answered.
    pub(super) fn take_back(&self) {
        if let Some(key) = &self.key {
            key.take_back();
        }
    }
}

/// What is told about a key.
#[derive(Debug)]
pub struct VerifiedKey {
    /// The key's id.
    pub id: ApiKeyId,
    /// Its API.
    pub api_id: ApiId,
    /// Its API's audience.
    pub audience: String,
    /// Who owns it.
    pub owner: Owner,
    /// The platform's own id of its owner.
    pub owner_external_id: Option<String>,
    /// What people call it.
    pub name: String,
    /// The keys of its scopes.
    pub scopes: Vec<String>,
    /// What the platform wants to find again.
    pub metadata: Option<Map<String, Value>>,
    /// Its status.
    pub status: KeyStatus,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it is no longer valid.
    pub expires_at: Option<Timestamp>,
    /// From when the secret that was presented is no longer valid, since another has taken its place.
    pub secret_expires_at: Option<Timestamp>,
    /// How often it was found valid, this time included.
    pub verification_count: u64,
    /// When last.
    pub last_verified_at: Option<Timestamp>,
    /// What it spent, and where its limits and credits stand; of a key that passed all else.
    pub spent: Spent,
    usage: Arc<Usage>,
}

/// Decides whether a key may be used for a request, and counts what that came to.
pub async fn verify_key(app: &App, caller: &Caller, request: &VerifyKeyRequest) -> Result<Verified, Refusal> {
    let begun = app.tick();
    let verified = decide_and_count(app, caller, request).await?;
    app.metrics.count_verification(&verified.outcome, app.tick().since(begun));
    traces::note_outcome(app, &verified.outcome);
    Ok(verified)
}

async fn decide_and_count(app: &App, caller: &Caller, request: &VerifyKeyRequest) -> Result<Verified, Refusal> {
    let asked = Asked::read(caller, request, Place::Body)?;
    if let Some(least) = request.min_revision {
        reach(app, least).await?;
    }
    let mut verified = judge_key(app, caller, &asked).await?;
    count(app, &asked, &mut verified)?;
    // Writing takes its time, and a lease may run out meanwhile.
    follow::require_lease(app)?;
    Ok(verified)
}

/// Where a request stands in the body that was sent, for refusals to name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// It is the body.
    Body,
    /// It is this entry of `keys`.
    Entry(usize),
}

impl Place {
    /// A member that breaks a rule.
    fn refuse(self, member: &str, rule: &str) -> Refusal {
        match self {
            Self::Body => Refusal::field(member, rule),
            Self::Entry(at) => Refusal::field(&format!("keys[{at}].{member}"), rule),
        }
    }
}

/// What is asked about a secret, read and within the rules.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    /// The secret; none if no key can have it.
    pub(super) secret: Option<KeySecret>,
    /// The API that is protected.
    pub(super) wanted: Wanted<'a>,
    /// What is known about the request that is protected.
    pub(super) presented: Presented<'a>,
    /// What is spent of limits.
    pub(super) spending: Spending,
}

/// What a question spends of the key's and its owner's limits.
#[derive(Clone, Copy, Debug)]
pub(super) enum Spending {
    /// Nothing, and no limit is asked.
    Nothing,
    /// So many units of each; where none is given, each limit's own cost.
    Units(Option<u32>),
}

impl<'a> Asked<'a> {
    /// Reads what a caller asks.
    pub(super) fn read(caller: &'a Caller, request: &'a VerifyKeyRequest, place: Place) -> Result<Self, Refusal> {
        let presented = read_presented(request.scopes.as_deref(), request.ip.as_deref(), place)?;
        require_tellable(request.min_revision, place)?;
        let wanted = Wanted {
            api_id: request.api_id.as_deref(),
            audience: request.audience.as_deref(),
            bound: caller.bound.as_deref(),
        };
        require_cost(request.cost, place)?;
        let spending = Spending::Units(request.cost);
        Ok(Self { secret: KeySecret::parse(request.api_key.expose()), wanted, presented, spending })
    }
}

/// Holds what a request spends of limits to what one can have.
pub(super) fn require_cost(cost: Option<u32>, place: Place) -> Result<(), Refusal> {
    if cost.is_some_and(|cost| cost > MAX_COST) {
        return Err(place.refuse("cost", "must be at most 1000000"));
    }
    Ok(())
}

/// Reads what is said about the request that is protected.
pub(super) fn read_presented<'a>(
    scopes: Option<&'a [String]>,
    ip: Option<&str>,
    place: Place,
) -> Result<Presented<'a>, Refusal> {
    let scopes = scopes.unwrap_or_default();
    if scopes.len() > MAX_SCOPES {
        return Err(place.refuse("scopes", "must have at most 100 entries"));
    }
    // The scopes that a key lacks are told to whoever sent it.
    if let Some(at) = scopes.iter().position(|scope| KeySecret::parse(scope).is_some()) {
        return Err(place.refuse(&format!("scopes[{at}]"), "must be a scope, and not the secret of a key"));
    }
    let ip = ip.map(|text| read_ip(text, place)).transpose()?;
    Ok(Presented { ip, scopes })
}

/// A revision that nobody can be told of exactly, and no node will ever reach, is a mistake and not a matter of waiting.
pub(super) fn require_tellable(least: Option<Revision>, place: Place) -> Result<(), Refusal> {
    if least.is_some_and(|least| least > MAX_REVISION) {
        return Err(place.refuse("min_revision", "must be at most 9007199254740991"));
    }
    Ok(())
}

/// Counts what a verification of a known key came to, before it is answered. What cannot be written down goes uncounted,
/// since the key is known all the same; but what was paid must be, or nobody could tell later what is left.
pub(super) fn count(app: &App, asked: &Asked<'_>, verified: &mut Verified) -> Result<(), Refusal> {
    let Some((outcome, secret)) = verified.outcome.code().zip(asked.secret.as_ref()) else { return Ok(()) };
    let now = app.now();
    let cost = if let Spending::Units(Some(cost)) = asked.spending { cost } else { 1 };
    let details = (asked.presented.ip, cost);
    match &mut verified.key {
        Some(key) if outcome == OutcomeCode::Verified => {
            // In memory first: whoever folds the record may tell this memory of it.
            let counted = key.usage.count_one(now);
            if usage::record(app, secret.selector(), outcome, now, details, key.payments()) {
                (key.verification_count, key.last_verified_at) = (counted, Some(now));
                return Ok(());
            }
            key.usage.uncount_one();
            if !key.spent.paid.is_empty() {
                key.take_back();
                return Err(Refusal::caused_by(
                    ErrorCode::Unavailable,
                    "the credits that are spent cannot be written down",
                ));
            }
        }
        _ => {
            usage::record(app, secret.selector(), outcome, now, details, [None, None]);
        }
    }
    Ok(())
}

/// How often a verification is put again, since credits that were taken for it were spent by others meanwhile.
const MOST_LOOKS: usize = 64;

/// What was decided, and about which key.
pub(super) type Judged = (Outcome, Option<VerifiedKey>);

/// Decides whether a key may be used, and counts nothing. A look that spends is the last one: another would spend a second
/// time. Where credits are to be taken from the store first, nothing is spent, and it looks again.
pub(super) async fn judge_key(app: &App, caller: &Caller, asked: &Asked<'_>) -> Result<Verified, Refusal> {
    let answering = follow::begin_answer(app).await?;
    let (outcome, key) = judge_until_known(app, || judge(app, answering.index(), caller, asked, app.now())).await?;
    let ended = follow::end_answer(app, answering);
    let verified = Verified { outcome, key, revision: ended.as_ref().copied().unwrap_or_default() };
    if ended.is_err() {
        verified.take_back();
    }
    ended.map(|_| verified)
}

/// Puts a question again for as long as credits are to be taken from the store before it can be decided.
pub(super) async fn judge_until_known(
    app: &App,
    judge: impl Fn() -> Result<Judged, CannotKnow>,
) -> Result<Judged, Refusal> {
    for _ in 0..MOST_LOOKS {
        let judged = judge().map_err(cannot_know)?;
        let asks = judged.1.as_ref().map(VerifiedKey::asks).unwrap_or_default();
        if asks.is_empty() {
            return Ok(judged);
        }
        credits::take_blocks(app, &asks).await?;
    }
    Err(Refusal::caused_by(ErrorCode::Unavailable, "others have spent what was taken for this verification"))
}

/// The same, from what a node knows at this moment.
pub(super) fn judge(
    app: &App,
    index: &Index,
    caller: &Caller,
    asked: &Asked<'_>,
    now: Timestamp,
) -> Result<Judged, CannotKnow> {
    let Asked { secret, wanted, presented, spending } = asked;
    let Some(secret) = secret else { return Ok((Outcome::Invalid, None)) };
    let (wanted, presented) = (*wanted, *presented);
    let ask = Ask { used_for: Use::Customer, org_scope: &caller.org_scope, wanted, presented };
    index.look_up(secret.selector(), |found| decide(&app.keyring, secret, found, (&ask, *spending), now))
}

pub(super) fn cannot_know(error: CannotKnow) -> Refusal {
    Refusal::caused_by(ErrorCode::Unavailable, error)
}

/// Waits for a revision that the caller knows of, as long as one round takes.
pub(super) async fn reach(app: &App, least: Revision) -> Result<(), Refusal> {
    if app.engine.revision() < least {
        follow::catch_up(app, least).await.map_err(|error| Refusal::caused_by(ErrorCode::Unavailable, error))?;
    }
    if app.engine.revision() < least { Err(Refusal::new(ErrorCode::RevisionNotReached)) } else { Ok(()) }
}

/// What is decided about what was found, and what is told of it.
fn decide(
    keyring: &Keyring,
    secret: &KeySecret,
    found: Option<Entry<'_>>,
    (ask, spending): (&Ask<'_>, Spending),
    now: Timestamp,
) -> Result<Judged, CannotKnow> {
    let verdict = verify(keyring, secret, found, ask, now)?;
    let mut outcome = verdict.outcome;
    let Some((entry, status)) = verdict.entry.zip(verdict.status) else { return Ok((outcome, None)) };
    let mut key = VerifiedKey::of(&entry, status, &verdict.scopes);
    if let (Outcome::Verified, Spending::Units(cost)) = (&outcome, spending) {
        key.spent = entry.spend(cost, now);
        outcome = key.spent.failure().unwrap_or(outcome);
    }
    Ok((outcome, Some(key)))
}

impl VerifiedKey {
    fn of(entry: &Entry<'_>, status: KeyStatus, scopes: &[&ScopeKey]) -> Self {
        let key = entry.key;
        Self {
            id: key.id.clone(),
            api_id: key.api.id.clone(),
            audience: key.api.audience.clone(),
            owner: key.owner.clone(),
            owner_external_id: entry.owner.and_then(|owner| owner.external_id.clone()),
            name: key.name.to_string(),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            metadata: key.metadata.as_deref().cloned(),
            status,
            created_at: key.created_at,
            expires_at: key.expires_at,
            secret_expires_at: entry.secret.expires_at,
            verification_count: key.usage.count(),
            last_verified_at: key.usage.last_at(),
            spent: Spent::default(),
            usage: Arc::clone(&key.usage),
        }
    }

    /// What is to be asked of the store before it can be decided, by the holder's id.
    fn asks(&self) -> Vec<(String, BlockAsk)> {
        let holder = |ask: &BlockAsk| match ask.holder {
            Holder::Key => self.id.to_string(),
            Holder::Owner => self.owner.id().to_owned(),
        };
        self.spent.asks.iter().map(|ask| (holder(ask), ask.clone())).collect()
    }

    /// What was paid, of its own credits and of its owner's.
    fn payments(&self) -> [Option<Payment>; 2] {
        [Holder::Key, Holder::Owner].map(|holder| {
            let of_holder = self.spent.paid.iter().find(|paid| paid.holder == holder);
            of_holder.map(|paid| paid.payment)
        })
    }

    fn take_back(&self) {
        self.spent.paid.iter().for_each(keyward_engine::index::Paid::take_back);
    }
}

/// Reads the address that a key was used from.
pub(super) fn read_ip(text: &str, place: Place) -> Result<IpAddr, Refusal> {
    let read: Result<IpAddr, _> = text.parse();
    // An IPv4 address written as IPv6 is kept as what it is.
    read.map(|ip| ip.to_canonical()).map_err(|_| place.refuse("ip", "must be an IPv4 or IPv6 address"))
}
