//! What an owner of keys is allowed: a plan, or limits of rate of its own.

use keyward_core::{Balance, PlanId, RateLimit};
use keyward_store::Tx;
use keyward_store::plans::{self, PlanRow};
use keyward_wire::ErrorCode;

use crate::actions::credits::{GivenBalance, Next};
use crate::refusal::Refusal;

/// What an owner is allowed.
#[derive(Clone, Debug, Default)]
pub(in crate::actions) struct Terms {
    /// Its plan.
    pub(in crate::actions) plan_id: Option<PlanId>,
    /// Limits of rate of its own; none beside a plan.
    pub(in crate::actions) rate_limits: Vec<RateLimit>,
}

impl Terms {
    /// The same with what a request gives. A plan ends the limits of the owner's own, and none are given beside one.
    pub(in crate::actions) async fn with(
        self,
        tx: &mut Tx,
        plan_id: Option<Option<&str>>,
        rate_limits: Option<Option<Vec<RateLimit>>>,
    ) -> Result<Self, Refusal> {
        let plan_id = match plan_id {
            None => self.plan_id,
            Some(None) => None,
            Some(Some(id)) => Some(find_plan(tx, id).await?.id),
        };
        match (plan_id, rate_limits) {
            (Some(_), Some(Some(_))) => {
                let rule = "must not be given beside a plan, whose limits stand in their place";
                Err(Refusal::field("rate_limits", rule))
            }
            (Some(plan_id), _) => Ok(Self { plan_id: Some(plan_id), rate_limits: Vec::new() }),
            (None, Some(given)) => Ok(Self { plan_id: None, rate_limits: given.unwrap_or_default() }),
            (None, None) => Ok(Self { plan_id: None, rate_limits: self.rate_limits }),
        }
    }
}

/// What becomes of an owner's credits: its plan's stand in the place of its own, from the moment that it takes the plan.
pub(in crate::actions) async fn next_credits(
    tx: &mut Tx,
    (plan_before, plan_id): (Option<&PlanId>, Option<&PlanId>),
    before: Option<&Balance>,
    given: Option<Option<GivenBalance>>,
) -> Result<Next, Refusal> {
    let Some(id) = plan_id else {
        // Those of a plan end with it.
        let given = given.or(plan_before.map(|_| None));
        return Next::of(before, given);
    };
    if let Some(Some(_)) = given {
        return Err(Refusal::field("credits", "must not be given beside a plan, whose credits stand in their place"));
    }
    if plan_before == Some(id) {
        return Ok(Next::Kept);
    }
    let granted = plans::find_plan(tx, id).await?.and_then(|plan| plan.credits);
    Ok(granted.map_or_else(|| Next::ended(before), Next::set))
}

/// The limits of rate that all keys of an owner share: its plan's, or its own.
pub(in crate::actions) async fn limits_in_force(
    tx: &mut Tx,
    plan_id: Option<&PlanId>,
    own: &[RateLimit],
) -> Result<Vec<RateLimit>, Refusal> {
    let plan = match plan_id {
        Some(id) => plans::find_plan(tx, id).await?,
        None => None,
    };
    Ok(plan.map_or_else(|| own.to_vec(), |plan| plan.rate_limits))
}

/// A plan by an id that a caller sent in a field.
async fn find_plan(tx: &mut Tx, id: &str) -> Result<PlanRow, Refusal> {
    let found = match PlanId::parse(id) {
        Some(id) => plans::find_plan(tx, &id).await?,
        None => None,
    };
    found.ok_or_else(|| Refusal::about(ErrorCode::PlanUnknown, "plan_id", "is not the id of a plan"))
}
