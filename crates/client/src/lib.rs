//! Keyward from Rust: the management API, tokens and verification, over HTTP.

mod error;

pub use error::ClientError;
pub use keyward_wire as wire;

use keyward_core::{ApiKeyId, PlainSecret};
use reqwest::{Method, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use wire::apis::{ApiList, CreateApiRequest, CreatedApi, UpdateApiApplicationsRequest, UpdatedApiApplications};
use wire::applications::{CreateApplicationRequest, CreatedApplication};
use wire::keys::{CreateKeyRequest, IssuedKey, KeyDetail};
use wire::oauth::{TokenRequest, TokenResponse};
use wire::organizations::{CreateOrganizationRequest, CreatedOrganization};
use wire::scopes::{CreateScopeRequest, CreatedScope, ScopeList};
use wire::users::{CreateUserRequest, CreatedUser};
use wire::verify::{VerifyKeyRequest, VerifyKeyResponse};
use wire::{Done, Envelope};

/// A caller of one Keyward, by one bearer token: an M2M token or an environment key.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    bearer: PlainSecret,
}

/// Credentials of an application.
#[derive(Clone, Debug)]
pub struct Credentials<'a> {
    /// The client id.
    pub client_id: &'a str,
    /// The client secret.
    pub client_secret: &'a PlainSecret,
    /// The audience to ask a token for; none for the management API.
    pub audience: Option<&'a str>,
}

/// Asks for a token (RFC 6749 section 4.4). `url` is the address of Keyward, without trailing slash.
pub async fn request_token(url: &str, credentials: &Credentials<'_>) -> Result<TokenResponse, ClientError> {
    let request = TokenRequest {
        grant_type: Some("client_credentials".into()),
        client_id: Some(credentials.client_id.into()),
        client_secret: Some(credentials.client_secret.clone()),
        audience: credentials.audience.map(Into::into),
        scope: None,
    };
    let response = reqwest::Client::new().post(format!("{url}/oauth2/token")).form(&request).send().await?;
    read(response).await
}

macro_rules! calls {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $kind:ty),*) -> $answer:ty = $method:ident $path:expr $(, $body:ident)?;)*) => {
        impl Client {
            $(
                $(#[$doc])*
                pub async fn $name(&self, $($arg: $kind),*) -> Result<$answer, ClientError> {
                    #[allow(unused_variables, reason = "what a call has no body for")]
                    let body: Option<&()> = None;
                    $(let body = Some($body);)?
                    self.call(Method::$method, &$path, body).await
                }
            )*
        }
    };
}

calls! {
    /// Lists every API, by name.
    list_apis() -> Envelope<ApiList> = GET "/api/v1/apis".to_owned();
    /// Registers an API.
    create_api(request: &CreateApiRequest) -> Envelope<CreatedApi> = POST "/api/v1/apis".to_owned(), request;
    /// Lists the scopes of an API.
    list_scopes(api_id: &str) -> Envelope<ScopeList> = GET format!("/api/v1/apis/{api_id}/scopes");
    /// Adds a scope to an API.
    create_scope(api_id: &str, request: &CreateScopeRequest) -> Envelope<CreatedScope>
        = POST format!("/api/v1/apis/{api_id}/scopes"), request;
    /// Authorises applications for an API.
    update_api_applications(api_id: &str, request: &UpdateApiApplicationsRequest) -> Envelope<UpdatedApiApplications>
        = PATCH format!("/api/v1/apis/{api_id}/applications"), request;
    /// Gives an authorised application a scope.
    add_application_scope(api_id: &str, client_id: &str, scope_id: &str) -> Envelope<Done>
        = POST format!("/api/v1/apis/{api_id}/applications/{client_id}/scopes/{scope_id}");
    /// Creates an application.
    create_application(request: &CreateApplicationRequest) -> Envelope<CreatedApplication>
        = POST "/api/v1/applications".to_owned(), request;
    /// Creates an organization.
    create_organization(request: &CreateOrganizationRequest) -> Envelope<CreatedOrganization>
        = POST "/api/v1/organization".to_owned(), request;
    /// Creates a user.
    create_user(request: &CreateUserRequest) -> CreatedUser = POST "/api/v1/user".to_owned(), request;
    /// Creates a key.
    create_key(request: &CreateKeyRequest) -> Envelope<IssuedKey> = POST "/api/v1/api_keys".to_owned(), request;
    /// Reads a key.
    get_key(id: &ApiKeyId) -> Envelope<KeyDetail> = GET format!("/api/v1/api_keys/{id}");
    /// Revokes a key for good.
    revoke_key(id: &ApiKeyId) -> Envelope<Done> = DELETE format!("/api/v1/api_keys/{id}");
    /// Verifies a key. Every answer about a key is `Ok`: look at `is_valid`.
    verify_key(request: &VerifyKeyRequest) -> VerifyKeyResponse = POST "/api/v1/api_keys/verify".to_owned(), request;
}

impl Client {
    /// Calls Keyward at `url`, an address without trailing slash.
    pub fn new(url: &str, bearer: PlainSecret) -> Self {
        Self { http: reqwest::Client::new(), url: url.to_owned(), bearer }
    }

    async fn call<B: Serialize, T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&B>,
    ) -> Result<T, ClientError> {
        let request = self.http.request(method, format!("{}{path}", self.url)).bearer_auth(self.bearer.expose());
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        read(request.send().await?).await
    }
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, ClientError> {
    let status = response.status();
    if status.is_success() { Ok(response.json().await?) } else { Err(ClientError::refused(status, response).await) }
}
