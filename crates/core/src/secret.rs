//! The secret of an API key: `<prefix>_<class>_<selector:12><secret:32><check:6>`.
//!
//! The selector is public and finds the key; the secret is 32 characters of 62 (190 bits); the check is CRC-32 over
//! everything before it, so that garbage and typing errors are refused before any hash or look-up. The text never
//! prints: [`PlainSecret`] and [`SecretMac`] show their type and nothing else.

use std::fmt;

use serde::Serializer;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{Broken, Fill};

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SELECTOR_CHARS: usize = 12;
const SECRET_CHARS: usize = 32;
const CHECK_CHARS: usize = 6;
const BODY_CHARS: usize = SELECTOR_CHARS + SECRET_CHARS + CHECK_CHARS;

/// Characters in a secret that has no form of its own.
const PLAIN_CHARS: usize = 52;

/// A secret in clear, as it is shown once and as a caller presents it. Wiped from memory when dropped.
///
/// It has no `Display` and no `Serialize`, and its `Debug` is a constant. A field that is meant to show it says so:
/// `#[serde(serialize_with = "expose")]`.
#[derive(Clone)]
pub struct PlainSecret(Zeroizing<String>);

impl PlainSecret {
    /// Takes over a text that is a secret.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself. What takes it must neither print nor keep it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Makes one of 52 characters of base62, 309 bits: the secret of an application, the code of a link.
    pub fn generate(fill: Fill<'_>) -> Self {
        Self::new(random_base62(PLAIN_CHARS, fill))
    }
}

impl From<String> for PlainSecret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for PlainSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainSecret(..)")
    }
}

/// Writes a secret out, for `#[serde(serialize_with)]` on the fields that are meant to show it.
pub fn expose<S: Serializer>(secret: &PlainSecret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// The same for a field that may be empty.
pub fn expose_given<S: Serializer>(secret: &Option<PlainSecret>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => expose(secret, serializer),
        None => serializer.serialize_none(),
    }
}

impl<'de> serde::Deserialize<'de> for PlainSecret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// What is stored of a secret: a message authentication code under a pepper. Compared in constant time.
#[derive(Clone, Copy)]
pub struct SecretMac(pub(crate) [u8; 32]);

impl SecretMac {
    /// From the store.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// For the store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether two are equal, in time that does not depend on where they differ.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for SecretMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretMac(..)")
    }
}

/// What the class of a key secret says: where it may be used. It is checked when the secret is parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyClass {
    /// `live`: a key of a user or an organization.
    Live,
    /// `test`: the same, of an API registered with `mode: test`.
    Test,
    /// `adm`: an environment key, for the management API alone.
    Admin,
}

impl KeyClass {
    /// As it stands in the secret.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
            Self::Admin => "adm",
        }
    }

    /// Reads what [`Self::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Live, Self::Test, Self::Admin].into_iter().find(|class| class.as_str() == text)
    }
}

/// What a platform's key secrets begin with: 1 to 16 of `a-z0-9`, a letter first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPrefix(Box<str>);

impl KeyPrefix {
    /// Reads a prefix, or says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, Broken> {
        let has_form = (1..=16).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if has_form {
            Ok(Self(text.into()))
        } else {
            Err(Broken("must be 1 to 16 of a-z and 0-9, beginning with a letter".into()))
        }
    }

    /// The prefix as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for KeyPrefix {
    fn default() -> Self {
        Self("k".into())
    }
}

/// The public part of a key secret, by which its key is found. It may stand in a log or an address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Selector([u8; SELECTOR_CHARS]);

impl Selector {
    /// The selector as it is written.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// From the store.
    pub fn parse(text: &str) -> Option<Self> {
        let is_base62 = text.bytes().all(|b| b.is_ascii_alphanumeric());
        text.as_bytes().try_into().ok().filter(|_| is_base62).map(Self)
    }
}

impl fmt::Debug for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A key secret whose form and check are good. Whether it opens anything, the store or the index knows.
#[derive(Clone, Debug)]
pub struct KeySecret {
    plain: PlainSecret,
    class: KeyClass,
    selector: Selector,
}

impl KeySecret {
    /// Makes a new one.
    pub fn generate(prefix: &KeyPrefix, class: KeyClass, fill: Fill<'_>) -> Self {
        let body = Zeroizing::new(random_base62(SELECTOR_CHARS + SECRET_CHARS, fill));
        let unchecked = Zeroizing::new(format!("{}_{}_{}", prefix.as_str(), class.as_str(), *body));
        let plain = PlainSecret::new(format!("{}{}", *unchecked, check_of(&unchecked)));
        let mut selector = [0; SELECTOR_CHARS];
        selector.copy_from_slice(&body.as_bytes()[..SELECTOR_CHARS]);
        Self { plain, class, selector: Selector(selector) }
    }

    /// Reads a presented text: length, alphabet, class and check. `None` says that no key can have this secret.
    pub fn parse(text: &str) -> Option<Self> {
        let (head, body) = text.rsplit_once('_')?;
        let (prefix, class) = head.rsplit_once('_')?;
        KeyPrefix::parse(prefix).ok()?;
        let class = KeyClass::parse(class)?;
        if body.len() != BODY_CHARS || !body.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        let (unchecked, check) = text.split_at(text.len() - CHECK_CHARS);
        if check != check_of(unchecked) {
            return None;
        }
        let selector = Selector::parse(&body[..SELECTOR_CHARS])?;
        Some(Self { plain: PlainSecret::new(text.to_owned()), class, selector })
    }

    /// The whole secret.
    pub fn plain(&self) -> &PlainSecret {
        &self.plain
    }

    /// Where it may be used.
    pub fn class(&self) -> KeyClass {
        self.class
    }

    /// By which its key is found.
    pub fn selector(&self) -> Selector {
        self.selector
    }

    /// Prefix and class, such as `k_live`: shown in lists.
    pub fn shown_prefix(&self) -> &str {
        let text = self.plain.expose();
        &text[..text.len() - BODY_CHARS - 1]
    }

    /// The last four characters, shown in lists. They are part of the check: of the secret's 190 bits they tell 24.
    pub fn shown_suffix(&self) -> &str {
        let text = self.plain.expose();
        &text[text.len() - 4..]
    }
}

/// `count` characters of base62, each equally likely: bytes of 248 and more are drawn again.
fn random_base62(count: usize, fill: Fill<'_>) -> String {
    let mut text = String::with_capacity(count);
    let mut bytes = Zeroizing::new([0_u8; 64]);
    while text.len() < count {
        fill(bytes.as_mut());
        let fair = bytes.iter().filter(|byte| **byte < 248).take(count - text.len());
        text.extend(fair.map(|byte| char::from(BASE62[usize::from(byte % 62)])));
    }
    text
}

/// CRC-32 (IEEE 802.3) of a text in six characters of base62, the most significant first.
fn check_of(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut check = [b'0'; CHECK_CHARS];
    for place in check.iter_mut().rev() {
        *place = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    check.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small generator for tests: the same bytes each run.
    fn seeded(mut state: u64) -> impl FnMut(&mut [u8]) {
        move |bytes| {
            for byte in bytes {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                *byte = (state >> 56) as u8;
            }
        }
    }

    #[test]
    fn the_published_test_vector_holds() {
        let text = "acme_live_7Jq2mW0ZtB4xR8d0vYt3KpLz1QeWmNc6hUa9XsBf2GjT35KBGM";
        let secret = KeySecret::parse(text).unwrap();
        assert_eq!((secret.class(), secret.selector().as_str()), (KeyClass::Live, "7Jq2mW0ZtB4x"));
        assert_eq!((secret.shown_prefix(), secret.shown_suffix()), ("acme_live", "KBGM"));
    }

    #[test]
    fn a_generated_secret_has_57_characters_and_reads_back() {
        let secret = KeySecret::generate(&KeyPrefix::default(), KeyClass::Live, &mut seeded(1));
        assert_eq!(secret.plain().expose().len(), 57);
        let read = KeySecret::parse(secret.plain().expose()).unwrap();
        assert_eq!(read.selector(), secret.selector());
    }

    #[test]
    fn any_one_wrong_character_and_any_swap_of_neighbours_is_refused() {
        let mut fill = seeded(2);
        for _ in 0..200 {
            let secret = KeySecret::generate(&KeyPrefix::default(), KeyClass::Test, &mut fill);
            let text = secret.plain().expose().as_bytes();
            for at in 0..text.len() {
                let mut other = text.to_vec();
                other[at] = if other[at] == b'x' { b'y' } else { b'x' };
                assert!(KeySecret::parse(std::str::from_utf8(&other).unwrap()).is_none());
                let mut swapped = text.to_vec();
                swapped.swap(at, (at + 1) % text.len());
                assert!(swapped == text || KeySecret::parse(std::str::from_utf8(&swapped).unwrap()).is_none());
            }
        }
    }

    #[test]
    fn garbage_is_refused() {
        let hex = "0123456789abcdef".repeat(4);
        let long = "k_live_".to_owned() + &"a".repeat(50);
        for text in ["", "_", "k_live_", "k_live", &hex, "ñ_live_ñ", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln", &long] {
            assert!(KeySecret::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn every_character_is_equally_likely_at_each_place() {
        let mut fill = seeded(3);
        let mut seen = [[0_u32; 62]; 4];
        for _ in 0..62_000 {
            let text = random_base62(4, &mut fill);
            for (place, byte) in text.bytes().enumerate() {
                seen[place][BASE62.iter().position(|b| *b == byte).unwrap()] += 1;
            }
        }
        for place in seen {
            let chi_square: f64 = place.iter().map(|n| (f64::from(*n) - 1000.0).powi(2) / 1000.0).sum();
            assert!(chi_square < 110.0, "61 degrees of freedom exceed 110 once in ten thousand: {chi_square}");
        }
    }

    #[test]
    fn neither_type_prints_what_it_holds() {
        let plain = PlainSecret::new("canary".into());
        assert_eq!(format!("{plain:?} {:?}", SecretMac([7; 32])), "PlainSecret(..) SecretMac(..)");
    }
}
