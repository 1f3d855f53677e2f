//! Credits.

use keyward_core::{RefillInterval, Timestamp};
use serde::{Deserialize, Serialize};

use crate::limits::LimitHolder;

/// Credits that a key or an owner is to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GivenCredits {
    /// How many there are from now on. Absent, what is left stays; where there were none, there are as many as after a refill.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1_000_000_000_000_i64))]
    pub remaining: Option<u64>,
    /// When there are how many again. Absent or null, they are used up for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refill: Option<CreditRefill>,
    /// Credits that a verification spends which does not say. Default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1_000_000))]
    pub cost: Option<u32>,
}

/// That there are so many credits again at the beginning of each day or month by UTC, whatever was left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreditRefill {
    /// How many there are then.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1_000_000_000_000_i64))]
    pub amount: u64,
    /// How often.
    pub interval: RefillInterval,
}

/// Credits that somebody begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GrantedCredits {
    /// How many there are at first.
    pub remaining: u64,
    /// When there are how many again; null if they are used up for good.
    pub refill: Option<CreditRefill>,
    /// Credits that a verification spends which does not say.
    pub cost: u32,
}

/// Credits that a key or an owner has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Credits {
    /// How many are left. What was spent in the last second may not be taken off yet.
    pub remaining: u64,
    /// When there are how many again; null if they are used up for good.
    pub refill: Option<CreditRefill>,
    /// Credits that a verification spends which does not say.
    pub cost: u32,
    /// When they are filled up again.
    pub refills_on: Option<Timestamp>,
}

/// Where credits stand after a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreditState {
    /// Whose they are.
    pub holder: LimitHolder,
    /// How many are left.
    pub remaining: u64,
    /// When they are filled up again; null if they are used up for good.
    pub refills_on: Option<Timestamp>,
}
