//! The master secrets: where they come from.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use keyward_core::{MasterSecret, PlainSecret, SecretVersion};
use keyward_store::{Database, StoreError};

use crate::folder::DataFolder;
use crate::inputs::Entropy;
use crate::settings::Settings;

/// The file in the data folder, on SQLite.
const FILE: &str = "secret.key";
/// The same until there is a database that was made with it. So a database that is gone can be told from a first start
/// that was interrupted.
const NEW_FILE: &str = "secret.key.new";

/// The master secrets, the current one first.
#[derive(Debug)]
pub struct Masters {
    /// The list.
    pub list: Vec<MasterSecret>,
    /// The file of a master secret that a store was made with: that store must be there.
    pub of_store: Option<PathBuf>,
}

/// Why there is no usable list of master secrets.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// None was given, and none may be made.
    #[error(
        "on PostgreSQL the master secret must be given, by KEYWARD_SECRET or secret_file: \
         one that was made here and lost with this disk would end every key. Make one with `openssl rand -base64 32`"
    )]
    Missing,
    /// The database was made with one that is gone.
    #[error("{0} is not there, but the database is, which was made with it: put it back")]
    Lost(String),
    /// The database is gone, or empty, which was made with one that is there.
    #[error(
        "{0} is there, but the database that was made with it is not: put the database back. A new one would know none \
         of its keys; to begin anew all the same, remove the file"
    )]
    NoDatabase(String),
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
    #[error("the file of master secrets {path} cannot be used")]
    File {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads the master secrets. For a new SQLite database one is made if there is none.
pub fn load(settings: &Settings, folder: &DataFolder, entropy: &Entropy) -> Result<Masters, SecretsError> {
    let own = folder.path().join(FILE);
    let database = match &settings.database {
        Database::Sqlite(path) => Some(path),
        Database::Postgres(_) => None,
    };
    let mut of_store = None;
    let text = if let Some(secret) = &settings.secret {
        secret.clone()
    } else if let Some(file) = &settings.secret_file {
        PlainSecret::new(fs::read_to_string(file).map_err(|source| in_file(file, source))?)
    } else if let Some(text) = folder.read(FILE).map_err(|source| in_file(&own, source))? {
        if database.is_some_and(|path| !path.exists()) {
            return Err(SecretsError::NoDatabase(own.display().to_string()));
        }
        of_store = database.map(|_| own.clone());
        PlainSecret::new(text)
    } else if let Some(text) = folder.read(NEW_FILE).map_err(|source| in_file(&own, source))? {
        PlainSecret::new(text)
    } else if let Some(path) = database {
        if path.exists() {
            return Err(SecretsError::Lost(own.display().to_string()));
        }
        let made = MasterSecret::generate(&mut |bytes| entropy.fill(bytes));
        folder.write_private(NEW_FILE, &made.to_base64()).map_err(|source| in_file(&own, source))?;
        return Ok(Masters { list: vec![made], of_store });
    } else {
        return Err(SecretsError::Missing);
    };
    let entries = text.expose().split([',', '\n']).map(str::trim).filter(|entry| !entry.is_empty());
    let secrets: Result<Vec<_>, _> = entries
        .enumerate()
        .map(|(at, entry)| MasterSecret::parse(entry).ok_or(SecretsError::Malformed(at + 1)))
        .collect();
    let list = secrets?;
    if list.is_empty() { Err(SecretsError::Empty) } else { Ok(Masters { list, of_store }) }
}

/// Gives the file of a new master secret its name, now that there is a store which was made with it.
pub fn settle(folder: &DataFolder) -> Result<(), SecretsError> {
    folder.rename(NEW_FILE, FILE).map_err(|source| in_file(&folder.path().join(FILE), source))
}

fn in_file(path: &Path, source: io::Error) -> SecretsError {
    SecretsError::File { path: path.display().to_string(), source }
}
