//! What a key tells whoever holds it.

use keyward_core::{ApiId, ApiKeyId, OrgCode, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::credits::CreditState;
use crate::keys::{KeyStatus, KeyType};
use crate::limits::RateLimitState;

/// The key that was shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnKeyDetail {
    /// The key.
    pub api_key: OwnKey,
}

/// What whoever holds a key may know of it. What the platform notes with it is not among that.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnKey {
    /// The key's id.
    pub id: ApiKeyId,
    /// What people call it.
    pub name: String,
    /// Whose key it is.
    pub r#type: KeyType,
    /// One word about it: a key that is not active tells nothing.
    pub status: KeyStatus,
    /// What the secret that was shown begins with.
    pub key_prefix: String,
    /// Its last four characters, which are part of the check.
    pub key_suffix: String,
    /// The API that it is for.
    pub api_id: ApiId,
    /// That API's audience.
    pub audience: String,
    /// Its scopes, by key.
    pub scopes: Vec<String>,
    /// The organization that owns it.
    pub org_code: Option<OrgCode>,
    /// The user that owns it.
    pub user_id: Option<UserId>,
    /// When it was made.
    pub created_on: Timestamp,
    /// The instant from which it is no longer valid.
    pub expires_on: Option<Timestamp>,
    /// How often it was found valid. To ask this is none of these times.
    pub verification_count: u64,
    /// When it was last found valid.
    pub last_verified_on: Option<Timestamp>,
    /// Where each limit of rate stands, the key's and its owner's.
    pub rate_limits: Vec<RateLimitState>,
    /// Where the credits stand, the key's and its owner's.
    pub credits: Vec<CreditState>,
}
