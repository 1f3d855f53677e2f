//! What counts verifications: the journal of this node, and up to where it is folded into the store.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use keyward_core::Fill;
use keyward_engine::journal::{Journal, Shape, Trouble};
use tokio::sync::Mutex;

/// The folder of the journal within the data folder.
const FOLDER: &str = "journal";

/// The journal of a node, and up to where its segments are folded. One fold goes on at a time.
#[derive(Debug)]
pub(crate) struct Counting {
    pub(crate) journal: Journal,
    /// By the id of the segment, in bytes.
    pub(crate) folded: Mutex<HashMap<String, u64>>,
}

impl Counting {
    /// Opens the journal of a data folder, with what a node before has left in it.
    pub(crate) fn open(data: &Path, fill: Fill<'_>) -> io::Result<Self> {
        let journal = Journal::open(&data.join(FOLDER), Shape::default(), fill)?;
        Ok(Self { journal, folded: Mutex::default() })
    }
}

/// Why verifications are not counted, for whoever watches.
pub(crate) const fn describe(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Full => "verifications are not counted: the disk of the data folder is full",
        Trouble::Broken => "verifications are not counted: the disk of the data folder does not do as it should",
    }
}
