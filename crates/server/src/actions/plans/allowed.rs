//! The scopes that a plan allows: read, named, and held to.

use std::collections::BTreeMap;

use keyward_core::plans::MAX_ALLOWED_APIS;
use keyward_core::{AllowedOfApi, AllowedScopes, ApiId, ApiScope, OrgScope, Owner, ScopeNumbers};
use keyward_store::plans::{self, PlanRow};
use keyward_store::scopes::{self, ScopeRow};
use keyward_store::{Tx, apis, organizations, users};
use keyward_wire::ErrorCode;
use keyward_wire::plans::PlanScopes;

use super::NamedPlan;
use crate::actions::apis::find_api;
use crate::actions::scopes::read_scopes;
use crate::caller::Caller;
use crate::refusal::Refusal;

/// Reads what a plan is to allow.
pub(super) async fn read_allowed(
    tx: &mut Tx,
    caller: &Caller,
    given: Option<&[PlanScopes]>,
) -> Result<Option<AllowedScopes>, Refusal> {
    let Some(given) = given else { return Ok(None) };
    if given.len() > MAX_ALLOWED_APIS {
        return Err(Refusal::field("allowed_scopes", "must have at most 100 entries"));
    }
    let mut read: Vec<AllowedOfApi> = Vec::with_capacity(given.len());
    for (at, PlanScopes { api_id, scopes }) in given.iter().enumerate() {
        let field = |member: &str| format!("allowed_scopes[{at}].{member}");
        let unknown = || Refusal::about(ErrorCode::ApiUnknown, &field("api_id"), "is not the id of an API");
        let api = find_api(tx, caller, api_id).await?.ok_or_else(unknown)?;
        if read.iter().any(|known| known.api_id == api.id) {
            return Err(Refusal::field(&field("api_id"), "must not be that of another entry"));
        }
        let rows = scopes::list_scopes(tx, &api.id).await?;
        let scopes = read_scopes(&rows, scopes, &field("scopes"))?;
        read.push(AllowedOfApi { api_id: api.id, scopes });
    }
    Ok(Some(AllowedScopes::new(read)))
}

/// The keys of scopes, as far as they were looked up.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The APIs that are there, each with its scopes once those were asked for.
    apis: Option<BTreeMap<ApiId, Option<Vec<ScopeRow>>>>,
}

impl Names {
    /// A plan with the keys of what it allows and what is still there.
    pub(super) async fn name(&mut self, tx: &mut Tx, row: PlanRow) -> Result<NamedPlan, Refusal> {
        let Some(allowed) = &row.allowed_scopes else { return Ok(NamedPlan { row, allowed: None }) };
        if self.apis.is_none() {
            let there = apis::list_apis(tx, &ApiScope::All).await?;
            self.apis = Some(there.into_iter().map(|api| (api.id, None)).collect());
        }
        let mut named = Vec::new();
        for of_api in allowed.iter() {
            let Some(known) = self.apis.as_mut().and_then(|apis| apis.get_mut(&of_api.api_id)) else { continue };
            let rows = match known {
                Some(rows) => rows,
                None => known.insert(scopes::list_scopes(tx, &of_api.api_id).await?),
            };
            let keys = rows.iter().filter(|scope| of_api.scopes.contains(scope.number));
            named.push((of_api.api_id.clone(), keys.map(|scope| scope.key.to_string()).collect()));
        }
        Ok(NamedPlan { row, allowed: Some(named) })
    }
}

/// Holds scopes that a key is to be given to those that its owner's plan allows. `rows` are the scopes of the API.
pub(in crate::actions) async fn hold_to_plan(
    tx: &mut Tx,
    owner: &Owner,
    api_id: &ApiId,
    (rows, given): (&[ScopeRow], &ScopeNumbers),
) -> Result<(), Refusal> {
    let plan_id = match owner {
        Owner::Environment => None,
        Owner::User(id) => users::find_user(tx, id).await?.and_then(|user| user.plan_id),
        Owner::Organization(code) => {
            organizations::find_organization(tx, &OrgScope::All, code).await?.and_then(|found| found.plan_id)
        }
    };
    let plan = match plan_id {
        Some(id) => plans::find_plan(tx, &id).await?,
        None => None,
    };
    let Some(allowed) = plan.and_then(|plan| plan.allowed_scopes) else { return Ok(()) };
    let kept = allowed.among(api_id, given);
    match rows.iter().find(|row| given.contains(row.number) && !kept.contains(row.number)) {
        Some(row) => {
            let rule = format!("must not have {}: the plan of the owner does not allow it", row.key);
            Err(Refusal::about(ErrorCode::ScopeNotInPlan, "scope_ids", &rule))
        }
        None => Ok(()),
    }
}
