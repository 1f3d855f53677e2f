//! What an API asks of its keys: how long they live, whether they end at all, how many an owner has, and what limits of rate
//! they begin with.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Broken, RateLimit, Timestamp};

/// Seconds that a key lives at least, where a policy says how long.
pub const MIN_LIFETIME_SECONDS: u32 = 60;
/// Seconds that a key lives at most, where a policy says how long: ten years of 365 days.
pub const MAX_LIFETIME_SECONDS: u32 = 315_360_000;
/// Keys of one owner for one API, where a policy says how many.
pub const MAX_KEYS_PER_OWNER: u32 = 10_000;

/// What an API asks of its keys. The one that asks nothing is the default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeyPolicy {
    /// A key that is made without an end ends after so many seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_lifetime_seconds: Option<u32>,
    /// Every key has an end, at most so many seconds after it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_lifetime_seconds: Option<u32>,
    /// Every key has an end.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub requires_expiry: bool,
    /// Keys that one owner has which are neither revoked nor expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_keys_per_owner: Option<u32>,
    /// The limits of rate of a key whose maker names none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub default_rate_limits: Vec<RateLimit>,
}

impl KeyPolicy {
    /// The one that asks nothing.
    pub const NONE: Self = Self {
        default_lifetime_seconds: None,
        max_lifetime_seconds: None,
        requires_expiry: false,
        max_keys_per_owner: None,
        default_rate_limits: Vec::new(),
    };

    /// Holds the numbers to their limits; answers the member that breaks one, and the rule. Limits of rate hold by their type.
    pub fn check(&self) -> Result<(), (&'static str, Broken)> {
        let is_lifetime = |seconds: u32| (MIN_LIFETIME_SECONDS..=MAX_LIFETIME_SECONDS).contains(&seconds);
        for (member, seconds) in [
            ("default_lifetime_seconds", self.default_lifetime_seconds),
            ("max_lifetime_seconds", self.max_lifetime_seconds),
        ] {
            if !seconds.is_none_or(is_lifetime) {
                return Err((member, Broken("must be 60 to 315360000".into())));
            }
        }
        if let (Some(default), Some(most)) = (self.default_lifetime_seconds, self.max_lifetime_seconds)
            && default > most
        {
            return Err(("default_lifetime_seconds", Broken("must be at most `max_lifetime_seconds`".into())));
        }
        if !self.max_keys_per_owner.is_none_or(|most| (1..=MAX_KEYS_PER_OWNER).contains(&most)) {
            return Err(("max_keys_per_owner", Broken("must be 1 to 10000".into())));
        }
        Ok(())
    }

    /// When a key ends that is made now: as its maker says, or else after the lifetime that is given to it.
    pub fn end_of_new(&self, given: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        given.or_else(|| self.default_lifetime_seconds.map(|seconds| now.after(lifetime(seconds))))
    }

    /// Whether every key has an end.
    pub fn needs_end(&self) -> bool {
        self.requires_expiry || self.max_lifetime_seconds.is_some()
    }

    /// Holds the end of a key that was made at an instant to the policy; the rule reads on from the name of the end.
    pub fn hold_end(&self, made_at: Timestamp, end: Option<Timestamp>) -> Result<(), Broken> {
        let Some(end) = end else {
            let rule = "must be given: the key policy of the API lets no key be without an end";
            return if self.needs_end() { Err(Broken(rule.into())) } else { Ok(()) };
        };
        match self.max_lifetime_seconds {
            Some(most) if end > made_at.after(lifetime(most)) => Err(Broken(format!(
                "must be at most {most} seconds after the key was made, by the key policy of the API"
            ))),
            _ => Ok(()),
        }
    }

    /// Whether an owner that has so many keys may have one more.
    pub fn has_room_beside(&self, keys: u64) -> bool {
        self.max_keys_per_owner.is_none_or(|most| keys < u64::from(most))
    }
}

fn lifetime(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Quota;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn with(default: Option<u32>, most: Option<u32>) -> KeyPolicy {
        KeyPolicy { default_lifetime_seconds: default, max_lifetime_seconds: most, ..KeyPolicy::default() }
    }

    #[test]
    fn numbers_have_limits_and_the_default_lifetime_lies_within_the_longest() {
        for (policy, broken) in [
            (with(Some(60), Some(60)), None),
            (with(Some(315_360_000), None), None),
            (with(None, Some(315_360_000)), None),
            (with(Some(59), None), Some("default_lifetime_seconds")),
            (with(Some(315_360_001), None), Some("default_lifetime_seconds")),
            (with(None, Some(59)), Some("max_lifetime_seconds")),
            (with(None, Some(315_360_001)), Some("max_lifetime_seconds")),
            (with(Some(61), Some(60)), Some("default_lifetime_seconds")),
            (KeyPolicy { max_keys_per_owner: Some(0), ..KeyPolicy::default() }, Some("max_keys_per_owner")),
            (KeyPolicy { max_keys_per_owner: Some(1), ..KeyPolicy::default() }, None),
            (KeyPolicy { max_keys_per_owner: Some(10_000), ..KeyPolicy::default() }, None),
            (KeyPolicy { max_keys_per_owner: Some(10_001), ..KeyPolicy::default() }, Some("max_keys_per_owner")),
        ] {
            assert_eq!(policy.check().err().map(|(member, _)| member), broken, "{policy:?}");
        }
    }

    #[test]
    fn what_a_maker_says_comes_before_what_is_given() {
        assert_eq!(with(Some(60), None).end_of_new(Some(at(90)), at(10)), Some(at(90)));
        assert_eq!(with(Some(60), None).end_of_new(None, at(10)), Some(at(70)));
        assert_eq!(with(None, Some(60)).end_of_new(None, at(10)), None);
    }

    #[test]
    fn a_key_ends_within_its_lifetime_and_ends_at_all() {
        let ends = KeyPolicy { requires_expiry: true, ..KeyPolicy::default() };
        for (policy, end, is_good) in [
            (with(None, None), None, true),
            (with(Some(60), None), None, true),
            (ends.clone(), None, false),
            (ends, Some(at(1_000_000)), true),
            (with(None, Some(60)), None, false),
            (with(None, Some(60)), Some(at(70)), true),
            (with(None, Some(60)), Some(Timestamp::from_micros(70_000_001)), false),
        ] {
            assert_eq!(policy.hold_end(at(10), end).is_ok(), is_good, "{policy:?} {end:?}");
        }
    }

    #[test]
    fn there_is_room_up_to_the_last_key() {
        let two = KeyPolicy { max_keys_per_owner: Some(2), ..KeyPolicy::default() };
        assert_eq!([0, 1, 2, 3].map(|keys| two.has_room_beside(keys)), [true, true, false, false]);
        assert!(KeyPolicy::default().has_room_beside(u64::MAX));
    }

    #[test]
    fn it_is_read_as_it_is_written_and_the_one_that_asks_nothing_is_an_empty_object() {
        assert_eq!(serde_json::to_string(&KeyPolicy::default()).unwrap(), "{}");
        let policy = KeyPolicy {
            default_lifetime_seconds: Some(60),
            max_lifetime_seconds: Some(61),
            requires_expiry: true,
            max_keys_per_owner: Some(3),
            default_rate_limits: vec![RateLimit::new("a", Quota::new(1, 1).unwrap(), 1).unwrap()],
        };
        let text = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<KeyPolicy>(&text).unwrap(), policy);
        assert!(serde_json::from_str::<KeyPolicy>(r#"{"is_kind":true}"#).is_err());
    }
}
