//! Why a verification of a key comes to what it does.

use keyward_core::{ApiKeyId, PlainSecret};
use serde::{Deserialize, Serialize};

use crate::keys::KeyStatus;
use crate::verify::VerifyCode;

/// Asks what a verification would come to, and why.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ExplainKeyRequest {
    /// The key by its id; this or `api_key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// The key by what a caller presented; this or `key_id`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    #[serde(serialize_with = "keyward_core::secret::expose_given", skip_serializing_if = "Option::is_none")]
    pub api_key: Option<PlainSecret>,
    /// The audience of the API that is protected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// The id of the API that is protected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_id: Option<String>,
    /// The scopes that the request needs, all of them; at most 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub scopes: Option<Vec<String>>,
    /// The address that the key is used from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// Units that the request would spend of each limit of rate and of credits, at most 1000000. Absent, each one's own cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1_000_000))]
    pub cost: Option<u32>,
}

/// What a verification would come to, and each step on the way.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExplainKeyResponse {
    /// What a verification would answer: the code of the first step that failed.
    pub code: VerifyCode,
    /// The same in words.
    pub message: String,
    /// Whether the request might go on.
    pub is_valid: bool,
    /// The key's id; null if a secret was shown that is not right.
    pub key_id: Option<ApiKeyId>,
    /// One word about the key.
    pub status: Option<KeyStatus>,
    /// The steps of the decision, in their order.
    pub steps: Vec<ExplainedStep>,
    /// The revision that the answer knows of.
    pub revision: u64,
}

/// A step of the decision, and what it comes to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExplainedStep {
    /// Which one.
    pub step: DecisionStep,
    /// What it comes to by itself, whatever the steps before it do.
    pub outcome: StepOutcome,
    /// Why, with the facts.
    pub reason: String,
}

/// The steps of the decision about a key, in the order in which they are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DecisionStep {
    /// The secret is that of a key that the caller may know of.
    Secret,
    /// The key is for the API that is asked for, and for one of those that the caller is bound to.
    Api,
    /// It is not revoked, nor its API or owner deleted.
    Revocation,
    /// Nobody has disabled it.
    Enabled,
    /// Its owner is not suspended.
    Owner,
    /// Its time is not over.
    Expiry,
    /// It is used from within its ranges.
    Ip,
    /// It carries all scopes that are asked for.
    Scopes,
    /// Its limits of rate, and its owner's, have enough left.
    Limits,
    /// There are enough credits, of its own and of its owner.
    Credits,
}

/// What a step comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    /// All is well.
    Passed,
    /// It ends the verification, unless one before it does.
    Failed,
    /// The secret was not right: nothing is told about a key.
    NotReached,
    /// No secret was shown, since the key was named by its id.
    NotAsked,
}
