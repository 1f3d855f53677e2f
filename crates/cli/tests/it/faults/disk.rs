//! The disk of `disk.c`, held from outside: when its power goes, what it fails with, and what it has kept.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::dice::Dice;

/// What is written, or not, at once.
const SECTOR: usize = 512;

/// A word of the control, in the order of `struct control` in `disk.c`.
#[derive(Clone, Copy)]
enum Word {
    Calls,
    CutAt,
    Matching,
    Sites,
    FailFrom,
    FailLast,
    Error,
    Failed,
    Seen,
    Growing,
}

const WORDS: usize = 10;

/// What a call is made on.
#[derive(Clone, Copy)]
pub(crate) enum On {
    Database,
}

/// What a call does.
#[derive(Clone, Copy)]
pub(crate) enum Does {
    Write,
    Truncate,
    Sync,
    Create,
}

/// Which calls may fail, a bit each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sites(u64);

impl Sites {
    pub(crate) const ALL: Self = Self(u64::MAX);

    /// Calls of these kinds, on every file.
    pub(crate) fn that(kinds: &[Does]) -> Self {
        Self((0..6).map(|file| kinds.iter().map(|does| 1 << (file * 8 + *does as u64)).sum::<u64>()).sum())
    }

    /// Calls of one kind, on one file.
    pub(crate) fn one(on: On, does: Does) -> Self {
        Self(1 << (on as u64 * 8 + does as u64))
    }

    /// Those that need room.
    pub(crate) fn that_need_room() -> Self {
        Self::that(&[Does::Write, Does::Truncate, Does::Create])
    }
}

/// What a call fails with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// EIO.
    Broken = 5,
    /// ENOSPC.
    Full = 28,
}

/// How much of what was not synced is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// All of it.
    Everything,
    /// Of each file all or nothing: so the disk has written later things and not earlier ones.
    Files,
    /// Any sector, one by one.
    Sectors,
}

impl Loss {
    pub(crate) fn any(dice: &mut Dice) -> Self {
        [Self::Everything, Self::Files, Self::Sectors][dice.below(3) as usize]
    }
}

/// A disk under the server of one shop.
pub(crate) struct Disk {
    library: PathBuf,
    home: TempDir,
    control: File,
    /// How often the machine was started.
    boots: Cell<u32>,
    boots_look_alike: bool,
}

impl Disk {
    /// Builds it.
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/faults/disk.c");
        let library = home.path().join("disk.so");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O2", "-pthread", "-o"]).args([&library, &source]);
        let built = compiler.output().unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let control = home.path().join("control");
        fs::write(&control, [0; WORDS * 8]).unwrap();
        let control = OpenOptions::new().read(true).write(true).open(control).unwrap();
        let disk = Self { library, home, control, boots: Cell::new(0), boots_look_alike: false };
        disk.boot();
        disk
    }

    /// Under a machine that does not tell one start of it from another: a mistake, for controls.
    pub(crate) fn whose_boots_look_alike(self) -> Self {
        Self { boots_look_alike: true, ..self }
    }

    /// Starts the machine.
    fn boot(&self) {
        if !self.boots_look_alike {
            self.boots.set(self.boots.get() + 1);
        }
        fs::write(self.home.path().join("boot"), format!("boot-{}\n", self.boots.get())).unwrap();
    }

    /// What puts it under a server whose files are in the folder.
    pub(crate) fn under(&self, folder: &Path) -> Vec<(&'static str, String)> {
        let folder = folder.canonicalize().unwrap();
        let home = self.home.path();
        let paths = [
            ("LD_PRELOAD", self.library.clone()),
            ("DISK_FOLDER", folder),
            ("DISK_SYNCED", home.join("synced")),
            ("DISK_CONTROL", home.join("control")),
            ("DISK_BOOT", home.join("boot")),
        ];
        paths.into_iter().map(|(name, path)| (name, path.display().to_string())).collect()
    }

    /// Makes it ready for the next start: all that is there is synced, and nothing fails.
    pub(crate) fn renew(&self) {
        let synced = self.synced();
        if synced.exists() {
            fs::remove_dir_all(&synced).unwrap();
        }
        fs::create_dir(synced).unwrap();
        self.control.write_all_at(&[0; WORDS * 8], 0).unwrap();
    }

    /// Lets the power go at that call from now on.
    pub(crate) fn cut_after(&self, calls: u64) {
        self.set(Word::CutAt, self.get(Word::Calls) + calls);
    }

    /// Whether the power has gone. If it has not, it stays.
    pub(crate) fn was_cut(&self) -> bool {
        let at = self.get(Word::CutAt);
        self.set(Word::CutAt, 0);
        at != 0 && self.get(Word::Calls) >= at
    }

    /// Lets calls fail: of those on the sites the `from`th from now on, counted from 1, to the `last`.
    pub(crate) fn fail(&self, failure: Failure, sites: Sites, from: u64, last: u64) {
        self.heal();
        self.set(Word::Error, failure as u64);
        self.set(Word::FailLast, last);
        self.set(Word::FailFrom, from);
        self.set(Word::Sites, sites.0);
    }

    /// Has no room: what needs more fails, what is there may be written over.
    pub(crate) fn fill(&self) {
        self.fail(Failure::Full, Sites::that_need_room(), 1, u64::MAX);
        self.set(Word::Growing, 1);
    }

    /// Ends all failing, and answers how many calls have failed.
    pub(crate) fn heal(&self) -> u64 {
        let failed = self.get(Word::Failed);
        for word in [Word::Sites, Word::FailFrom, Word::Failed, Word::Growing, Word::Matching] {
            self.set(word, 0);
        }
        failed
    }

    /// How many calls there were.
    pub(crate) fn calls(&self) -> u64 {
        self.get(Word::Calls)
    }

    /// How many kinds of calls were met.
    pub(crate) fn kinds_seen(&self) -> u32 {
        self.get(Word::Seen).count_ones()
    }

    /// Sets the files of a server that has died to what a power cut would leave; answers how many sectors were lost.
    pub(crate) fn lose_power(&self, folder: &Path, loss: Loss, dice: &mut Dice) -> usize {
        self.boot();
        let mut left = Left { synced: self.synced(), loss, dice, lost: 0, live: BTreeMap::new() };
        left.look(folder);
        let mut kept = Vec::new();
        left.keep_folder(inode(folder), Path::new(""), &mut kept);
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
        }
        for (path, bytes) in kept {
            let path = folder.join(path);
            match bytes {
                None => DirBuilder::new().mode(0o700).create(path).unwrap(),
                Some(bytes) => {
                    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
                    file.unwrap().write_all(&bytes).unwrap();
                }
            }
        }
        left.lost
    }

    fn synced(&self) -> PathBuf {
        self.home.path().join("synced")
    }

    fn get(&self, word: Word) -> u64 {
        let mut bytes = [0; 8];
        self.control.read_exact_at(&mut bytes, word as u64 * 8).unwrap();
        u64::from_ne_bytes(bytes)
    }

    fn set(&self, word: Word, value: u64) {
        self.control.write_all_at(&value.to_ne_bytes(), word as u64 * 8).unwrap();
    }
}

/// What is left after a power cut, while it is found out.
struct Left<'a> {
    synced: PathBuf,
    loss: Loss,
    dice: &'a mut Dice,
    lost: usize,
    /// What was there in the moment of the cut, by inode.
    live: BTreeMap<u64, Live>,
}

enum Live {
    Folder(Vec<(u64, String)>),
    File(Vec<u8>),
}

impl Left<'_> {
    fn look(&mut self, folder: &Path) {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            names.push((inode(&path), path.file_name().unwrap().to_str().unwrap().to_owned()));
            if path.is_dir() {
                self.look(&path);
            } else {
                self.live.insert(inode(&path), Live::File(fs::read(&path).unwrap()));
            }
        }
        self.live.insert(inode(folder), Live::Folder(names));
    }

    /// Notes what is kept of a folder. Its names are changed in a transaction of the file system: the names of the last
    /// sync, or those of the end.
    fn keep_folder(&mut self, folder: u64, path: &Path, kept: &mut Vec<(PathBuf, Option<Vec<u8>>)>) {
        let synced = fs::read_to_string(self.synced.join(format!("{folder}.names"))).unwrap_or_default();
        let synced = synced.lines().map(|line| {
            let (inode, name) = line.split_once(' ').unwrap();
            (inode.parse().unwrap(), name.to_owned())
        });
        let names = match self.live.get(&folder) {
            Some(Live::Folder(names)) if self.loss != Loss::Everything && self.dice.once_in(2) => names.clone(),
            _ => synced.collect(),
        };
        for (inode, name) in names {
            let path = path.join(name);
            let is_folder = self.synced.join(format!("{inode}.names")).exists()
                || matches!(self.live.get(&inode), Some(Live::Folder(_)));
            if is_folder {
                kept.push((path.clone(), None));
                self.keep_folder(inode, &path, kept);
            } else {
                let bytes = self.keep_file(inode);
                kept.push((path, Some(bytes)));
            }
        }
    }

    fn keep_file(&mut self, inode: u64) -> Vec<u8> {
        let synced = fs::read(self.synced.join(format!("{inode}.bytes"))).unwrap_or_default();
        let Some(Live::File(live)) = self.live.get(&inode) else { return synced };
        let length = synced.len().max(live.len());
        let differs = |at: &usize| synced.get(*at..length.min(at + SECTOR)) != live.get(*at..length.min(at + SECTOR));
        let unsynced: Vec<usize> = (0..length).step_by(SECTOR).filter(differs).collect();
        let keeps_file = self.dice.once_in(2);
        let mut kept = synced.clone();
        for at in unsynced {
            let is_kept = match self.loss {
                Loss::Everything => false,
                Loss::Files => keeps_file,
                Loss::Sectors => self.dice.once_in(2),
            };
            if !is_kept {
                self.lost += 1;
                continue;
            }
            let end = live.len().min(at + SECTOR);
            // A sector that was kept beyond the old end has made the file longer, with zeros where others are lost.
            kept.resize(kept.len().max(end), 0);
            if at < end {
                kept[at..end].copy_from_slice(&live[at..end]);
            }
        }
        if self.loss == Loss::Files && keeps_file { live.clone() } else { kept }
    }
}

fn inode(path: &Path) -> u64 {
    fs::symlink_metadata(path).unwrap().ino()
}
