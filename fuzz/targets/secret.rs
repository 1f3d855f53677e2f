//! Key secrets: what is read is what the format says, by a second reading of it, and nothing else is.

#![no_main]

use keyward_core::{KeyClass, KeyPrefix, KeySecret, Selector};
use libfuzzer_sys::fuzz_target;

const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// CRC-32 as it is defined (ISO 3309), bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

/// Six digits of base62, the highest first.
fn check_of(text: &[u8]) -> Vec<u8> {
    let crc = crc32(text) as usize;
    (0..6).rev().map(|place| BASE62[crc / 62_usize.pow(place) % 62]).collect()
}

/// The format, read from the front and by hand.
fn is_secret(text: &[u8]) -> bool {
    let parts: Vec<&[u8]> = text.split(|byte| *byte == b'_').collect();
    let [prefix, class, body] = parts[..] else { return false };
    let is_prefix = (1..=16).contains(&prefix.len())
        && prefix[0].is_ascii_lowercase()
        && prefix.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'));
    let is_class = [&b"live"[..], b"test", b"adm"].contains(&class);
    is_prefix
        && is_class
        && body.len() == 50
        && body.iter().all(|byte| BASE62.contains(byte))
        && body[44..] == check_of(&text[..text.len() - 6])
}

fn agrees(text: &str) {
    let read = KeySecret::parse(text);
    assert_eq!(read.is_some(), is_secret(text.as_bytes()), "the reader and the format differ");
    let Some(secret) = read else { return };
    assert_eq!(secret.plain().expose(), text, "it is read as something else");
    let parts: Vec<&str> = text.split('_').collect();
    assert_eq!((secret.class().as_str(), secret.selector().as_str()), (parts[1], &parts[2][..12]));
    assert_eq!(Selector::parse(&parts[2][..12]), Some(secret.selector()));
    let shown = format!("{secret:?}");
    assert!(!shown.contains(&parts[2][12..44]), "it prints");
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    agrees(text);
    // The same with a check that is right, which chance never finds.
    if text.len() >= 6 && text.is_ascii() {
        let unchecked = &text[..text.len() - 6];
        let check = check_of(unchecked.as_bytes());
        agrees(&format!("{unchecked}{}", String::from_utf8(check).unwrap()));
    }
    // What is made is read, whatever the bytes it is made of.
    if let Some((first, rest)) = text.split_once(' ')
        && let Ok(prefix) = KeyPrefix::parse(first)
    {
        let mut given = rest.bytes().cycle();
        let mut step = 0_u8;
        // Randomness that repeats itself for ever would be drawn for ever: a step is added.
        let mut fill = |bytes: &mut [u8]| {
            for byte in bytes {
                step = step.wrapping_add(1);
                *byte = given.next().unwrap_or_default().wrapping_add(step);
            }
        };
        let made = KeySecret::generate(&prefix, KeyClass::Test, &mut fill);
        agrees(made.plain().expose());
        assert!(KeySecret::parse(made.plain().expose()).is_some(), "what is made is not read");
    }
});
