//! The keys that tokens are signed with: `/api/v1/signing_keys`, an addition.

use axum::extract::State;
use keyward_wire::Envelope;
use keyward_wire::signing_keys::{RotateSigningKeyRequest, RotatedSigningKey, SigningKey, SigningKeyList};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::signing_keys::{self, SigningKeyRow};
use crate::app::App;
use crate::auth::{Platform, scope};
use crate::front::{Answer, Body, NoParams};
use crate::refusal::Refusal;
use crate::routes::failures::Failures;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_signing_keys, rotate_signing_key))
}

/// Addition. Lists the keys whose tokens are accepted or will be.
#[utoipa::path(
    get, path = "/api/v1/signing_keys", tag = "signing_keys",
    responses((status = 200, body = Envelope<SigningKeyList>), Failures)
)]
async fn list_signing_keys(
    State(app): State<App>,
    _: Platform<scope::ReadSigningKeys>,
    _: NoParams,
) -> Result<Answer<Envelope<SigningKeyList>>, Refusal> {
    let rows = signing_keys::list_keys(&app).await?;
    Ok(Answer::ok(Envelope::read(SigningKeyList { signing_keys: rows.into_iter().map(wire_key).collect() })))
}

/// Addition. Makes a new signing key. It is published at once and signs ten minutes later, when all who cache the public
/// keys know it; those before it are accepted until their last token has expired. While a new key waits to sign, it is the
/// answer and no other is made.
#[utoipa::path(
    post, path = "/api/v1/signing_keys", tag = "signing_keys", request_body = RotateSigningKeyRequest,
    responses((status = 201, body = Envelope<RotatedSigningKey>), Failures)
)]
async fn rotate_signing_key(
    State(app): State<App>,
    caller: Platform<scope::UpdateSigningKeys>,
    _: NoParams,
    Body(request): Body<RotateSigningKeyRequest>,
) -> Result<Answer<Envelope<RotatedSigningKey>>, Refusal> {
    let at_once = request.is_at_once.unwrap_or(false);
    let rotated = signing_keys::rotate_signing_key(&app, &caller, at_once).await?;
    let body = RotatedSigningKey { signing_key: wire_key(rotated.made) };
    Ok(Answer::created(Envelope::changed("SIGNING_KEY_ROTATED", "Signing key rotated", rotated.revision, body)))
}

fn wire_key(row: SigningKeyRow) -> SigningKey {
    SigningKey { kid: row.kid, created_on: row.created_at, active_on: row.active_at, retires_on: row.retired_at }
}
