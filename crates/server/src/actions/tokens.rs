//! M2M tokens: RFC 6749 section 4.4.

use std::net::IpAddr;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use keyward_core::ids::random_hex;
use keyward_core::{ClientId, PlainSecret, ScopeKey, bounds};
use keyward_engine::CannotKnow;
use keyward_store::apis::{self, ApiRow};
use keyward_store::applications::{self, ApplicationRow};
use keyward_store::{StoreError, Tx, grants, scopes};
use keyward_wire::ErrorCode;
use keyward_wire::oauth::{Claims, OAuthErrorCode};

use crate::actions::{first_run, signing_keys};
use crate::app::App;
use crate::refusal::Refusal;
use crate::throttle::Throttled;

/// Bytes of a secret, several times those of any that is made.
const MAX_SECRET_BYTES: usize = 256;

/// What a token is asked for with. Empty texts are as good as missing (RFC 6749 section 3.2).
#[derive(Debug)]
pub struct TokenAsk<'a> {
    /// The client id.
    pub client_id: &'a str,
    /// The client secret.
    pub client_secret: &'a PlainSecret,
    /// The audience; none for the management API.
    pub audience: Option<&'a str>,
    /// The scopes, separated by spaces; none for all that were granted.
    pub scope: Option<&'a str>,
    /// The host that the request was sent to.
    pub request_host: Option<&'a str>,
    /// Who sent it.
    pub from: IpAddr,
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

/// Why no token was issued: RFC 6749 section 5.2.
#[derive(Debug)]
pub struct TokenRefusal {
    /// The code.
    pub code: OAuthErrorCode,
    /// What is wrong, for people.
    pub description: String,
    /// The refusal behind it, with its true cause for the log.
    pub cause: Option<Refusal>,
    /// The application that was named, if there is such a one, for the log of refusals.
    pub application: Option<ClientId>,
}

impl TokenRefusal {
    /// A code with what is wrong.
    pub fn new(code: OAuthErrorCode, description: impl Into<String>) -> Self {
        Self { code, description: description.into(), cause: None, application: None }
    }
}

impl From<Refusal> for TokenRefusal {
    fn from(cause: Refusal) -> Self {
        let code = match cause.code.status() {
            503 | 507 => OAuthErrorCode::TemporarilyUnavailable,
            429 => OAuthErrorCode::TooManyRequests,
            400..=499 => OAuthErrorCode::InvalidRequest,
            _ => OAuthErrorCode::ServerError,
        };
        Self { code, description: cause.message.clone(), cause: Some(cause), application: None }
    }
}

impl From<Throttled> for TokenRefusal {
    fn from(throttled: Throttled) -> Self {
        Refusal::from(throttled).into()
    }
}

impl From<StoreError> for TokenRefusal {
    fn from(error: StoreError) -> Self {
        Refusal::from(error).into()
    }
}

/// Issues a token to an application that shows its secret.
pub async fn issue_token(app: &App, ask: &TokenAsk<'_>) -> Result<IssuedToken, TokenRefusal> {
    // Garbage is refused before anything is looked up.
    let is_garbage = ask.client_secret.expose().len() > MAX_SECRET_BYTES;
    let client_id = ClientId::parse(ask.client_id).filter(|_| !is_garbage).ok_or_else(|| wrong(app, ask, None))?;
    let mut tx = app.read().await?;
    let (found, is_right) = authenticate(app, &mut tx, &client_id, ask.client_secret).await?;
    let named = found.as_ref().map(|_| client_id.clone());
    let of = |refusal| TokenRefusal { application: named.clone(), ..refusal };
    let application = found.filter(|application| is_right && application.is_active());
    let application = application.ok_or_else(|| of(wrong(app, ask, Some(&client_id))))?;
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

/// The application, if there is one, and whether its secret is right. What is wrong with the credentials is not told, nor by
/// the time it takes.
async fn authenticate(
    app: &App,
    tx: &mut Tx,
    client_id: &ClientId,
    secret: &PlainSecret,
) -> Result<(Option<ApplicationRow>, bool), TokenRefusal> {
    let found = applications::find_application(tx, client_id).await?;
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
    Ok((found, is_right))
}

/// The answer to wrong credentials. Only now that they are wrong is it asked whether too many were, so that nobody's guesses
/// stand in an application's way.
fn wrong(app: &App, ask: &TokenAsk<'_>, client: Option<&ClientId>) -> TokenRefusal {
    match app.count_failure(ask.from, client) {
        Ok(()) => TokenRefusal::new(OAuthErrorCode::InvalidClient, "The client is unknown or its secret is wrong."),
        Err(throttled) => throttled.into(),
    }
}

/// The audience as it was asked for, and the scopes that the token is to carry.
async fn authorize(
    app: &App,
    tx: &mut Tx,
    application: &ApplicationRow,
    ask: &TokenAsk<'_>,
) -> Result<(String, Vec<ScopeKey>), TokenRefusal> {
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
            TokenRefusal::new(OAuthErrorCode::InvalidScope, "A scope is unknown or was not granted to this client.")
        })?;
        if !scope.contains(key) {
            scope.push(key.clone());
        }
    }
    Ok((audience, if scope.is_empty() { granted } else { scope }))
}

/// The API that an audience names. A registered one wins over the names of the management API.
async fn find_api(app: &App, tx: &mut Tx, audience: &str, host: Option<&str>) -> Result<Option<ApiRow>, StoreError> {
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
async fn unauthorized(app: &App, tx: &mut Tx, client_id: &ClientId) -> Result<TokenRefusal, StoreError> {
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
    Ok(TokenRefusal::new(OAuthErrorCode::UnauthorizedClient, description))
}

fn join(scope: &[ScopeKey]) -> String {
    scope.iter().map(ScopeKey::as_str).collect::<Vec<_>>().join(" ")
}
