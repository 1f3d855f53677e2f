//! Limits of rate that a key or an owner has, by name.

use serde::{Deserialize, Serialize};

use crate::gcra::MAX_LIMIT;
use crate::{Broken, Quota};

/// Limits of one key or owner.
pub const MAX_RATE_LIMITS: usize = 8;
/// Characters in a limit's name.
pub const MAX_LIMIT_NAME_CHARS: usize = 32;
/// What one verification may cost.
pub const MAX_COST: u32 = MAX_LIMIT;

/// A limit of rate: so many units in a window, spent one or more at a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct RateLimit {
    name: Box<str>,
    quota: Quota,
    cost: u32,
}

/// As it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Written {
    name: String,
    limit: u32,
    window_seconds: u32,
    cost: u32,
}

impl RateLimit {
    /// A limit with a name that [`limit_name`] takes. A verification that does not say what it costs spends `cost` units: 0 for
    /// none, at most the whole limit.
    pub fn new(name: &str, quota: Quota, cost: u32) -> Result<Self, Broken> {
        limit_name(name)?;
        if cost > MAX_COST {
            return Err(Broken("must be 0 to 1000000".into()));
        }
        if cost > quota.limit() {
            return Err(Broken("must be at most the limit".into()));
        }
        Ok(Self { name: name.into(), quota, cost })
    }

    /// Its name, among those of one key or owner.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How much of it there is.
    pub fn quota(&self) -> Quota {
        self.quota
    }

    /// What a verification spends that does not say.
    pub fn cost(&self) -> u32 {
        self.cost
    }
}

/// The name of a limit: a small letter, then small letters, digits, `-` and `_`; at most [`MAX_LIMIT_NAME_CHARS`]. So it needs no
/// escape in a `RateLimit` field (RFC 9651 section 3.3.3).
pub fn limit_name(name: &str) -> Result<(), Broken> {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    let begins = name.bytes().next().is_some_and(|first| first.is_ascii_lowercase());
    if begins && name.len() <= MAX_LIMIT_NAME_CHARS && name.bytes().all(is_inner) {
        return Ok(());
    }
    Err(Broken("must be 1 to 32 small letters, digits, - and _, the first one a letter".into()))
}

impl TryFrom<Written> for RateLimit {
    type Error = String;

    fn try_from(Written { name, limit, window_seconds, cost }: Written) -> Result<Self, String> {
        let quota = Quota::new(limit, window_seconds).map_err(|broken| broken.0)?;
        Self::new(&name, quota, cost).map_err(|broken| broken.0)
    }
}

impl From<RateLimit> for Written {
    fn from(RateLimit { name, quota, cost }: RateLimit) -> Self {
        Self { name: name.into(), limit: quota.limit(), window_seconds: quota.window_seconds(), cost }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_stand_in_a_header_field_as_it_is() {
        for name in ["a", "per-minute", "per_day2", &format!("a{}", "b".repeat(31))] {
            assert_eq!(limit_name(name), Ok(()), "{name}");
        }
        for name in ["", "1st", "-a", "Per", "per minute", "a\"b", "a.b", "é", &"a".repeat(33)] {
            assert!(limit_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_verification_costs_at_most_the_whole_limit() {
        let quota = Quota::new(10, 60).unwrap();
        for (cost, is_good) in [(0, true), (1, true), (10, true), (11, false)] {
            assert_eq!(RateLimit::new("a", quota, cost).is_ok(), is_good, "{cost}");
        }
    }

    #[test]
    fn it_is_read_as_it_is_written_and_nothing_else_is_read() {
        let limit = RateLimit::new("per-minute", Quota::new(10, 60).unwrap(), 2).unwrap();
        let text = serde_json::to_string(&limit).unwrap();
        assert_eq!(text, r#"{"name":"per-minute","limit":10,"window_seconds":60,"cost":2}"#);
        assert_eq!(serde_json::from_str::<RateLimit>(&text).unwrap(), limit);
        for other in
            [text.replace("10", "0"), text.replace("60", "0"), text.replace("per", "PER"), text.replace(":2", ":11")]
        {
            assert!(serde_json::from_str::<RateLimit>(&other).is_err(), "{other}");
        }
    }
}
