//! API keys: `/api/v1/api_keys`.

use axum::extract::State;
use keyward_core::Timestamp;
use keyward_wire::keys::{
    CreateKeyRequest, IssuedKey, Key, KeyDetail, KeyList, KeySecret, KeySecretOnce, ListKeysQuery, RotateKeyRequest,
    UpdateKeyRequest,
};
use keyward_wire::{Done, Envelope, ErrorBody};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::Changed;
use crate::actions::credits::show_credits;
use crate::actions::keys::{self, Issued, NamedKey};
use crate::actions::limits::show_limits;
use crate::app::App;
use crate::auth::{PlatformOrOrganization, scope};
use crate::front::{Answer, Body, NoParams, Params, Path, Repeat, RepeatHeader, Repeated, repeated};
use crate::refusal::Refusal;
use crate::routes::failures::Failures;

/// An answer with a secret, and whether it was given before.
type IssuedAnswer = (Repeated, Answer<Envelope<IssuedKey>>);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_keys, create_key))
        .routes(routes!(get_key, update_key, rotate_key, revoke_key))
}

/// Lists keys, the newest first.
#[utoipa::path(
    get, path = "/api/v1/api_keys", tag = "keys", params(ListKeysQuery),
    responses((status = 200, body = Envelope<KeyList>), Failures)
)]
async fn list_keys(
    State(app): State<App>,
    caller: PlatformOrOrganization<scope::ReadApiKeys>,
    Params(query): Params<ListKeysQuery>,
) -> Result<Answer<Envelope<KeyList>>, Refusal> {
    let page = keys::list_keys(&app, &caller, &query).await?;
    let now = app.now();
    let api_keys = page.keys.into_iter().map(|key| wire_key(key, now)).collect();
    Ok(Answer::ok(Envelope::read(KeyList { has_more: page.has_more, api_keys })))
}

/// Creates a key. Its secret is shown this once; to the same request under the same `Idempotency-Key` for 24 hours.
#[utoipa::path(
    post, path = "/api/v1/api_keys", tag = "keys", request_body = CreateKeyRequest,
    params(RepeatHeader),
    responses(
        (status = 201, body = Envelope<IssuedKey>), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody),
        Failures
    )
)]
async fn create_key(
    State(app): State<App>,
    caller: PlatformOrOrganization<scope::CreateApiKeys>,
    _: NoParams,
    Repeat(repeat): Repeat,
    Body(request): Body<CreateKeyRequest>,
) -> Result<IssuedAnswer, Refusal> {
    let created = keys::create_key(&app, &caller, request, repeat.as_ref()).await?;
    Ok(answer_issued("API_KEY_CREATED", "API key created", &created))
}

/// Reads a key.
#[utoipa::path(
    get, path = "/api/v1/api_keys/{key_id}", tag = "keys", params(("key_id" = String, Path)),
    responses((status = 200, body = Envelope<KeyDetail>), (status = 404, body = ErrorBody), Failures)
)]
async fn get_key(
    State(app): State<App>,
    caller: PlatformOrOrganization<scope::ReadApiKeys>,
    _: NoParams,
    Path(key_id): Path<String>,
) -> Result<Answer<Envelope<KeyDetail>>, Refusal> {
    let (key, secrets) = keys::get_key(&app, &caller, &key_id).await?;
    let secrets = secrets.into_iter().map(|row| KeySecret {
        selector: row.selector.as_str().to_owned(),
        created_on: row.created_at,
        expires_on: row.expires_at,
        last_verified_on: row.last_verified_at,
    });
    let api_key = Key { secrets: secrets.collect(), ..wire_key(key, app.now()) };
    Ok(Answer::ok(Envelope::read(KeyDetail { api_key })))
}

/// Addition. Changes a key: absent members stay as they are, null clears one, and a value sets it. Its secret stays.
#[utoipa::path(
    patch, path = "/api/v1/api_keys/{key_id}", tag = "keys", params(("key_id" = String, Path)),
    request_body = UpdateKeyRequest,
    responses(
        (status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), Failures
    )
)]
async fn update_key(
    State(app): State<App>,
    caller: PlatformOrOrganization<scope::UpdateApiKeys>,
    _: NoParams,
    Path(key_id): Path<String>,
    Body(request): Body<UpdateKeyRequest>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let updated = keys::update_key(&app, &caller, &key_id, request).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", updated.revision, Done {})))
}

/// Gives a key a new secret, which is shown this once. The one before is worth nothing from then on, or from the end of the
/// grace that is asked for.
#[utoipa::path(
    put, path = "/api/v1/api_keys/{key_id}", tag = "keys",
    params(("key_id" = String, Path), RepeatHeader), request_body = RotateKeyRequest,
    responses(
        (status = 201, body = Envelope<IssuedKey>), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody),
        Failures
    )
)]
async fn rotate_key(
    State(app): State<App>,
    caller: PlatformOrOrganization<scope::UpdateApiKeys>,
    _: NoParams,
    Path(key_id): Path<String>,
    Repeat(repeat): Repeat,
    Body(request): Body<RotateKeyRequest>,
) -> Result<IssuedAnswer, Refusal> {
    let rotated = keys::rotate_key(&app, &caller, &key_id, &request, repeat.as_ref()).await?;
    Ok(answer_issued("API_KEY_ROTATED", "API key rotated successfully", &rotated))
}

/// Revokes a key for good. It stays in the list. Repeated, it changes nothing.
#[utoipa::path(
    delete, path = "/api/v1/api_keys/{key_id}", tag = "keys", params(("key_id" = String, Path)),
    responses((status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody), Failures)
)]
async fn revoke_key(
    State(app): State<App>,
    caller: PlatformOrOrganization<scope::DeleteApiKeys>,
    _: NoParams,
    Path(key_id): Path<String>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let revoked = keys::revoke_key(&app, &caller, &key_id).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", revoked.revision, Done {})))
}

fn answer_issued(code: &'static str, message: &'static str, changed: &Changed<Issued>) -> IssuedAnswer {
    let issued = &changed.made;
    let body = IssuedKey { api_key: KeySecretOnce { id: issued.id.clone(), key: issued.secret.plain().clone() } };
    (repeated(issued.is_repeated), Answer::created(Envelope::changed(code, message, changed.revision, body)))
}

fn wire_key(named: NamedKey, now: Timestamp) -> Key {
    let row = named.row;
    Key {
        id: row.id,
        name: row.name,
        r#type: row.r#type,
        status: named.status,
        key_prefix: row.key_prefix,
        key_suffix: Some(row.key_suffix),
        created_on: row.created_at,
        last_verified_on: row.last_verified_at,
        last_verified_ip: row.last_verified_ip,
        created_by: Some(row.created_by),
        api_ids: vec![row.api_id],
        scopes: named.scopes,
        verification_count: row.verification_count,
        organization_id: row.org_code,
        user_id: row.user_id,
        owner_external_id: row.owner_external_id,
        expires_on: row.expires_at,
        allowed_cidrs: row.allowed_cidrs.iter().map(ToString::to_string).collect(),
        rate_limits: show_limits(&row.rate_limits),
        credits: show_credits(row.credits.as_ref(), now),
        metadata: row.metadata,
        bound_api_ids: row.bound_api_ids,
        enabled: row.is_enabled,
        secrets: Vec::new(),
    }
}
