//! What counts verifications: the journal of this node, and up to where it is folded into the store.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use keyward_core::Fill;
use keyward_engine::journal::{Journal, RECORD_BYTES, Segment, Shape, Trouble};
use tokio::sync::Mutex;

/// The folder of the journal within the data folder.
const FOLDER: &str = "journal";

/// The journal of a node, and up to where its segments are folded. One fold goes on at a time.
#[derive(Debug)]
pub(crate) struct Counting {
    pub(crate) journal: Journal,
    /// By the id of the segment, in bytes.
    pub(crate) folded: Mutex<HashMap<String, u64>>,
    /// The last answer of [`Self::lag`].
    lag: AtomicU64,
}

impl Counting {
    /// Opens the journal of a data folder, with what a node before has left in it.
    pub(crate) fn open(data: &Path, fill: Fill<'_>) -> io::Result<Self> {
        let journal = Journal::open(&data.join(FOLDER), Shape::default(), fill)?;
        Ok(Self { journal, folded: Mutex::default(), lag: AtomicU64::new(0) })
    }

    /// How many records are not folded; while a fold goes on, how many there were before.
    pub(crate) fn lag(&self) -> u64 {
        if let Ok(folded) = self.folded.try_lock() {
            let behind = |segment: &Segment| {
                // What was left behind is read to its end, whatever is in it.
                let position = folded.get(segment.id()).copied().unwrap_or(0);
                segment.end().saturating_sub(position) / RECORD_BYTES as u64
            };
            let lag = self.journal.segments().iter().map(|segment| behind(segment)).sum();
            self.lag.store(lag, Ordering::Relaxed);
        }
        self.lag.load(Ordering::Relaxed)
    }
}

/// Why verifications are not counted, for whoever watches.
pub(crate) const fn describe(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Full => "verifications are not counted: the disk of the data folder is full",
        Trouble::Broken => "verifications are not counted: the disk of the data folder does not do as it should",
    }
}
