//! What was found lately: never another value than was kept, and none that is used is lost for others that are few.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use keyward_engine::Lately;
use shuttle::sync::Mutex;
use shuttle::thread;

use crate::{check, find_fault};

/// What a memory can do, so that the control can be asked the same.
trait Memory: Send + Sync + 'static {
    fn find(&self, number: u8) -> Option<u8>;
    fn keep(&self, number: u8);
    fn count(&self) -> usize;
}

fn hash(number: u8) -> [u8; 32] {
    [number; 32]
}

impl Memory for Lately<u8> {
    fn find(&self, number: u8) -> Option<u8> {
        Self::find(self, &hash(number)).map(|value| *value)
    }

    fn keep(&self, number: u8) {
        Self::keep(self, hash(number), Arc::new(number));
    }

    fn count(&self) -> usize {
        Self::count(self)
    }
}

const LIMIT: usize = 4;
const THREADS: u8 = 3;

/// Three threads keep different values at the same time, two of them one that makes the halves change.
fn keep_at_once(memory: impl Memory) {
    let memory = Arc::new(memory);
    // Of what was kept when nobody else changed anything, something is found.
    memory.keep(100);
    let kept = Arc::new(Mutex::new(HashSet::new()));
    let spawn = |thread: u8| {
        let (memory, kept) = (Arc::clone(&memory), Arc::clone(&kept));
        thread::spawn(move || {
            let own = [2 * thread, 2 * thread + 1];
            for number in own {
                memory.keep(number);
                kept.lock().unwrap().insert(number);
            }
            for number in 0..2 * THREADS {
                let found = memory.find(number);
                assert!(found.is_none_or(|found| found == number), "another value than was kept");
            }
        })
    };
    let threads: Vec<_> = (0..THREADS).map(spawn).collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(memory.count() <= LIMIT + 2 * usize::from(THREADS), "it keeps more than it may");
    assert_eq!(memory.find(200), None, "what was never kept was found");
    // Nobody is at work any more: now it does as it does for one.
    memory.keep(101);
    assert_eq!(memory.find(101), Some(101), "what was kept just now was lost");
}

#[test]
fn nothing_is_found_that_was_not_kept_whoever_keeps_at_the_same_time() {
    check(|| keep_at_once(Lately::new(LIMIT)));
}

/// Three threads keep something when the younger half is about to be full: what they kept is there, in one half or the
/// other, since too few others came to forget it.
fn change_halves(memory: impl Memory) {
    let memory = Arc::new(memory);
    (100..105).for_each(|number| memory.keep(number));
    let keep = |number| {
        let memory = Arc::clone(&memory);
        thread::spawn(move || memory.keep(number))
    };
    let threads = [0, 1, 2].map(keep);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    for number in 0..3 {
        assert_eq!(memory.find(number), Some(number), "what was kept just now was lost");
    }
}

#[test]
fn halves_that_change_while_others_keep_lose_nothing_of_theirs() {
    check(|| change_halves(Lately::new(12)));
}

/// The same memory with a fault: it changes the halves without asking whether another has done so.
struct Hasty {
    halves: Mutex<Halves>,
    half: usize,
}

/// The younger, then the older.
type Halves = (Arc<Half>, Arc<Half>);
type Half = Mutex<HashMap<u8, u8>>;

impl Hasty {
    fn new(limit: usize) -> Self {
        Self { halves: Mutex::new((Arc::default(), Arc::default())), half: limit / 2 }
    }

    fn halves(&self) -> Halves {
        self.halves.lock().unwrap().clone()
    }
}

impl Memory for Hasty {
    fn find(&self, number: u8) -> Option<u8> {
        let (younger, older) = self.halves();
        let found = younger.lock().unwrap().get(&number).copied();
        found.or_else(|| older.lock().unwrap().get(&number).copied())
    }

    fn keep(&self, number: u8) {
        let (younger, _) = self.halves();
        younger.lock().unwrap().insert(number, number);
        if younger.lock().unwrap().len() >= self.half {
            *self.halves.lock().unwrap() = (Arc::default(), younger);
        }
    }

    fn count(&self) -> usize {
        let (younger, older) = self.halves();
        let count = younger.lock().unwrap().len();
        count + older.lock().unwrap().len()
    }
}

#[test]
fn halves_that_are_changed_without_a_look_at_what_others_did_are_found() {
    find_fault("what was kept just now was lost", || change_halves(Hasty::new(12)));
}
