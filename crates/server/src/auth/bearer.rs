use http::HeaderMap;
use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use keyward_core::PlainSecret;
use keyward_wire::ErrorCode;

use crate::actions::callers;
use crate::app::App;
use crate::caller::Caller;
use crate::front::ClientAddress;
use crate::refusal::Refusal;

/// Who sent a request, by its bearer token (RFC 6750 section 2.1).
pub(crate) async fn caller_of(parts: &Parts, app: &App) -> Result<Caller, Refusal> {
    let token = bearer_token(&parts.headers)?;
    #[cfg(feature = "leak-control")]
    tracing::trace!(token = token.expose(), "a leak, for the tests to notice");
    let ClientAddress(from) = ClientAddress::of(parts);
    callers::identify(app, &token, request_host(&parts.headers), from).await
}

/// The host that a request was sent to.
pub(crate) fn request_host(headers: &HeaderMap) -> Option<&str> {
    headers.get(HOST).and_then(|value| value.to_str().ok())
}

/// The bearer token of a request.
pub(super) fn bearer_token(headers: &HeaderMap) -> Result<PlainSecret, Refusal> {
    let missing = || Refusal::new(ErrorCode::TokenMissing);
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or_else(missing)?;
    if values.next().is_some() {
        return Err(Refusal::new(ErrorCode::TokenDuplicate));
    }
    let text = value.to_str().map_err(|_| Refusal::new(ErrorCode::TokenInvalid))?;
    let (scheme, token) = text.split_once(' ').ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(missing());
    }
    Ok(PlainSecret::new(token.trim().to_owned()))
}
