//! Who is it that calls? From a bearer token to a [`Caller`]. What the credential has lost since it was made counts.

mod form;
mod known;
mod signed;
mod stored;

use std::collections::BTreeSet;
use std::net::IpAddr;

use keyward_core::{ApiId, ApiKeyId, ApiScope, KeyClass, KeySecret, ManagementScope, OrgScope, PlainSecret};
use keyward_store::{Actor, ActorKind, StoreError};
use keyward_wire::ErrorCode;

use crate::app::App;
use crate::caller::{Caller, Credential, Origin};
use crate::refusal::Refusal;

pub(super) use self::known::{counts, look_up_bearer};
pub use self::signed::SignedTokens;
pub(super) use self::signed::read as read_signed;
pub(super) use self::stored::{application_caller, begin, granted_scopes};

/// Why nobody was found behind a credential.
pub(super) enum Unfound {
    /// It was never one of ours: garbage, a wrong secret, a signature that is not ours.
    Forged,
    /// Another reason. It may have been ours and good, and whoever shows it has to learn that it is so no longer.
    Refused(Refusal),
}

impl From<Refusal> for Unfound {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Unfound {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Unfound> for Refusal {
    fn from(unfound: Unfound) -> Self {
        match unfound {
            Unfound::Forged => Self::new(ErrorCode::TokenInvalid),
            Unfound::Refused(refusal) => refusal,
        }
    }
}

/// Finds out who presents a bearer token (RFC 6750): an M2M token of an application, or an environment key.
///
/// What is forged counts against the address that it comes from. What was ours once does not, and what is good is never
/// refused for what others did.
pub async fn identify(
    app: &App,
    token: &PlainSecret,
    request_host: Option<&str>,
    from: IpAddr,
) -> Result<Caller, Refusal> {
    let found = find_caller(app, token, request_host).await;
    if matches!(found, Err(Unfound::Forged)) {
        app.count_failure(from, None)?;
    }
    Ok(found?)
}

async fn find_caller(app: &App, token: &PlainSecret, request_host: Option<&str>) -> Result<Caller, Unfound> {
    match KeySecret::parse(token.expose()) {
        Some(secret) if secret.class() == KeyClass::Admin => known::identify_key(app, secret).await,
        Some(_) => Err(Unfound::Forged),
        None => known::identify_application(app, token, request_host).await,
    }
}

/// Whether this is an M2M token that was signed here, whatever it is worth by now.
pub async fn is_signed_token(app: &App, token: &PlainSecret) -> Result<bool, Refusal> {
    match signed::read(app, token).await {
        Ok(_) => Ok(true),
        Err(Unfound::Forged) => Ok(false),
        Err(Unfound::Refused(refusal)) => Err(refusal),
    }
}

fn key_caller(
    id: &ApiKeyId,
    name: &str,
    scopes: BTreeSet<ManagementScope>,
    bound: Option<Vec<ApiId>>,
    secret: KeySecret,
) -> Caller {
    Caller {
        actor: Actor { kind: ActorKind::EnvironmentKey, id: id.to_string(), name: name.to_owned() },
        org_scope: OrgScope::All,
        api_scope: ApiScope::All,
        scopes,
        bound,
        origin: Origin::default(),
        credential: Some(Credential::Key(secret)),
    }
}
