//! Plans: `/api/v1/plans`.

use axum::extract::State;
use keyward_wire::plans::{
    CreatePlanRequest, CreatedPlan, ListPlansQuery, Plan, PlanDetail, PlanList, PlanRef, PlanScopes, UpdatePlanRequest,
};
use keyward_wire::{Done, Envelope, ErrorBody};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::credits::show_granted;
use crate::actions::limits::show_limits;
use crate::actions::plans::{self, NamedPlan};
use crate::app::App;
use crate::auth::{Platform, scope};
use crate::front::{Answer, Body, NoParams, Params, Path};
use crate::refusal::Refusal;
use crate::routes::failures::Failures;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_plans, create_plan)).routes(routes!(get_plan, update_plan, delete_plan))
}

/// Lists plans, a page at a time.
#[utoipa::path(
    get, path = "/api/v1/plans", tag = "plans", params(ListPlansQuery),
    responses((status = 200, body = Envelope<PlanList>), Failures)
)]
async fn list_plans(
    State(app): State<App>,
    _: Platform<scope::ReadPlans>,
    Params(query): Params<ListPlansQuery>,
) -> Result<Answer<Envelope<PlanList>>, Refusal> {
    let page = plans::list_plans(&app, &query).await?;
    let plans = page.rows.into_iter().map(wire_plan).collect();
    Ok(Answer::ok(Envelope::read(PlanList { plans, next_token: page.next_token })))
}

/// Creates a plan. Nobody has it yet.
#[utoipa::path(
    post, path = "/api/v1/plans", tag = "plans", request_body = CreatePlanRequest,
    responses((status = 201, body = Envelope<CreatedPlan>), Failures)
)]
async fn create_plan(
    State(app): State<App>,
    caller: Platform<scope::CreatePlans>,
    _: NoParams,
    Body(request): Body<CreatePlanRequest>,
) -> Result<Answer<Envelope<CreatedPlan>>, Refusal> {
    let created = plans::create_plan(&app, &caller, request).await?;
    let body = CreatedPlan { plan: PlanRef { id: created.made } };
    Ok(Answer::created(Envelope::changed("OK", "Success", created.revision, body)))
}

/// Reads a plan.
#[utoipa::path(
    get, path = "/api/v1/plans/{plan_id}", tag = "plans", params(("plan_id" = String, Path)),
    responses((status = 200, body = Envelope<PlanDetail>), (status = 404, body = ErrorBody), Failures)
)]
async fn get_plan(
    State(app): State<App>,
    _: Platform<scope::ReadPlans>,
    _: NoParams,
    Path(plan_id): Path<String>,
) -> Result<Answer<Envelope<PlanDetail>>, Refusal> {
    let plan = wire_plan(plans::get_plan(&app, &plan_id).await?);
    Ok(Answer::ok(Envelope::read(PlanDetail { plan })))
}

/// Changes a plan, and with it what the keys of all its owners may do, at once.
#[utoipa::path(
    patch, path = "/api/v1/plans/{plan_id}", tag = "plans", params(("plan_id" = String, Path)),
    request_body = UpdatePlanRequest,
    responses((status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody), Failures)
)]
async fn update_plan(
    State(app): State<App>,
    caller: Platform<scope::UpdatePlans>,
    _: NoParams,
    Path(plan_id): Path<String>,
    Body(request): Body<UpdatePlanRequest>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let updated = plans::update_plan(&app, &caller, &plan_id, request).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", updated.revision, Done {})))
}

/// Deletes a plan that no owner has.
#[utoipa::path(
    delete, path = "/api/v1/plans/{plan_id}", tag = "plans", params(("plan_id" = String, Path)),
    responses(
        (status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody),
        (status = 409, description = "Owners have the plan", body = ErrorBody), Failures
    )
)]
async fn delete_plan(
    State(app): State<App>,
    caller: Platform<scope::DeletePlans>,
    _: NoParams,
    Path(plan_id): Path<String>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let deleted = plans::delete_plan(&app, &caller, &plan_id).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", deleted.revision, Done {})))
}

fn wire_plan(named: NamedPlan) -> Plan {
    let NamedPlan { row, allowed } = named;
    let of_api = |(api_id, scopes): (keyward_core::ApiId, _)| PlanScopes { api_id: api_id.to_string(), scopes };
    Plan {
        id: row.id,
        name: row.name,
        rate_limits: show_limits(&row.rate_limits),
        credits: row.credits.as_ref().map(show_granted),
        allowed_scopes: allowed.map(|of_apis| of_apis.into_iter().map(of_api).collect()),
    }
}
