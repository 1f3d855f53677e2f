//! A segment: a file of places for records, which one lane fills from its beginning to its end.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use crate::journal::record::{Found, RECORD_BYTES, Record};
use crate::sync::{AtomicBool, AtomicU64};

/// What the names of segments end with.
const ENDING: &str = ".segment";
const STEP: u64 = RECORD_BYTES as u64;

/// A file of places for records. It is locked for as long as this lives, so that no other process takes it for one that
/// was left behind.
#[derive(Debug)]
pub struct Segment {
    id: String,
    path: PathBuf,
    file: File,
    /// Bytes that it has room for.
    capacity: u64,
    /// Up to where it is written and may be read, in bytes. Moved when a record is whole, and not before.
    end: AtomicU64,
    /// Whether nothing will be written to it any more.
    is_retired: AtomicBool,
    has_unsynced: AtomicBool,
}

/// Some of the records of a segment.
#[derive(Debug, Default)]
pub struct Portion {
    /// The records, in the order in which they were written.
    pub records: Vec<Record>,
    /// Where the next ones begin.
    pub next: u64,
    /// Places where something stands that is no record.
    pub torn: u64,
}

impl Segment {
    /// Makes one with room for so many records, and fills it with zeros: so what there is no room for shows here.
    pub(super) fn prepare(folder: &Path, id: String, records: u64) -> io::Result<Self> {
        let path = folder.join(format!("{id}{ENDING}"));
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        let capacity = records.saturating_mul(STEP);
        let filled = file.try_lock().map_err(io::Error::from).and_then(|()| {
            let zeros = vec![0; usize::try_from(capacity).unwrap_or(usize::MAX)];
            file.write_all_at(&zeros, 0)
        });
        if let Err(error) = filled {
            // What is left of it holds no record, and the next opening finds that out.
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        let (end, is_retired) = (AtomicU64::new(0), AtomicBool::new(false));
        Ok(Self { id, path, file, capacity, end, is_retired, has_unsynced: AtomicBool::new(true) })
    }

    /// Opens one that was left behind; none if a process that lives writes to it. However it was cut off, what is whole in
    /// it can be read.
    pub(super) fn open_left(path: &Path) -> io::Result<Option<Self>> {
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(id) = name.and_then(|name| name.strip_suffix(ENDING)) else { return Ok(None) };
        let file = File::open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let capacity = file.metadata()?.len() / STEP * STEP;
        Ok(Some(Self {
            id: id.to_owned(),
            path: path.to_owned(),
            file,
            capacity,
            end: AtomicU64::new(capacity),
            is_retired: AtomicBool::new(true),
            has_unsynced: AtomicBool::new(false),
        }))
    }

    /// Its id, which no other segment ever has.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Up to where it may be read, in bytes.
    pub fn end(&self) -> u64 {
        self.end.load(Ordering::Acquire)
    }

    /// Whether nothing will be written to it any more.
    pub fn is_retired(&self) -> bool {
        self.is_retired.load(Ordering::Acquire)
    }

    pub(super) fn has_room(&self) -> bool {
        self.end() < self.capacity
    }

    pub(super) fn retire(&self) {
        self.is_retired.store(true, Ordering::Release);
    }

    /// Writes a record to the next place. One caller at a time: the lane's lock is held. What fails leaves the place as if
    /// it were free.
    pub(super) fn append(&self, record: &Record) -> io::Result<()> {
        let offset = self.end.load(Ordering::Acquire);
        self.file.write_all_at(&record.to_bytes(&self.id, offset), offset)?;
        self.has_unsynced.store(true, Ordering::Release);
        self.end.store(offset + STEP, Ordering::Release);
        Ok(())
    }

    /// Reads at most so many places from an offset on. Where nothing or something torn stands, there is no record: in a
    /// segment that was left behind, its writer did not finish it.
    pub fn read(&self, offset: u64, places: u64) -> io::Result<Portion> {
        let mut next = offset.next_multiple_of(STEP);
        let until = self.end().min(next.saturating_add(places.saturating_mul(STEP)));
        let mut bytes = vec![0; usize::try_from(until.saturating_sub(next)).unwrap_or(0)];
        self.file.read_exact_at(&mut bytes, next)?;
        let mut portion = Portion::default();
        for place in bytes.as_chunks::<RECORD_BYTES>().0 {
            match Record::find(place, &self.id, next) {
                Found::Record(record) => portion.records.push(record),
                Found::Nothing => {}
                Found::Torn => portion.torn += 1,
            }
            next += STEP;
        }
        portion.next = next;
        Ok(portion)
    }

    /// Has the disk keep what is written; answers whether there was anything new.
    pub(super) fn sync(&self) -> io::Result<bool> {
        if !self.has_unsynced.swap(false, Ordering::AcqRel) {
            return Ok(false);
        }
        // What failed is tried again.
        self.file.sync_data().inspect_err(|_| self.has_unsynced.store(true, Ordering::Release))?;
        Ok(true)
    }

    pub(super) fn remove(&self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
