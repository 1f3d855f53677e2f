//! Limits of rate.

use serde::{Deserialize, Serialize};

/// A limit of rate: so many units at once, which come back evenly within the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Its name, among those of one key or owner: a small letter, then small letters, digits, `-` and `_`.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 32, pattern = "^[a-z][a-z0-9_-]*$"))]
    pub name: String,
    /// Units that may be used at once.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1_000_000))]
    pub limit: u32,
    /// Seconds in which as many come back; at most 31 days.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 2_678_400))]
    pub window_seconds: u32,
    /// Units that a verification spends which does not say; at most the limit. Default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1_000_000))]
    pub cost: Option<u32>,
}

/// Whose limit it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LimitHolder {
    /// The key's own.
    Key,
    /// Its owner's, which all keys of the owner share.
    Owner,
}

/// Where a limit stands after a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RateLimitState {
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub holder: LimitHolder,
    /// Units that may be used at once.
    pub limit: u32,
    /// Seconds in which as many come back.
    pub window_seconds: u32,
    /// Whole units that are left.
    pub remaining: u32,
    /// Seconds until there is one more, rounded up; 0 if all are there.
    pub reset_seconds: u64,
}
