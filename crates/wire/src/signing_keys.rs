//! The keys that tokens are signed with. An addition: Kinde's management API has nothing of the kind.

use keyward_core::Timestamp;
use serde::{Deserialize, Serialize};

/// The signing keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SigningKeyList {
    /// Those whose tokens are accepted or will be, the newest first.
    pub signing_keys: Vec<SigningKey>,
}

/// The signing key that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RotatedSigningKey {
    /// The key.
    pub signing_key: SigningKey,
}

/// A signing key, without the key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SigningKey {
    /// Its id, as the header of a token names it (RFC 7515 section 4.1.4).
    pub kid: String,
    /// When it was made.
    pub created_on: Timestamp,
    /// From when tokens are signed with it.
    pub active_on: Timestamp,
    /// From when its tokens are not accepted any more; null while no other follows it.
    pub retires_on: Option<Timestamp>,
}

/// Makes a new signing key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RotateSigningKeyRequest {
    /// For a key that others have got hold of: the new one signs at once, and the tokens of all others are worth nothing.
    /// Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_at_once: Option<bool>,
}
