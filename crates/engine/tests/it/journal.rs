//! The journal: what is written is read back, whatever happened to the process and to the file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use keyward_core::{OutcomeCode, Selector, Timestamp};
use keyward_engine::journal::{Journal, Lost, RECORD_BYTES, Record, Segment, Shape, Trouble};
use proptest::prelude::*;
use tempfile::TempDir;

const SMALL: Shape = Shape { lanes: 1, records: 4 };

fn open(folder: &Path, shape: Shape, first: u8) -> Journal {
    Journal::open(folder, shape, None, &mut |bytes| bytes.fill(first)).unwrap()
}

fn record(number: u32) -> Record {
    Record {
        selector: Selector::parse("abcdefABCDEF").unwrap(),
        at: Timestamp::from_micros(1_800_000_000_000_000),
        outcome: OutcomeCode::ALL[number as usize % OutcomeCode::ALL.len()],
        cost: number,
        address: number.is_multiple_of(2).then(|| "203.0.113.7".parse().unwrap()),
        payments: [None, None],
    }
}

fn append(journal: &Journal, numbers: std::ops::Range<u32>) {
    numbers.for_each(|number| journal.append(&record(number)).unwrap());
}

fn all_of(segment: &Segment) -> Vec<u32> {
    let portion = segment.read(0, u64::MAX / 64).unwrap();
    assert_eq!(portion.torn, 0);
    portion.records.iter().map(|record| record.cost).collect()
}

fn all(journal: &Journal) -> Vec<u32> {
    journal.segments().iter().flat_map(|segment| all_of(segment)).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn what_is_written_is_read_in_its_order_from_any_place_on() {
    let folder = TempDir::new().unwrap();
    let journal = open(folder.path(), Shape { lanes: 1, records: 100 }, 1);
    append(&journal, 0..10);
    let segments = journal.segments();
    let [segment] = &segments[..] else { panic!("{segments:?}") };
    assert_eq!((segment.end(), segment.is_retired()), (640, false));
    for from in 0..=10 {
        let portion = segment.read(from * 64, 3).unwrap();
        let expected: Vec<_> = (from..10.min(from + 3)).map(|number| record(u32::try_from(number).unwrap())).collect();
        assert_eq!((portion.records, portion.next), (expected, 64 * 10.min(from + 3)));
    }
}

#[test]
fn a_segment_that_is_full_is_retired_and_the_next_one_is_taken() {
    let folder = TempDir::new().unwrap();
    let journal = open(folder.path(), SMALL, 1);
    journal.tend().unwrap();
    append(&journal, 0..9);
    let told: Vec<_> = journal
        .segments()
        .iter()
        .map(|segment| (segment.id().to_owned(), all_of(segment), segment.is_retired()))
        .collect();
    let id = |number| format!("{}-{number:08}", "01".repeat(16));
    assert_eq!(told, [(id(0), vec![0, 1, 2, 3], true), (id(1), vec![4, 5, 6, 7], true), (id(2), vec![8], false)]);
    assert!(files(folder.path()).iter().all(|file| fs::metadata(file).unwrap().len() == 4 * 64), "not prepared whole");
}

#[test]
fn what_a_process_has_left_behind_is_found_by_the_next_one_and_not_before() {
    let folder = TempDir::new().unwrap();
    let first = open(folder.path(), SMALL, 1);
    append(&first, 0..6);
    assert_eq!(open(folder.path(), SMALL, 2).segments().len(), 0, "those of a process that lives are its own");
    drop(first);
    let next = open(folder.path(), SMALL, 3);
    assert_eq!(all(&next), [0, 1, 2, 3, 4, 5]);
    assert!(next.segments().iter().all(|segment| segment.is_retired()));
    append(&next, 6..7);
    assert_eq!(next.segments().len(), 3, "nothing is written to what was left behind");
    for segment in next.segments().iter().take(2) {
        next.remove(segment).unwrap();
    }
    assert_eq!((all(&next), files(folder.path()).len()), (vec![6], 1));
    assert_eq!(next.remove(&next.segments()[0]).map_err(|error| error.kind()), Ok(()));
}

#[test]
fn a_file_that_is_cut_off_at_any_byte_opens_with_all_that_is_whole() {
    let folder = TempDir::new().unwrap();
    append(&open(folder.path(), SMALL, 1), 0..3);
    let [file] = &files(folder.path())[..] else { panic!("one segment") };
    let bytes = fs::read(file).unwrap();
    for length in 0..=bytes.len() {
        let other = TempDir::new().unwrap();
        fs::write(other.path().join(file.file_name().unwrap()), &bytes[..length]).unwrap();
        let journal = open(other.path(), SMALL, 2);
        let whole = u32::try_from((length / RECORD_BYTES).min(3)).unwrap();
        assert_eq!(all(&journal), (0..whole).collect::<Vec<_>>(), "{length} bytes");
        append(&journal, 9..10);
    }
}

#[test]
fn a_record_that_is_torn_counts_nothing_and_those_around_it_do() {
    let folder = TempDir::new().unwrap();
    append(&open(folder.path(), SMALL, 1), 0..3);
    let [file] = &files(folder.path())[..] else { panic!("one segment") };
    let bytes = fs::read(file).unwrap();
    for at in RECORD_BYTES..2 * RECORD_BYTES {
        let mut torn = bytes.clone();
        torn[at] ^= 0x40;
        fs::write(file, torn).unwrap();
        let portion = open(folder.path(), SMALL, 2).segments()[0].read(0, 100).unwrap();
        let numbers: Vec<_> = portion.records.iter().map(|record| record.cost).collect();
        assert_eq!((numbers, portion.torn), (vec![0, 2], 1), "byte {at}");
    }
    let mut lacking = bytes;
    lacking[RECORD_BYTES..2 * RECORD_BYTES].fill(0);
    fs::write(file, lacking).unwrap();
    assert_eq!(all(&open(folder.path(), SMALL, 2)), [0, 2], "a place that was reserved and never written");
}

#[test]
fn nothing_is_lost_and_nothing_twice_when_many_write() {
    let folder = TempDir::new().unwrap();
    let journal = Arc::new(open(folder.path(), Shape { lanes: 3, records: 7 }, 1));
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let journal = Arc::clone(&journal);
            scope.spawn(move || append(&journal, writer * 100..(writer + 1) * 100));
        }
    });
    let mut found = all(&journal);
    found.sort_unstable();
    assert_eq!(found, (0..800).collect::<Vec<_>>());
    assert_eq!((journal.lost(), journal.trouble()), (0, None));
}

#[test]
fn what_cannot_be_written_is_told_and_goes_on_when_it_can_be() {
    let folder = TempDir::new().unwrap();
    let inside = folder.path().join("journal");
    let journal = open(&inside, SMALL, 1);
    fs::remove_dir(&inside).unwrap();
    for lost in 1..=2 {
        assert_eq!(journal.append(&record(1)), Err(Lost(Trouble::Broken)));
        assert_eq!((journal.lost(), journal.trouble()), (lost, Some(Trouble::Broken)));
    }
    assert!(journal.tend().is_err());
    fs::create_dir(&inside).unwrap();
    assert_eq!(journal.append(&record(1)), Err(Lost(Trouble::Broken)), "nobody waits for a disk that is in trouble");
    journal.tend().unwrap();
    append(&journal, 5..6);
    assert_eq!((journal.lost(), journal.trouble(), all(&journal)), (3, None, vec![5]));
}

#[test]
fn an_ended_journal_has_nothing_open_and_takes_more_all_the_same() {
    let folder = TempDir::new().unwrap();
    let journal = open(folder.path(), SMALL, 1);
    append(&journal, 0..2);
    journal.tend().unwrap();
    journal.retire();
    assert!(journal.segments().iter().all(|segment| segment.is_retired()));
    append(&journal, 2..3);
    assert_eq!(all(&journal), [0, 1, 2]);
    assert_eq!(journal.segments().iter().filter(|segment| !segment.is_retired()).count(), 1);
}

#[derive(Clone, Debug)]
enum Step {
    Append(u32),
    Fold { places: u64 },
    Tend,
    Retire,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (1..6_u32).prop_map(Step::Append),
        3 => (1..5_u64).prop_map(|places| Step::Fold { places }),
        1 => Just(Step::Tend),
        1 => Just(Step::Retire),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    /// Against a plain list: whoever remembers positions, and forgets a segment when it is gone, counts each record once.
    #[test]
    fn each_record_is_folded_once_whatever_comes_between(steps in prop::collection::vec(step(), 1..60)) {
        let folder = TempDir::new().unwrap();
        let mut openings = 1;
        let mut journal = open(folder.path(), SMALL, openings);
        let (mut written, mut folded) = (0, Vec::new());
        let mut positions: BTreeMap<String, u64> = BTreeMap::new();
        let mut fold = |journal: &Journal, folded: &mut Vec<u32>, places: u64| {
            for segment in journal.segments() {
                let is_retired = segment.is_retired();
                let position = positions.entry(segment.id().to_owned()).or_default();
                let portion = segment.read(*position, places).unwrap();
                folded.extend(portion.records.iter().map(|record| record.cost));
                *position = portion.next;
                if is_retired && portion.next >= segment.end() {
                    journal.remove(&segment).unwrap();
                    positions.remove(segment.id());
                }
            }
        };
        for step in steps {
            match step {
                Step::Append(count) => {
                    append(&journal, written..written + count);
                    written += count;
                }
                Step::Fold { places } => fold(&journal, &mut folded, places),
                Step::Tend => journal.tend().unwrap(),
                Step::Retire => journal.retire(),
                Step::Restart => {
                    drop(journal);
                    openings += 1;
                    journal = open(folder.path(), SMALL, openings);
                }
            }
        }
        journal.retire();
        fold(&journal, &mut folded, 1000);
        folded.sort_unstable();
        prop_assert_eq!(folded, (0..written).collect::<Vec<_>>());
        prop_assert_eq!(files(folder.path()).len(), 0);
    }
}

fn open_on(folder: &Path, boot: Option<&str>, first: u8) -> Journal {
    Journal::open(folder, SMALL, boot.map(str::to_owned), &mut |bytes| bytes.fill(first)).unwrap()
}

fn left(journal: &Journal) -> Vec<(String, bool)> {
    journal.left_behind().into_iter().map(|ended| (ended.id, ended.is_whole)).collect()
}

#[test]
fn an_opening_is_whole_if_it_is_found_in_the_same_boot_and_all_of_it_is_folded() {
    for (boot, is_whole) in [(Some("one"), true), (Some("another"), false), (None, false)] {
        let folder = TempDir::new().unwrap();
        let first = open_on(folder.path(), Some("one"), 1);
        first.vouch().unwrap();
        first.vouch().unwrap();
        append(&first, 0..1);
        let id = first.opening().to_owned();
        assert_eq!((left(&first), first.own().is_whole), (vec![], true), "it has not ended");
        let beside = open_on(folder.path(), boot, 2);
        assert_eq!((left(&beside), beside.segments().len()), (vec![], 0), "its process lives");
        drop(first);
        let next = open_on(folder.path(), boot, 3);
        assert_eq!(left(&next), [], "there is something to fold");
        let segments = next.segments();
        assert!(segments.iter().all(|segment| Journal::opening_of(segment.id()) == id));
        segments.iter().for_each(|segment| next.remove(segment).unwrap());
        assert_eq!(left(&next), [(id.clone(), is_whole)], "{boot:?}");
        next.forget(&id).unwrap();
        assert_eq!((left(&next), files(folder.path()).len()), (vec![], 0));
        next.forget(&id).unwrap();
    }
}

#[test]
fn an_opening_that_wrote_nothing_down_is_found_too_and_one_that_took_nothing_is_not() {
    let folder = TempDir::new().unwrap();
    let first = open_on(folder.path(), Some("one"), 1);
    first.vouch().unwrap();
    open_on(folder.path(), None, 2).vouch().unwrap();
    open_on(folder.path(), Some("one"), 3);
    let id = first.opening().to_owned();
    drop(first);
    assert_eq!(left(&open_on(folder.path(), Some("one"), 4)), [(id, true)]);
}

#[test]
fn what_stands_in_the_file_of_an_opening_is_believed_only_if_it_is_this_boot() {
    for bytes in [&b""[..], b"on", b"one\n", b"\xff\xfe", &[b'o'; 4_096]] {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("0123.opening"), bytes).unwrap();
        assert_eq!(left(&open_on(folder.path(), Some("one"), 1)), [("0123".to_owned(), false)], "{bytes:?}");
    }
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("0123.opening"), "").unwrap();
    assert_eq!(left(&open_on(folder.path(), Some(""), 1)), [("0123".to_owned(), false)], "no boot is no boot");
}

#[test]
fn whoever_finds_an_opening_first_folds_all_of_it() {
    let folder = TempDir::new().unwrap();
    let first = open_on(folder.path(), Some("one"), 1);
    first.vouch().unwrap();
    append(&first, 0..1);
    drop(first);
    let (second, third) = (open_on(folder.path(), Some("one"), 2), open_on(folder.path(), Some("one"), 3));
    assert_eq!((second.segments().len(), third.segments().len()), (1, 0));
    second.segments().iter().for_each(|segment| second.remove(segment).unwrap());
    assert_eq!((left(&second).len(), left(&third).len()), (1, 0));
}
