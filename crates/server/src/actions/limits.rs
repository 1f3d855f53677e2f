//! Limits of rate, as people give them and as they are shown.

use keyward_core::limits::{MAX_RATE_LIMITS, RateLimit, limit_name};
use keyward_core::{OrgScope, Quota};
use keyward_wire::ErrorCode;
use keyward_wire::limits as wire;

use crate::caller::Caller;
use crate::refusal::{InField, Refusal};

/// Reads limits; names are unique among them. An organization's application sets none and takes none away: they are what
/// the platform allows its organization.
pub(super) fn read_limits(caller: &Caller, given: &[wire::RateLimit]) -> Result<Vec<RateLimit>, Refusal> {
    if caller.org_scope != OrgScope::All {
        return Err(Refusal::about(ErrorCode::PlatformOnly, "rate_limits", "are set by the platform alone"));
    }
    read_limits_of("rate_limits", given)
}

/// Reads limits that stand in this field, which the platform alone can send.
pub(super) fn read_limits_of(outer: &str, given: &[wire::RateLimit]) -> Result<Vec<RateLimit>, Refusal> {
    if given.len() > MAX_RATE_LIMITS {
        return Err(Refusal::field(outer, "must have at most 8 entries"));
    }
    let mut limits: Vec<RateLimit> = Vec::with_capacity(given.len());
    for (at, wire::RateLimit { name, limit, window_seconds, cost }) in given.iter().enumerate() {
        let field = |member: &str| format!("{outer}[{at}].{member}");
        limit_name(name).in_field(&field("name"))?;
        if limits.iter().any(|known| known.name() == name) {
            return Err(Refusal::field(&field("name"), "must not be that of another limit"));
        }
        // The other one is checked beside a value that is within the rules.
        Quota::new(*limit, 1).in_field(&field("limit"))?;
        let quota = Quota::new(*limit, *window_seconds).in_field(&field("window_seconds"))?;
        limits.push(RateLimit::new(name, quota, cost.unwrap_or(1)).in_field(&field("cost"))?);
    }
    Ok(limits)
}

/// Reads limits of a change: absent ones stay, null is none.
pub(super) fn read_given_limits(
    caller: &Caller,
    given: Option<&Option<Vec<wire::RateLimit>>>,
) -> Result<Option<Option<Vec<RateLimit>>>, Refusal> {
    given.map(|given| given.as_deref().map(|given| read_limits(caller, given)).transpose()).transpose()
}

/// As they are shown.
pub fn show_limits(limits: &[RateLimit]) -> Vec<wire::RateLimit> {
    let show = |limit: &RateLimit| wire::RateLimit {
        name: limit.name().to_owned(),
        limit: limit.quota().limit(),
        window_seconds: limit.quota().window_seconds(),
        cost: Some(limit.cost()),
    };
    limits.iter().map(show).collect()
}
