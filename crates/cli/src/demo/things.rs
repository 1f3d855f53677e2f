//! What the demo makes once and finds again: kept in `demo.json` in its data folder, readable by its owner alone.

use keyward_client::wire::apis::CreateApiRequest;
use keyward_client::wire::applications::{ApplicationType, CreateApplicationRequest};
use keyward_client::wire::grants::{ApiApplication, UpdateApiApplicationsRequest};
use keyward_client::wire::organizations::CreateOrganizationRequest;
use keyward_client::wire::scopes::CreateScopeRequest;
use keyward_client::wire::users::{CreateUserRequest, UserProfile};
use keyward_client::{Client, Credentials, request_token};
use keyward_core::{ApiId, ClientId, OrgCode, PlainSecret, UserId};
use keyward_server::App;
use keyward_server::actions::first_run::{FirstCredentials, create_first_application, is_empty};
use keyward_server::caller::Caller;
use serde::{Deserialize, Serialize};

use crate::Failure;

/// The file.
const FILE: &str = "demo.json";
/// The audience of the demo's API.
pub(crate) const AUDIENCE: &str = "https://api.demo.example";

/// What the demo made.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Things {
    pub(crate) first: FirstCredentials,
    pub(crate) api_id: ApiId,
    pub(crate) org_code: OrgCode,
    pub(crate) user_id: UserId,
    pub(crate) backend_id: ClientId,
    pub(crate) backend_secret: PlainSecret,
}

/// Finds what an earlier demo made.
pub(crate) fn find(app: &App) -> Result<Option<Things>, Failure> {
    match app.folder.read(FILE)? {
        Some(text) => Ok(Some(serde_json::from_str(&text)?)),
        None => Ok(None),
    }
}

/// Makes all of it, and remembers it. `say` is told of each step.
pub(crate) async fn make(app: &App, say: impl Fn(&str, &str)) -> Result<Things, Failure> {
    let url = app.issuer.as_str();
    if !is_empty(app).await.map_err(|refusal| refusal.message)? {
        let folder = app.folder.path().display();
        return Err(
            format!("{folder} holds something else than a whole demo: delete it, or name another by --data").into()
        );
    }
    let first = create_first_application(app, &Caller::command_line()).await.map_err(|refusal| refusal.message)?;
    let client = sign_in(url, first.client_id.as_str(), &first.client_secret).await?;

    let request =
        CreateApiRequest { name: "Demo API".into(), audience: AUDIENCE.into(), ..CreateApiRequest::default() };
    let api_id = client.create_api(&request).await?.body.api.id;
    say("an API", api_id.as_str());
    for (key, description) in [("read:orders", "See orders"), ("write:orders", "Place and change orders")] {
        let request = CreateScopeRequest { key: key.into(), description: Some(description.into()) };
        let scope = client.create_scope(api_id.as_str(), &request).await?;
        say(&format!("its scope {key}"), scope.body.scope.id.as_str());
    }
    let request = CreateOrganizationRequest { name: "Acme Inc.".into(), external_id: Some("customer-42".into()) };
    let org_code = client.create_organization(&request).await?.body.organization.code;
    say("an organization", org_code.as_str());
    let profile = UserProfile { given_name: Some("Ada".into()), family_name: Some("Lovelace".into()) };
    let request = CreateUserRequest {
        profile: Some(profile),
        provided_id: Some("user-7".into()),
        ..CreateUserRequest::default()
    };
    let user_id = client.create_user(&request).await?.id;
    say("a user", user_id.as_str());
    let (backend_id, backend_secret) = make_backend(&client, &api_id).await?;
    say("an M2M application for your backend", backend_id.as_str());

    let things = Things { first, api_id, org_code, user_id, backend_id, backend_secret };
    app.folder.write_private(FILE, &serde_json::to_string_pretty(&things)?)?;
    Ok(things)
}

/// Makes an application that verifies keys of one API, and can do nothing else.
async fn make_backend(client: &Client, api_id: &ApiId) -> Result<(ClientId, PlainSecret), Failure> {
    let request = CreateApplicationRequest {
        name: "Demo backend".into(),
        r#type: ApplicationType::M2m,
        org_code: None,
        bound_api_ids: Some(vec![api_id.to_string()]),
    };
    let backend = client.create_application(&request).await?.body.application;
    let apis = client.list_apis().await?.body.apis;
    let management = apis.iter().find(|api| api.is_management_api).ok_or("there is no management API")?;
    let (management, backend_id) = (management.id.as_str(), backend.client_id.as_str());
    let application = ApiApplication { id: backend_id.to_owned(), operation: None };
    let request = UpdateApiApplicationsRequest { applications: vec![application] };
    client.update_api_applications(management, &request).await?;
    let scopes = client.list_scopes(management).await?.body.scopes;
    let verify = scopes.iter().find(|scope| scope.key == "verify:api_keys").ok_or("there is no verify:api_keys")?;
    client.add_application_scope(management, backend_id, verify.id.as_str()).await?;
    Ok((backend.client_id, backend.client_secret))
}

/// A client with a fresh token for the management API.
pub(crate) async fn sign_in(url: &str, client_id: &str, secret: &PlainSecret) -> Result<Client, Failure> {
    let credentials = Credentials { client_id, client_secret: secret, audience: None };
    let token = request_token(url, &credentials).await?;
    Ok(Client::new(url, token.access_token))
}
