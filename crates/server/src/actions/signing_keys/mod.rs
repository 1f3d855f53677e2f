//! The keys that tokens are signed with: RSA 2048, RS256 (RFC 7518 section 3.3).

mod rotate;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use keyward_core::Timestamp;
use keyward_core::ids::hex;
pub use keyward_store::signing_keys::SigningKeyRow;
use keyward_store::signing_keys::{NewSigningKey, insert_signing_key, list_signing_keys};
use keyward_store::{Change, NewEvent, Tx};
use keyward_wire::ErrorCode;
use keyward_wire::oauth::{Jwk, JwkSet};
use zeroize::Zeroizing;

use crate::app::App;
use crate::caller::Caller;
use crate::refusal::Refusal;

pub use self::rotate::{SIGNING_KEY_LEAD, list_keys, rotate_if_due, rotate_signing_key, wipe_retired};

/// Makes the first signing key of a store that has none, active at once.
pub async fn create_first_signing_key(app: &App) -> Result<(), Refusal> {
    store_first_signing_key(app, &make_key().await?).await
}

/// The same with a key that was made elsewhere, as PKCS #8 (RFC 5958), DER. Tests use it: with one key for ever, tokens
/// are literal.
pub async fn import_first_signing_key(app: &App, pkcs8: &[u8]) -> Result<(), Refusal> {
    let rejected = |error| Refusal::caused_by(ErrorCode::Internal, format!("the RSA key is rejected: {error}"));
    let pair = KeyPair::from_pkcs8(pkcs8).map_err(rejected)?;
    store_first_signing_key(app, &MadeKey { jwk: public_jwk(&pair), private: pem(pkcs8) }).await
}

/// A key that is not stored yet.
struct MadeKey {
    jwk: Jwk,
    private: Zeroizing<String>,
}

/// Makes a key. That takes a while, so others are not made to wait for it.
async fn make_key() -> Result<MadeKey, Refusal> {
    let broken = |_| Refusal::caused_by(ErrorCode::Internal, "no RSA key could be made");
    let make = move || {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(broken)?;
        let private: Pkcs8V1Der<'_> = pair.as_der().map_err(broken)?;
        Ok(MadeKey { jwk: public_jwk(&pair), private: pem(private.as_ref()) })
    };
    tokio::task::spawn_blocking(make).await.map_err(|error| Refusal::caused_by(ErrorCode::Internal, error))?
}

async fn store_first_signing_key(app: &App, made: &MadeKey) -> Result<(), Refusal> {
    let mut change = app.change(&Caller::system()).await?;
    if !list_signing_keys(&mut change, app.now()).await?.is_empty() {
        // Another node was quicker, and its key serves as well.
        return Ok(());
    }
    let now = change.now();
    insert(app, &mut change, made, now).await?;
    app.commit(change, NewEvent::new("signing_key.created", &made.jwk.kid)).await?;
    Ok(())
}

async fn insert(app: &App, change: &mut Change, made: &MadeKey, active_at: Timestamp) -> Result<(), Refusal> {
    let public = serde_json::to_string(&made.jwk).map_err(|error| Refusal::caused_by(ErrorCode::Internal, error))?;
    let kid = made.jwk.kid.as_str();
    let new = NewSigningKey {
        kid,
        public_jwk: &public,
        private_sealed: &app.keyring.seal(&purpose(&public), made.private.as_bytes()),
        secret_version: app.keyring.version(),
        active_at,
    };
    Ok(insert_signing_key(change, &new).await?)
}

/// The keys that tokens are checked with (RFC 7517 section 5).
pub async fn list_public_keys(app: &App) -> Result<JwkSet, Refusal> {
    let mut tx = app.read().await?;
    let rows = list_signing_keys(&mut tx, app.now()).await?;
    let keys: Result<Vec<Jwk>, _> = rows.iter().map(|row| public_half(app, row)).collect();
    keys.map(|keys| JwkSet { keys })
}

/// The public half of a signing key. It is believed because the private half is sealed to it: whoever can write the
/// database and has no master secret cannot put a key of their own there, nor change one.
pub(super) fn public_half(app: &App, row: &SigningKeyRow) -> Result<Jwk, Refusal> {
    private_half(app, row)?;
    serde_json::from_str(&row.public_jwk).map_err(|error| Refusal::caused_by(ErrorCode::Internal, error))
}

/// The private half of a signing key, as PEM.
fn private_half(app: &App, row: &SigningKeyRow) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let opened = app.keyring.open(row.secret_version, &purpose(&row.public_jwk), &row.private_sealed);
    opened.map_err(|error| Refusal::caused_by(ErrorCode::Unavailable, error))
}

/// The signing key that is in use: its id, and its private half as PEM.
pub(super) async fn current_signing_key(app: &App, tx: &mut Tx) -> Result<(String, Zeroizing<Vec<u8>>), Refusal> {
    let rows = list_signing_keys(tx, app.now()).await?;
    let is_active = |row: &&SigningKeyRow| row.active_at <= app.now();
    let row = rows.iter().find(is_active).ok_or_else(|| Refusal::caused_by(ErrorCode::Internal, "no signing key"))?;
    Ok((row.kid.clone(), private_half(app, row)?))
}

/// The public half as the world sees it. The id is a hash of the key, in the colon-separated form that Kinde's have.
fn public_jwk(pair: &KeyPair) -> Jwk {
    let public = pair.public_key();
    let n = URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero());
    let e = URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero());
    let hash = digest(&SHA256, n.as_bytes());
    let kid = hash.as_ref()[..16].iter().map(|byte| hex(&[*byte])).collect::<Vec<_>>().join(":");
    Jwk { kty: "RSA".into(), r#use: "sig".into(), alg: "RS256".into(), kid, n, e }
}

/// A private key as PEM (RFC 7468 section 10), which is how the library that signs tokens reads PKCS #8.
fn pem(pkcs8: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(pkcs8));
    let mut text = Zeroizing::new(String::from("-----BEGIN PRIVATE KEY-----\n"));
    for (at, letter) in body.chars().enumerate() {
        text.push(letter);
        if at % 64 == 63 {
            text.push('\n');
        }
    }
    text.push_str("\n-----END PRIVATE KEY-----\n");
    text
}

/// What binds a sealed signing key to its row: the public half, whole.
fn purpose(public_jwk: &str) -> String {
    format!("v1|signing key|{public_jwk}")
}
