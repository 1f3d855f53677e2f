//! Verifying a key.

use keyward_core::{ApiId, ApiKeyId, OrgCode, PlainSecret, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::credits::CreditState;
use crate::keys::{KeyStatus, KeyType};
use crate::limits::RateLimitState;

/// Asks whether a key may be used for a request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct VerifyKeyRequest {
    /// What the caller presented.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    #[serde(serialize_with = "keyward_core::secret::expose")]
    pub api_key: PlainSecret,
    /// Addition. The audience of the API that is protected: a key of another API is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Addition. The id of the API that is protected: a key of another API is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_id: Option<String>,
    /// Addition. The scopes that the request needs, all of them; at most 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub scopes: Option<Vec<String>>,
    /// Addition. The address that the key was used from. A key with address ranges is refused without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// Addition. Units that this request spends of each limit of rate, and of credits; at most 1000000. 0 looks and spends
    /// nothing. Absent, each spends its own cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1_000_000))]
    pub cost: Option<u32>,
    /// Addition. The revision that the answer must know of; at most 9007199254740991, which is exact in every language.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(maximum = 9_007_199_254_740_991_i64))]
    pub min_revision: Option<u64>,
}

impl VerifyKeyRequest {
    /// Asks about a key and nothing else.
    pub fn new(api_key: &str) -> Self {
        let api_key = PlainSecret::new(api_key.to_owned());
        Self { api_key, audience: None, api_id: None, scopes: None, ip: None, cost: None, min_revision: None }
    }
}

/// What a verification came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum VerifyCode {
    /// Valid.
    #[serde(rename = "API_KEY_VERIFIED")]
    Verified,
    /// Unknown, garbage, or a wrong secret: which of them is not told.
    #[serde(rename = "API_KEY_INVALID")]
    Invalid,
    /// A key of another API.
    #[serde(rename = "API_KEY_WRONG_API")]
    WrongApi,
    /// Revoked, or its API or owner deleted.
    #[serde(rename = "API_KEY_REVOKED")]
    Revoked,
    /// Disabled by someone.
    #[serde(rename = "API_KEY_DISABLED")]
    Disabled,
    /// Its owner is suspended.
    #[serde(rename = "API_KEY_OWNER_SUSPENDED")]
    OwnerSuspended,
    /// Its time is over.
    #[serde(rename = "API_KEY_EXPIRED")]
    Expired,
    /// Used from outside its address ranges.
    #[serde(rename = "API_KEY_IP_NOT_ALLOWED")]
    IpNotAllowed,
    /// It lacks scopes, which `missing_scopes` names.
    #[serde(rename = "API_KEY_INSUFFICIENT_SCOPE")]
    InsufficientScope,
    /// A limit of rate, the key's or its owner's, has too little left. Nothing was spent.
    #[serde(rename = "API_KEY_RATE_LIMITED")]
    RateLimited,
    /// The credits, the key's or its owner's, are too few. Nothing was spent.
    #[serde(rename = "API_KEY_CREDITS_EXHAUSTED")]
    CreditsExhausted,
}

/// The answer about a key, always with HTTP status 200: `is_valid` and `code` carry it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VerifyKeyResponse {
    /// What the verification came to.
    pub code: VerifyCode,
    /// The same in words.
    pub message: String,
    /// Whether the request may go on.
    pub is_valid: bool,
    /// The key's id.
    pub key_id: Option<ApiKeyId>,
    /// One word about the key.
    pub status: Option<KeyStatus>,
    /// Its scopes, by key.
    pub scopes: Vec<String>,
    /// The organization that owns it.
    pub org_code: Option<OrgCode>,
    /// The user that owns it.
    pub user_id: Option<UserId>,
    /// When it was last found valid, this time included.
    pub last_verified_on: Option<Timestamp>,
    /// How often it was found valid, this time included.
    pub verification_count: Option<u64>,
    /// Addition. The API that it is for.
    pub api_id: Option<ApiId>,
    /// Addition. That API's audience.
    pub audience: Option<String>,
    /// Addition. What people call the key.
    pub name: Option<String>,
    /// Addition. Whose key it is.
    pub r#type: Option<KeyType>,
    /// Addition. The platform's own id of the owner.
    pub owner_external_id: Option<String>,
    /// Addition. The instant from which it is no longer valid.
    pub expires_on: Option<Timestamp>,
    /// Addition. Whether another secret has taken the place of the one that was presented, which goes on for a time.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub rotated: bool,
    /// Addition. The instant from which the secret that was presented is no longer valid, where that is not the key's.
    pub secret_expires_on: Option<Timestamp>,
    /// Addition. What the platform wants to find again.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<Map<String, Value>>,
    /// Addition. Where each limit of rate stands, the key's and its owner's; of a key that passed all else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rate_limits: Vec<RateLimitState>,
    /// Addition. Where the credits stand, the key's and its owner's; of a key that passed all else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credits: Vec<CreditState>,
    /// Addition. Seconds after which the same would pass every limit of rate, or there are credits again, if it was refused for
    /// that; null if it never will.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// Addition. Which of the required scopes it lacks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_scopes: Vec<String>,
    /// Addition. The revision that the answer knows of.
    pub revision: u64,
    /// Addition. The status to answer the request with when it may not go on: 401, 403 or 429; 200 when it may.
    pub http_status: u16,
    /// Addition. The `WWW-Authenticate` header to go with it (RFC 6750 section 3).
    pub www_authenticate: Option<String>,
}
