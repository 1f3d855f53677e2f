//! `keyward init`.

use std::collections::BTreeSet;

use keyward_client::wire::apis::CreateApiRequest;
use keyward_client::wire::keys::{CreateKeyRequest, KeyType};
use keyward_client::wire::scopes::CreateScopeRequest;
use keyward_core::bounds::MAX_NAME_CHARS;
use keyward_core::{ApiId, PlainSecret};
use keyward_server::actions::bootstrap;
use keyward_server::actions::first_run::{FirstCredentials, create_first_application, is_empty};
use keyward_server::actions::{apis, keys, scopes};
use keyward_server::caller::Caller;
use keyward_server::refusal::Refusal;
use keyward_server::{App, Clock, DataFolder, Entropy};
use serde::Serialize;

use crate::options::{InitOptions, settings};
use crate::{Failure, logging, output};

/// What is printed, once.
#[derive(Serialize)]
struct Printed {
    #[serde(flatten)]
    first: Option<FirstCredentials>,
    #[serde(flatten)]
    api: Option<RegisteredApi>,
}

/// The API that was registered, and the key that verifies its keys.
#[derive(Serialize)]
struct RegisteredApi {
    api_id: ApiId,
    #[serde(serialize_with = "keyward_core::secret::expose")]
    verify_key: PlainSecret,
}

/// Makes the first application of an empty store, and an API if one is named.
pub(crate) async fn init(options: InitOptions) -> Result<(), Failure> {
    let settings = settings(options.place, None)?;
    logging::start(&settings.plain);
    let folder = DataFolder::hold(&settings.data)?;
    let app = bootstrap::start(settings, folder, Clock::system(), Entropy::system()).await?;
    let caller = Caller::command_line();
    let first = if is_empty(&app).await? {
        Some(create_first_application(&app, &caller).await?)
    } else if options.api.is_none() {
        return Err("this store has its first application already; with --api it registers an API".into());
    } else {
        None
    };
    let registered = match (options.api, options.audience) {
        (Some(name), Some(audience)) => {
            register(&app, &caller, name, audience, options.scope.into_iter().collect()).await.map(Some)
        }
        _ => Ok(None),
    };
    let issuer = app.issuer.as_str().to_owned();
    app.close().await;
    let (api, failure) = match registered {
        Ok(api) => (api, None),
        Err(refusal) => (None, Some(refusal.into())),
    };
    // Whatever became of the API: the first application is made, and its secret is shown this once.
    if first.is_some() || api.is_some() {
        print(&Printed { first, api }, &issuer, options.json)?;
    }
    failure.map_or(Ok(()), Err)
}

/// Registers an API with its scopes, and makes the environment key that verifies its keys and can do nothing else.
async fn register(
    app: &App,
    caller: &Caller,
    name: String,
    audience: String,
    scope_keys: BTreeSet<String>,
) -> Result<RegisteredApi, Refusal> {
    let request = CreateApiRequest { name: name.clone(), audience, ..CreateApiRequest::default() };
    let api_id = apis::create_api(app, caller, request).await?.made;
    for key in scope_keys {
        let request = CreateScopeRequest { key, description: None };
        scopes::create_scope(app, caller, api_id.as_str(), request).await?;
    }
    let key_name: String = format!("Verifies keys of {name}").chars().take(MAX_NAME_CHARS).collect();
    let request = CreateKeyRequest {
        // What was cut off may have begun after a space, which no name ends with.
        name: key_name.trim_end().to_owned(),
        r#type: Some(KeyType::Environment),
        api_id: apis::management_api_id(app).await?.to_string(),
        scope_ids: Some(vec!["verify:api_keys".into()]),
        bound_api_ids: Some(vec![api_id.to_string()]),
        ..CreateKeyRequest::default()
    };
    let issued = keys::create_key(app, caller, request, None).await?.made;
    Ok(RegisteredApi { api_id, verify_key: issued.secret.plain().clone() })
}

fn print(printed: &Printed, issuer: &str, is_json: bool) -> Result<(), Failure> {
    if is_json {
        return Ok(output::result(&serde_json::to_string(printed)?)?);
    }
    output::result(&format!("KEYWARD_ISSUER={issuer}"))?;
    if let Some(first) = &printed.first {
        output::result(&format!("KEYWARD_AUDIENCE={}", first.audience))?;
        output::result(&format!("KEYWARD_CLIENT_ID={}", first.client_id))?;
        output::result(&format!("KEYWARD_CLIENT_SECRET={}", first.client_secret.expose()))?;
    }
    if let Some(api) = &printed.api {
        output::result(&format!("KEYWARD_VERIFY_KEY={}", api.verify_key.expose()))?;
    }
    Ok(())
}
