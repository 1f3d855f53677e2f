//! Applications that show their secret: RFC 6749 section 2.3.

use std::net::IpAddr;

use keyward_core::{ClientId, PlainSecret};
use keyward_engine::CannotKnow;
use keyward_store::Tx;
use keyward_store::applications::{self, ApplicationRow};
use keyward_wire::ErrorCode;
use keyward_wire::oauth::OAuthErrorCode;

use crate::actions::callers;
use crate::app::App;
use crate::caller::{Caller, Credential};
use crate::oauth_refusal::OAuthRefusal;
use crate::refusal::Refusal;

/// Bytes of a secret, several times those of any that is made.
const MAX_SECRET_BYTES: usize = 256;

/// What an application shows of itself.
#[derive(Debug)]
pub struct ShownClient<'a> {
    /// The client id.
    pub id: &'a str,
    /// The client secret.
    pub secret: &'a PlainSecret,
    /// Who sent it.
    pub from: IpAddr,
}

/// The application that shows its secret, and the transaction that it was found in. What is wrong with the credentials is
/// not told, nor by the time it takes.
pub(super) async fn authenticate(app: &App, shown: &ShownClient<'_>) -> Result<(ApplicationRow, Tx), OAuthRefusal> {
    // Garbage is refused before anything is looked up.
    let is_garbage = shown.secret.expose().len() > MAX_SECRET_BYTES;
    let client_id = ClientId::parse(shown.id).filter(|_| !is_garbage).ok_or_else(|| wrong(app, shown, None))?;
    let mut tx = app.read().await?;
    let found = applications::find_application(&mut tx, &client_id).await?;
    let is_right = has_secret(app, &mut tx, &client_id, shown.secret).await?;
    let named = found.as_ref().map(|_| client_id.clone());
    match found.filter(|application| is_right && application.is_active()) {
        Some(application) => Ok((application, tx)),
        None => Err(OAuthRefusal { application: named, ..wrong(app, shown, Some(&client_id)) }),
    }
}

async fn has_secret(app: &App, tx: &mut Tx, client_id: &ClientId, secret: &PlainSecret) -> Result<bool, OAuthRefusal> {
    let secrets = applications::list_application_secrets(tx, client_id, app.now()).await?;
    let mac = |version| app.keyring.client_mac(version, client_id, secret);
    let mut is_right = false;
    for row in &secrets {
        let mac = mac(row.secret_version).ok_or_else(|| Refusal::caused_by(ErrorCode::Unavailable, CannotKnow))?;
        is_right |= mac.matches(&row.mac);
    }
    if secrets.is_empty() {
        std::hint::black_box(mac(app.keyring.version()));
    }
    Ok(is_right)
}

/// The answer to wrong credentials. Only now that they are wrong is it asked whether too many were, so that nobody's guesses
/// stand in an application's way.
fn wrong(app: &App, shown: &ShownClient<'_>, client: Option<&ClientId>) -> OAuthRefusal {
    match app.count_failure(shown.from, client) {
        Ok(()) => OAuthRefusal::new(OAuthErrorCode::InvalidClient, "The client is unknown or its secret is wrong."),
        Err(throttled) => throttled.into(),
    }
}

/// The application that shows its secret, with all that it was granted of the management API: as a token of it would have.
pub async fn identify_client(app: &App, shown: &ShownClient<'_>) -> Result<Caller, OAuthRefusal> {
    let (row, mut tx) = authenticate(app, shown).await?;
    let granted = callers::granted_scopes(&mut tx, &row.client_id).await?;
    let (client_id, org_code) = (row.client_id.clone(), row.org_code.clone());
    let credential = Credential::Token { client_id, org_code, scopes: granted.clone() };
    Ok(callers::application_caller(row, granted, credential))
}
