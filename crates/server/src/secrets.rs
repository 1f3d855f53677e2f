//! The master secrets: where they come from, and which of them the store knows.

use std::fs;
use std::io;

use keyward_core::{Keyring, MasterSecret, PlainSecret, SecretVersion};
use keyward_store::{Actor, Database, NewEvent, Store, StoreError, canaries};
use serde_json::json;

use crate::folder::DataFolder;
use crate::inputs::{Clock, Entropy};
use crate::settings::Settings;

/// The file in the data folder, on SQLite.
const FILE: &str = "secret.key";

/// Why there is no usable list of master secrets.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// None was given, and none may be made.
    #[error(
        "on PostgreSQL the master secret must be given, by KEYWARD_SECRET or secret_file: \
         one that was made here and lost with this disk would end every key. Make one with `openssl rand -base64 32`"
    )]
    Missing,
    /// An entry is not base64 of 32 bytes.
    #[error("master secret {0} of the list is not base64 of 32 bytes")]
    Malformed(usize),
    /// The list is empty.
    #[error("the list of master secrets is empty")]
    Empty,
    /// The store was made with others.
    #[error(
        "this store was made with master secret {0}, which is not in the list that was given: \
         without it no key made under it can be verified"
    )]
    Wrong(SecretVersion),
    /// An older entry is not known to the store.
    #[error("master secret {0} of the list is neither new, which the first alone can be, nor known to this store")]
    Unknown(usize),
    /// A file cannot be read or written.
    #[error("the file of master secrets cannot be used")]
    Io(#[from] io::Error),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads the list of master secrets, the current one first. On SQLite one is made if there is none.
pub fn load(settings: &Settings, folder: &DataFolder, entropy: &Entropy) -> Result<Vec<MasterSecret>, SecretsError> {
    let text = if let Some(secret) = &settings.secret {
        secret.clone()
    } else if let Some(file) = &settings.secret_file {
        PlainSecret::new(fs::read_to_string(file)?)
    } else if let Some(text) = folder.read(FILE)? {
        PlainSecret::new(text)
    } else if matches!(settings.database, Database::Sqlite(_)) {
        let made = MasterSecret::generate(&mut |bytes| entropy.fill(bytes));
        folder.write_private(FILE, &made.to_base64())?;
        return Ok(vec![made]);
    } else {
        return Err(SecretsError::Missing);
    };
    let entries = text.expose().split([',', '\n']).map(str::trim).filter(|entry| !entry.is_empty());
    let secrets: Result<Vec<_>, _> = entries
        .enumerate()
        .map(|(at, entry)| MasterSecret::parse(entry).ok_or(SecretsError::Malformed(at + 1)))
        .collect();
    secrets.and_then(|list| if list.is_empty() { Err(SecretsError::Empty) } else { Ok(list) })
}

/// Finds out under which numbers the store knows the master secrets. A new one in front of the list is remembered; a
/// list that lacks one which the store has met is refused, since its keys would all seem wrong.
pub async fn unlock(store: &Store, masters: &[MasterSecret], clock: &Clock) -> Result<Keyring, SecretsError> {
    let mut change = store.change(Actor::system(), clock.now()).await?;
    let known = canaries::list_canaries(&mut change).await?;
    let version_of = |master: &MasterSecret| {
        let canary = master.canary();
        known.iter().find(|row| row.canary == canary).map(|row| row.version)
    };
    let versions: Vec<_> = masters.iter().map(version_of).collect();
    if let Some(lost) = known.iter().find(|row| !versions.contains(&Some(row.version))) {
        return Err(SecretsError::Wrong(lost.version));
    }
    let newest = known.last().map_or(0, |row| row.version);
    let (current, older) = masters.split_first().ok_or(SecretsError::Empty)?;
    let mut numbered = Vec::new();
    for (at, master) in older.iter().enumerate() {
        numbered.push((versions[at + 1].ok_or(SecretsError::Unknown(at + 2))?, master));
    }
    match versions[0] {
        // Nothing is new: the transaction is dropped, and the store is as it was.
        Some(version) => Ok(Keyring::new((version, current), &numbered)),
        None => {
            let version = newest + 1;
            let keyring = Keyring::new((version, current), &numbered);
            canaries::insert_canary(&mut change, version, &current.canary()).await?;
            let event = NewEvent {
                action: "master_secret.registered",
                target_id: version.to_string(),
                org_code: None,
                details: json!({}),
            };
            change.commit(&keyring, event).await?;
            Ok(keyring)
        }
    }
}
