//! What is judged of a key's members by themselves, whether it is made or changed.

use ipnet::IpNet;
use keyward_core::bounds::{self, MAX_CIDRS, MAX_METADATA_BYTES};
use keyward_core::{KeyPolicy, RateLimit, Timestamp};
use serde_json::{Map, Value, json};

use crate::refusal::{InField, Refusal};

/// The address ranges that a request names.
pub(super) fn read_cidrs(given: &[String]) -> Result<Vec<IpNet>, Refusal> {
    if given.len() > MAX_CIDRS {
        return Err(Refusal::field("allowed_cidrs", "must have at most 64 entries"));
    }
    let read = |(at, text): (usize, &String)| bounds::cidr(text).in_field(&format!("allowed_cidrs[{at}]"));
    given.iter().enumerate().map(read).collect()
}

/// Holds metadata to their size.
pub(super) fn hold_metadata(metadata: Option<&Map<String, Value>>) -> Result<(), Refusal> {
    if metadata.is_some_and(|map| json!(map).to_string().len() > MAX_METADATA_BYTES) {
        return Err(Refusal::field("metadata", "must be at most 4 KiB of JSON"));
    }
    Ok(())
}

/// Holds the end of a key's time to the future: a key that is to end now is revoked or disabled.
pub(super) fn hold_expiry(expires_on: Option<Timestamp>, now: Timestamp) -> Result<(), Refusal> {
    if expires_on.is_some_and(|end| end <= now) {
        return Err(Refusal::field("expires_on", "must lie in the future"));
    }
    Ok(())
}

/// Holds the end of a key to what its API asks.
pub(super) fn hold_end(policy: &KeyPolicy, made_at: Timestamp, end: Option<Timestamp>) -> Result<(), Refusal> {
    policy.hold_end(made_at, end).in_field("expires_on")
}

/// Holds an environment key to what can be told of a caller of the management API: there is no address that could be relied
/// on yet, and its limits are those of all callers; it uses no credits.
pub(super) fn hold_environment(allowed_cidrs: &[IpNet], rate_limits: &[RateLimit]) -> Result<(), Refusal> {
    for (field, is_given) in [("allowed_cidrs", !allowed_cidrs.is_empty()), ("rate_limits", !rate_limits.is_empty())] {
        if is_given {
            return Err(environment_has_none(field));
        }
    }
    Ok(())
}

/// A member that an environment key does not have.
pub(super) fn environment_has_none(field: &str) -> Refusal {
    Refusal::field(field, "must not be given for an environment key")
}
