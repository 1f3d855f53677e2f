//! Why a verification of a key comes to what it does: nothing is spent, and nothing counted.

mod words;

use keyward_core::{ApiKeyId, KeySecret, KeyStatus, Outcome, Owner, Selector, Step, Timestamp};
use keyward_engine::index::{Entry, Index};
use keyward_engine::{Ask, CannotKnow, Use, Wanted, explain, prove};
use keyward_store::{Revision, keys};
use keyward_wire::ErrorCode;
use keyward_wire::explain::{DecisionStep, ExplainKeyRequest, ExplainedStep, StepOutcome};

use crate::actions::follow;
use crate::actions::keys::find_key;
use crate::actions::verify::{Place, cannot_know, reach, read_presented, require_cost};
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::Refusal;

/// What a verification would come to, and why.
#[derive(Debug)]
pub struct Explained {
    /// The decision.
    pub outcome: Outcome,
    /// The key and its status, where something is told about it.
    pub key: Option<(ApiKeyId, KeyStatus)>,
    /// Each step.
    pub steps: Vec<ExplainedStep>,
    /// The revision that the answer knows of.
    pub revision: Revision,
}

/// What was found out, without a revision.
type Found = (Outcome, Option<(ApiKeyId, KeyStatus)>, Vec<ExplainedStep>);

/// How the key is named.
enum Named {
    /// By a secret; none if no key can have it.
    Secret(Option<KeySecret>),
    /// By its id: the public part of a secret of it.
    Id(Selector),
}

/// Tells what a verification would come to, and why: by a secret as a verification finds it, or by the id of a key that the
/// caller may read.
pub async fn explain_key(app: &App, caller: &Caller, request: &ExplainKeyRequest) -> Result<Explained, Refusal> {
    let presented = read_presented(request.scopes.as_deref(), request.ip.as_deref(), Place::Body)?;
    require_cost(request.cost, Place::Body)?;
    let named = match (&request.key_id, &request.api_key) {
        (Some(_), Some(_)) => return Err(Refusal::field("key_id", "must not be given together with `api_key`")),
        (None, None) => {
            return Err(Refusal::about(ErrorCode::FieldMissing, "key_id", "is missing, and so is `api_key`"));
        }
        (None, Some(secret)) => Named::Secret(KeySecret::parse(secret.expose())),
        (Some(id), None) => Named::Id(find_selector(app, caller, id).await?),
    };
    let (api_id, audience, bound) = (request.api_id.as_deref(), request.audience.as_deref(), caller.bound.as_deref());
    let wanted = Wanted { api_id, audience, bound };
    let ask = Ask { used_for: Use::Customer, org_scope: &caller.org_scope, wanted, presented };
    let now = app.now();
    let (found, revision) = follow::answer(app, |index| find(app, index, &named, (&ask, request.cost), now)).await?;
    let (outcome, key, steps) = found.map_err(cannot_know)?;
    Ok(Explained { outcome, key, steps, revision })
}

/// A key that the caller may read, by the public part of a secret of it, when this node knows of its last change.
async fn find_selector(app: &App, caller: &Caller, id: &str) -> Result<Selector, Refusal> {
    let mut tx = app.read().await?;
    let row = find_key(&mut tx, caller, id).await?;
    let selector = keys::find_selector(&mut tx, &row.id).await?;
    drop(tx);
    reach(app, row.revision).await?;
    // A key is made with its first secret, and keeps the last one.
    selector.ok_or_else(|| Refusal::new(ErrorCode::Internal))
}

fn find(
    app: &App,
    index: &Index,
    named: &Named,
    (ask, cost): (&Ask<'_>, Option<u32>),
    now: Timestamp,
) -> Result<Found, CannotKnow> {
    let secret = match named {
        Named::Secret(secret) => secret,
        Named::Id(selector) => {
            return index
                .look_up(*selector, |found| found.map(|entry| of_id(entry, (ask, cost), now)).ok_or(CannotKnow));
        }
    };
    let Some(secret) = secret else { return Ok(of_nothing()) };
    index.look_up(secret.selector(), |found| {
        let proven = prove(&app.keyring, secret, found, ask, now)?;
        Ok(proven.map_or_else(of_nothing, |entry| {
            of_key(entry, step(DecisionStep::Secret, StepOutcome::Passed, words::SECRET_IS_RIGHT), (ask, cost), now)
        }))
    })
}

/// No key, or none that the secret is right for: nothing about a key.
fn of_nothing() -> Found {
    (Outcome::Invalid, None, ended_by(words::SECRET_IS_WRONG))
}

/// A key that was named by its id.
fn of_id(entry: Entry<'_>, ask: (&Ask<'_>, Option<u32>), now: Timestamp) -> Found {
    if entry.key.owner == Owner::Environment {
        let key = (entry.key.id.clone(), entry.state().status(now));
        return (Outcome::Invalid, Some(key), ended_by(words::IS_FOR_KEYWARD));
    }
    of_key(entry, step(DecisionStep::Secret, StepOutcome::NotAsked, words::SECRET_IS_NOT_ASKED), ask, now)
}

fn of_key(entry: Entry<'_>, secret: ExplainedStep, (ask, cost): (&Ask<'_>, Option<u32>), now: Timestamp) -> Found {
    let explanation = explain(entry, ask, cost, now);
    let outcome_of = |has_failed| if has_failed { StepOutcome::Failed } else { StepOutcome::Passed };
    let api = step(DecisionStep::Api, outcome_of(!explanation.is_wanted), words::of_api(&explanation, ask));
    let further = explanation.steps.iter().map(|(each, failed)| {
        let reason = words::of_step(*each, &explanation, ask, failed.as_ref());
        step(wire_step(*each), outcome_of(failed.is_some()), reason)
    });
    let spent = &explanation.spent;
    let is_limited = spent.limits.iter().any(|limit| limit.is_exceeded);
    let limits = step(DecisionStep::Limits, outcome_of(is_limited), words::of_limits(spent));
    let is_exhausted = spent.credits.iter().any(|credits| credits.is_exhausted);
    let credits = step(DecisionStep::Credits, outcome_of(is_exhausted), words::of_credits(spent));
    let steps = [secret, api].into_iter().chain(further).chain([limits, credits]).collect();
    let key = (entry.key.id.clone(), explanation.status);
    (explanation.outcome(), Some(key), steps)
}

/// All steps, where the first one tells all.
fn ended_by(reason: &str) -> Vec<ExplainedStep> {
    let first = step(DecisionStep::Secret, StepOutcome::Failed, reason);
    let further = [DecisionStep::Api]
        .into_iter()
        .chain(Step::ALL.map(wire_step))
        .chain([DecisionStep::Limits, DecisionStep::Credits]);
    let further = further.map(|each| step(each, StepOutcome::NotReached, words::NOT_REACHED));
    [first].into_iter().chain(further).collect()
}

fn step(step: DecisionStep, outcome: StepOutcome, reason: impl Into<String>) -> ExplainedStep {
    ExplainedStep { step, outcome, reason: reason.into() }
}

const fn wire_step(step: Step) -> DecisionStep {
    match step {
        Step::Revocation => DecisionStep::Revocation,
        Step::Enabled => DecisionStep::Enabled,
        Step::Owner => DecisionStep::Owner,
        Step::Expiry => DecisionStep::Expiry,
        Step::Ip => DecisionStep::Ip,
        Step::Scopes => DecisionStep::Scopes,
    }
}
