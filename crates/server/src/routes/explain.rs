//! Why a verification comes to what it does: `POST /api/v1/api_keys/explain`, an addition.

use axum::extract::State;
use keyward_core::Outcome;
use keyward_wire::ErrorBody;
use keyward_wire::explain::{ExplainKeyRequest, ExplainKeyResponse};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::explain;
use crate::app::App;
use crate::auth::{PlatformOrOrganization, scope};
use crate::front::{Answer, Body, NoParams};
use crate::refusal::Refusal;
use crate::routes::failures::Failures;
use crate::routes::verify::tell;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(explain_key))
}

/// Addition. Tells what a verification of a key would come to, and each step of the decision with its reason. Nothing is
/// counted.
#[utoipa::path(
    post, path = "/api/v1/api_keys/explain", tag = "keys", request_body = ExplainKeyRequest,
    responses((status = 200, body = ExplainKeyResponse), (status = 404, body = ErrorBody), Failures)
)]
async fn explain_key(
    State(app): State<App>,
    caller: PlatformOrOrganization<scope::ReadApiKeys>,
    _: NoParams,
    Body(request): Body<ExplainKeyRequest>,
) -> Result<Answer<ExplainKeyResponse>, Refusal> {
    let explained = explain::explain_key(&app, &caller, &request).await?;
    let (code, message) = tell(&explained.outcome);
    let (key_id, status) = explained.key.unzip();
    Ok(Answer::ok(ExplainKeyResponse {
        code,
        message: message.to_owned(),
        is_valid: explained.outcome == Outcome::Verified,
        key_id,
        status,
        steps: explained.steps,
        revision: explained.revision,
    }))
}
