//! Keys by what they have in common: `POST /api/v1/api_keys/bulk`, an addition.

use axum::extract::State;
use keyward_core::ManagementScope;
use keyward_wire::previews::{PreviewedKey, PreviewedKeys, UpdateKeysRequest};
use keyward_wire::{Envelope, ErrorBody};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::keys;
use crate::actions::previews::Previewed;
use crate::app::App;
use crate::auth::{PlatformOrOrganization, scope};
use crate::caller::Caller;
use crate::front::{Answer, Body, NoParams};
use crate::refusal::Refusal;
use crate::routes::failures::Failures;

/// Keys that are shown of those that a change is about.
const MAX_SHOWN: usize = 20;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(update_keys))
}

/// Addition. Revokes or disables the keys that pass a filter, up to 10,000, in one change. Without `confirm` nothing is
/// changed: the answer tells how many keys it would be and gives a token, with which the same request makes the change. A token
/// is good for 10 minutes, for its caller, and for the keys that it was given for: if they are others by then, preview again.
/// `disable` needs `update:api_keys` too.
#[utoipa::path(
    post, path = "/api/v1/api_keys/bulk", tag = "keys", request_body = UpdateKeysRequest,
    responses((status = 200, body = Envelope<PreviewedKeys>), (status = 409, body = ErrorBody), Failures)
)]
async fn update_keys(
    State(app): State<App>,
    caller: PlatformOrOrganization<scope::DeleteApiKeys>,
    _: NoParams,
    Body(request): Body<UpdateKeysRequest>,
) -> Result<Answer<Envelope<PreviewedKeys>>, Refusal> {
    let changed = keys::update_keys(&app, &caller, &request).await?;
    let body = show_previewed(&caller, changed.previewed);
    Ok(Answer::ok(match changed.revision {
        Some(revision) => Envelope::changed("OK", "Success", revision, body),
        None => Envelope::read(body),
    }))
}

/// The keys that a change is about, as they are shown. How many they are may be known to whoever may change them; which, to
/// whoever may read keys.
pub(super) fn show_previewed(caller: &Caller, previewed: Previewed) -> PreviewedKeys {
    let count = previewed.keys.len() as u64;
    let most = if caller.scopes.contains(&ManagementScope::ReadApiKeys) { MAX_SHOWN } else { 0 };
    let shown = previewed.keys.into_iter().take(most).map(|key| PreviewedKey {
        id: key.id,
        name: key.name,
        r#type: key.r#type,
        organization_id: key.org_code,
        user_id: key.user_id,
        expires_on: key.expires_at,
    });
    let (confirm, confirm_expires_on) = previewed.confirm.unzip();
    PreviewedKeys { count, api_keys: shown.collect(), confirm, confirm_expires_on }
}
