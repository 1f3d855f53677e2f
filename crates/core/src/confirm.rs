//! Changes that are previewed first: a token says what its holder was shown, and nothing is kept of it.
//!
//! It is a code over who asked, what was asked, what was found and until when it may be confirmed, so whoever shows it again
//! within that time confirms just this. It is worth nothing to anybody else, and so is no secret.

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::ids::hex;
use crate::{Keyring, SecretMac, SecretVersion, Timestamp};

/// Seconds for which a preview can be confirmed.
pub const CONFIRM_SECONDS: u64 = 600;

/// What a preview was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Preview<'a> {
    /// Who asked.
    pub principal: &'a str,
    /// Method and path.
    pub route: &'a str,
    /// The body, without the token.
    pub asked: &'a str,
}

/// What a preview found: which things, each as it was at its last change, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetDigest(String);

impl SetDigest {
    /// Over ids with the revisions of their last changes.
    pub fn of<'a>(things: impl IntoIterator<Item = (&'a str, u64)>) -> Self {
        let mut context = Context::new(&SHA256);
        for (id, revision) in things {
            context.update(&(id.len() as u64).to_be_bytes());
            context.update(id.as_bytes());
            context.update(&revision.to_be_bytes());
        }
        Self(hex(context.finish().as_ref()))
    }
}

/// Why a token confirms nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unconfirmed {
    /// It was never given to this caller for this request.
    NotGiven,
    /// It was, but its time is over.
    Expired,
    /// It was, but what was found then is not what is there now.
    Changed,
}

impl Keyring {
    /// The token that confirms a preview until an instant; none if the current master secret is not in the list.
    pub fn confirm_token(&self, preview: &Preview<'_>, found: &SetDigest, expires_at: Timestamp) -> Option<String> {
        let version = self.version();
        let expiry = expires_at.as_micros();
        let mac = self.confirm_mac(version, preview, &found.0, expiry)?;
        Some(format!("{version}.{expiry}.{}.{}", found.0, URL_SAFE_NO_PAD.encode(mac.as_bytes())))
    }

    /// Whether a token confirms a preview of what is there now.
    pub fn check_confirm_token(
        &self,
        preview: &Preview<'_>,
        token: &str,
        found: &SetDigest,
        now: Timestamp,
    ) -> Result<(), Unconfirmed> {
        let given = Given::read(token).ok_or(Unconfirmed::NotGiven)?;
        let mac = self.confirm_mac(given.version, preview, given.found, given.expiry);
        if !mac.is_some_and(|mac| mac.matches(&given.mac)) {
            return Err(Unconfirmed::NotGiven);
        }
        if Timestamp::from_micros(given.expiry) <= now {
            return Err(Unconfirmed::Expired);
        }
        if given.found == found.0 { Ok(()) } else { Err(Unconfirmed::Changed) }
    }

    fn confirm_mac(
        &self,
        version: SecretVersion,
        preview: &Preview<'_>,
        found: &str,
        expiry: i64,
    ) -> Option<SecretMac> {
        let Preview { principal, route, asked } = *preview;
        self.mac(version, "v1|confirm", &[principal, route, asked, found, &expiry.to_string()])
    }
}

/// The parts of a token.
struct Given<'a> {
    version: SecretVersion,
    expiry: i64,
    found: &'a str,
    mac: SecretMac,
}

impl<'a> Given<'a> {
    fn read(token: &'a str) -> Option<Self> {
        let mut parts = token.split('.');
        let (version, expiry, found, mac) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let mac = SecretMac::from_bytes(&URL_SAFE_NO_PAD.decode(mac).ok()?)?;
        let given = Self { version: version.parse().ok()?, expiry: expiry.parse().ok()?, found, mac };
        parts.next().is_none().then_some(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MasterSecret;

    fn keyring(versions: &[u32]) -> Keyring {
        let made: Vec<_> =
            versions.iter().map(|at| (*at, MasterSecret::generate(&mut |bytes| bytes.fill(*at as u8)))).collect();
        let all: Vec<_> = made.iter().map(|(version, master)| (*version, master)).collect();
        Keyring::new(all[0], &all[1..])
    }

    fn found() -> SetDigest {
        SetDigest::of([("key_2", 7), ("key_1", 3)])
    }

    const PREVIEW: Preview<'static> = Preview { principal: "application 1", route: "POST /bulk", asked: "{}" };

    #[test]
    fn a_token_confirms_what_it_was_given_for_and_nothing_else() {
        let (ring, now) = (keyring(&[1]), Timestamp::from_seconds(0));
        let end = Timestamp::from_seconds(600);
        let token = ring.confirm_token(&PREVIEW, &found(), end).unwrap();
        let check = |preview: &Preview<'_>, token: &str, found: &SetDigest, now| {
            ring.check_confirm_token(preview, token, found, now)
        };
        assert_eq!(check(&PREVIEW, &token, &found(), now), Ok(()));
        for other in [
            Preview { principal: "application 2", ..PREVIEW },
            Preview { route: "POST /other", ..PREVIEW },
            Preview { asked: "{ }", ..PREVIEW },
        ] {
            assert_eq!(check(&other, &token, &found(), now), Err(Unconfirmed::NotGiven), "{other:?}");
        }
        assert_eq!(check(&PREVIEW, &token, &found(), Timestamp::from_micros(599_999_999)), Ok(()));
        assert_eq!(check(&PREVIEW, &token, &found(), end), Err(Unconfirmed::Expired));
        for things in [vec![("key_2", 7)], vec![("key_2", 8), ("key_1", 3)], vec![("key_1", 3), ("key_2", 7)], vec![]] {
            assert_eq!(check(&PREVIEW, &token, &SetDigest::of(things), now), Err(Unconfirmed::Changed));
        }
    }

    #[test]
    fn no_part_of_a_token_can_be_made_up() {
        let (ring, now) = (keyring(&[1]), Timestamp::from_seconds(0));
        let token = ring.confirm_token(&PREVIEW, &found(), Timestamp::from_seconds(600)).unwrap();
        let other = SetDigest::of([("key_3", 1)]);
        let parts: Vec<_> = token.split('.').collect();
        let forged = [
            token.replacen("600", "900", 1),
            token.replace(parts[2], &other.0),
            token.replacen('1', "2", 1),
            format!("{token}.{token}"),
            format!("{token}A"),
            parts[..3].join("."),
            String::new(),
            "a".repeat(9_000),
        ];
        for forged in forged {
            for found in [&found(), &other] {
                assert_eq!(
                    ring.check_confirm_token(&PREVIEW, &forged, found, now),
                    Err(Unconfirmed::NotGiven),
                    "{forged}"
                );
            }
        }
    }

    #[test]
    fn a_new_master_secret_in_front_leaves_tokens_good_and_another_one_does_not() {
        let now = Timestamp::from_seconds(0);
        let token = keyring(&[1]).confirm_token(&PREVIEW, &found(), Timestamp::from_seconds(600)).unwrap();
        assert_eq!(keyring(&[2, 1]).check_confirm_token(&PREVIEW, &token, &found(), now), Ok(()));
        assert_eq!(keyring(&[2]).check_confirm_token(&PREVIEW, &token, &found(), now), Err(Unconfirmed::NotGiven));
    }

    #[test]
    fn what_was_found_is_read_as_a_list_and_not_as_one_text() {
        assert_ne!(SetDigest::of([("ab", 1), ("c", 1)]), SetDigest::of([("a", 1), ("bc", 1)]));
        assert_ne!(SetDigest::of([]), SetDigest::of([("", 0)]));
    }
}
