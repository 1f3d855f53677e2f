//! What was refused: `/api/v1/refusals`, an addition.

use axum::extract::State;
use keyward_wire::Envelope;
use keyward_wire::refusals::{ListRefusalsQuery, RefusalCount, RefusalList};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::refusals::{self, RefusalRow};
use crate::app::App;
use crate::auth::{Platform, scope};
use crate::front::{Answer, Params};
use crate::refusal::Refusal;
use crate::routes::failures::Failures;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_refusals))
}

/// Addition. Lists what was refused (401, 403 and 429, and tokens that were not issued), counted by the hour, the newest
/// first. It is written every few seconds.
#[utoipa::path(
    get, path = "/api/v1/refusals", tag = "refusals", params(ListRefusalsQuery),
    responses((status = 200, body = Envelope<RefusalList>), Failures)
)]
async fn list_refusals(
    State(app): State<App>,
    _: Platform<scope::ReadAuditEvents>,
    Params(query): Params<ListRefusalsQuery>,
) -> Result<Answer<Envelope<RefusalList>>, Refusal> {
    let page = refusals::list_refusals(&app, &query).await?;
    let refusals = page.refusals.into_iter().map(wire_refusal).collect();
    Ok(Answer::ok(Envelope::read(RefusalList { has_more: page.has_more, refusals })))
}

fn wire_refusal(row: RefusalRow) -> RefusalCount {
    RefusalCount {
        id: row.id,
        hour_on: row.hour_at,
        code: row.code,
        route: row.route,
        actor_kind: row.actor_kind,
        actor_id: row.actor_id,
        address: row.address,
        count: row.count,
        first_on: row.first_at,
        last_on: row.last_at,
    }
}
