//! M2M tokens: RFC 6749 section 4.4.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use keyward_core::ids::random_hex;
use keyward_core::{ClientId, PlainSecret, ScopeKey, bounds};
use keyward_store::apis::{self, ApiRow};
use keyward_store::applications::ApplicationRow;
use keyward_store::{StoreError, Tx, grants, scopes};
use keyward_wire::ErrorCode;
use keyward_wire::oauth::{Claims, OAuthErrorCode};

use crate::actions::clients::{self, ShownClient};
use crate::actions::{first_run, signing_keys};
use crate::app::App;
use crate::oauth_refusal::OAuthRefusal;
use crate::refusal::Refusal;

/// What a token is asked for with. Empty texts are as good as missing (RFC 6749 section 3.2).
#[derive(Debug)]
pub struct TokenAsk<'a> {
    /// Who asks for it.
    pub client: ShownClient<'a>,
    /// The audience; none for the management API.
    pub audience: Option<&'a str>,
    /// The scopes, separated by spaces; none for all that were granted.
    pub scope: Option<&'a str>,
    /// The host that the request was sent to.
    pub request_host: Option<&'a str>,
}

/// A token and what it carries.
#[derive(Debug)]
pub struct IssuedToken {
    /// The token.
    pub token: PlainSecret,
    /// Seconds until it expires.
    pub expires_in: u32,
    /// The scopes it carries, separated by spaces.
    pub scope: String,
}

/// Issues a token to an application that shows its secret.
pub async fn issue_token(app: &App, ask: &TokenAsk<'_>) -> Result<IssuedToken, OAuthRefusal> {
    let (application, mut tx) = clients::authenticate(app, &ask.client).await?;
    let of = |refusal| OAuthRefusal { application: Some(application.client_id.clone()), ..refusal };
    app.count_token(&application.client_id).map_err(|throttled| of(throttled.into()))?;
    let (audience, scope) = authorize(app, &mut tx, &application, ask).await.map_err(of)?;
    let (kid, private) = signing_keys::current_signing_key(app, &mut tx).await?;
    drop(tx);

    let issued_at = app.now().as_seconds();
    let claims = Claims {
        aud: vec![audience],
        azp: application.client_id.clone(),
        exp: issued_at + i64::from(application.token_lifetime),
        gty: vec!["client_credentials".into()],
        iat: issued_at,
        iss: app.issuer.as_str().into(),
        jti: app.make(|fill, _| random_hex::<16>(fill)),
        org_code: application.org_code.clone(),
        scope: join(&scope),
        scp: scope.iter().map(ToString::to_string).collect(),
        v: "2".into(),
    };
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some(kid);
    let token = EncodingKey::from_rsa_pem(&private)
        .and_then(|key| jsonwebtoken::encode(&header, &claims, &key))
        .map_err(|error| Refusal::caused_by(ErrorCode::Internal, error))?;
    first_run::remove_spent_file(app, &application.client_id);
    Ok(IssuedToken { token: PlainSecret::new(token), expires_in: application.token_lifetime, scope: claims.scope })
}

/// The audience as it was asked for, and the scopes that the token is to carry.
async fn authorize(
    app: &App,
    tx: &mut Tx,
    application: &ApplicationRow,
    ask: &TokenAsk<'_>,
) -> Result<(String, Vec<ScopeKey>), OAuthRefusal> {
    let audience = ask.audience.map_or_else(|| app.issuer.management_audience(), ToOwned::to_owned);
    let api = match ask.audience {
        Some(audience) => find_api(app, tx, audience, ask.request_host).await?,
        None => apis::find_management_api(tx).await?,
    };
    let granted = match api {
        Some(api) => grants::find_grant(tx, &application.client_id, &api.id).await?,
        None => None,
    };
    let Some(grant) = granted else { return Err(unauthorized(app, tx, &application.client_id).await?) };
    let rows = scopes::list_scopes(tx, &grant.api_id).await?;
    let granted: Vec<ScopeKey> =
        rows.into_iter().filter(|row| grant.scopes.contains(row.number)).map(|row| row.key).collect();
    let Some(asked) = ask.scope else { return Ok((audience, granted)) };
    let mut scope = Vec::new();
    for text in asked.split(' ').filter(|text| !text.is_empty()) {
        let key = granted.iter().find(|key| key.as_str() == text).ok_or_else(|| {
            OAuthRefusal::new(OAuthErrorCode::InvalidScope, "A scope is unknown or was not granted to this client.")
        })?;
        if !scope.contains(key) {
            scope.push(key.clone());
        }
    }
    Ok((audience, if scope.is_empty() { granted } else { scope }))
}

/// The API that an audience names. A registered one wins over the names of the management API.
pub(super) async fn find_api(
    app: &App,
    tx: &mut Tx,
    audience: &str,
    host: Option<&str>,
) -> Result<Option<ApiRow>, StoreError> {
    // What no API can have as its audience is not looked up: PostgreSQL fails on a NUL.
    if bounds::audience(audience).is_err() {
        return Ok(None);
    }
    if let Some(api) = apis::find_api_by_audience(tx, audience).await? {
        return Ok(Some(api));
    }
    if app.issuer.is_management_audience(audience, host) {
        return apis::find_management_api(tx).await;
    }
    Ok(None)
}

/// The refusal that names the audiences which would do.
async fn unauthorized(app: &App, tx: &mut Tx, client_id: &ClientId) -> Result<OAuthRefusal, StoreError> {
    let granted = grants::list_granted_audiences(tx, client_id).await?;
    let names = granted.into_iter().map(|name| name.unwrap_or_else(|| app.issuer.management_audience()));
    // A description has these characters alone (RFC 6749 section 5.2).
    let is_tellable = |name: &String| name.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
    let (names, others): (Vec<String>, Vec<String>) = names.partition(is_tellable);
    let description = if names.is_empty() && others.is_empty() {
        "The client is not authorised for any audience.".to_owned()
    } else if names.is_empty() {
        "The client is not authorised for this audience.".to_owned()
    } else {
        format!("The client is not authorised for this audience. These would do: {}", names.join(" "))
    };
    Ok(OAuthRefusal::new(OAuthErrorCode::UnauthorizedClient, description))
}

fn join(scope: &[ScopeKey]) -> String {
    scope.iter().map(ScopeKey::as_str).collect::<Vec<_>>().join(" ")
}
