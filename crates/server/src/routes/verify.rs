//! Verifying: `POST /api/v1/api_keys/verify`.

use axum::extract::{DefaultBodyLimit, State};
use http::HeaderMap;
use keyward_core::Outcome;
use keyward_core::gcra::whole_seconds;
use keyward_engine::index::{CreditStanding, Holder, LimitStanding, Spent};
use keyward_wire::credits::CreditState;
use keyward_wire::limits::{LimitHolder, RateLimitState};
use keyward_wire::verify::{VerifyCode, VerifyKeyRequest, VerifyKeyResponse};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::actions::verify::{self, Verified};
use crate::app::App;
use crate::auth::{PlatformOrOrganization, scope};
use crate::front::{Answer, Body, NoParams, write_retry_after, write_standings};
use crate::refusal::Refusal;
use crate::routes::failures::Failures;

/// Bytes of a body.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// For a key that may not be used at all (RFC 6750 section 3.1).
const INVALID_TOKEN: &str = r#"Bearer error="invalid_token""#;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(verify_key).layer(DefaultBodyLimit::max(MAX_BODY_BYTES)))
}

/// Tells whether a key may be used for a request. Every answer about a key has status 200: `is_valid` and `code` carry
/// it. A bound credential verifies keys of its own APIs alone.
#[utoipa::path(
    post, path = "/api/v1/api_keys/verify", tag = "keys", request_body = VerifyKeyRequest,
    responses((status = 200, body = VerifyKeyResponse), Failures)
)]
async fn verify_key(
    State(app): State<App>,
    caller: PlatformOrOrganization<scope::VerifyApiKeys>,
    _: NoParams,
    Body(request): Body<VerifyKeyRequest>,
) -> Result<(HeaderMap, Answer<VerifyKeyResponse>), Refusal> {
    let verified = verify::verify_key(&app, &caller, &request).await?;
    let mut headers = HeaderMap::new();
    if let Some(key) = &verified.key {
        write_standings(
            &mut headers,
            key.spent.limits.iter().map(|limit| (policy_of(limit), limit.quota, limit.standing)),
        );
        retry_after(&key.spent).into_iter().for_each(|seconds| write_retry_after(&mut headers, seconds));
    }
    Ok((headers, Answer::ok(answer(verified, request.scopes.as_deref().unwrap_or_default()))))
}

/// The name of a limit in `RateLimit` and `RateLimit-Policy`: those of the key and of its owner are told apart.
fn policy_of(limit: &LimitStanding) -> String {
    match limit.holder {
        Holder::Key => limit.name.clone(),
        Holder::Owner => format!("owner.{}", limit.name),
    }
}

/// Seconds until the same would pass every limit, or there are credits enough; none if it passes now, or never will.
fn retry_after(spent: &Spent) -> Option<u64> {
    let exceeded = spent.limits.iter().filter(|limit| limit.is_exceeded).map(|limit| limit.wait);
    let exhausted = spent.credits.iter().filter(|credits| credits.is_exhausted).map(|credits| credits.wait);
    let waits = exceeded.chain(exhausted).map(|wait| wait.map(whole_seconds));
    waits.reduce(|one, other| Some(one?.max(other?))).flatten()
}

pub(super) fn wire_standing(limit: LimitStanding) -> RateLimitState {
    RateLimitState {
        name: limit.name,
        holder: wire_holder(limit.holder),
        limit: limit.quota.limit(),
        window_seconds: limit.quota.window_seconds(),
        remaining: limit.standing.remaining,
        reset_seconds: whole_seconds(limit.standing.more_after),
    }
}

fn wire_holder(holder: Holder) -> LimitHolder {
    match holder {
        Holder::Key => LimitHolder::Key,
        Holder::Owner => LimitHolder::Owner,
    }
}

pub(super) fn wire_credits(credits: CreditStanding) -> CreditState {
    let CreditStanding { holder, remaining, refills_at, .. } = credits;
    CreditState { holder: wire_holder(holder), remaining, refills_on: refills_at }
}

pub(super) fn answer(verified: Verified, required: &[String]) -> VerifyKeyResponse {
    let (code, message) = tell(&verified.outcome);
    let (http_status, www_authenticate) = advise(&verified.outcome, required);
    let mut response = VerifyKeyResponse {
        code,
        message: message.to_owned(),
        is_valid: verified.outcome == Outcome::Verified,
        key_id: None,
        status: None,
        scopes: Vec::new(),
        org_code: None,
        user_id: None,
        last_verified_on: None,
        verification_count: None,
        api_id: None,
        audience: None,
        name: None,
        r#type: None,
        owner_external_id: None,
        expires_on: None,
        rotated: false,
        secret_expires_on: None,
        metadata: None,
        rate_limits: Vec::new(),
        credits: Vec::new(),
        retry_after: None,
        missing_scopes: Vec::new(),
        revision: verified.revision,
        http_status,
        www_authenticate,
    };
    if let Some(key) = verified.key {
        response.key_id = Some(key.id);
        response.status = Some(key.status);
        response.scopes = key.scopes;
        response.org_code = key.owner.org_code().cloned();
        response.user_id = key.owner.user_id().cloned();
        response.last_verified_on = key.last_verified_at;
        response.verification_count = Some(key.verification_count);
        response.api_id = Some(key.api_id);
        response.audience = Some(key.audience);
        response.name = Some(key.name);
        response.r#type = Some(key.owner.key_type());
        response.owner_external_id = key.owner_external_id;
        response.expires_on = key.expires_at;
        response.rotated = key.secret_expires_at.is_some();
        response.secret_expires_on = key.secret_expires_at;
        response.metadata = key.metadata;
        response.retry_after = retry_after(&key.spent);
        response.rate_limits = key.spent.limits.into_iter().map(wire_standing).collect();
        response.credits = key.spent.credits.into_iter().map(wire_credits).collect();
    }
    if let Outcome::InsufficientScope(missing) = verified.outcome {
        response.missing_scopes = missing;
    }
    response
}

pub(super) fn tell(outcome: &Outcome) -> (VerifyCode, &'static str) {
    match outcome {
        Outcome::Verified => (VerifyCode::Verified, "API key verified"),
        Outcome::Invalid => (VerifyCode::Invalid, "The API key is not valid"),
        Outcome::WrongApi => (VerifyCode::WrongApi, "The API key is for another API"),
        Outcome::Revoked => (VerifyCode::Revoked, "The API key has been revoked"),
        Outcome::Disabled => (VerifyCode::Disabled, "The API key is disabled"),
        Outcome::OwnerSuspended => (VerifyCode::OwnerSuspended, "The owner of the API key is suspended"),
        Outcome::Expired => (VerifyCode::Expired, "The API key has expired"),
        Outcome::IpNotAllowed => (VerifyCode::IpNotAllowed, "The API key may not be used from this address"),
        Outcome::InsufficientScope(_) => (VerifyCode::InsufficientScope, "The API key lacks a scope"),
        Outcome::RateLimited => (VerifyCode::RateLimited, "The API key has used up a limit of rate"),
        Outcome::CreditsExhausted => (VerifyCode::CreditsExhausted, "The API key has too few credits left"),
    }
}

/// What the protected API should answer to its own caller.
fn advise(outcome: &Outcome, required: &[String]) -> (u16, Option<String>) {
    match outcome {
        Outcome::Verified => (200, None),
        Outcome::InsufficientScope(_) => {
            // Only what can stand in a quoted string; an unwritable scope is one that no key can have.
            let writable = |scope: &&String| keyward_core::ScopeKey::parse(scope).is_ok();
            let scope = required.iter().filter(writable).map(String::as_str).collect::<Vec<_>>().join(" ");
            let scope = if scope.is_empty() { scope } else { format!(r#", scope="{scope}""#) };
            (403, Some(format!(r#"Bearer error="insufficient_scope"{scope}"#)))
        }
        Outcome::IpNotAllowed => (403, None),
        Outcome::RateLimited | Outcome::CreditsExhausted => (429, None),
        _ => (401, Some(INVALID_TOKEN.to_owned())),
    }
}
