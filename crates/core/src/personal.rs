//! Personal values of the audit log. They stand beside the chain, which covers a salted hash of them: so they can be
//! erased, and the chain still fits.

use aws_lc_rs::{digest, hmac};

use crate::Fill;

/// Bytes of a salt. As long as the hash, so that nobody who has the hash alone can try values.
pub const SALT_BYTES: usize = 32;

/// What the salts of one event are drawn from. It is stored nowhere, so that a salt that was erased is gone, even while
/// others of the same event are kept.
pub struct Salts(hmac::Key);

impl Salts {
    /// Makes new ones.
    pub fn generate(fill: Fill<'_>) -> Self {
        let mut seed = [0; SALT_BYTES];
        fill(&mut seed);
        Self(hmac::Key::new(hmac::HMAC_SHA256, &seed))
    }

    /// The salt with this number.
    pub fn salt(&self, number: u32) -> [u8; SALT_BYTES] {
        let mut salt = [0; SALT_BYTES];
        salt.copy_from_slice(hmac::sign(&self.0, &number.to_be_bytes()).as_ref());
        salt
    }
}

/// The hash that stands for personal values in the chain: SHA-256 over its own name, the salt, whom the values are about,
/// and the values as they are stored, each with its length.
pub fn personal_hash(salt: &[u8], subject: &str, content: &str) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in [b"keyward audit personal v1".as_slice(), salt, subject.as_bytes(), content.as_bytes()] {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::hex;

    #[test]
    fn the_hash_is_the_one_that_stores_have() {
        let hash = personal_hash(&[7; SALT_BYTES], "kp_1", r#"{"after":{"given_name":"Kim"}}"#);
        assert_eq!(hex(&hash), "e7d1e122902ccc58a657962eb1c56b7b9bcf2b97b9d7527d7cc0cafa225b1196");
    }

    #[test]
    fn the_hash_covers_the_salt_the_subject_and_the_values() {
        let hash = personal_hash(&[7; SALT_BYTES], "kp_1", "{}");
        for other in [
            personal_hash(&[8; SALT_BYTES], "kp_1", "{}"),
            personal_hash(&[7; SALT_BYTES], "kp_2", "{}"),
            personal_hash(&[7; SALT_BYTES], "kp_1", "{ }"),
            personal_hash(&[7; SALT_BYTES], "kp_1{", "}"),
        ] {
            assert_ne!(hash, other);
        }
    }

    #[test]
    fn each_salt_of_an_event_is_another() {
        let salts = Salts::generate(&mut |bytes| bytes.fill(1));
        assert_ne!(salts.salt(0), salts.salt(1));
        assert_ne!(salts.salt(0), [1; SALT_BYTES], "the seed itself is no salt");
        assert_ne!(salts.salt(0), Salts::generate(&mut |bytes| bytes.fill(2)).salt(0));
    }
}
