//! Requests that may be repeated: the caller's `Idempotency-Key`, and what is kept under it.
//!
//! The answer to such a request may hold a secret, which is shown once and stands nowhere else. So it is sealed under a
//! key that is made of a master secret and of the caller's own key together, of which only a code is kept: neither the
//! database nor the database with the master secrets opens it.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use zeroize::Zeroizing;

use crate::keyring::DoesNotOpen;
use crate::{Broken, Keyring, PlainSecret, SecretMac, SecretVersion};

/// Characters in an `Idempotency-Key`.
const MAX_KEY_CHARS: usize = 255;

/// What a caller named a request by (`Idempotency-Key`, draft-ietf-httpapi-idempotency-key-header section 2.1). It opens
/// what was answered, so it is treated as a secret.
#[derive(Clone, Debug)]
pub struct IdempotencyKey(PlainSecret);

impl IdempotencyKey {
    /// Reads a header's value: a quoted string as the draft wants it (RFC 9651 section 3.3.3), or the bare text that most
    /// clients send. Both are the same key.
    pub fn parse(value: &str) -> Result<Self, Broken> {
        let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
        let is_text = inner.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'"' && b != b'\\');
        if inner.is_empty() || inner.len() > MAX_KEY_CHARS || !is_text {
            return Err(Broken(format!(
                "must be 1 to {MAX_KEY_CHARS} printable ASCII characters without quotes and backslashes inside"
            )));
        }
        Ok(Self(PlainSecret::new(inner.to_owned())))
    }
}

/// A request that may be repeated: who made it, what it was for, and its key.
#[derive(Clone, Copy, Debug)]
pub struct Repeatable<'a> {
    /// Who made it; another caller's key of the same text is another key.
    pub principal: &'a str,
    /// Method and path.
    pub route: &'a str,
    /// The caller's key.
    pub key: &'a IdempotencyKey,
}

impl Keyring {
    /// The codes under which the answer may be kept, one for each master secret, the current one first.
    pub fn repeatable_macs(&self, request: &Repeatable<'_>) -> Vec<(SecretVersion, SecretMac)> {
        let mac = |version| Some((version, self.mac(version, "v1|repeatable|find", &request.parts())?));
        self.versions().filter_map(mac).collect()
    }

    /// The code of what was asked, to tell a repeated request from another one under the same key.
    pub fn request_mac(&self, version: SecretVersion, request: &Repeatable<'_>, body: &str) -> Option<SecretMac> {
        let [principal, route, key] = request.parts();
        self.mac(version, "v1|repeatable|request", &[principal, route, key, body])
    }

    /// Seals an answer under the current master secret and the caller's key.
    pub fn seal_answer(&self, request: &Repeatable<'_>, answer: &[u8]) -> Result<Vec<u8>, DoesNotOpen> {
        let mut sealed = answer.to_vec();
        let key = self.answer_key(self.version(), request)?;
        let nonce = key.seal_in_place_append_tag(Aad::empty(), &mut sealed).map_err(|_| DoesNotOpen)?;
        Ok([nonce.as_ref().as_slice(), &sealed].concat())
    }

    /// Opens what [`Self::seal_answer`] made under the given version.
    pub fn open_answer(
        &self,
        version: SecretVersion,
        request: &Repeatable<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or(DoesNotOpen)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| DoesNotOpen)?;
        let mut answer = Zeroizing::new(rest.to_vec());
        let key = self.answer_key(version, request)?;
        let length = key.open_in_place(nonce, Aad::empty(), &mut answer).map_err(|_| DoesNotOpen)?.len();
        answer.truncate(length);
        Ok(answer)
    }

    fn answer_key(&self, version: SecretVersion, request: &Repeatable<'_>) -> Result<RandomizedNonceKey, DoesNotOpen> {
        let derived = self.mac(version, "v1|repeatable|seal", &request.parts()).ok_or(DoesNotOpen)?;
        RandomizedNonceKey::new(&AES_256_GCM, derived.as_bytes()).map_err(|_| DoesNotOpen)
    }
}

impl<'a> Repeatable<'a> {
    fn parts(&self) -> [&'a str; 3] {
        [self.principal, self.route, self.key.0.expose()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MasterSecret;

    fn keyring(byte: u8) -> Keyring {
        Keyring::new((1, &MasterSecret::generate(&mut |bytes| bytes.fill(byte))), &[])
    }

    #[test]
    fn quotes_around_a_key_are_not_part_of_it() {
        let (bare, quoted) = (IdempotencyKey::parse("a b-1").unwrap(), IdempotencyKey::parse("\"a b-1\"").unwrap());
        assert_eq!(bare.0.expose(), quoted.0.expose());
        assert!(!format!("{bare:?}").contains("a b-1"));
        for refused in ["", "\"\"", "a\"b", "a\\b", "é", "a\tb", &"a".repeat(256)] {
            assert!(IdempotencyKey::parse(refused).is_err(), "{refused}");
        }
        assert!(IdempotencyKey::parse(&"a".repeat(255)).is_ok());
    }

    #[test]
    fn an_answer_opens_for_the_same_request_and_no_other() {
        let (one, other) = (IdempotencyKey::parse("one").unwrap(), IdempotencyKey::parse("other").unwrap());
        let request = Repeatable { principal: "application 1", route: "POST /keys", key: &one };
        let ring = keyring(1);
        let sealed = ring.seal_answer(&request, b"the answer").unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"answer"));
        assert_eq!(ring.open_answer(1, &request, &sealed).unwrap().as_slice(), b"the answer");
        for wrong in [
            Repeatable { principal: "application 2", ..request },
            Repeatable { route: "PUT /keys", ..request },
            Repeatable { key: &other, ..request },
        ] {
            assert!(ring.open_answer(1, &wrong, &sealed).is_err());
            assert!(!ring.repeatable_macs(&wrong)[0].1.matches(&ring.repeatable_macs(&request)[0].1));
        }
        assert!(keyring(2).open_answer(1, &request, &sealed).is_err(), "without the master secret");
        assert!(ring.open_answer(2, &request, &sealed).is_err());
        assert!(ring.open_answer(1, &request, b"short").is_err());
    }
}
