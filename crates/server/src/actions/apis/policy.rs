//! What an API asks of its keys, as people give it and as it is shown.

use keyward_core::KeyPolicy;
use keyward_wire::apis as wire;

use crate::actions::limits::{read_limits_of, show_limits};
use crate::refusal::{InField, Refusal};

/// Reads a policy; none asks nothing.
pub(super) fn read_policy(given: Option<&wire::KeyPolicy>) -> Result<KeyPolicy, Refusal> {
    let Some(given) = given else { return Ok(KeyPolicy::NONE) };
    let limits = given.default_rate_limits.as_deref().unwrap_or_default();
    let policy = KeyPolicy {
        default_lifetime_seconds: given.default_lifetime_seconds,
        max_lifetime_seconds: given.max_lifetime_seconds,
        requires_expiry: given.requires_expiry.unwrap_or(false),
        max_keys_per_owner: given.max_keys_per_owner,
        default_rate_limits: read_limits_of("key_policy.default_rate_limits", limits)?,
    };
    match policy.check() {
        Ok(()) => Ok(policy),
        Err((member, broken)) => Err(broken).in_field(&format!("key_policy.{member}")),
    }
}

/// As it is shown; none if nothing is asked.
pub fn show_policy(policy: &KeyPolicy) -> Option<wire::KeyPolicy> {
    let limits = &policy.default_rate_limits;
    let shown = wire::KeyPolicy {
        default_lifetime_seconds: policy.default_lifetime_seconds,
        max_lifetime_seconds: policy.max_lifetime_seconds,
        requires_expiry: policy.requires_expiry.then_some(true),
        max_keys_per_owner: policy.max_keys_per_owner,
        default_rate_limits: (!limits.is_empty()).then(|| show_limits(limits)),
    };
    (*policy != KeyPolicy::NONE).then_some(shown)
}
