//! Tokens whose signature was found good. That is checked once for each; whether a token still counts, at each use.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use keyward_core::{ManagementScope, PlainSecret};
use keyward_engine::Lately;
use keyward_wire::ErrorCode;
use keyward_wire::oauth::Claims;

use super::Unfound;
use super::form::{Flaw, Header, check};
use crate::actions::follow;
use crate::app::App;
use crate::refusal::Refusal;

/// Tokens that are kept before the older half is forgotten. One takes about 1 KiB.
const MAX_KEPT: usize = 10_000;

/// What a token says whose signature is good.
#[derive(Debug)]
pub(in crate::actions) struct SignedToken {
    /// The key that it is signed with.
    pub(in crate::actions) kid: String,
    /// All that it says.
    pub(in crate::actions) claims: Claims,
    /// The scopes of the management API that it carries.
    pub(super) scopes: BTreeSet<ManagementScope>,
}

/// The tokens whose signatures were found good lately. That is all which is kept: whether one still counts, and whether
/// the key that it is signed with does, is asked at each use.
#[derive(Debug)]
pub struct SignedTokens(Lately<SignedToken>);

impl Default for SignedTokens {
    fn default() -> Self {
        Self(Lately::new(MAX_KEPT))
    }
}

/// What a token says, if its signature is good.
pub(in crate::actions) async fn read(app: &App, token: &PlainSecret) -> Result<Arc<SignedToken>, Unfound> {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, token.expose().as_bytes()).as_ref());
    if let Some(known) = app.signed_tokens.0.find(&hash) {
        return Ok(known);
    }
    // Garbage is refused before anything is asked.
    let header = Header::of(token.expose()).ok_or(Unfound::Forged)?;
    let now = app.now();
    // A key that is not known here was perhaps made on another node a moment ago.
    let accepted = follow::find(app, |index| {
        index.look_up_signing_key(&header.kid, |key| {
            key.filter(|key| key.is_accepted_at(now)).map(|key| key.public.clone())
        })
    });
    let public = accepted.await?.ok_or(Unfound::Forged)?;
    let unbelieved = || Refusal::caused_by(ErrorCode::Unavailable, "the signing key is not believed to be ours");
    let claims = match check(token.expose(), &public.ok_or_else(unbelieved)?) {
        Ok(claims) => claims,
        Err(Flaw::Token) => return Err(Unfound::Forged),
        Err(Flaw::Key(error)) => return Err(Refusal::caused_by(ErrorCode::Internal, error).into()),
    };
    let signed = Arc::new(SignedToken {
        kid: header.kid,
        scopes: claims.scp.iter().filter_map(|key| ManagementScope::parse(key)).collect(),
        claims,
    });
    if signed.claims.exp > now.as_seconds() {
        app.signed_tokens.0.keep(hash, Arc::clone(&signed));
    }
    Ok(signed)
}
