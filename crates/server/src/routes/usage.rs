//! How keys were used: `/api/v1/usage` and `/api/v1/api_keys/{key_id}/usage`, additions.

use axum::extract::State;
use keyward_wire::usage::{KeyUsageQuery, Usage, UsageQuery};
use keyward_wire::{Envelope, ErrorBody};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::usage;
use crate::app::App;
use crate::auth::{PlatformOrOrganization, scope};
use crate::front::{Answer, Params, Path};
use crate::refusal::Refusal;
use crate::routes::failures::Failures;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_key_usage)).routes(routes!(get_usage))
}

/// Addition. Tells how a key was used, by the hour or the day, and what its verifications came to.
#[utoipa::path(
    get, path = "/api/v1/api_keys/{key_id}/usage", tag = "usage", params(("key_id" = String, Path), KeyUsageQuery),
    responses((status = 200, body = Envelope<Usage>), (status = 404, body = ErrorBody), Failures)
)]
async fn get_key_usage(
    State(app): State<App>,
    caller: PlatformOrOrganization<scope::ReadApiKeys>,
    Path(key_id): Path<String>,
    Params(query): Params<KeyUsageQuery>,
) -> Result<Answer<Envelope<Usage>>, Refusal> {
    let usage = usage::get_key_usage(&app, &caller, &key_id, &query).await?;
    Ok(Answer::ok(Envelope::read(Usage { interval: query.interval.unwrap_or_default(), usage })))
}

/// Addition. Tells how keys were used: all that the caller sees, or those for an API or of an owner.
#[utoipa::path(
    get, path = "/api/v1/usage", tag = "usage", params(UsageQuery),
    responses((status = 200, body = Envelope<Usage>), Failures)
)]
async fn get_usage(
    State(app): State<App>,
    caller: PlatformOrOrganization<scope::ReadApiKeys>,
    Params(query): Params<UsageQuery>,
) -> Result<Answer<Envelope<Usage>>, Refusal> {
    let usage = usage::get_usage(&app, &caller, &query).await?;
    Ok(Answer::ok(Envelope::read(Usage { interval: query.interval.unwrap_or_default(), usage })))
}
