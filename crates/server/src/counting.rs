//! What counts verifications: the journal of this node, and up to where it is folded into the store.

use std::collections::HashMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use keyward_core::Fill;
use keyward_engine::journal::{Journal, RECORD_BYTES, Segment, Shape, Trouble};
use tokio::sync::{Mutex, MutexGuard};

/// The folder of the journal within the data folder.
const FOLDER: &str = "journal";

/// The journal of a node, and up to where its segments are folded. One fold goes on at a time.
#[derive(Debug)]
pub(crate) struct Counting {
    pub(crate) journal: Journal,
    /// By the id of the segment, in bytes.
    pub(crate) folded: Mutex<HashMap<String, u64>>,
    pub(crate) purses: Purses,
    /// The last answer of [`Self::lag`].
    lag: AtomicU64,
}

/// Whose turn it is to ask the store for credits, and under what numbers it knows them.
#[derive(Debug)]
pub(crate) struct Purses {
    turns: [Mutex<()>; TURNS],
    last_number: AtomicU32,
}

/// Holders that are asked for at the same time at most.
const TURNS: usize = 64;

impl Purses {
    fn new() -> Self {
        Self { turns: std::array::from_fn(|_| Mutex::new(())), last_number: AtomicU32::new(0) }
    }

    /// Waits for the turn to ask for a holder's credits.
    pub(crate) async fn turn(&self, holder: &str) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        holder.hash(&mut hasher);
        let at = usize::try_from(hasher.finish() % TURNS as u64).unwrap_or(0);
        self.turns[at].lock().await
    }

    /// A number that no purse of this opening has had.
    pub(crate) fn next_number(&self) -> NonZeroU32 {
        NonZeroU32::MIN.saturating_add(self.last_number.fetch_add(1, Ordering::Relaxed))
    }
}

impl Counting {
    /// Opens the journal of a data folder, with what a node before has left in it.
    pub(crate) fn open(data: &Path, fill: Fill<'_>) -> io::Result<Self> {
        let journal = Journal::open(&data.join(FOLDER), Shape::default(), find_boot(), fill)?;
        Ok(Self { journal, folded: Mutex::default(), purses: Purses::new(), lag: AtomicU64::new(0) })
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

/// What names the time since the machine was started; none where the system does not tell.
fn find_boot() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(boot.trim().to_owned()).filter(|boot| !boot.is_empty())
}

/// Why verifications are not counted, for whoever watches.
pub(crate) const fn describe(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Full => "verifications are not counted: the disk of the data folder is full",
        Trouble::Broken => "verifications are not counted: the disk of the data folder does not do as it should",
    }
}
