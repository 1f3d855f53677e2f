//! `keyward signing-keys`.

use keyward_server::actions::bootstrap;
use keyward_server::actions::signing_keys::{SigningKeyRow, list_keys, rotate_signing_key};
use keyward_server::caller::Caller;
use keyward_server::{Clock, DataFolder, Entropy, FolderError};

use crate::options::{SigningKeysCommand, settings};
use crate::{Failure, logging, output};

/// Lists the signing keys, or makes a new one.
pub(crate) async fn signing_keys(wanted: SigningKeysCommand) -> Result<(), Failure> {
    let (place, rotate) = match wanted {
        SigningKeysCommand::List(place) => (place, None),
        SigningKeysCommand::Rotate { place, at_once } => (place, Some(at_once)),
    };
    let settings = settings(place, None)?;
    logging::start(&settings.plain);
    let folder = DataFolder::hold(&settings.data).map_err(|error| match error {
        FolderError::Held { .. } => format!("{error}; ask a server that runs by /api/v1/signing_keys").into(),
        FolderError::Io { .. } => Failure::from(error),
    })?;
    let app = bootstrap::start(settings, folder, Clock::system(), Entropy::system()).await?;
    let done = match rotate {
        None => list_keys(&app).await,
        Some(at_once) => rotate_signing_key(&app, &Caller::command_line(), at_once).await.map(|key| vec![key.made]),
    };
    app.close().await;
    for key in done? {
        output::result(&line(&key))?;
    }
    Ok(())
}

fn line(key: &SigningKeyRow) -> String {
    let end = key.retired_at.map(|at| format!(", retires {at}")).unwrap_or_default();
    format!("{} signs from {}{end}", key.kid, key.active_at)
}
