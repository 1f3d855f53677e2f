//! The first credentials of an empty store.

use std::fs;

use keyward_core::{ApiId, ClientId, ManagementScope, PlainSecret, ScopeNumbers};
use keyward_store::scopes::ScopeRow;
use keyward_store::{Change, NewEvent, apis, applications, grants, scopes};
use keyward_wire::ErrorCode;
use serde::{Deserialize, Serialize};

use crate::actions::applications::{Credentials, insert};
use crate::app::{App, StartError};
use crate::caller::Caller;
use crate::first_run::{FILE, LINK_SECONDS};
use crate::refusal::Refusal;

/// The name of the first application.
const NAME: &str = "First application";

/// What an operator needs to begin.
#[derive(Debug, Serialize, Deserialize)]
pub struct FirstCredentials {
    /// Who issues tokens: the address of this server.
    pub issuer: String,
    /// The audience of the management API.
    pub audience: String,
    /// The client id of the first application.
    pub client_id: ClientId,
    /// Its secret.
    #[serde(serialize_with = "keyward_core::secret::expose")]
    pub client_secret: PlainSecret,
}

/// How an empty store waits for its first user.
#[derive(Debug)]
pub enum Invitation {
    /// The store is not empty.
    None,
    /// By a link that works once, for an hour.
    Link(PlainSecret),
    /// By a file that is deleted when its credentials are first used.
    File(std::path::PathBuf),
}

/// Whether the store has no application yet.
pub async fn is_empty(app: &App) -> Result<bool, Refusal> {
    let mut tx = app.read().await?;
    Ok(applications::count_applications(&mut tx).await? == 0)
}

/// Makes the first application, with every scope of the management API. Refused if there is any application already.
pub async fn create_first_application(app: &App, caller: &Caller) -> Result<FirstCredentials, Refusal> {
    let prepared = prepare(app, caller).await?;
    let there = || Refusal::with(ErrorCode::FieldInvalid, "This store has its first application already.");
    let (change, credentials) = prepared.ok_or_else(there)?;
    finish(app, change, credentials).await
}

/// A change that makes the first application, ready to be committed; none if there is an application already.
async fn prepare(app: &App, caller: &Caller) -> Result<Option<(Change, Credentials)>, Refusal> {
    let mut change = app.change(caller).await?;
    if applications::count_applications(&mut change).await? > 0 {
        return Ok(None);
    }
    let (api_id, rows) = management_api(&mut change).await?;
    let credentials = insert(app, &mut change, NAME, None, None).await?;
    let all: ScopeNumbers =
        rows.iter().filter(|row| ManagementScope::parse(row.key.as_str()).is_some()).map(|row| row.number).collect();
    grants::put_grant(&mut change, &credentials.client_id, &api_id, &all).await?;
    Ok(Some((change, credentials)))
}

async fn finish(app: &App, change: Change, credentials: Credentials) -> Result<FirstCredentials, Refusal> {
    let event = NewEvent::new("application.created", &credentials.client_id)
        .fact("is_first", true)
        .value("type", (), "m2m")
        .personal("name", (), NAME);
    app.commit(change, event).await?;
    Ok(describe(app, credentials))
}

fn describe(app: &App, credentials: Credentials) -> FirstCredentials {
    FirstCredentials {
        issuer: app.issuer.as_str().to_owned(),
        audience: app.issuer.management_audience(),
        client_id: credentials.client_id,
        client_secret: credentials.client_secret,
    }
}

async fn management_api(change: &mut Change) -> Result<(ApiId, Vec<ScopeRow>), Refusal> {
    let api = apis::find_management_api(change).await?;
    let api = api.ok_or_else(|| Refusal::caused_by(ErrorCode::Internal, "no management API"))?;
    let rows = scopes::list_scopes(change, &api.id).await?;
    Ok((api.id, rows))
}

/// How the first user gets in: by a link where somebody sits at a terminal, by a file where nobody does.
pub async fn invite(app: &App, has_terminal: bool) -> Result<Invitation, StartError> {
    let mut tx = app.read().await.map_err(Refusal::from)?;
    if let Some(text) = app.folder.read(FILE)? {
        if let Ok(credentials) = serde_json::from_str::<FirstCredentials>(&text) {
            let known = applications::find_application(&mut tx, &credentials.client_id).await.map_err(Refusal::from)?;
            if known.is_some() {
                app.first_run.watch_file_of(credentials.client_id);
                return Ok(Invitation::File(app.folder.path().join(FILE)));
            }
        }
        // It was written, whole or in part, for a change that never came.
        fs::remove_file(app.folder.path().join(FILE))?;
    }
    if applications::count_applications(&mut tx).await.map_err(Refusal::from)? > 0 {
        return Ok(Invitation::None);
    }
    drop(tx);
    if has_terminal {
        let code = app.make(|fill, _| PlainSecret::generate(fill));
        let until = app.now().after(std::time::Duration::from_secs(LINK_SECONDS));
        app.first_run.offer_link(code.clone(), until);
        return Ok(Invitation::Link(code));
    }
    write_file(app).await
}

/// The file is on the disk before the application is committed: so nobody is locked out by a crash between.
async fn write_file(app: &App) -> Result<Invitation, StartError> {
    let Some((change, credentials)) = prepare(app, &Caller::system()).await? else {
        // Another node was quicker, and has the file.
        return Ok(Invitation::None);
    };
    let client_id = credentials.client_id.clone();
    let text = serde_json::to_string_pretty(&describe(
        app,
        Credentials {
            client_id: client_id.clone(),
            client_secret: credentials.client_secret.clone(),
            is_repeated: false,
        },
    ));
    let text = text.map_err(|error| Refusal::caused_by(ErrorCode::Internal, error))?;
    let path = app.folder.write_private(FILE, &text)?;
    finish(app, change, credentials).await?;
    app.first_run.watch_file_of(client_id);
    Ok(Invitation::File(path))
}

/// Deletes the file of the first credentials once they have been used.
pub(super) fn remove_spent_file(app: &App, client: &ClientId) {
    if app.first_run.is_file_spent_by(client) {
        let path = app.folder.path().join(FILE);
        if let Err(error) = fs::remove_file(&path) {
            tracing::warn!(path = %path.display(), %error, "the used first credentials could not be deleted");
        }
    }
}
