//! What every store needs: the management API with all its scopes, and a key to sign tokens with.

use keyward_core::{ApiId, KeyClass, KeyPolicy, KeyPrefix, ManagementScope, ScopeId, ScopeKey};
use keyward_store::apis::{self, NewApi};
use keyward_store::scopes::{self, NewScope};
use keyward_store::{NewEvent, signing_keys};
use keyward_wire::ErrorCode;

use crate::actions::signing_keys::create_first_signing_key;
use crate::actions::{credits, follow, usage};
use crate::app::{App, StartError};
use crate::caller::Caller;
use crate::folder::DataFolder;
use crate::inputs::{Clock, Entropy};
use crate::refusal::Refusal;
use crate::settings::Settings;

/// Opens the store, unlocks it, and makes what it lacks of what every store needs.
pub async fn start(settings: Settings, folder: DataFolder, clock: Clock, entropy: Entropy) -> Result<App, StartError> {
    let app = App::open(settings, folder, clock, entropy).await?;
    ensure_management_api(&app).await?;
    ensure_signing_key(&app).await?;
    Ok(app)
}

/// The same for a node that verifies: it has all keys in memory.
pub async fn start_node(
    settings: Settings,
    folder: DataFolder,
    clock: Clock,
    entropy: Entropy,
) -> Result<App, StartError> {
    let app = start(settings, folder, clock, entropy).await?;
    begin_verifying(&app).await?;
    Ok(app)
}

/// Reads all keys into memory, behind what was counted of them: from then on this node verifies, and traces what it is
/// asked if the settings say where to.
pub async fn begin_verifying(app: &App) -> Result<(), StartError> {
    app.trace()?;
    usage::begin(app).await?;
    credits::settle_left(app).await?;
    follow::begin(app).await?;
    Ok(())
}

/// Makes the management API in a new store, and adds the scopes that this version knows and the store does not.
pub async fn ensure_management_api(app: &App) -> Result<(), Refusal> {
    let mut change = app.change(&Caller::system()).await?;
    let existing = apis::find_management_api(&mut change).await?.map(|api| api.id);
    let api_id = match existing.clone() {
        Some(id) => id,
        None => {
            let id = app.make(ApiId::generate);
            let prefix = KeyPrefix::default();
            let new = NewApi {
                id: &id,
                name: "Keyward Management API",
                audience: None,
                key_prefix: &prefix,
                key_class: KeyClass::Admin,
                key_policy: &KeyPolicy::NONE,
            };
            apis::insert_api(&mut change, &new).await?;
            id
        }
    };
    let present = scopes::list_scopes(&mut change, &api_id).await?;
    let lacking = ManagementScope::ALL.iter().filter(|scope| present.iter().all(|row| row.key.as_str() != scope.key()));
    let mut added = Vec::new();
    for scope in lacking {
        let key = ScopeKey::parse(scope.key()).map_err(|rule| Refusal::caused_by(ErrorCode::Internal, rule.0))?;
        let id = app.make(ScopeId::generate);
        let new = NewScope { id: &id, api_id: &api_id, key: &key, description: Some(scope.description()) };
        scopes::insert_scope(&mut change, &new).await?;
        added.push(scope.key());
    }
    // Nothing is new in most starts: the transaction is dropped, and no revision is spent.
    if existing.is_none() || !added.is_empty() {
        app.commit(change, NewEvent::new("management_api.updated", &api_id).fact("scopes_added", added)).await?;
    }
    Ok(())
}

/// Makes a signing key in a store that has none.
pub async fn ensure_signing_key(app: &App) -> Result<(), Refusal> {
    let mut tx = app.read().await?;
    let has_one = !signing_keys::list_signing_keys(&mut tx, app.now()).await?.is_empty();
    drop(tx);
    if has_one { Ok(()) } else { create_first_signing_key(app).await }
}
