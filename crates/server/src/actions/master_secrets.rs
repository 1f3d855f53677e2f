//! Which master secrets the store knows.

use keyward_core::{Keyring, MasterSecret, Salts, SecretVersion};
use keyward_store::canaries::{self, CanaryRow};
use keyward_store::{Actor, NewEvent, Store};

use crate::inputs::Clock;
use crate::secrets::{Masters, SecretsError};

/// Finds out under which numbers the store knows the master secrets. A new one in front of the list is remembered; a
/// list that lacks one which the store has met is refused, since its keys would all seem wrong. So is an empty store in
/// the place of another.
pub async fn unlock(store: &Store, masters: &Masters, clock: &Clock, salts: &Salts) -> Result<Keyring, SecretsError> {
    let mut change = store.change(Actor::system(), clock.now()).await?;
    let known = canaries::list_canaries(&mut change).await?;
    if let (true, Some(file)) = (known.is_empty(), &masters.of_store) {
        return Err(SecretsError::NoDatabase(file.display().to_string()));
    }
    let Numbered { current, older } = number(&known, &masters.list)?;
    match current {
        // Nothing is new: the transaction is dropped, and the store is as it was.
        (Some(version), current) => Ok(Keyring::new((version, current), &older)),
        (None, current) => {
            let version = known.last().map_or(0, |row| row.version) + 1;
            let keyring = Keyring::new((version, current), &older);
            canaries::insert_canary(&mut change, version, &current.canary()).await?;
            change.commit(&keyring, NewEvent::new("master_secret.registered", version), salts).await?;
            Ok(keyring)
        }
    }
}

/// The same for a store that a server has: it must know all of them.
pub async fn recognise(store: &Store, masters: &Masters) -> Result<Keyring, SecretsError> {
    let known = canaries::list_canaries(&mut store.read().await?).await?;
    match number(&known, &masters.list)? {
        Numbered { current: (Some(version), current), older } => Ok(Keyring::new((version, current), &older)),
        Numbered { current: (None, _), .. } => Err(SecretsError::Unknown(1)),
    }
}

/// Master secrets with the numbers under which the store knows them.
struct Numbered<'a> {
    /// The current one, which may be new.
    current: (Option<SecretVersion>, &'a MasterSecret),
    older: Vec<(SecretVersion, &'a MasterSecret)>,
}

/// Puts the numbers to the master secrets, the current one and those behind it.
fn number<'a>(known: &[CanaryRow], masters: &'a [MasterSecret]) -> Result<Numbered<'a>, SecretsError> {
    let version_of = |master: &MasterSecret| {
        let canary = master.canary();
        known.iter().find(|row| row.canary == canary).map(|row| row.version)
    };
    let versions: Vec<_> = masters.iter().map(version_of).collect();
    if let Some(lost) = known.iter().find(|row| !versions.contains(&Some(row.version))) {
        return Err(SecretsError::Wrong(lost.version));
    }
    let (current, older) = masters.split_first().ok_or(SecretsError::Empty)?;
    let mut numbered = Vec::new();
    for (at, master) in older.iter().enumerate() {
        numbered.push((versions[at + 1].ok_or(SecretsError::Unknown(at + 2))?, master));
    }
    Ok(Numbered { current: (versions[0], current), older: numbered })
}
