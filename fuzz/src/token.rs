//! Tokens, as the server reads them.

use keyward_engine::facts::PublicKey;
use keyward_wire::oauth::Claims;

#[path = "../../crates/server/src/actions/callers/form.rs"]
mod form;

/// The key that the header of a token names, if the header is one of ours.
pub fn kid(token: &str) -> Option<String> {
    form::Header::of(token).map(|header| header.kid)
}

/// What a token says, if it is signed with this key.
pub fn claims(token: &str, public: &PublicKey) -> Option<Claims> {
    match form::check(token, public) {
        Ok(claims) => Some(claims),
        Err(form::Flaw::Token) => None,
        Err(form::Flaw::Key(error)) => panic!("the key of the target cannot be used: {error}"),
    }
}
