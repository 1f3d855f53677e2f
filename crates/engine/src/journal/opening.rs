//! Whether what an opening of the journal wrote down is all there, when another one comes to fold it.
//!
//! What is written survives the death of the process, but not that of the machine: then the last records may be gone. So an
//! opening that takes credits leaves a file that names the boot of the machine; if it is the same boot that finds it, all is
//! there.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What the names of these files end with.
const ENDING: &str = ".opening";
/// Bytes of a boot's id that are read.
const MAX_BOOT_BYTES: u64 = 128;

/// The file of an opening. It is locked for as long as this lives, so that no other process takes the opening for one that
/// has ended.
#[derive(Debug)]
pub(super) struct Opening {
    id: String,
    path: PathBuf,
    _file: File,
    /// Whether nothing that it wrote down can be lost.
    pub(super) is_whole: bool,
}

impl Opening {
    /// Leaves the file of one that begins now, for good.
    pub(super) fn leave(folder: &Path, id: &str, boot: &str) -> io::Result<Self> {
        let path = folder.join(Self::name_of(id));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.try_lock()?;
        file.write_all(boot.as_bytes())?;
        file.sync_all()?;
        File::open(folder)?.sync_all()?;
        Ok(Self { id: id.to_owned(), path, _file: file, is_whole: true })
    }

    /// Opens the file of one that was left behind; none if it is no such file, or its process lives.
    pub(super) fn open_left(path: &Path, boot: Option<&str>) -> io::Result<Option<Self>> {
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(id) = name.and_then(|name| name.strip_suffix(ENDING)) else { return Ok(None) };
        let file = File::open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let mut left = String::new();
        // What is no text is no boot that we know.
        let read = (&file).take(MAX_BOOT_BYTES).read_to_string(&mut left);
        let is_whole = read.is_ok() && !left.is_empty() && Some(left.as_str()) == boot;
        Ok(Some(Self { id: id.to_owned(), path: path.to_owned(), _file: file, is_whole }))
    }

    /// The name of the file of an opening.
    pub(super) fn name_of(id: &str) -> String {
        format!("{id}{ENDING}")
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Deletes the file. If it comes back, nothing is done twice.
    pub(super) fn remove(&self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
