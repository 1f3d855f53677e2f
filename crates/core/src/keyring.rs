//! Master secrets, and what is derived from them: the pepper under which key secrets are stored, the key of the audit
//! chain, and the key that seals what must be read again.
//!
//! A store numbers the master secrets that it has met. Each stored value names the number it was made under, so that a
//! new master secret can be put in front of the list while the old ones still serve what they made.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::{hkdf, hmac};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::{ApiId, ApiKeyId, ClientId, Fill, Owner, PlainSecret, SecretMac};

/// The number under which a store knows a master secret; the first is 1.
pub type SecretVersion = u32;

/// One of the operator's master secrets: 32 bytes from which everything else is derived (RFC 5869).
pub struct MasterSecret(Zeroizing<[u8; 32]>);

impl MasterSecret {
    /// Makes a new one.
    pub fn generate(fill: Fill<'_>) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        fill(bytes.as_mut());
        Self(bytes)
    }

    /// Reads base64 of 32 bytes, as `openssl rand -base64 32` prints them.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = [STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD].iter().find_map(|form| form.decode(text).ok())?;
        Zeroizing::new(bytes).as_slice().try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// As base64, for the file that keeps it.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(*self.0))
    }

    /// What a store keeps to recognise this master secret; it says nothing about it.
    pub fn canary(&self) -> [u8; 32] {
        *self.derive("canary")
    }

    fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let pseudorandom = hkdf::Salt::new(hkdf::HKDF_SHA256, b"keyward").extract(self.0.as_slice());
        let mut key = Zeroizing::new([0; 32]);
        // One SHA-256 block is asked for, and HKDF refuses only what is longer than 255 of them.
        #[expect(clippy::expect_used)]
        pseudorandom
            .expand(&[b"keyward v1 ", purpose.as_bytes()], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(key.as_mut()))
            .expect("one block is always to be had");
        key
    }
}

impl fmt::Debug for MasterSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterSecret(..)")
    }
}

struct Derived {
    version: SecretVersion,
    pepper: hmac::Key,
    audit: hmac::Key,
    seal: RandomizedNonceKey,
}

impl Derived {
    fn new(version: SecretVersion, master: &MasterSecret) -> Self {
        // The key length is that of the algorithm.
        #[expect(clippy::expect_used)]
        let seal = RandomizedNonceKey::new(&AES_256_GCM, master.derive("seal").as_slice()).expect("32 bytes");
        Self {
            version,
            pepper: hmac::Key::new(hmac::HMAC_SHA256, master.derive("pepper").as_slice()),
            audit: hmac::Key::new(hmac::HMAC_SHA256, master.derive("audit").as_slice()),
            seal,
        }
    }
}

/// What is derived from the operator's master secrets, the current one first. Prints nothing.
pub struct Keyring(Vec<Derived>);

/// What was sealed does not open: the master secret is not in the list, or the value was changed.
#[derive(Debug, thiserror::Error)]
#[error("a stored value does not open under the master secrets that were given")]
pub struct DoesNotOpen;

impl Keyring {
    /// Derives from master secrets, the current one first; the list must not be empty.
    pub fn new(current: (SecretVersion, &MasterSecret), older: &[(SecretVersion, &MasterSecret)]) -> Self {
        let all = [current].into_iter().chain(older.iter().copied());
        Self(all.map(|(version, master)| Derived::new(version, master)).collect())
    }

    /// The version that new values are made under.
    pub fn version(&self) -> SecretVersion {
        self.current().version
    }

    /// The code of a key secret as it is stored: bound to its key, type, API and owner, so that a row that was moved
    /// to another owner does not verify. `None` if the version is not in the list.
    pub fn key_mac(
        &self,
        version: SecretVersion,
        key: &ApiKeyId,
        api: &ApiId,
        owner: &Owner,
        secret: &PlainSecret,
    ) -> Option<SecretMac> {
        let parts = [key.as_str(), owner.key_type().as_str(), api.as_str(), owner.id(), secret.expose()];
        self.mac(version, "v1|key", &parts)
    }

    /// The code of an application's secret as it is stored. `None` if the version is not in the list.
    pub fn client_mac(&self, version: SecretVersion, client: &ClientId, secret: &PlainSecret) -> Option<SecretMac> {
        self.mac(version, "v1|client", &[client.as_str(), secret.expose()])
    }

    /// A link of the audit chain: the code over the link before and the event. `None` if the version is not in the list.
    pub fn audit_link(&self, version: SecretVersion, before: &[u8], event: &[u8]) -> Option<[u8; 32]> {
        let mut context = hmac::Context::with_key(&self.find(version)?.audit);
        for part in [before, event] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        Some(to_array(context.sign()))
    }

    /// Seals a value that must be read again (AES-256-GCM); `purpose` binds it to its place.
    pub fn seal(&self, purpose: &str, value: &[u8]) -> Vec<u8> {
        let mut sealed = value.to_vec();
        // Sealing fails for values beyond 64 GiB alone.
        #[expect(clippy::expect_used)]
        let nonce = self
            .current()
            .seal
            .seal_in_place_append_tag(Aad::from(purpose.as_bytes()), &mut sealed)
            .expect("a small value can be sealed");
        [nonce.as_ref().as_slice(), &sealed].concat()
    }

    /// Opens what [`Self::seal`] made under the given version.
    pub fn open(
        &self,
        version: SecretVersion,
        purpose: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
        let key = &self.find(version).ok_or(DoesNotOpen)?.seal;
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or(DoesNotOpen)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| DoesNotOpen)?;
        let mut value = Zeroizing::new(rest.to_vec());
        let length =
            key.open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut value).map_err(|_| DoesNotOpen)?.len();
        value.truncate(length);
        Ok(value)
    }

    /// The versions that are known, the current one first.
    pub(crate) fn versions(&self) -> impl Iterator<Item = SecretVersion> {
        self.0.iter().map(|derived| derived.version)
    }

    pub(crate) fn mac(&self, version: SecretVersion, label: &str, parts: &[&str]) -> Option<SecretMac> {
        let mut context = hmac::Context::with_key(&self.find(version)?.pepper);
        for part in [label].iter().chain(parts) {
            context.update(&(part.len() as u32).to_be_bytes());
            context.update(part.as_bytes());
        }
        Some(SecretMac(to_array(context.sign())))
    }

    fn find(&self, version: SecretVersion) -> Option<&Derived> {
        self.0.iter().find(|derived| derived.version == version)
    }

    fn current(&self) -> &Derived {
        &self.0[0]
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring(..)")
    }
}

fn to_array(tag: hmac::Tag) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(tag.as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{OrgCode, Timestamp, UserId};

    fn keyring() -> Keyring {
        let (old, new) = (MasterSecret(Zeroizing::new([1; 32])), MasterSecret(Zeroizing::new([2; 32])));
        Keyring::new((2, &new), &[(1, &old)])
    }

    #[test]
    fn a_key_mac_is_bound_to_all_that_the_key_is() {
        let now = Timestamp::from_seconds(0);
        let mut next = 0;
        let fill: Fill<'_> = &mut |bytes| {
            next += 1;
            bytes.fill(next);
        };
        let keyring = keyring();
        let (key, api) = (ApiKeyId::generate(fill, now), ApiId::generate(fill, now));
        let owner = Owner::Organization(OrgCode::generate(fill, now));
        let secret = PlainSecret::new("k_live_1".into());
        let mac = keyring.key_mac(2, &key, &api, &owner, &secret).unwrap();

        let same = keyring.key_mac(2, &key, &api, &owner, &secret).unwrap();
        assert!(mac.matches(&same));
        let user = Owner::User(UserId::generate(fill, now));
        let others = [
            keyring.key_mac(1, &key, &api, &owner, &secret),
            keyring.key_mac(2, &ApiKeyId::generate(fill, now), &api, &owner, &secret),
            keyring.key_mac(2, &key, &ApiId::generate(fill, now), &owner, &secret),
            keyring.key_mac(2, &key, &api, &Owner::Organization(OrgCode::generate(fill, now)), &secret),
            keyring.key_mac(2, &key, &api, &user, &secret),
            keyring.key_mac(2, &key, &api, &owner, &PlainSecret::new("k_live_2".into())),
        ];
        for other in others {
            assert!(!mac.matches(&other.unwrap()));
        }
        assert!(keyring.key_mac(3, &key, &api, &owner, &secret).is_none());
    }

    #[test]
    fn what_is_sealed_opens_at_its_place_alone() {
        let keyring = keyring();
        let sealed = keyring.seal("signing key a", b"secret");
        assert_eq!(keyring.open(2, "signing key a", &sealed).unwrap().as_slice(), b"secret");
        assert!(keyring.open(2, "signing key b", &sealed).is_err());
        assert!(keyring.open(1, "signing key a", &sealed).is_err());
        assert!(keyring.open(2, "signing key a", &sealed[..20]).is_err());
    }

    #[test]
    fn a_master_secret_is_32_bytes_of_base64() {
        let master = MasterSecret::parse("AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n").unwrap();
        assert_eq!(*master.0, [2; 32]);
        assert_eq!(MasterSecret::parse(&master.to_base64()).unwrap().canary(), master.canary());
        assert_ne!(master.canary(), MasterSecret(Zeroizing::new([1; 32])).canary());
        for bad in ["", "AgIC", "not base64!"] {
            assert!(MasterSecret::parse(bad).is_none());
        }
    }
}
