//! Keyward from Rust: tokens, the management API, and verification, over HTTP.

mod error;

use std::time::Duration;

pub use error::ClientError;
pub use keyward_wire as wire;

use keyward_core::{ApiKeyId, PlainSecret};
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use wire::apis::{ApiList, CreateApiRequest, CreatedApi};
use wire::applications::{CreateApplicationRequest, CreatedApplication};
use wire::grants::{UpdateApiApplicationsRequest, UpdatedApiApplications};
use wire::keys::{CreateKeyRequest, IssuedKey, KeyDetail};
use wire::oauth::{TokenRequest, TokenResponse};
use wire::organizations::{CreateOrganizationRequest, CreatedOrganization};
use wire::scopes::{CreateScopeRequest, CreatedScope, ScopeList};
use wire::users::{CreateUserRequest, CreatedUser};
use wire::verify::{VerifyKeyRequest, VerifyKeyResponse};
use wire::{Done, Envelope};

/// What a call answers.
type Called<T> = Result<T, ClientError>;

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

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks for a token (RFC 6749 section 4.4). `url` is the address of Keyward, without trailing slash.
pub async fn request_token(url: &str, credentials: &Credentials<'_>) -> Called<TokenResponse> {
    let request = TokenRequest {
        grant_type: Some("client_credentials".into()),
        client_id: Some(credentials.client_id.into()),
        client_secret: Some(credentials.client_secret.clone()),
        audience: credentials.audience.map(Into::into),
        scope: None,
    };
    read(connect(url)?.post(format!("{url}/oauth2/token")).form(&request).send().await?).await
}

impl Client {
    /// Calls Keyward at `url`, an address without trailing slash.
    pub fn new(url: &str, bearer: PlainSecret) -> Called<Self> {
        Ok(Self { http: connect(url)?, url: url.to_owned(), bearer })
    }

    /// Verifies a key. Every answer about a key is `Ok`: look at `is_valid`. An error says that nothing is known about the
    /// key, which is no reason to call it wrong: answer 503.
    pub async fn verify_key(&self, request: &VerifyKeyRequest) -> Called<VerifyKeyResponse> {
        let response = self.request(Method::POST, "/api/v1/api_keys/verify").json(request).send().await?;
        let status = response.status();
        if status != StatusCode::OK {
            return Err(ClientError::refused(status, response).await);
        }
        let verdict: VerifyKeyResponse = response.json().await?;
        match (verdict.is_valid, verdict.http_status) {
            (true, 200) | (false, 401 | 403 | 429) => Ok(verdict),
            _ => Err(ClientError::Contradiction),
        }
    }

    /// Creates a key. Its secret is shown this once.
    pub async fn create_key(&self, request: &CreateKeyRequest) -> Called<Envelope<IssuedKey>> {
        self.post("/api/v1/api_keys", request).await
    }

    /// Reads a key.
    pub async fn get_key(&self, id: &ApiKeyId) -> Called<Envelope<KeyDetail>> {
        self.get(&format!("/api/v1/api_keys/{id}")).await
    }

    /// Revokes a key for good.
    pub async fn revoke_key(&self, id: &ApiKeyId) -> Called<Envelope<Done>> {
        self.send(self.request(Method::DELETE, &format!("/api/v1/api_keys/{id}"))).await
    }

    /// Lists every API, by name.
    pub async fn list_apis(&self) -> Called<Envelope<ApiList>> {
        self.get("/api/v1/apis").await
    }

    /// Registers an API.
    pub async fn create_api(&self, request: &CreateApiRequest) -> Called<Envelope<CreatedApi>> {
        self.post("/api/v1/apis", request).await
    }

    /// Lists the scopes of an API, by key.
    pub async fn list_scopes(&self, api_id: &str) -> Called<Envelope<ScopeList>> {
        self.get(&format!("/api/v1/apis/{api_id}/scopes")).await
    }

    /// Adds a scope to an API.
    pub async fn create_scope(&self, api_id: &str, request: &CreateScopeRequest) -> Called<Envelope<CreatedScope>> {
        self.post(&format!("/api/v1/apis/{api_id}/scopes"), request).await
    }

    /// Authorises applications for an API, or takes that away.
    pub async fn update_api_applications(
        &self,
        api_id: &str,
        request: &UpdateApiApplicationsRequest,
    ) -> Called<Envelope<UpdatedApiApplications>> {
        let path = format!("/api/v1/apis/{api_id}/applications");
        self.send(self.request(Method::PATCH, &path).json(request)).await
    }

    /// Gives an authorised application a scope.
    pub async fn add_application_scope(&self, api_id: &str, client_id: &str, scope_id: &str) -> Called<Envelope<Done>> {
        let path = format!("/api/v1/apis/{api_id}/applications/{client_id}/scopes/{scope_id}");
        self.send(self.request(Method::POST, &path)).await
    }

    /// Creates an application. Its secret is shown this once.
    pub async fn create_application(&self, request: &CreateApplicationRequest) -> Called<Envelope<CreatedApplication>> {
        self.post("/api/v1/applications", request).await
    }

    /// Creates an organization.
    pub async fn create_organization(
        &self,
        request: &CreateOrganizationRequest,
    ) -> Called<Envelope<CreatedOrganization>> {
        self.post("/api/v1/organization", request).await
    }

    /// Creates a user.
    pub async fn create_user(&self, request: &CreateUserRequest) -> Called<CreatedUser> {
        self.post("/api/v1/user", request).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Called<T> {
        self.send(self.request(Method::GET, path)).await
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Called<T> {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(self.bearer.expose())
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Called<T> {
        read(request.send().await?).await
    }
}

/// What speaks HTTP to an address; to this machine itself never by way of a proxy.
fn connect(url: &str) -> Called<reqwest::Client> {
    let builder = reqwest::Client::builder().timeout(PATIENCE).redirect(Policy::none());
    let is_here = ["http://localhost", "http://127.", "http://[::1]"].iter().any(|here| url.starts_with(here));
    Ok(if is_here { builder.no_proxy() } else { builder }.build()?)
}

async fn read<T: DeserializeOwned>(response: Response) -> Called<T> {
    let status = response.status();
    if status.is_success() { Ok(response.json().await?) } else { Err(ClientError::refused(status, response).await) }
}
