//! Which master secrets the store knows.

use keyward_core::{Keyring, MasterSecret};
use keyward_store::{Actor, NewEvent, Store, canaries};
use serde_json::json;

use crate::inputs::Clock;
use crate::secrets::{Masters, SecretsError};

/// Finds out under which numbers the store knows the master secrets. A new one in front of the list is remembered; a
/// list that lacks one which the store has met is refused, since its keys would all seem wrong. So is an empty store in
/// the place of another.
pub async fn unlock(store: &Store, masters: &Masters, clock: &Clock) -> Result<Keyring, SecretsError> {
    let mut change = store.change(Actor::system(), clock.now()).await?;
    let known = canaries::list_canaries(&mut change).await?;
    let version_of = |master: &MasterSecret| {
        let canary = master.canary();
        known.iter().find(|row| row.canary == canary).map(|row| row.version)
    };
    if let (true, Some(file)) = (known.is_empty(), &masters.of_store) {
        return Err(SecretsError::NoDatabase(file.display().to_string()));
    }
    let versions: Vec<_> = masters.list.iter().map(version_of).collect();
    if let Some(lost) = known.iter().find(|row| !versions.contains(&Some(row.version))) {
        return Err(SecretsError::Wrong(lost.version));
    }
    let newest = known.last().map_or(0, |row| row.version);
    let (current, older) = masters.list.split_first().ok_or(SecretsError::Empty)?;
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
