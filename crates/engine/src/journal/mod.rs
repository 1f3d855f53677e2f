//! The journal: what verifications came to, in files, until it is folded into the store.
//!
//! A verification appends one record before it is answered, by a plain positioned write, which survives the death of the
//! process. There are several lanes, each with a segment and a lock of its own, so that no lock is shared by all.
//! Segments are filled with zeros before use, so that a disk that is full is noticed then, and none is written by two
//! openings. Whoever folds reads a segment from the offset up to which it is folded, and no further than to the last
//! record that is whole.

mod opening;
mod record;
mod segment;

use std::fs::{self, DirBuilder, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, TryLockError};

use keyward_core::Fill;
use keyward_core::ids::random_hex;

use crate::sync::{AtomicBool, AtomicU8, AtomicU64, Mutex, MutexGuard, hold, thread};

use opening::Opening;

pub use record::{Found, RECORD_BYTES, Record};
pub use segment::{Portion, Segment};

/// How large a journal is.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// How many threads can append at the same time without waiting for each other; at least 1.
    pub lanes: usize,
    /// How many records a segment has room for; at least 1.
    pub records: u64,
}

impl Default for Shape {
    /// Four lanes, segments of 1 MiB.
    fn default() -> Self {
        Self { lanes: 4, records: 16_384 }
    }
}

/// Why a record could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The disk has no room.
    Full,
    /// The disk does not do as it should.
    Broken,
}

/// The record could not be written, and is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the journal could not be written: {0:?}")]
pub struct Lost(pub Trouble);

/// What verifications came to, in the files of a folder.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    /// What the ids of this opening's segments begin with.
    opening: String,
    shape: Shape,
    /// Each holds the segment that it fills. A lock is held for one write.
    lanes: Box<[Mutex<Option<Arc<Segment>>>]>,
    /// The next one, prepared. Its lock is held while a lane goes on to it.
    spare: Mutex<Option<Arc<Segment>>>,
    /// All that may hold records which are not folded. Its lock is held while the list is copied or changed.
    segments: Mutex<Vec<Arc<Segment>>>,
    made: AtomicU64,
    has_new_names: AtomicBool,
    lost: AtomicU64,
    trouble: AtomicU8,
    /// The boot of the machine, if it can be known.
    boot: Option<String>,
    /// What says of this opening and of those that were left behind whether they are whole.
    openings: Mutex<Vec<Opening>>,
    /// Whether what was written may be lost though this process lives.
    is_doubtful: AtomicBool,
}

/// An opening of the journal that has ended, or is about to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its id, which the ids of its segments begin with.
    pub id: String,
    /// Whether all that it wrote down is there.
    pub is_whole: bool,
}

impl Journal {
    /// Opens the journal of a folder, which is made if it is absent: with all segments that were left behind there by
    /// processes that live no more. Nothing else is written before the first record is. `boot` names the time since the
    /// machine was started, and is none where that is not known.
    pub fn open(folder: &Path, shape: Shape, boot: Option<String>, fill: Fill<'_>) -> io::Result<Self> {
        make_folder(folder)?;
        let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
        let (mut left, mut openings) = (Vec::new(), Vec::new());
        for path in &names {
            openings.extend(Opening::open_left(path, boot.as_deref())?);
        }
        // What another process has found first, it folds.
        let is_taken = |path: &Path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let word = folder.join(Opening::name_of(Self::opening_of(name)));
            names.contains(&word) && !openings.iter().any(|known| known.id() == Self::opening_of(name))
        };
        for path in names.iter().filter(|path| !is_taken(path)) {
            left.extend(Segment::open_left(path)?.map(Arc::new));
        }
        left.sort_by(|one, other| one.id().cmp(other.id()));
        Ok(Self {
            folder: folder.to_owned(),
            opening: random_hex::<16>(fill),
            shape,
            lanes: (0..shape.lanes.max(1)).map(|_| Mutex::new(None)).collect(),
            spare: Mutex::new(None),
            segments: Mutex::new(left),
            made: AtomicU64::new(0),
            has_new_names: AtomicBool::new(false),
            lost: AtomicU64::new(0),
            trouble: AtomicU8::new(0),
            boot,
            openings: Mutex::new(openings),
            is_doubtful: AtomicBool::new(false),
        })
    }

    /// What the ids of this opening's segments begin with.
    pub fn opening(&self) -> &str {
        &self.opening
    }

    /// The opening that a segment is of.
    pub fn opening_of(segment: &str) -> &str {
        segment.split_once('-').map_or(segment, |(opening, _)| opening)
    }

    /// Leaves word, for good, by which the next opening sees whether what this one writes down is all there. To be called
    /// before the first credits are taken; it takes as long as the disk does. Where the boot is not known there is no word,
    /// and what is left over when the process dies is lost.
    pub fn vouch(&self) -> io::Result<()> {
        let mut openings = hold(&self.openings);
        let Some(boot) = &self.boot else { return Ok(()) };
        if !self.is_doubtful.load(Ordering::Acquire) && !openings.iter().any(|known| known.id() == self.opening) {
            openings.push(Opening::leave(&self.folder, &self.opening, boot)?);
        }
        Ok(())
    }

    /// The openings that were left behind here, when all their segments are removed.
    pub fn left_behind(&self) -> Vec<Ended> {
        let segments = self.segments();
        let is_there = |id: &str| segments.iter().any(|segment| Self::opening_of(segment.id()) == id);
        let openings = hold(&self.openings);
        let left = openings.iter().filter(|known| known.id() != self.opening && !is_there(known.id()));
        left.map(|known| Ended { id: known.id().to_owned(), is_whole: known.is_whole }).collect()
    }

    /// This opening, as it is when nothing is written any more and all its segments are removed.
    pub fn own(&self) -> Ended {
        Ended { id: self.opening.clone(), is_whole: !self.is_doubtful.load(Ordering::Acquire) }
    }

    /// Forgets an opening whose credits are settled.
    pub fn forget(&self, id: &str) -> io::Result<()> {
        let mut openings = hold(&self.openings);
        openings.iter().filter(|known| known.id() == id).try_for_each(Opening::remove)?;
        openings.retain(|known| known.id() != id);
        Ok(())
    }

    /// What was written may be lost: nobody is to believe that it is all there.
    fn doubt(&self) {
        self.is_doubtful.store(true, Ordering::Release);
        if let Err(error) = self.forget(&self.opening) {
            self.note(&error);
        }
    }

    /// Writes a record. When this has answered, the record outlives the process.
    pub fn append(&self, record: &Record) -> Result<(), Lost> {
        let mut lane = self.free_lane();
        let mut tried = Err(Lost(Trouble::Broken));
        // A segment that cannot be written is left, and the next one is tried.
        for _ in 0..2 {
            let segment = match &*lane {
                Some(segment) if segment.has_room() => Arc::clone(segment),
                filled => {
                    filled.iter().for_each(|segment| segment.retire());
                    let next = self.next_segment()?;
                    Arc::clone(lane.insert(next))
                }
            };
            match segment.append(record) {
                Ok(()) => return Ok(()),
                Err(error) => {
                    segment.retire();
                    *lane = None;
                    tried = Err(self.note(&error));
                }
            }
        }
        self.lost.fetch_add(1, Ordering::Relaxed);
        tried
    }

    /// Sees to it that there is a segment to go on to, and that the disk keeps what is written: to be called each second.
    /// It takes as long as the disk does.
    pub fn tend(&self) -> io::Result<()> {
        let tended = self.prepare_spare().and_then(|()| self.sync());
        match &tended {
            Ok(()) => self.trouble.store(0, Ordering::Release),
            Err(error) => {
                self.note(error);
            }
        }
        tended
    }

    /// Has the disk keep what is written.
    pub fn sync(&self) -> io::Result<()> {
        for segment in self.segments() {
            // The system tells of what it could not keep once, and may have dropped it.
            segment.sync().inspect_err(|_| self.doubt())?;
        }
        if self.has_new_names.swap(false, Ordering::AcqRel) {
            let kept = File::open(&self.folder).and_then(|folder| folder.sync_all());
            kept.inspect_err(|_| self.has_new_names.store(true, Ordering::Release))?;
        }
        Ok(())
    }

    /// All segments that may hold records which are not folded, those that were left behind first.
    pub fn segments(&self) -> Vec<Arc<Segment>> {
        hold(&self.segments).clone()
    }

    /// Deletes a segment that is folded to its end, and makes sure that it does not come back. Whoever forgets its offset
    /// must have called this before.
    pub fn remove(&self, segment: &Segment) -> io::Result<()> {
        segment.remove()?;
        File::open(&self.folder)?.sync_all()?;
        hold(&self.segments).retain(|known| known.id() != segment.id());
        Ok(())
    }

    /// Leaves every segment as it is, so that each can be folded to its end and deleted. A record that comes later takes a
    /// new one.
    pub fn retire(&self) {
        for lane in &self.lanes {
            hold(lane).take().iter().for_each(|segment| segment.retire());
        }
        hold(&self.spare).take().iter().for_each(|segment| segment.retire());
    }

    /// Why records are being lost; none while they are not.
    pub fn trouble(&self) -> Option<Trouble> {
        match self.trouble.load(Ordering::Acquire) {
            0 => None,
            1 => Some(Trouble::Full),
            _ => Some(Trouble::Broken),
        }
    }

    /// How many records were lost since it was opened.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// The lane of this thread, or another one if that is taken just now.
    fn free_lane(&self) -> MutexGuard<'_, Option<Arc<Segment>>> {
        let mut own = DefaultHasher::new();
        thread::current().id().hash(&mut own);
        let count = self.lanes.len();
        let own = usize::try_from(own.finish() % count as u64).unwrap_or(0);
        for step in 0..count {
            match self.lanes[(own + step) % count].try_lock() {
                Ok(lane) => return lane,
                Err(TryLockError::Poisoned(lane)) => return lane.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        hold(&self.lanes[own])
    }

    /// The segment that was prepared, or one that is prepared now: but not while there is trouble, so that a verification
    /// does not wait for a disk that is known to be full.
    fn next_segment(&self) -> Result<Arc<Segment>, Lost> {
        let mut spare = hold(&self.spare);
        if let Some(segment) = spare.take() {
            return Ok(segment);
        }
        let prepared = match self.trouble() {
            Some(trouble) => Err(Lost(trouble)),
            None => self.prepare().map_err(|error| self.note(&error)),
        };
        prepared.inspect_err(|_| {
            self.lost.fetch_add(1, Ordering::Relaxed);
        })
    }

    fn prepare_spare(&self) -> io::Result<()> {
        if hold(&self.spare).is_some() {
            return Ok(());
        }
        // Without the lock, since it takes its time: whoever was quicker has its own.
        let prepared = self.prepare()?;
        if let Some(other) = hold(&self.spare).replace(prepared) {
            other.retire();
        }
        Ok(())
    }

    fn prepare(&self) -> io::Result<Arc<Segment>> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let id = format!("{}-{number:08}", self.opening);
        let segment = Arc::new(Segment::prepare(&self.folder, id, self.shape.records.max(1))?);
        hold(&self.segments).push(Arc::clone(&segment));
        self.has_new_names.store(true, Ordering::Release);
        Ok(segment)
    }

    fn note(&self, error: &io::Error) -> Lost {
        let trouble = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Trouble::Full,
            _ => Trouble::Broken,
        };
        self.trouble.store(if trouble == Trouble::Full { 1 } else { 2 }, Ordering::Release);
        Lost(trouble)
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => File::open(folder.parent().unwrap_or(Path::new(".")))?.sync_all(),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}
