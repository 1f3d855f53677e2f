//! How keys were used. An addition: Kinde's management API has nothing of the kind.

use std::collections::BTreeMap;

use keyward_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::verify::VerifyCode;

/// Hours that one answer tells of at most.
pub const MAX_HOURS: u32 = 744;
/// Days that one answer tells of at most.
pub const MAX_DAYS: u32 = 400;

/// Of which time to tell.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct KeyUsageQuery {
    /// By the hour or by the day; default `hour`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<UsageInterval>,
    /// From the hour or the day in which this instant lies; default 24 hours, or 30 days, before `until`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// To the hour or the day in which this instant lies; default now. At most 744 hours or 400 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// Of which time and which keys to tell.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct UsageQuery {
    /// By the hour or by the day; default `hour`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<UsageInterval>,
    /// From the hour or the day in which this instant lies; default 24 hours, or 30 days, before `until`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// To the hour or the day in which this instant lies; default now. At most 744 hours or 400 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Only keys for this API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_id: Option<String>,
    /// Only keys of this organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_code: Option<String>,
    /// Only keys of this user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}

/// How finely to tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UsageInterval {
    /// By the hour.
    #[default]
    Hour,
    /// By the day, in UTC.
    Day,
}

/// How keys were used.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Usage {
    /// What was asked for.
    pub interval: UsageInterval,
    /// The hours or days with verifications, the oldest first. Those without are left out.
    pub usage: Vec<UsagePeriod>,
}

/// How keys were used in an hour or a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UsagePeriod {
    /// When it begins.
    pub starts_on: Timestamp,
    /// Verifications.
    pub count: u64,
    /// What they cost.
    pub cost: u64,
    /// How many came to what: by the code of the verification.
    pub outcomes: BTreeMap<VerifyCode, u64>,
}
