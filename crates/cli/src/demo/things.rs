//! What the demo makes once and finds again: kept in `demo.json` in its data folder, readable by its owner alone.

use keyward_client::wire::apis::CreateApiRequest;
use keyward_client::wire::applications::{ApplicationType, CreateApplicationRequest};
use keyward_client::wire::grants::{ApiApplication, UpdateApiApplicationsRequest};
use keyward_client::wire::organizations::CreateOrganizationRequest;
use keyward_client::wire::scopes::CreateScopeRequest;
use keyward_client::wire::users::{CreateUserRequest, UserProfile};
use keyward_client::{Client, ClientError, Credentials, request_token};
use keyward_core::{ApiId, ClientId, PlainSecret};
use keyward_server::App;
use keyward_server::actions::first_run::{FirstCredentials, create_first_application, is_empty};
use keyward_server::caller::Caller;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Failure;

/// The file of the first application's credentials, written as soon as they exist and removed when the demo is whole.
const FIRST_FILE: &str = "demo-first.json";
/// The file of everything, written when it is whole.
const FILE: &str = "demo.json";
/// The audience of the demo's API.
pub(crate) const AUDIENCE: &str = "https://api.demo.example";
/// The demo's own ids of the owners.
pub(crate) const ORGANIZATION: &str = "customer-42";
pub(crate) const USER: &str = "user-7";

/// What the demo made.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Things {
    pub(crate) first: FirstCredentials,
    pub(crate) api_id: ApiId,
    pub(crate) backend_id: ClientId,
    #[serde(serialize_with = "keyward_core::secret::expose")]
    pub(crate) backend_secret: PlainSecret,
}

/// Finds what an earlier demo made.
pub(crate) fn find(app: &App) -> Result<Option<Things>, Failure> {
    read(app, FILE)
}

fn read<T: DeserializeOwned>(app: &App, file: &str) -> Result<Option<T>, Failure> {
    match app.folder.read(file)? {
        Some(text) => Ok(Some(serde_json::from_str(&text)?)),
        None => Ok(None),
    }
}

/// Makes what is not there yet, and remembers all of it. `say` is told of each step. A demo that was cut short is gone
/// on with: nothing that it made is lost.
pub(crate) async fn make(app: &App, url: &str, say: impl Fn(&str, &str)) -> Result<Things, Failure> {
    let first = match read::<FirstCredentials>(app, FIRST_FILE)? {
        Some(first) => first,
        None if is_empty(app).await? => {
            let first = create_first_application(app, &Caller::command_line()).await?;
            app.folder.write_private(FIRST_FILE, &serde_json::to_string_pretty(&first)?)?;
            first
        }
        None => {
            let folder = app.folder.path().display();
            return Err(format!("{folder} holds something else than a demo: name another folder by --data").into());
        }
    };
    let client = sign_in(url, first.client_id.as_str(), &first.client_secret).await?;
    let api_id = make_api(&client, &say).await?;
    make_owners(&client, &say).await?;
    let (backend_id, backend_secret) = make_backend(&client, &api_id).await?;
    say("an M2M application for your backend", backend_id.as_str());

    let things = Things { first, api_id, backend_id, backend_secret };
    app.folder.write_private(FILE, &serde_json::to_string_pretty(&things)?)?;
    // All of it stands in the other file now, and a secret stands in one place.
    std::fs::remove_file(app.folder.path().join(FIRST_FILE))?;
    Ok(things)
}

async fn make_api(client: &Client, say: &impl Fn(&str, &str)) -> Result<ApiId, Failure> {
    let known = client.list_apis().await?.body.apis;
    let api_id = match known.into_iter().find(|api| api.audience == AUDIENCE) {
        Some(api) => api.id,
        None => {
            let (name, audience) = ("Demo API".to_owned(), AUDIENCE.to_owned());
            client.create_api(&CreateApiRequest { name, audience, ..CreateApiRequest::default() }).await?.body.api.id
        }
    };
    say("an API", api_id.as_str());
    let known = client.list_scopes(api_id.as_str()).await?.body.scopes;
    for (key, description) in [("read:orders", "See orders"), ("write:orders", "Place and change orders")] {
        let id = match known.iter().find(|scope| scope.key == key) {
            Some(scope) => scope.id.clone(),
            None => {
                let request = CreateScopeRequest { key: key.into(), description: Some(description.into()) };
                client.create_scope(api_id.as_str(), &request).await?.body.scope.id
            }
        };
        say(&format!("its scope {key}"), id.as_str());
    }
    Ok(api_id)
}

async fn make_owners(client: &Client, say: &impl Fn(&str, &str)) -> Result<(), Failure> {
    let request = CreateOrganizationRequest {
        name: "Acme Inc.".into(),
        external_id: Some(ORGANIZATION.into()),
        ..CreateOrganizationRequest::default()
    };
    let made = client.create_organization(&request).await.map(|made| made.body.organization.code.to_string());
    say("an organization", &unless_there(made, ORGANIZATION)?);
    let profile =
        UserProfile { given_name: Some("Ada".into()), family_name: Some("Lovelace".into()), ..UserProfile::default() };
    let request =
        CreateUserRequest { profile: Some(profile), provided_id: Some(USER.into()), ..CreateUserRequest::default() };
    let made = client.create_user(&request).await.map(|made| made.id.to_string());
    say("a user", &unless_there(made, USER)?);
    Ok(())
}

/// The id of what was made, or the external id of what was there before.
fn unless_there(made: Result<String, ClientError>, external_id: &str) -> Result<String, Failure> {
    match made {
        Err(ClientError::Refused { code, .. }) if code == "EXTERNAL_ID_TAKEN" => Ok(external_id.to_owned()),
        made => Ok(made?),
    }
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
    Ok(Client::new(url, token.access_token)?)
}
