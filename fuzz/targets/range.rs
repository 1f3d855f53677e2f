//! Address ranges of keys: canonical, and with the addresses that a second reading of the text says.

#![no_main]

use std::net::IpAddr;

use keyward_core::bounds::cidr;
use libfuzzer_sys::fuzz_target;

/// The address as bits, in the highest places, and how many there are.
fn bits(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)) << 96, 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    }
}

/// The first bits of both, so many.
fn begin_alike(one: u128, other: u128, length: u32) -> bool {
    length == 0 || (one ^ other) >> (128 - length) == 0
}

fuzz_target!(|bytes: &[u8]| {
    let Some((probe, text)) = bytes.split_first_chunk::<16>() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let address = address.parse::<IpAddr>().ok();
    let all = address.map(|address| bits(address).1);
    let length = match length {
        None => all,
        Some(length) => {
            // Digits, no sign; a zero in front is one way too many to write it.
            let is_plain =
                length.bytes().all(|byte| byte.is_ascii_digit()) && (length == "0" || !length.starts_with('0'));
            length.parse::<u32>().ok().filter(|length| is_plain && all.is_some_and(|all| *length <= all))
        }
    };
    let read = cidr(text);
    assert_eq!(read.is_ok(), address.is_some() && length.is_some(), "{text:?} is read as {read:?}");
    let (Ok(range), Some(address), Some(length)) = (read, address, length) else { return };
    // IPv4 that is written as IPv6 is meant as what it is.
    let (address, length) = match (address, length.checked_sub(96)) {
        (IpAddr::V6(wide), Some(rest)) => {
            wide.to_ipv4_mapped().map_or((address, length), |narrow| (narrow.into(), rest))
        }
        _ => (address, length),
    };
    assert_eq!(cidr(&range.to_string()).ok(), Some(range), "what is written is not read as itself");
    assert_eq!(range.trunc(), range, "bits beyond the length are kept");
    let (begin, all) = bits(address);
    assert!(range.contains(&address) && u32::from(range.prefix_len()) == length);
    // Near its begin and its end, and anywhere.
    let random = u128::from_be_bytes(*probe);
    let flipped = [0, 1, length.saturating_sub(1), length, all - 1]
        .map(|at| begin ^ (1_u128 << 127).checked_shr(at).unwrap_or(0));
    for other in flipped.into_iter().chain([random, begin]) {
        let other = if all == 32 { other >> 96 << 96 } else { other };
        let asked = match address {
            IpAddr::V4(_) => IpAddr::from(u32::try_from(other >> 96).unwrap().to_be_bytes()),
            IpAddr::V6(_) => IpAddr::from(other.to_be_bytes()),
        };
        assert_eq!(range.contains(&asked), begin_alike(begin, other, length), "{asked} and {range}");
    }
});
