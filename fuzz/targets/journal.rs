//! A segment of the journal that was left behind with whatever in it: it opens, or says why not; and of its records those
//! are read that are whole, by a second reading of the layout.

#![no_main]

use std::fs;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::LazyLock;

use keyward_core::{OutcomeCode, Selector, Timestamp};
use keyward_engine::Payment;
use keyward_engine::journal::{Journal, Portion, Record, Shape};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory).unwrap() } else { TempDir::new().unwrap() }
});

const ID: &str = "left";
const SHAPE: Shape = Shape { lanes: 1, records: 4 };

/// CRC-32 as it is defined (ISO 3309), bit by bit: of the segment's id, the place, and the record behind its check.
fn check_of(place: &[u8], offset: u64) -> [u8; 4] {
    let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
    let bytes = [ID.as_bytes(), &offset.to_le_bytes(), &place[4..]].concat();
    let crc = !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step));
    crc.to_le_bytes()
}

/// Both numbers of a payment, or neither.
fn is_payment(bytes: &[u8]) -> bool {
    (bytes[..4] == [0; 4]) == (bytes[4..] == [0; 4])
}

/// What a file of these bytes holds: how many are records, and how many places hold something else.
fn count(bytes: &[u8]) -> (usize, u64) {
    let (mut whole, mut torn) = (0, 0);
    for (at, place) in bytes.chunks_exact(64).enumerate() {
        let is_record = place[4] == 1
            && OutcomeCode::from_number(place[5]).is_some()
            && [0, 4, 6].contains(&place[6])
            && place[12..24].iter().all(u8::is_ascii_alphanumeric)
            && is_payment(&place[48..56])
            && is_payment(&place[56..64])
            && place[..4] == check_of(place, at as u64 * 64);
        whole += usize::from(is_record);
        torn += u64::from(!is_record && place.iter().any(|byte| *byte != 0));
    }
    (whole, torn)
}

fn read(bytes: &[u8]) -> Portion {
    let file = FOLDER.path().join(format!("{ID}.segment"));
    fs::write(&file, bytes).unwrap();
    let journal = Journal::open(FOLDER.path(), SHAPE, None, &mut |bytes| bytes.fill(7)).unwrap();
    let segments = journal.segments();
    let [segment] = &segments[..] else { panic!("one segment, and not {}", segments.len()) };
    assert!(segment.is_retired() && segment.end() <= bytes.len() as u64);
    let all = segment.read(0, u64::MAX).unwrap();
    assert_eq!(all.next, segment.end());
    // In portions of two, and from between two places on, it is the same.
    let mut from = 0;
    let mut again = Portion::default();
    while from < segment.end() {
        let portion = segment.read(from.saturating_sub(from % 3), 2).unwrap();
        assert!(portion.next > from, "it does not go on");
        again.records.extend(portion.records);
        again.torn += portion.torn;
        from = portion.next;
    }
    assert_eq!((&again.records, again.torn), (&all.records, all.torn), "portions hold something else than the whole");
    journal.remove(segment).unwrap();
    all
}

fn agrees(bytes: &[u8]) -> Portion {
    let portion = read(bytes);
    assert_eq!((portion.records.len(), portion.torn), count(bytes), "the reader and the layout differ");
    portion
}

fuzz_target!(|bytes: &[u8]| {
    if bytes.len() > 4096 {
        return;
    }
    agrees(bytes);
    // With checks that are right, which chance never finds.
    let mut checked = bytes.to_vec();
    for (at, place) in checked.chunks_exact_mut(64).enumerate() {
        let check = check_of(place, at as u64 * 64);
        place[..4].copy_from_slice(&check);
    }
    let read = agrees(&checked).records;
    // One byte beside what is right.
    if let Some(at) = bytes.first().map(|first| usize::from(*first) % checked.len()) {
        let mut wrong = checked.clone();
        wrong[at] ^= bytes[bytes.len() - 1].max(1);
        agrees(&wrong);
    }
    // What was read is written, and read as the same.
    let journal = Journal::open(FOLDER.path(), SHAPE, None, &mut |bytes| bytes.fill(8)).unwrap();
    let sound = Record {
        selector: Selector::parse("abcdefABCDEF").unwrap(),
        at: Timestamp::from_seconds(1),
        outcome: OutcomeCode::Verified,
        cost: 1,
        address: None,
        payments: [None, Some(Payment { purse: NonZeroU32::MIN, units: NonZeroU32::MAX })],
    };
    let written: Vec<Record> = read.into_iter().chain([sound]).collect();
    written.iter().for_each(|record| journal.append(record).unwrap());
    let segments = journal.segments();
    let found = segments.iter().flat_map(|segment| segment.read(0, u64::MAX).unwrap().records);
    assert_eq!(found.collect::<Vec<_>>(), written, "what is written is not read as itself");
    segments.iter().for_each(|segment| journal.remove(segment).unwrap());
});
