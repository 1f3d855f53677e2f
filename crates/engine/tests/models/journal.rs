//! The journal while many append, one tends it and one folds it: each record is counted once, whoever comes first.
//!
//! The one who folds does as `actions/usage/fold.rs` of the server: it asks whether a segment is retired, reads it to its
//! end, and then removes it if it was.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use keyward_core::{OutcomeCode, Selector, Timestamp};
use keyward_engine::journal::{Journal, Record, Segment, Shape};
use shuttle::sync::atomic::{AtomicBool, Ordering};
use shuttle::thread;
use tempfile::TempDir;

use crate::{check, find_fault};

const WRITERS: u32 = 3;
const EACH: u32 = 3;

/// In memory where there is such a place: thousands of journals are made, and none must outlive anything.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory).unwrap() } else { TempDir::new().unwrap() }
}

fn record(number: u32) -> Record {
    Record {
        selector: Selector::parse("abcdefABCDEF").unwrap(),
        at: Timestamp::from_seconds(1_000),
        outcome: OutcomeCode::Verified,
        cost: number,
        address: None,
        payments: [None, None],
    }
}

/// How a segment is folded.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    RetiredFirst,
    /// The fault: whether it is retired is asked when it has been read.
    RetiredLast,
}

#[derive(Default)]
struct Fold {
    positions: HashMap<String, u64>,
    counted: Vec<u32>,
}

impl Fold {
    fn fold(&mut self, journal: &Journal, order: Order) {
        for segment in journal.segments() {
            let was_retired = segment.is_retired();
            self.read(&segment);
            let is_done = if order == Order::RetiredFirst { was_retired } else { segment.is_retired() };
            if is_done {
                journal.remove(&segment).unwrap();
                self.positions.remove(segment.id());
            }
        }
    }

    fn read(&mut self, segment: &Segment) {
        let mut from = self.positions.get(segment.id()).copied().unwrap_or(0);
        while from < segment.end() {
            let portion = segment.read(from, 2).unwrap();
            assert_eq!(portion.torn, 0, "a record was read before it was whole");
            let places = usize::try_from((portion.next - from) / 64).unwrap();
            assert_eq!(portion.records.len(), places, "a place was read before its record was there");
            self.counted.extend(portion.records.iter().map(|record| record.cost));
            from = portion.next;
        }
        self.positions.insert(segment.id().to_owned(), from);
    }
}

fn write_and_fold(order: Order, retires_meanwhile: bool) {
    let folder = folder();
    let shape = Shape { lanes: 2, records: 2 };
    let journal = Arc::new(Journal::open(folder.path(), shape, None, &mut |bytes| bytes.fill(1)).unwrap());
    let write = |writer: u32| {
        let journal = Arc::clone(&journal);
        thread::spawn(move || (0..EACH).for_each(|step| journal.append(&record(writer * EACH + step)).unwrap()))
    };
    let writers: Vec<_> = (0..WRITERS).map(write).collect();
    let is_over = Arc::new(AtomicBool::new(false));
    let tending = {
        let (journal, is_over) = (Arc::clone(&journal), Arc::clone(&is_over));
        thread::spawn(move || {
            journal.tend().unwrap();
            if retires_meanwhile {
                journal.retire();
            }
            while !is_over.load(Ordering::SeqCst) {
                journal.tend().unwrap();
                thread::yield_now();
            }
        })
    };
    let folding = {
        let (journal, is_over) = (Arc::clone(&journal), Arc::clone(&is_over));
        thread::spawn(move || {
            let mut fold = Fold::default();
            while !is_over.load(Ordering::SeqCst) {
                fold.fold(&journal, order);
                thread::yield_now();
            }
            fold
        })
    };
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    is_over.store(true, Ordering::SeqCst);
    tending.join().unwrap();
    let mut fold = folding.join().unwrap();
    // As a process stops.
    journal.retire();
    fold.fold(&journal, order);
    fold.counted.sort_unstable();
    assert_eq!(fold.counted, (0..WRITERS * EACH).collect::<Vec<_>>(), "not each record once");
    assert_eq!((journal.lost(), journal.trouble()), (0, None));
    assert!(journal.segments().is_empty() && fold.positions.is_empty(), "a segment was not folded to its end");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "a file was left behind");
}

#[test]
fn each_record_is_counted_once_whoever_writes_tends_and_folds() {
    check(|| write_and_fold(Order::RetiredFirst, false));
}

#[test]
fn each_record_is_counted_once_if_the_lanes_are_left_meanwhile() {
    check(|| write_and_fold(Order::RetiredFirst, true));
}

#[test]
fn a_fold_that_asks_too_late_whether_a_segment_is_retired_is_found() {
    find_fault("not each record once", || write_and_fold(Order::RetiredLast, false));
}
