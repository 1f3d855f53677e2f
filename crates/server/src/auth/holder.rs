//! Whoever holds an API key, and shows it as a bearer token.

use axum::extract::FromRequestParts;
use http::request::Parts;
use keyward_store::ActorKind;

use crate::actions::keys::{OwnKey, get_own_key};
use crate::app::App;
use crate::auth::bearer::bearer_token;
use crate::front::{ClientAddress, Identified};
use crate::refusal::Refusal;

/// A key that can be used, shown by whoever holds it (RFC 6750 section 2.1).
pub(crate) struct Holder(pub(crate) OwnKey);

impl FromRequestParts<App> for Holder {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let token = bearer_token(&parts.headers)?;
        let ClientAddress(from) = ClientAddress::of(parts);
        let key = get_own_key(app, &token, from).await?;
        if let Some(identified) = parts.extensions.get::<Identified>() {
            identified.tell(ActorKind::KeyHolder, key.id.as_str());
        }
        Ok(Self(key))
    }
}
