//! Plans: what owners of keys are allowed, by a name.

mod allowed;
mod terms;

use keyward_core::bounds::{self, MAX_NAME_CHARS, fold};
use keyward_core::{ApiId, PlanId};
use keyward_store::plans::{self, NewPlan, PlanRow, PlanSort};
use keyward_store::{Change, NewEvent, Tx, credits};
use keyward_wire::ErrorCode;
use keyward_wire::plans::{CreatePlanRequest, ListPlansQuery, PlanSort as AskedSort, UpdatePlanRequest};

pub(super) use self::allowed::hold_to_plan;
use self::allowed::{Names, read_allowed};
pub(super) use self::terms::{Terms, limits_in_force, next_credits};
use crate::actions::Changed;
use crate::actions::callers::begin;
use crate::actions::credits::{GivenBalance, read_credits};
use crate::actions::limits::read_limits;
use crate::actions::paging::{Page, read_asked};
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::{InField, Refusal};

/// The orders of the list, the usual one first.
const SORTS: &[(PlanSort, &str)] = &[(PlanSort::NameAsc, "plans.name_asc"), (PlanSort::NameDesc, "plans.name_desc")];

/// A plan, and the keys of the scopes that it allows.
#[derive(Debug)]
pub struct NamedPlan {
    /// The plan.
    pub row: PlanRow,
    /// Of each API that is there, the scopes that are; none for those of every API.
    pub allowed: Option<Vec<(ApiId, Vec<String>)>>,
}

/// Creates a plan. Nobody has it yet.
pub async fn create_plan(app: &App, caller: &Caller, request: CreatePlanRequest) -> Result<Changed<PlanId>, Refusal> {
    bounds::text(&request.name, MAX_NAME_CHARS).in_field("name")?;
    let limits = read_limits(caller, request.rate_limits.as_deref().unwrap_or_default())?;
    let credits = read_credits(caller, request.credits.as_ref())?.map(GivenBalance::granted).transpose()?;
    let mut change = begin(app, caller).await?;
    require_free(&mut change, &request.name).await?;
    let allowed = read_allowed(&mut change, caller, request.allowed_scopes.as_deref()).await?;
    let id = app.make(PlanId::generate);
    let new = NewPlan {
        id: &id,
        name: &request.name,
        rate_limits: &limits,
        allowed_scopes: allowed.as_ref(),
        credits: credits.as_ref(),
    };
    plans::insert_plan(&mut change, &new).await?;
    let event = NewEvent::new("plan.created", &id)
        .value("rate_limits", (), &limits)
        .value("allowed_scopes", (), &allowed)
        .value("credits", (), credits)
        .personal("name", (), &request.name);
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: id, revision })
}

/// One plan.
pub async fn get_plan(app: &App, id: &str) -> Result<NamedPlan, Refusal> {
    let mut tx = app.read().await?;
    let row = find_plan(&mut tx, id).await?;
    Names::default().name(&mut tx, row).await
}

/// A page of all plans.
pub async fn list_plans(app: &App, query: &ListPlansQuery) -> Result<Page<NamedPlan>, Refusal> {
    let sort = query.sort.map(|sort| match sort {
        AskedSort::NameAsc => PlanSort::NameAsc,
        AskedSort::NameDesc => PlanSort::NameDesc,
    });
    let asked = read_asked(query.page_size, query.next_token.as_deref(), sort, SORTS)?;
    let mut tx = app.read().await?;
    let rows = plans::list_plans(&mut tx, asked.sort, asked.after.as_deref(), asked.limit()).await?;
    let Page { rows, next_token } = asked.page(rows, SORTS, |row| row.id.as_str());
    let (mut names, mut named) = (Names::default(), Vec::new());
    for row in rows {
        named.push(names.name(&mut tx, row).await?);
    }
    Ok(Page { rows: named, next_token })
}

/// Changes a plan, and what all its owners may do, in one change. Absent members stay as they are.
pub async fn update_plan(
    app: &App,
    caller: &Caller,
    id: &str,
    request: UpdatePlanRequest,
) -> Result<Changed<()>, Refusal> {
    if let Some(name) = &request.name {
        bounds::text(name, MAX_NAME_CHARS).in_field("name")?;
    }
    let limits = request.rate_limits.map(|given| read_limits(caller, &given.unwrap_or_default())).transpose()?;
    let credits = request.credits.map(|given| read_credits(caller, given.as_ref())).transpose()?;
    let mut change = begin(app, caller).await?;
    let before = find_plan(&mut change, id).await?;
    let mut after = before.clone();
    if let Some(name) = request.name {
        if fold(&name) != fold(&before.name) {
            require_free(&mut change, &name).await?;
        }
        after.name = name;
    }
    after.rate_limits = limits.unwrap_or(after.rate_limits);
    if let Some(given) = request.allowed_scopes {
        after.allowed_scopes = read_allowed(&mut change, caller, given.as_deref()).await?;
    }
    if let Some(given) = credits {
        after.credits = given.map(|given| given.or_as_before(before.credits).granted()).transpose()?;
    }
    let event = NewEvent::new("plan.updated", &after.id)
        .value("rate_limits", &before.rate_limits, &after.rate_limits)
        .value("allowed_scopes", &before.allowed_scopes, &after.allowed_scopes)
        .value("credits", before.credits, after.credits)
        .personal("name", &before.name, &after.name);
    if event.is_unchanged() {
        return Ok(Changed { made: (), revision: app.leave(change, before.revision).await });
    }
    plans::update_plan(&mut change, &after).await?;
    let in_force = |plan: &PlanRow| {
        let PlanRow { rate_limits, allowed_scopes, credits, .. } = plan.clone();
        (rate_limits, allowed_scopes, credits.map(|granted| granted.terms))
    };
    if in_force(&before) != in_force(&after) {
        change_credits(&mut change, &before, &after).await?;
        plans::stamp_owners(&mut change, &after.id).await?;
    }
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: (), revision })
}

/// What becomes of the credits of those who have a plan. What is left stays, for as long as the plan has any.
async fn change_credits(change: &mut Change, before: &PlanRow, after: &PlanRow) -> Result<(), Refusal> {
    match (before.credits, after.credits) {
        (None, Some(granted)) => credits::set_credits_of_plan(change, &after.id, &granted).await?,
        (Some(was), Some(granted)) if was.terms != granted.terms => {
            credits::update_terms_of_plan(change, &after.id, &granted.terms).await?;
        }
        (Some(_), None) => credits::end_credits_of_plan(change, &after.id).await?,
        _ => {}
    }
    Ok(())
}

/// Deletes a plan that nobody has. Its name is free.
pub async fn delete_plan(app: &App, caller: &Caller, id: &str) -> Result<Changed<()>, Refusal> {
    let mut change = begin(app, caller).await?;
    let plan = find_plan(&mut change, id).await?;
    let told = match plans::count_owners(&mut change, &plan.id).await? {
        0 => None,
        1 => Some("The plan is that of 1 owner".to_owned()),
        owners => Some(format!("The plan is that of {owners} owners")),
    };
    if let Some(told) = told {
        return Err(Refusal::with(ErrorCode::PlanInUse, told));
    }
    plans::delete_plan(&mut change, &plan).await?;
    let event = NewEvent::new("plan.deleted", &plan.id).personal("name", &plan.name, ());
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: (), revision })
}

/// A plan by an id that a caller names it with.
async fn find_plan(tx: &mut Tx, id: &str) -> Result<PlanRow, Refusal> {
    let found = match PlanId::parse(id) {
        Some(id) => plans::find_plan(tx, &id).await?,
        None => None,
    };
    found.ok_or_else(|| Refusal::new(ErrorCode::PlanNotFound))
}

async fn require_free(tx: &mut Tx, name: &str) -> Result<(), Refusal> {
    match plans::find_plan_by_name(tx, name).await? {
        Some(_) => Err(Refusal::about(ErrorCode::PlanTaken, "name", "is that of another plan")),
        None => Ok(()),
    }
}
