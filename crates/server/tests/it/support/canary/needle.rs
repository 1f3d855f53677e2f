//! What is searched for: secrets in pieces, and each piece in the forms in which it could be written.

use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Characters of the shortest secret that can be searched for.
pub(crate) const SHORTEST: usize = 16;

/// What is derived from a master secret and kept in memory alone (`core/keyring.rs`).
const DERIVED: [&str; 3] = ["pepper", "audit", "seal"];

/// A piece of a secret in one of its forms.
#[derive(Clone)]
pub(crate) struct Needle {
    pub(super) bytes: Vec<u8>,
    /// Whose piece it is, to tell it by.
    pub(super) of: String,
}

impl Needle {
    /// A secret that was shown or presented. Of a token the signature is enough; of a key the part that is secret.
    pub(crate) fn of_shown(secret: &str) -> Vec<Self> {
        let of = format!("{}…", &secret[..8]);
        if let Some((signed, signature)) = secret.rsplit_once('.').filter(|(_, end)| end.len() > 100) {
            let text = |part: &str| Self { bytes: part.into(), of: of.clone() };
            return vec![text(&signature[..32]), text(&signature[100..132]), text(&signed[signed.len() - 32..])];
        }
        let secret = secret_part(secret);
        assert!(secret.len() >= SHORTEST, "too short to be searched for");
        Self::of_pieces(secret.as_bytes(), &of)
    }

    /// The master secret: its text, its bytes, and what is derived from it.
    pub(crate) fn of_master(base64: &str) -> Vec<Self> {
        let master = STANDARD.decode(base64).unwrap();
        let mut needles = Self::of_pieces(base64.as_bytes(), "the master secret");
        needles.extend(Self::of_pieces(&master, "the master secret"));
        let extracted = Salt::new(HKDF_SHA256, b"keyward").extract(&master);
        for purpose in DERIVED {
            let mut key = [0; 32];
            let info = [b"keyward v1 ", purpose.as_bytes()];
            extracted.expand(&info, HKDF_SHA256).and_then(|okm| okm.fill(&mut key)).unwrap();
            needles.extend(Self::of_pieces(&key, purpose));
        }
        needles
    }

    /// The private half of a signing key: the end of its DER, and of that the lines of the PEM.
    pub(crate) fn of_signing_key(der: &[u8]) -> Vec<Self> {
        let mut needles = Self::of_pieces(&der[der.len() / 2..], "a signing key");
        let text = STANDARD.encode(der);
        let lines: Vec<&[u8]> = text.as_bytes().chunks_exact(64).collect();
        let line = |line: &&[u8]| Self { bytes: line.to_vec(), of: "a signing key".into() };
        needles.extend(lines[lines.len() / 2..].iter().map(line));
        needles
    }

    /// What the store keeps of a secret, in the forms of a text.
    pub(crate) fn of_code(code: &[u8]) -> Vec<Self> {
        let start = &code[..code.len().min(24)];
        let forms = [hex(start), STANDARD_NO_PAD.encode(start), URL_SAFE_NO_PAD.encode(start), decimals(start)];
        forms.into_iter().map(|form| Self { bytes: form.into_bytes(), of: "a stored code".into() }).collect()
    }

    /// Half a secret is too much already: each piece is searched for by itself.
    fn of_pieces(secret: &[u8], of: &str) -> Vec<Self> {
        let forms = secret.chunks_exact(SHORTEST).flat_map(forms_of);
        forms.map(|bytes| Self { bytes, of: of.to_owned() }).collect()
    }
}

/// What is left when class, selector and check are taken from a key, and the colon from an encoded pair.
fn secret_part(secret: &str) -> &str {
    let of_key = secret.split_once("_live_").or_else(|| secret.split_once("_test_")).or(secret.split_once("_adm_"));
    of_key.and_then(|(_, body)| body.get(12..44)).unwrap_or(secret)
}

/// Bytes as they are, in hexadecimal, as a list of numbers, and in base64 wherever they begin in what was encoded.
fn forms_of(piece: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![piece.to_vec(), hex(piece).into_bytes(), decimals(piece).into_bytes()];
    for before in 0..3 {
        let padded = [&[0; 2][..before.min(2)], piece].concat();
        for encoded in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            // The first letters hold bits of what stands before, the last one of what comes after.
            let from = (before * 8).div_ceil(6);
            forms.push(encoded.as_bytes()[from..padded.len() * 8 / 6].to_vec());
        }
    }
    forms.sort();
    forms.dedup();
    forms
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As `Debug` writes bytes.
fn decimals(bytes: &[u8]) -> String {
    bytes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
