//! What a key tells whoever holds it: `GET /api/v1/api_keys/self`, an addition.

use keyward_wire::Envelope;
use keyward_wire::own_key::{OwnKey, OwnKeyDetail};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Holder;
use crate::front::{Answer, NoParams};
use crate::routes::failures::Failures;
use crate::routes::verify::{wire_credits, wire_standing};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_own_key))
}

/// Addition. Tells whoever holds a key about the key, which is itself the bearer token. It is no verification, and counts
/// nothing.
#[utoipa::path(
    get, path = "/api/v1/api_keys/self", tag = "keys", security(("api_key" = [])),
    responses((status = 200, body = Envelope<OwnKeyDetail>), Failures)
)]
async fn get_own_key(Holder(key): Holder, _: NoParams) -> Answer<Envelope<OwnKeyDetail>> {
    let api_key = OwnKey {
        r#type: key.owner.key_type(),
        org_code: key.owner.org_code().cloned(),
        user_id: key.owner.user_id().cloned(),
        id: key.id,
        name: key.name,
        status: key.status,
        key_prefix: key.secret.shown_prefix().to_owned(),
        key_suffix: key.secret.shown_suffix().to_owned(),
        api_id: key.api_id,
        audience: key.audience,
        scopes: key.scopes,
        created_on: key.created_at,
        expires_on: key.expires_at,
        verification_count: key.verification_count,
        last_verified_on: key.last_verified_at,
        rate_limits: key.spent.limits.into_iter().map(wire_standing).collect(),
        credits: key.spent.credits.into_iter().map(wire_credits).collect(),
    };
    Answer::ok(Envelope::read(OwnKeyDetail { api_key }))
}
