//! Access tokens: of all texts, the one that was signed is accepted and no other; and a header is read only if it is as we
//! write it.

#![no_main]

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_engine::facts::PublicKey;
use keyward_fuzz::token::{claims, kid};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

/// The one token that the key of the tests has signed for this.
const SIGNED: &str = include_str!("signed.token");

static PUBLIC: LazyLock<PublicKey> = LazyLock::new(|| {
    let public = PublicKey { n: include_str!("modulus.base64url").to_owned(), e: "AQAB".to_owned() };
    assert_eq!(claims(SIGNED, &public).expect("the signed token is refused").azp.as_str(), "c1");
    assert_eq!(kid(SIGNED).as_deref(), Some("test"));
    public
});

fn judge(text: &str) {
    assert!(claims(text, &PUBLIC).is_none() || text == SIGNED, "another text than the signed one is accepted");
    let Some(kid) = kid(text) else { return };
    let first = text.split('.').next().unwrap_or_default();
    let decoded = URL_SAFE_NO_PAD.decode(first).expect("a header that is no base64url");
    assert_eq!(URL_SAFE_NO_PAD.encode(&decoded), first, "one header is written in two ways");
    let header: Value = serde_json::from_slice(&decoded).expect("a header that is no JSON");
    let written = json!({"typ": "JWT", "alg": "RS256", "kid": kid});
    assert_eq!(header, written, "a header with something else in it");
}

fuzz_target!(|bytes: &[u8]| {
    // As what stands in a header, whose encoding chance seldom finds.
    judge(&URL_SAFE_NO_PAD.encode(bytes));
    // As a token by itself.
    if let Ok(text) = std::str::from_utf8(bytes) {
        judge(text);
        let header = json!({"typ": "JWT", "alg": "RS256", "kid": text}).to_string();
        assert_eq!(kid(&URL_SAFE_NO_PAD.encode(header)).as_deref(), Some(text), "a header as we write it is refused");
    }
    // As a change to the one that is signed: where, how much of it goes, and what comes there.
    if let Some(([low, high, gone], rest)) = bytes.split_first_chunk::<3>() {
        let from = usize::from(u16::from_le_bytes([*low, *high])) % SIGNED.len();
        let until = (from + usize::from(*gone)).min(SIGNED.len());
        let changed = [&SIGNED.as_bytes()[..from], rest, &SIGNED.as_bytes()[until..]].concat();
        if let Ok(text) = std::str::from_utf8(&changed) {
            judge(text);
        }
    }
});
