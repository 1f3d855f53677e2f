//! Verifying many keys at once.

use serde::{Deserialize, Serialize};

use crate::verify::{VerifyKeyRequest, VerifyKeyResponse};

/// Asks about up to 1,000 keys, each for a request of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct VerifyKeysRequest {
    /// What is asked, each as for one verification; 1 to 1000 entries.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 1000))]
    pub keys: Vec<VerifyKeyRequest>,
    /// The audience of the API that is protected, for each entry that names none itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// The id of the API that is protected, for each entry that names none itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_id: Option<String>,
    /// The revision that the answer must know of; at most 9007199254740991, which is exact in every language.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(maximum = 9_007_199_254_740_991_i64))]
    pub min_revision: Option<u64>,
}

/// What each of them came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VerifyKeysResponse {
    /// In the order of `keys`, each as one verification answers.
    pub results: Vec<VerifyKeyResponse>,
    /// The revision that each of them knows of.
    pub revision: u64,
}
