//! The data folder: one process holds it at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The data folder, held until this is dropped or the process ends, however it ends; but for one that was only visited.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    /// None where the folder is another process's.
    lock: Option<File>,
    /// Held, never read.
    database: Option<File>,
}

/// Why the data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another process holds it.
    #[error("{path} is held by {holder}")]
    Held {
        /// The folder.
        path: String,
        /// Who holds it, as the holder itself wrote.
        holder: String,
    },
    /// It cannot be made, read or written.
    #[error("{path} cannot be used")]
    Io {
        /// The folder.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl DataFolder {
    /// Makes the folder if it is absent, readable by its owner alone, and takes hold of it.
    pub fn hold(path: &Path) -> Result<Self, FolderError> {
        let failed = |source| FolderError::Io { path: path.display().to_string(), source };
        make_folder(path).map_err(failed)?;
        let name = path.join("keyward.lock");
        let lock = hold_file(&name, path)?;
        let mut folder = Self { path: path.to_owned(), lock: Some(lock), database: None };
        folder.tell(&format!("process {}", std::process::id())).map_err(failed)?;
        Ok(folder)
    }

    /// The folder without a hold on it, for a command that comes beside the server that has it.
    pub fn beside(path: &Path) -> Self {
        Self { path: path.to_owned(), lock: None, database: None }
    }

    /// Writes down who holds the folder, for the next one who asks.
    pub fn tell(&mut self, holder: &str) -> io::Result<()> {
        let Some(lock) = &mut self.lock else { return Ok(()) };
        lock.set_len(0)?;
        lock.rewind()?;
        lock.write_all(holder.as_bytes())
    }

    /// Holds an SQLite database, wherever it lies: it is one process's, and another may have another data folder.
    pub fn hold_database(&mut self, database: &Path) -> Result<(), FolderError> {
        let mut name = database.as_os_str().to_owned();
        name.push(".lock");
        self.database = Some(hold_file(Path::new(&name), database)?);
        Ok(())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file that its owner alone can read, and makes sure that it is on the disk. It is there whole or not at
    /// all, since it gets its name last.
    pub fn write_private(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let path = self.path.join(name);
        let unfinished = self.path.join(format!("{name}.unfinished"));
        let mut file = private().create(true).truncate(true).open(&unfinished)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(unfinished, &path)?;
        File::open(&self.path)?.sync_all()?;
        Ok(path)
    }

    /// Gives a file of the folder another name, and makes sure that it has it on the disk. It may have it already.
    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        match fs::rename(self.path.join(from), self.path.join(to)) {
            Ok(()) => File::open(&self.path)?.sync_all(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Reads a file of the folder; none if it is absent.
    pub fn read(&self, name: &str) -> io::Result<Option<String>> {
        match fs::read_to_string(self.path.join(name)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Makes a folder with those above it that are absent, and makes sure that they are on the disk: a name is there for good
/// when the folder that it stands in is.
fn make_folder(path: &Path) -> io::Result<()> {
    let absent: Vec<&Path> = path.ancestors().take_while(|folder| !folder.exists()).collect();
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    for folder in absent {
        let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(above)?.sync_all()?;
    }
    Ok(())
}

/// Opens a lock file and takes hold of it; `held` is what it stands for.
fn hold_file(name: &Path, held: &Path) -> Result<File, FolderError> {
    let failed = |source| FolderError::Io { path: held.display().to_string(), source };
    let mut lock = private().create(true).truncate(false).read(true).open(name).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::Error(source)) => Err(failed(source)),
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            lock.read_to_string(&mut holder).map_err(failed)?;
            let holder = if holder.is_empty() { "another process".to_owned() } else { holder };
            Err(FolderError::Held { path: held.display().to_string(), holder })
        }
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}
