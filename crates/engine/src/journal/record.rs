//! One verification as it stands in a segment.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;

use keyward_core::{OutcomeCode, Selector, Timestamp};

use crate::payment::Payment;

/// Bytes of a record. A sector holds a whole number of them, so that none lies across two.
pub const RECORD_BYTES: usize = 64;

/// The layout that is written.
const LAYOUT: u8 = 1;

/// One verification of a known key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// The public part of the secret that was presented.
    pub selector: Selector,
    /// When.
    pub at: Timestamp,
    /// What it came to.
    pub outcome: OutcomeCode,
    /// What it cost.
    pub cost: u32,
    /// Where the key was used from, if that was told.
    pub address: Option<IpAddr>,
    /// What was paid of the key's own credits, and of its owner's.
    pub payments: [Option<Payment>; 2],
}

/// What stands in the place of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A record.
    Record(Record),
    /// Nothing was written there.
    Nothing,
    /// Something else than was written: a write that was cut, or of which a part was lost.
    Torn,
}

// check 0..4, layout 4, outcome 5, kind of address 6, cost 8..12, selector 12..24, instant 24..32, address 32..48, the
// purses and the units of payments 48..64. The rest is zero.
impl Record {
    /// The bytes that stand at a place of a segment. The check covers the place too, so that no other record passes there.
    pub(crate) fn to_bytes(self, segment: &str, offset: u64) -> [u8; RECORD_BYTES] {
        let mut bytes = [0; RECORD_BYTES];
        bytes[4] = LAYOUT;
        bytes[5] = self.outcome.number();
        bytes[8..12].copy_from_slice(&self.cost.to_le_bytes());
        bytes[12..24].copy_from_slice(self.selector.as_str().as_bytes());
        bytes[24..32].copy_from_slice(&self.at.as_micros().to_le_bytes());
        match self.address {
            None => {}
            Some(IpAddr::V4(address)) => {
                bytes[6] = 4;
                bytes[32..36].copy_from_slice(&address.octets());
            }
            Some(IpAddr::V6(address)) => {
                bytes[6] = 6;
                bytes[32..48].copy_from_slice(&address.octets());
            }
        }
        for (place, payment) in bytes[48..64].as_chunks_mut::<8>().0.iter_mut().zip(self.payments) {
            let numbers = payment.map_or([0, 0], |payment| [payment.purse.get(), payment.units.get()]);
            place[..4].copy_from_slice(&numbers[0].to_le_bytes());
            place[4..].copy_from_slice(&numbers[1].to_le_bytes());
        }
        let check = check_of(&bytes, segment, offset);
        bytes[..4].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    /// Reads what stands at a place of a segment.
    pub(crate) fn find(bytes: &[u8; RECORD_BYTES], segment: &str, offset: u64) -> Found {
        if bytes.iter().all(|byte| *byte == 0) {
            return Found::Nothing;
        }
        let is_whole = check_of(bytes, segment, offset).to_le_bytes() == bytes[..4];
        match Self::read(bytes) {
            Some(record) if is_whole => Found::Record(record),
            _ => Found::Torn,
        }
    }

    fn read(bytes: &[u8; RECORD_BYTES]) -> Option<Self> {
        let address = match bytes[6] {
            0 => None,
            4 => Some(IpAddr::V4(Ipv4Addr::from(array::<4>(&bytes[32..36])?))),
            6 => Some(IpAddr::V6(Ipv6Addr::from(array::<16>(&bytes[32..48])?))),
            _ => return None,
        };
        let outcome = OutcomeCode::from_number(bytes[5]).filter(|_| bytes[4] == LAYOUT)?;
        Some(Self {
            selector: Selector::parse(std::str::from_utf8(&bytes[12..24]).ok()?)?,
            at: Timestamp::from_micros(i64::from_le_bytes(array(&bytes[24..32])?)),
            outcome,
            cost: u32::from_le_bytes(array(&bytes[8..12])?),
            address,
            payments: [read_payment(&bytes[48..56])?, read_payment(&bytes[56..64])?],
        })
    }
}

/// None if it is none; within, none if nothing was paid.
fn read_payment(bytes: &[u8]) -> Option<Option<Payment>> {
    let number = |bytes: &[u8]| Some(NonZeroU32::new(u32::from_le_bytes(array(bytes)?)));
    match (number(&bytes[..4])?, number(&bytes[4..])?) {
        (Some(purse), Some(units)) => Some(Some(Payment { purse, units })),
        (None, None) => Some(None),
        _ => None,
    }
}

fn array<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

fn check_of(bytes: &[u8; RECORD_BYTES], segment: &str, offset: u64) -> u32 {
    let mut check = crc32fast::Hasher::new();
    check.update(segment.as_bytes());
    check.update(&offset.to_le_bytes());
    check.update(&bytes[4..]);
    check.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payment(purse: u32, units: u32) -> Payment {
        Payment { purse: NonZeroU32::new(purse).unwrap(), units: NonZeroU32::new(units).unwrap() }
    }

    fn record(address: Option<&str>) -> Record {
        Record {
            selector: Selector::parse("abcdefABCDEF").unwrap(),
            at: Timestamp::from_micros(1_800_000_000_123_456),
            outcome: OutcomeCode::Expired,
            cost: 70_000,
            address: address.map(|text| text.parse().unwrap()),
            payments: [None, Some(payment(3, 70_000))],
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written_in_its_place_and_in_no_other() {
        for address in [None, Some("203.0.113.7"), Some("2001:db8::1"), Some("0.0.0.0"), Some("::")] {
            let bytes = record(address).to_bytes("a", 128);
            assert_eq!(Record::find(&bytes, "a", 128), Found::Record(record(address)));
            assert_eq!(Record::find(&bytes, "b", 128), Found::Torn);
            assert_eq!(Record::find(&bytes, "a", 64), Found::Torn);
        }
    }

    #[test]
    fn payments_are_read_as_they_were_written_and_half_ones_are_none() {
        for payments in
            [[None, None], [Some(payment(1, 2)), None], [Some(payment(u32::MAX, u32::MAX)), Some(payment(7, 1))]]
        {
            let written = Record { payments, ..record(None) };
            assert_eq!(Record::find(&written.to_bytes("a", 0), "a", 0), Found::Record(written));
        }
        assert_eq!(read_payment(&[1, 0, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(read_payment(&[0, 0, 0, 0, 0, 0, 0, 1]), None);
    }

    #[test]
    fn zeros_are_nothing_and_every_changed_or_missing_byte_is_torn() {
        assert_eq!(Record::find(&[0; RECORD_BYTES], "a", 0), Found::Nothing);
        let payments = [Some(payment(7, 1)), Some(payment(u32::MAX, u32::MAX))];
        let whole = Record { payments, ..record(Some("2001:db8::1")) }.to_bytes("a", 0);
        for at in 0..RECORD_BYTES {
            let mut changed = whole;
            changed[at] ^= 1;
            assert_eq!(Record::find(&changed, "a", 0), Found::Torn, "byte {at}");
        }
        for length in 1..RECORD_BYTES {
            let mut cut = [0; RECORD_BYTES];
            cut[..length].copy_from_slice(&whole[..length]);
            assert_eq!(Record::find(&cut, "a", 0), Found::Torn, "{length} bytes");
        }
    }
}
