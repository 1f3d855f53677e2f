//! Verifying many keys at once: `POST /api/v1/api_keys/verify_batch`, an addition.

use axum::extract::State;
use keyward_wire::verify_batch::{VerifyKeysRequest, VerifyKeysResponse};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::verify_batch;
use crate::app::App;
use crate::auth::{PlatformOrOrganization, scope};
use crate::front::{Answer, Body, NoParams};
use crate::refusal::Refusal;
use crate::routes::failures::Failures;
use crate::routes::verify::answer;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(verify_keys))
}

/// Addition. Tells of up to 1,000 keys whether each may be used for its request: decided and counted as one alone, and
/// answered in the same order. All are answered, or none; where an entry breaks a rule, nothing is counted.
#[utoipa::path(
    post, path = "/api/v1/api_keys/verify_batch", tag = "keys", request_body = VerifyKeysRequest,
    responses((status = 200, body = VerifyKeysResponse), Failures)
)]
async fn verify_keys(
    State(app): State<App>,
    caller: PlatformOrOrganization<scope::VerifyApiKeys>,
    _: NoParams,
    Body(request): Body<VerifyKeysRequest>,
) -> Result<Answer<VerifyKeysResponse>, Refusal> {
    let batch = verify_batch::verify_keys(&app, &caller, &request).await?;
    let asked = batch.verified.into_iter().zip(&request.keys);
    let results = asked.map(|(verified, key)| answer(verified, key.scopes.as_deref().unwrap_or_default())).collect();
    Ok(Answer::ok(VerifyKeysResponse { results, revision: batch.revision }))
}
