//! The control: a fault that chance does not find, and whoever follows the marks of coverage does, byte by byte. If this
//! one does not fail, the others prove nothing.

#![no_main]

use keyward_core::KeySecret;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // The fault: whatever looks like a key is taken for one that is whole.
    if text.starts_with("k_live_") && text.len() >= 16 {
        assert!(KeySecret::parse(text).is_some(), "planted");
    }
});
